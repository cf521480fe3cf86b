"""Other limits on some days: when they hold, what they replace, that a verdict says them."""

from __future__ import annotations

from datetime import date

import pytest

from estimates.contract.contract import Contract
from estimates.contract.contract_file import parse_contract
from estimates.gate.exceptions import excepted
from estimates.gate.pages.verdict_html import render_html
from estimates.gate.pages.verdict_markdown import render_markdown
from estimates.gate.pages.verdict_text import render_text
from estimates.gate.policy import limits_of, policy_digest
from estimates.gate.policy_validation import validate_policy
from estimates.gate.registry import BY_NAME
from estimates.store.store import Store
from tests.builders import SET, START, code_of, define, promoted, publish, source

USUAL = "[gate.checks.p95_change]\nwarn = 0.0001\nblock = 0.0002\n"
EXCEPTION = """
[[gate.exceptions]]
from = {first}
to = {last}
reason = "Christmas"
checks.p95_change.warn = 0.5
checks.p95_change.block = 0.9
"""


def contract(more: str) -> Contract:
    """The contract of the builders with more lines."""
    return parse_contract(source(more=more))


def exception(first: date, last: date) -> str:
    """The lines of an exception."""
    return USUAL + EXCEPTION.format(first=first, last=last)


def test_an_exception_holds_on_its_days(store: Store) -> None:
    """A version whose data end on such a day is held to the other limits, and its verdict says so
    in every form; a day later the usual ones hold.
    """
    day = START.date()
    define(store, more=exception(day, day))
    promoted(store, "one")
    publish(store, "two", 101.0)
    publish(store, "three", 101.0, day=1)
    on_the_day, after = store.judge(SET, 2), store.judge(SET, 3)
    assert on_the_day.check("p95_change").block == 0.9
    assert on_the_day.exceptions == [f"{day}: Christmas (p95_change)"]
    for page in (render_text, render_markdown, render_html):
        assert "Christmas" in page(on_the_day)
        assert "Christmas" not in page(after)
    assert (after.check("p95_change").block, after.blocks) == (0.0002, True)


def test_an_exception_is_a_part_of_the_policy() -> None:
    """A verdict from before it counts for nothing; without one nothing is as it was not."""
    days = date(2026, 12, 24), date(2027, 1, 3)
    with_one = contract(exception(*days))
    assert policy_digest(with_one) != policy_digest(contract(USUAL))
    assert excepted(with_one, []) is with_one
    ruled = excepted(with_one, list(with_one.gate.exceptions))
    assert limits_of(BY_NAME["p95_change"], ruled).block == 0.9
    only = contract(
        EXCEPTION.format(first=days[0], last=days[1]).replace("block = 0.9", "off = 'x'")
    )
    assert limits_of(BY_NAME["p95_change"], excepted(only, list(only.gate.exceptions))).off


@pytest.mark.parametrize(
    "lines",
    [
        '[[gate.exceptions]]\nfrom = 2026-12-24\nreason = " "\nchecks.p95_change.block = 0.5\n',
        '[[gate.exceptions]]\nfrom = 2026-12-24\nto = 2026-12-01\nreason = "x"\nchecks = {}\n',
        '[[gate.exceptions]]\nfrom = 2026-12-24\nreason = "x"\nchecks.nonsense.block = 0.5\n',
        '[[gate.exceptions]]\nfrom = 2026-12-24\nreason = "x"\nchecks.manifest.off = "x"\n',
    ],
)
def test_a_wrong_exception_is_refused(lines: str) -> None:
    """No reason, an end before its beginning, an unknown check, one that nobody may adjust."""
    text = source(more=lines)
    assert code_of(lambda: validate_policy(parse_contract(text), text)) == "bad_contract"
