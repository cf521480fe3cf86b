"""The policy: what a contract may change, what it may not, and what its digest depends on."""

from __future__ import annotations

import pytest

from estimates.contract import Contract
from estimates.errors import InvalidError
from estimates.gate import policy_digest, validate_policy
from estimates.gate.registry import CHECKS
from estimates.gate_policy import CheckPolicy, GatePolicy
from tests.gate_cases import CONTRACT, Setting, contract, frame, off_by_ten, simple


def checks(text: str) -> Contract:
    """The contract with gate.checks entries."""
    return contract(more=text)


def test_limits_of_the_contract_take_the_place_of_defaults() -> None:
    """A given limit counts, the one not given keeps its default."""
    strict = Setting(checks("[gate.checks.p95_change]\nblock = 0.12\n"), frame(1.15)).judge().check("p95_change")
    loose = Setting(checks("[gate.checks.p95_change]\nwarn = 0.2\n"), frame(1.15)).judge().check("p95_change")
    assert (strict.status, strict.warn, strict.block) == ("fail", 0.1, 0.12)
    assert (loose.status, loose.warn, loose.block) == ("pass", 0.2, 0.25)


def test_a_check_that_is_off_says_why() -> None:
    """A check turned off is skipped, with the contract's reason in the verdict."""
    text = '[gate.checks.p95_change]\noff = "new model, agreed with the desk"\n'
    result = Setting(checks(text), frame(2)).judge().check("p95_change")
    assert (result.status, result.reason) == ("skipped", "off: new model, agreed with the desk")


def test_a_level_without_a_default_can_be_given() -> None:
    """A check that only warns by default can be made to block."""
    blocking = checks("[gate.checks.extreme_move]\nblock = 10\n")
    assert Setting(blocking, off_by_ten(1)).judge().check("extreme_move").status == "fail"
    stale = checks("[gate.checks.unchanged]\nblock = 1\n")
    assert Setting(stale, frame()).judge().check("unchanged").status == "fail"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[gate.checks.p95]\nblock = 0.1\n", "gate.checks.p95: no such check; allowed: "),
        ("[gate.checks.schema]\nblock = 1\n", "gate.checks.schema: every version must pass this check"),
        ('[gate.checks.keys]\noff = "never mind"\n', "gate.checks.keys: every version must pass this check"),
        ("[gate.checks.freshness]\nwarn = 60\n", "gate.checks.freshness.warn: this limit is freshness.max_age"),
        ("[gate.checks.domain_missing]\nblock = 0.1\n", "this limit is domain.allow_missing"),
        ("[gate.checks.p95_change]\nwarn = 0.3\nblock = 0.2\n", "warn = 0.3 lies beyond block = 0.2"),
        ("[gate.checks.unchanged]\nwarn = 1\nblock = 2\n", "warn = 1.0 lies beyond block = 2.0"),
    ],
)
def test_a_policy_that_cannot_be_followed_is_refused(text: str, says: str) -> None:
    """The error names the path and what is allowed."""
    with pytest.raises(InvalidError) as caught:
        validate_policy(checks(text))
    assert caught.value.code == "bad_contract"
    assert says in caught.value.message


@pytest.mark.parametrize("limit", [float("nan"), float("inf"), float("-inf")])
def test_a_limit_that_is_no_number_is_refused(limit: float) -> None:
    """NaN and infinities would turn a check off without a reason."""
    gate = GatePolicy(checks={"p95_change": CheckPolicy(block=limit)})
    one = simple()
    made = Contract(one.name, one.key, one.columns, gate=gate)
    with pytest.raises(InvalidError, match="a limit is a finite number"):
        validate_policy(made)


def test_allowed_names_are_those_that_can_be_adjusted() -> None:
    """An unknown check's error lists every adjustable check and none that is not."""
    with pytest.raises(InvalidError) as caught:
        validate_policy(checks("[gate.checks.nope]\nwarn = 1\n"))
    names = caught.value.message.split("allowed: ")[1].split(", ")
    assert names == [check.name for check in CHECKS if check.waivable]
    assert "schema" not in names


def test_the_default_policy_is_valid() -> None:
    """A contract that says nothing about the gate is accepted, and so is every adjustable check turned off."""
    validate_policy(contract())
    off = "".join(f'[gate.checks.{check.name}]\noff = "test"\n' for check in CHECKS if check.waivable)
    validate_policy(checks(off))


def test_default_limits_are_in_order() -> None:
    """No default warning lies beyond its blocking limit."""
    for check in CHECKS:
        if check.warn is not None and check.block is not None:
            assert check.warn <= check.block if check.worse == "above" else check.warn >= check.block


MOVES = [
    ("a limit", "", "", "[gate.checks.p95_change]\nblock = 0.3\n"),
    ("a check off", "", "", '[gate.checks.nan]\noff = "reason"\n'),
    ("a bound", "max = 5000", "max = 6000", ""),
    ("a soft bound", "soft_max = 2000", "soft_max = 2001", ""),
    ("nullability", "nullable = true", "nullable = false", ""),
    ("the vocabulary", '["up", "down"]', '["up", "down", "flat"]', ""),
    ("the domain's values", '"DIS"]', '"DIS", "GE"]', ""),
    ("allow_missing", "steps = 5", "steps = 5\nallow_missing = 0.1", ""),
    ("the maximum age", '"24h"', '"25h"', ""),
    ("old data blocks", '"24h"', '"24h"\nblocks = true', ""),
    ("a unit", "USD", "EUR", ""),
    ("a declared input", "inputs.prices", "inputs.closes", ""),
]


@pytest.mark.parametrize(("what", "old", "new", "more"), MOVES, ids=[move[0] for move in MOVES])
def test_the_digest_changes_with_what_decides_a_verdict(what: str, old: str, new: str, more: str) -> None:
    """A verdict made under another policy is recognised as such."""
    assert policy_digest(contract(old, new, more)) != policy_digest(contract())


STAYS = [
    ("who promotes", "", "", '[gate]\npromote = "automatic"\n'),
    ("a description", 'unit = "USD"', 'unit = "USD"\ndescription = "close"', ""),
    ("the cadence", '"24h"', '"24h"\ncadence = "1d"', ""),
    ("retention", "", "", "[retention]\nkeep_versions = 9\n"),
    ("the job's function", "forecast:forecast", "forecast:other", ""),
    ("a limit written out that is the default", "", "", "[gate.checks.p95_change]\nblock = 0.25\n"),
]


@pytest.mark.parametrize(("what", "old", "new", "more"), STAYS, ids=[stay[0] for stay in STAYS])
def test_the_digest_stays_with_what_does_not(what: str, old: str, new: str, more: str) -> None:
    """What moves no verdict makes no verdict invalid."""
    assert policy_digest(contract(old, new, more)) == policy_digest(contract())


def test_the_digest_does_not_depend_on_the_order_of_a_contract() -> None:
    """Two policies that differ only in the order of their lines are one policy."""
    one = "[gate.checks.nan]\nblock = 1\n"
    other = "[gate.checks.infinite]\nblock = 1\n"
    assert policy_digest(checks(one + other)) == policy_digest(checks(other + one))
    assert "[gate" not in CONTRACT
