"""Policies that cannot be followed: each is refused with its path."""

from __future__ import annotations

import pytest

from estimates.errors import InvalidError
from estimates.gate.limits import unusable_limits
from estimates.gate.policy_validation import validate_policy
from tests.builders import POLICY, contract


def said(toml: str) -> str:
    """What is refused of a contract."""
    with pytest.raises(InvalidError) as refused:
        validate_policy(contract(more=toml))
    assert refused.value.code == "bad_contract"
    return refused.value.message


def test_something_of_each_kind_is_followed() -> None:
    """The policy of the builders, and none at all."""
    validate_policy(contract())
    validate_policy(contract(more=POLICY))


@pytest.mark.parametrize(
    ("toml", "path"),
    [
        (
            "[gate.checks.jump]\nblock = 1",
            "gate.checks.jump: no such check (did you mean 'jumps'?)",
        ),
        ("[gate.checks.manifest]\nblock = 1", "every version must pass this check"),
        ("[gate.checks.manifest]\noff = 'why'", "every version must pass this check"),
        ("[gate.checks.freshness]\nwarn = 1", ".warn: this limit is"),
        ("[gate.checks.jumps]\nblock = inf", ".block: NaN and infinities say nothing"),
        ("[gate.checks.jumps]\nwarn = nan", ".warn: NaN and infinities say nothing"),
        ("[gate.checks.p95_change]\nwarn = 2\nblock = 1", "lies beyond block = 1"),
        ("[gate.checks.rank_order]\nwarn = 0.1\nblock = 0.5", "lies beyond block"),
        ("[gate.checks.lineage.groups.ticker.AAPL]\nwarn = 1", "about the version as a whole"),
        ("[gate.checks.jumps.groups.sector.x]\nwarn = 1", "'sector' is no column"),
        ("[gate.checks.jumps.groups.ticker.AAPL]\nwarn = 5\nblock = 1", "groups.ticker.AAPL: warn"),
        ("[gate.custom.jumps]\nsql = 'SELECT 1'\nblock = 0", "has a check of this name"),
        ("[gate.custom.own]\nsql = 'SELECT nothing FROM candidate'\nblock = 0", "gate.custom.own"),
        ("[gate.custom.own]\nsql = 'SELECT 1'\nwarn = 3\nblock = 1", "lies beyond block"),
        (
            "[[gate.exceptions]]\nfrom = 2026-12-24\nreason = 'r'\n[gate.exceptions.checks.nope]\n"
            "block = 1",
            "gate.exceptions.nope: no such check",
        ),
    ],
)
def test_what_cannot_be_followed_is_refused_with_its_path(toml: str, path: str) -> None:
    """And with what is allowed."""
    assert path in said(toml)


def test_all_that_is_wrong_is_said_at_once() -> None:
    """Nobody has to define a contract five times."""
    message = said("[gate.checks.jump]\nblock = 1\n[gate.checks.manifest]\nblock = 1")
    assert "gate.checks.jump" in message
    assert "gate.checks.manifest" in message


@pytest.mark.parametrize(
    ("warn", "block", "worse", "is_right"),
    [
        (None, None, "above", True),
        (1.0, None, "above", True),
        (1.0, 1.0, "above", True),
        (1.0, 0.9, "above", False),
        (0.9, 1.0, "below", False),
        (1.0, 0.9, "below", True),
        (float("inf"), None, "above", False),
        (None, float("nan"), "below", False),
    ],
)
def test_a_warning_that_could_never_be_seen(
    warn: float | None, block: float | None, worse: str, is_right: bool
) -> None:
    """Limits that are equal are right: blocking counts."""
    assert (unusable_limits(warn, block, worse) is None) == is_right  # type: ignore
