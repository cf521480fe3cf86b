"""The policy: what a contract may change, what it may not, and what its digest depends on."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest

from estimates.contract.contract import Contract
from estimates.contract.gate_policy import CheckPolicy, GatePolicy
from estimates.errors import InvalidError
from estimates.gate.check import Check
from estimates.gate.policy import limits_of, policy_digest
from estimates.gate.policy_validation import validate_policy
from estimates.gate.registry import CHECKS
from estimates.gate.verdict import CheckResult
from tests.gate.cases import (
    CONTRACT,
    THROUGH,
    Setting,
    contract,
    frame,
    many,
    many_rows,
    many_setting,
    off_by_ten,
    simple,
)


def checks(text: str) -> Contract:
    """The contract with gate.checks entries."""
    return contract(more=text)


def test_limits_of_the_contract_take_the_place_of_defaults() -> None:
    """A given limit counts, the one not given keeps its default."""
    strict = (
        Setting(checks("[gate.checks.p95_change]\nblock = 0.16\n"), frame(1.2))
        .evaluate()
        .check("p95_change")
    )
    loose = (
        Setting(checks("[gate.checks.p95_change]\nwarn = 0.2\n"), frame(1.2))
        .evaluate()
        .check("p95_change")
    )
    assert (strict.status, strict.warn, strict.block) == ("fail", 0.15, 0.16)
    assert (loose.status, loose.warn, loose.block) == ("pass", 0.2, 0.25)


def test_a_check_that_is_off_says_why() -> None:
    """A check turned off is skipped, with the contract's reason in the verdict."""
    text = '[gate.checks.p95_change]\noff = "new model, agreed with the desk"\n'
    result = Setting(checks(text), frame(2)).evaluate().check("p95_change")
    assert (result.status, result.reason) == ("skipped", "off: new model, agreed with the desk")


def test_a_level_without_a_default_can_be_given() -> None:
    """A check that only warns by default can be made to block."""
    blocking = checks("[gate.checks.extreme_move]\nblock = 10\n")
    assert Setting(blocking, off_by_ten(1)).evaluate().check("extreme_move").status == "fail"
    stale = checks("[gate.checks.unchanged]\nblock = 1\n")
    assert Setting(stale, frame()).evaluate().check("unchanged").status == "fail"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[gate.checks.p95]\nblock = 0.1\n", "gate.checks.p95: no such check; allowed: "),
        (
            "[gate.checks.schema]\nblock = 1\n",
            "gate.checks.schema: every version must pass this check",
        ),
        (
            '[gate.checks.keys]\noff = "never mind"\n',
            "gate.checks.keys: every version must pass this check",
        ),
        (
            "[gate.checks.freshness]\nwarn = 60\n",
            "gate.checks.freshness.warn: this limit is freshness.max_age",
        ),
        ("[gate.checks.domain_missing]\nblock = 0.1\n", "this limit is domain.allow_missing"),
        (
            "[gate.checks.p95_change]\nwarn = 0.3\nblock = 0.2\n",
            "warn = 0.3 lies beyond block = 0.2",
        ),
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
    plain = simple()
    made = Contract(plain.name, plain.key, plain.columns, gate=gate)
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
    """A contract that says nothing about the gate is accepted, and so is every adjustable check
    turned off.
    """
    validate_policy(contract())
    off = "".join(
        f'[gate.checks.{check.name}]\noff = "test"\n' for check in CHECKS if check.waivable
    )
    validate_policy(checks(off))


def test_default_limits_are_in_order() -> None:
    """No default warning lies beyond its blocking limit."""
    for check in CHECKS:
        if check.warn is not None and check.block is not None:
            assert (
                check.warn <= check.block if check.worse == "above" else check.warn >= check.block
            )


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
def test_the_digest_changes_with_what_decides_a_verdict(
    what: str, old: str, new: str, more: str
) -> None:
    """A verdict made under another policy is recognised as such."""
    assert policy_digest(contract(old, new, more)) != policy_digest(contract())


STAYS = [
    ("who promotes", "", "", '[gate]\npromote = "automatic"\n'),
    ("a description", 'unit = "USD"', 'unit = "USD"\ndescription = "close"', ""),
    ("the cadence", '"24h"', '"24h"\ncadence = "1d"', ""),
    ("retention", "", "", "[retention]\nkeep_versions = 9\n"),
    ("the job's function", 'function = "forecast"', 'function = "load"', ""),
    ("a limit written out that is the default", "", "", "[gate.checks.p95_change]\nblock = 0.25\n"),
]


@pytest.mark.parametrize(("what", "old", "new", "more"), STAYS, ids=[stay[0] for stay in STAYS])
def test_the_digest_stays_with_what_does_not(what: str, old: str, new: str, more: str) -> None:
    """What moves no verdict makes no verdict invalid."""
    assert policy_digest(contract(old, new, more)) == policy_digest(contract())


def test_the_digest_does_not_depend_on_the_order_of_a_contract() -> None:
    """Two policies that differ only in the order of their lines are one policy."""
    first = "[gate.checks.nan]\nblock = 1\n"
    other = "[gate.checks.infinite]\nblock = 1\n"
    assert policy_digest(checks(first + other)) == policy_digest(checks(other + first))
    assert "[gate" not in CONTRACT


def test_a_severity_says_what_a_check_may_do() -> None:
    """`warn` takes the power to block away, `block` gives it to the warning limit, `report` takes
    both away.
    """
    expected = {
        "block": ("fail", None, 0.15),
        "warn": ("warn", 0.15, None),
        "report": ("pass", None, None),
    }
    for severity, (status, warn, block) in expected.items():
        policy = checks(f'[gate.checks.p95_change]\nseverity = "{severity}"\n')
        result = Setting(policy, frame(1.3)).evaluate().check("p95_change")
        assert (result.status, result.warn, result.block) == (status, warn, block)
        assert result.value is not None
        assert result.value > 0.25


def test_a_severity_applies_to_limits_that_are_fields_of_the_contract() -> None:
    """Freshness that warns can be made to block without another limit."""
    stale = {"published_at": THROUGH + timedelta(hours=25)}
    policy = checks('[gate.checks.freshness]\nseverity = "block"\n')
    assert Setting(policy, candidate=stale).evaluate().check("freshness").status == "fail"
    assert Setting(candidate=stale).evaluate().check("freshness").status == "warn"


def test_the_strict_profile_halves_what_may_change() -> None:
    """Limits against the baseline are half as large; a stale copy and what only warned of the
    candidate block.
    """
    strict = contract(more='[gate]\nprofile = "strict"\n')
    assert Setting(strict, frame(1.15)).evaluate().check("p95_change").block == 0.125
    assert Setting(strict, frame()).evaluate().check("unchanged").status == "fail"
    assert (
        limits_of(find("width_change"), strict).block
        == limits_of(find("width_change"), contract()).block
    )
    assert limits_of(find("constant_column"), strict).block == 0
    assert limits_of(find("lineage"), strict) == limits_of(find("lineage"), contract())


def test_the_exploratory_profile_never_blocks_on_change() -> None:
    """What changed is said as a warning; what cannot be right still blocks."""
    loose = contract(more='[gate]\nprofile = "exploratory"\n')
    changed = Setting(loose, frame(1.5)).evaluate()
    assert (changed.outcome, changed.blocks) == ("warn", False)
    assert Setting(loose, frame(1.5).slice(1)).evaluate().check("domain_missing").status == "fail"


def test_the_contract_counts_before_the_profile() -> None:
    """Each limit says where it comes from."""
    both = contract(more='[gate]\nprofile = "strict"\n[gate.checks.p95_change]\nblock = 0.3\n')
    limits = limits_of(find("p95_change"), both)
    assert (limits.warn, limits.block) == (0.075, 0.3)
    assert limits.source == {"warn": "profile strict", "block": "contract"}
    assert limits_of(find("domain_missing"), both).source["block"] == "domain.allow_missing"
    assert limits_of(find("removed_keys"), contract()).source["warn"] == "default"


GROUPS = "[gate.checks.p95_change.groups.group.a]\nblock = 0.5\nwarn = 0.3\n"


def grouped(a: float, b: float, policy: str = GROUPS) -> CheckResult:
    """Two groups of keys, each multiplied."""
    by = pl.when(pl.col("group") == "a").then(a).otherwise(b)
    return (
        many_setting(
            lambda f: f.with_columns(pl.col("v", "low", "high") * by), contract=many(policy)
        )
        .evaluate()
        .check("p95_change")
    )


def test_a_group_is_judged_by_its_own_limits_and_the_others_by_the_checks() -> None:
    """A group that may move more hides nothing in the others, and the others nothing in it."""
    assert grouped(1.25, 1.0).status == "pass"
    assert grouped(1.0, 1.4).status == "fail"
    assert grouped(1.4, 1.0).status == "warn"
    worst = grouped(1.8, 1.0)
    assert worst.status == "fail"
    assert worst.message.startswith("group a: ")
    assert [(group.column, group.group, group.status, group.block) for group in worst.groups] == [
        (None, None, "pass", 0.25),
        ("group", "a", "fail", 0.5),
    ]
    assert [group.n for group in worst.groups] == [500, 500]


def test_a_group_can_be_held_to_less() -> None:
    """Limits of a group may be stricter than the check's; what it does not give is the check's."""
    tight = "[gate.checks.p95_change.groups.group.a]\nblock = 0.05\n"
    result = grouped(1.08, 1.08, tight)
    assert result.status == "fail"
    assert [(group.status, group.warn, group.block) for group in result.groups] == [
        ("pass", 0.15, 0.25),
        ("fail", None, 0.05),
    ]


def test_groups_are_those_of_the_candidate_and_of_what_is_gone() -> None:
    """A key that left is missed in the group it was in; a key that moved counts where it is now."""
    policy = many("[gate.checks.removed_keys.groups.group.b]\nblock = 0.5\nwarn = 0.5\n")
    setting = many_setting(lambda f: f.filter(pl.col("k") < 800), contract=policy)
    result = setting.evaluate().check("removed_keys")
    assert [(group.group, group.value, group.status) for group in result.groups] == [
        (None, 0, "pass"),
        ("b", 0.4, "pass"),
    ]


def test_a_group_without_keys_is_an_error_only_where_it_could_be_compared() -> None:
    """No key of the group in either version: there is nothing to hold to its limits, and nothing
    that says so.
    """
    result = grouped(1.0, 1.0, "[gate.checks.p95_change.groups.group.nowhere]\nblock = 0.5\n")
    assert result.status == "pass"
    assert [(group.group, group.status, group.message) for group in result.groups][1] == (
        "nowhere",
        "skipped",
        "no_keys",
    )


def test_a_group_in_one_version_alone_has_nothing_to_compare() -> None:
    """A group that begins or ends is left to the checks of keys; it makes no error of those that
    compare estimates.
    """
    policy = many(GROUPS + GROUPS.replace("p95_change", "removed_keys").replace("0.5", "0.9"))
    without = many_rows().filter(pl.col("group") == "b")
    for now, baseline, gone in ((many_rows(), without, 0.0), (without, many_rows(), 1.0)):
        verdict = Setting(policy, now.with_columns(pl.col("v") * 1.01), baseline).evaluate()
        result = verdict.check("p95_change")
        assert result.status == "pass"
        assert [(group.group, group.status, group.message) for group in result.groups][1] == (
            "a",
            "skipped",
            "no_comparable_keys",
        )
        assert verdict.check("removed_keys").groups[-1].value == gone


def test_where_no_key_has_a_group_all_are_held_to_the_checks_own_limits() -> None:
    """A column of nulls alone puts no key into any group, and that is no error."""
    rows = many_rows().with_columns(group=pl.lit(None, pl.String))
    result = (
        Setting(many(GROUPS), rows.with_columns(pl.col("v") * 1.4), rows)
        .evaluate()
        .check("p95_change")
    )
    assert [(group.group, group.status, group.n) for group in result.groups] == [
        (None, "fail", 1000),
        ("a", "skipped", None),
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[gate.checks.times.groups.group.a]\nblock = 1\n", "about the version as a whole"),
        (
            "[gate.checks.p95_change.groups.region.a]\nblock = 1\n",
            "'region' is no column of the contract",
        ),
        (
            "[gate.checks.p95_change.groups.group.a]\nwarn = 2\nblock = 1\n",
            "groups.group.a: warn = 2.0 lies beyond",
        ),
    ],
)
def test_groups_that_cannot_be_followed_are_refused(text: str, says: str) -> None:
    """The error names the path."""
    with pytest.raises(InvalidError) as caught:
        validate_policy(many(text))
    assert says in caught.value.message


def find(name: str) -> Check:
    """A check of the registry."""
    return next(check for check in CHECKS if check.name == name)


def test_a_blocking_limit_stricter_than_the_default_warning_does_away_with_it() -> None:
    """No verdict shows a warning that can never come; one that the contract gives itself is
    refused.
    """
    limits = limits_of(
        find("p95_change"), contract(more="[gate.checks.p95_change]\nblock = 0.01\n")
    )
    assert (limits.warn, limits.block) == (None, 0.01)
    with pytest.raises(InvalidError, match=r"warn = 0.5 lies beyond block = 0.25"):
        validate_policy(contract(more="[gate.checks.p95_change]\nwarn = 0.5\n"))
    validate_policy(contract(more='[gate.checks.p95_change]\nwarn = 0.5\nseverity = "warn"\n'))


def test_a_limit_of_the_contract_keeps_its_power_under_a_profile() -> None:
    """`exploratory` takes blocking from defaults, not from what the contract itself says."""
    both = contract(more='[gate]\nprofile = "exploratory"\n[gate.checks.p95_change]\nblock = 0.2\n')
    assert Setting(both, frame(1.5)).evaluate().check("p95_change").status == "fail"
    assert Setting(both, frame(1.5)).evaluate().check("median_shift").status == "warn"


def test_a_group_does_not_lose_its_blocking_limit_unseen() -> None:
    """A group's warning beyond the check's blocking limit is refused, as it is for a check."""
    with pytest.raises(InvalidError, match=r"groups.group.a: warn = 0.3 lies beyond block = 0.25"):
        validate_policy(many("[gate.checks.p95_change.groups.group.a]\nwarn = 0.3\n"))
