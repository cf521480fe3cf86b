"""A verdict at a terminal: what blocks first, values as people write them."""

from __future__ import annotations

import re
from datetime import timedelta

import polars as pl
import pytest

from estimates.gate.pages.verdict_text import render_text, value_text
from estimates.gate.verdict import (
    Verdict,
    parse_json,
    render_json,
)
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
from tests.gate.verdicts import verdicts, worded


def test_text_is_safe_for_a_terminal() -> None:
    """A key cannot give a terminal orders, nor begin a line of its own."""
    text = render_text(worded("\x1b[2J\n::error::x"))
    assert "\x1b" not in text
    assert not any(line.startswith("::") for line in text.splitlines())
    assert "\\u{1b}[2J\\u{a}::error::x/2026-11-23" in text


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
