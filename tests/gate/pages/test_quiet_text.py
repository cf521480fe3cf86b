"""What of a verdict needs no attention, in words."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from estimates.gate.pages.quiet_text import quiet_lines
from estimates.gate.pages.verdict_text import render_text
from tests.gate.cases import clean_verdict


def test_a_clean_verdict_says_what_would_turn_on_the_rest() -> None:
    """When all is well the text says so, how much was checked, and in words what the other checks
    need, by need; no code of a reason is left.
    """
    text = render_text(clean_verdict())
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
    result = msgspec.structs.replace(clean_verdict().checks[0], status="skipped", reason=reason)
    verdict = msgspec.structs.replace(clean_verdict(), checks=[result])
    return quiet_lines(verdict)[1]
