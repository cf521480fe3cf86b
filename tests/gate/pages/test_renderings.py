"""The renderings: text that answers at once, JSON that has everything, docs that agree with the
registry.
"""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import msgspec
import polars as pl
import pytest

from estimates import gate
from estimates.contract.contract_file import parse_contract
from estimates.gate.pages import checks_reference
from estimates.gate.pages.github_annotations import render_github
from estimates.gate.pages.junit import render_junit
from estimates.gate.pages.quiet_text import quiet_lines
from estimates.gate.pages.verdict_markdown import render_markdown
from estimates.gate.pages.verdict_text import render_text, value_text
from estimates.gate.registry import CHECKS
from estimates.gate.verdict import Verdict, parse_json, render_json
from tests.gate.cases import (
    THROUGH,
    Setting,
    contract,
    edit,
    file,
    frame,
    poked,
    provenance,
)
from tests.gate.verdicts import verdicts

REFUSED = """\
prices version 2 against version 1: BLOCKED (2 fail, 1 warn)

fail  16 domain_missing: 7 of 25 keys of the domain missing
      value 28 %; blocks above 0 %
      AAPL/2026-11-23, AAPL/2026-11-24, AAPL/2026-11-25, AAPL/2026-11-26, AAPL/2026-11-27: missing
      and 2 more (AMZN)
      if this is right: say how far its data go with `--through DAY` where they end earlier, \
write `allow_missing = 0.28` under [domain] in the contract, or list fewer keys there

fail  21 removed_keys: 7 of 25 keys of the baseline gone
      value 28 %; blocks above 2 %, warns above 0.5 %
      AAPL/2026-11-23, AAPL/2026-11-24, AAPL/2026-11-25, AAPL/2026-11-26, AAPL/2026-11-27: removed
      and 2 more (AMZN)
      if this is right: `estimates waive prices removed_keys --version 2 --reason WHY --until \
DATE`, or write `block = 0.28` under [gate.checks.removed_keys] in the contract

warn  11 soft_bounds: of 18 cells outside their soft bounds: 1 in close
      value 5.556 %; warns above 0.1 %
      AMZN/2026-11-25: close = 2000.5: outside soft_max 2000

way on, where all of it is right; else publish another version:
  estimates waive prices domain_missing removed_keys --version 2 --reason "…" --until DATE
  estimates promote prices 2 --reason "…"

38 passedREST
"""


@pytest.mark.parametrize(("what", "verdict"), verdicts(), ids=[v[0] for v in verdicts()])
def test_json_is_complete_and_comes_back_equal(what: str, verdict: Verdict) -> None:
    """Every check with every field stands in the JSON, in the registry's order; reading it gives
    the verdict back.
    """
    body = render_json(verdict)
    tree = msgspec.json.decode(body)
    assert [check["name"] for check in tree["checks"]] == [check.name for check in CHECKS]
    fields = {
        "value",
        "warn",
        "block",
        "n",
        "coverage",
        "reason",
        "message",
        "offending",
        "offenders",
        "status",
    }
    assert all(fields <= set(check) for check in tree["checks"])
    assert parse_json(body) == verdict
    assert body.endswith(b"}\n")


@pytest.mark.parametrize(("what", "verdict"), verdicts(), ids=[v[0] for v in verdicts()])
def test_text_is_deterministic_and_counts_every_check(what: str, verdict: Verdict) -> None:
    """The same verdict gives the same text, also after a round trip; each check is shown or
    counted.
    """
    text = render_text(verdict)
    assert text == render_text(parse_json(render_json(verdict)))
    for result in verdict.checks:
        if result.status in ("fail", "error", "warn"):
            assert f"{result.number} {result.name}: {result.message}" in text
    assert f"{verdict.counts['pass']} passed" in text
    assert text.endswith("\n")
    assert not any(line != line.rstrip() for line in text.splitlines())


def test_a_clean_verdict_says_what_would_turn_on_the_rest() -> None:
    """When all is well the text says so, how much was checked, and in words what the other checks
    need, by need; no code of a reason is left.
    """
    text = render_text(Setting().evaluate())
    head, counts, *needs = text.splitlines()
    assert head == "prices version 2 against version 1: passes"
    assert counts == "48 passed; 17 not measured, which need"
    assert needs[0] == "   9 a line in the contract"
    assert "       groups under [stability]: worst_group_change, worst_group_z" in needs
    assert "   4 actual values, once they are known: estimates score prices --actuals FILE" in needs
    assert "   1 at least 1,000 keys that are compared" in needs
    assert not re.search(r"not_in_contract|fewer_than|no_actuals", text)


def test_every_reason_has_words() -> None:
    """No reason that a check can give is printed as its code."""
    checks = Path(__file__).parents[3] / "estimates" / "gate"
    sources = "".join(file.read_text() for file in checks.rglob("*.py"))
    reasons = set(re.findall(r'Skip\("([a-z_0-9]+)"\)', sources))
    codes = {need for need in map(need_of, reasons) if "_" in need.replace("frozen_after", "")}
    assert not codes


def need_of(reason: str) -> str:
    """What a check that was skipped for a reason is said to need."""
    result = msgspec.structs.replace(
        Setting().evaluate().checks[0], status="skipped", reason=reason
    )
    verdict = msgspec.structs.replace(Setting().evaluate(), checks=[result])
    return quiet_lines(verdict)[1]


def test_what_blocks_comes_first_with_value_limits_and_worst_keys() -> None:
    """The answer, then what fails, what could not be evaluated, then warnings, then the rest in one
    line.
    """
    prices = {"close": 2000.5, "lower_80": 142.0 * 0.9, "upper_80": 2100.0}
    refused = frame().slice(7)
    for column, value in prices.items():
        refused = poked(refused, column, value)
    off = (
        "extreme_move",
        "jumps",
        "p95_change",
        "z_beyond_one",
        "outside_old_interval",
        "concentration",
        "rank_order",
    )
    kept = contract(more="".join(f'[gate.checks.{name}]\noff = "test"\n' for name in off))
    text = render_text(Setting(kept, refused).evaluate())
    *_, rest = text.partition("38 passed")
    assert text == REFUSED.replace("REST\n", rest)
    assert rest.startswith("; 24 not measured, which need\n")
    assert "   7 to be turned on again in the contract\n" in rest


def test_a_file_is_called_a_file() -> None:
    """A raw frame has no version and may have no baseline."""
    first = render_text(Setting(file=True, baseline=None).evaluate()).splitlines()[0]
    assert first == "prices file without a baseline: passes"


def test_an_error_says_what_could_not_be_evaluated() -> None:
    """The message names the reason; there is no value to show."""
    text = render_text(Setting(candidate={"provenance": provenance(targets=())}).evaluate())
    assert (
        "error 16 domain_missing: could not be evaluated: "
        "the version records 0 targets, the contract's domain has 5 steps\n" in text
    )


def test_ages_read_as_durations() -> None:
    """Freshness is shown in days and hours, not in seconds."""
    text = render_text(
        Setting(candidate={"published_at": THROUGH + timedelta(hours=49)}).evaluate()
    )
    assert "value 2d 1h; warns above 1d\n" in text


def test_checks_that_wait_for_another_say_which() -> None:
    """Where an earlier check blocks, the last lines say which, and how many wait for it."""
    text = render_text(file(frame().drop("close")).evaluate())
    assert re.search(r"^ +\d+ the check schema to pass first$", text, re.MULTILINE)


def test_broken_intervals_show_the_three_numbers() -> None:
    """An offender of the order check shows lower, point and upper side by side."""
    text = render_text(edit(upper_80=pl.col("lower_80") - 1).evaluate())
    assert (
        "AAPL/2026-11-23: lower_80 = 97.097, close = 100.1, upper_80 = 96.097: out of order" in text
    )


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.005, "share", "0.5 %"),
        (1 / 3, "share", "33.33 %"),
        (3, "count", "3"),
        (1234567, "count", "1234567"),
        (0, "seconds", "0s"),
        (90, "seconds", "1m 30s"),
        (129600, "seconds", "1d 12h"),
        (-3600, "seconds", "-1h"),
        (0.31416, "number", "0.3142"),
    ],
)
def test_values_read_as_a_person_writes_them(value: float, unit: str, text: str) -> None:
    """Shares in per cent, counts whole, ages as durations."""
    assert value_text(value, unit) == text  # type: ignore[arg-type]


def test_the_page_of_checks_is_the_registry() -> None:
    """docs/checks.md lists the checks and default limits of the code; `just checks` writes it."""
    assert (Path(__file__).parents[3] / "docs" / "checks.md").read_text() == checks_reference.page()


def test_the_docs_name_every_skip_reason() -> None:
    """Reasons that a verdict can give are explained in docs/gate.md."""
    page = (Path(__file__).parents[3] / "docs" / "gate.md").read_text()
    source = "".join(path.read_text() for path in Path(gate.__file__).parent.rglob("*.py"))
    for reason in set(re.findall(r'Skip\("(\w+)"\)', source)):
        assert f"`{reason}`" in page


def test_of_more_than_a_hundred_only_so_much_is_known() -> None:
    """Every rendering says how many there are; none pretends to know whose keys lie beyond the
    hundred.
    """
    of = parse_contract(
        'name = "many"\n[key.shop]\ntype = "string"\n[key.n]\ntype = "integer"\n[columns.v]\nmax = '
        "10\n"
    )
    rows = pl.DataFrame(
        {"shop": ["a"] * 150 + ["b"] * 100, "n": range(250), "v": [11.0 + i for i in range(250)]}
    )
    verdict = Setting(of, rows, None).evaluate()
    assert verdict.check("hard_bounds").offending == 250
    assert "a/4: v = 15: outside max 10\n      and 245 more (a, …)\n" in render_text(verdict)
    assert "<summary>11 hard_bounds: 10 of 250</summary>" in render_markdown(verdict)
    assert "and 245 more (a, …)" in render_github(verdict)
    junit = render_junit(verdict).decode()
    assert '<property name="offending" value="250" />' in junit
    assert "and 245 more (a, …)" in junit
    assert len(parse_json(render_json(verdict)).check("hard_bounds").offenders) == 100
