"""What a contract says about the gate: who may approve, what cannot be meant."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from estimates.contract.gate_policy import (
    CarryOver,
    CheckPolicy,
    CustomCheck,
    GateException,
    GatePolicy,
    check_group,
    is_covered,
    may_approve,
)
from tests.builders import contract


@pytest.mark.parametrize(
    ("actor", "approvers", "may"),
    [
        ("bea", ("bea", "cat"), True),
        ("Bea", ("bea",), False),
        ("team-x", ("team-*",), True),
        ("team", ("team-*",), False),
        ("anybody", ("*",), True),
        ("bea", (), False),
        ("b", ("[ab]",), True),
    ],
)
def test_who_may_approve(actor: str, approvers: tuple[str, ...], may: bool) -> None:
    """A name to the letter, or a pattern of names."""
    assert may_approve(actor, approvers) == may


@pytest.mark.parametrize(
    ("name", "others", "covered"),
    [
        ("bea", ("bea",), True),
        ("bea", ("b*",), True),
        ("bea", ("cat",), False),
        ("team-*", ("team-*",), True),
        ("team-a*", ("team-*",), True),
        ("team-*", ("team-a*",), False),
        ("*", ("team-*",), False),
        ("t?", ("t*",), True),
        ("t?", ("t[ab]*",), False),
    ],
)
def test_what_others_could_approve_already(
    name: str, others: tuple[str, ...], covered: bool
) -> None:
    """A pattern is covered by another one that begins all that it begins."""
    assert is_covered(name, others) == covered


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"approvals": -1}, "0, 1, 2"),
        ({"approvals": 1, "approvers": (" ",)}, "an empty name"),
        ({"approvers": ("bea",)}, "approve nothing without 'approvals'"),
        ({"approvals": 1}, "names nobody"),
        ({"approvals": 2, "approvers": ("bea", "bea")}, "names 1: nothing could ever"),
        ({"longest_gap": "0d"}, "longer than 0"),
        ({"seasons": ("02-29",)}, "no day of every year"),
        ({"seasons": ("2-1",)}, "no day of every year"),
        ({"custom": {"No": CustomCheck(sql="SELECT 1", block=0)}}, "lower-case letters"),
    ],
)
def test_policies_that_cannot_be_meant(fields: dict[str, Any], fault: str) -> None:
    """Each says what it lacks."""
    with pytest.raises(ValueError, match=fault):
        GatePolicy(**fields)


def test_a_pattern_may_be_of_many() -> None:
    """So one of them is enough for two approvals."""
    policy = GatePolicy(approvals=2, approvers=("team-*",), longest_gap="3d", seasons=("10-01",))
    assert policy.gap_duration == timedelta(days=3)


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({}, "names either 'function' or 'sql'"),
        ({"function": "a:b", "sql": "SELECT 1"}, "names either"),
        ({"function": "a.b"}, "does not name a function"),
        ({"sql": "SELECT 1"}, "give 'warn' or 'block'"),
        ({"sql": "SELECT 1", "block": 0, "digest": "0" * 64}, "a query needs none"),
        ({"function": "a:b", "digest": "x"}, "64 hexadecimal digits"),
        ({"function": "a:b", "offenders": "SELECT 1"}, "is a query beside 'sql'"),
    ],
)
def test_checks_of_a_contract_that_cannot_be_meant(fields: dict[str, Any], fault: str) -> None:
    """A function or a query, and what belongs to it."""
    with pytest.raises(ValueError, match=fault):
        CustomCheck(**fields)


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (lambda: CheckPolicy(off=" "), "may not be empty"),
        (lambda: CheckPolicy(usual=(2.0, 1.0)), "in this order"),
        (lambda: CheckPolicy(usual=(0.0, float("inf"))), "in this order"),
        (lambda: CarryOver("k", 0.0), "between 0 and 1"),
        (lambda: CarryOver("k", 1.0), "between 0 and 1"),
        (lambda: GateException(date(2026, 1, 2), " ", {}), "may not be empty"),
        (
            lambda: GateException(date(2026, 1, 2), "r", {}, date(2026, 1, 1)),
            "before 'from'",
        ),
    ],
)
def test_other_parts_that_cannot_be_meant(make: Any, fault: str) -> None:
    """A band, a share, an exception."""
    with pytest.raises(ValueError, match=fault):
        make()


def test_an_exception_is_of_one_day_or_through_another() -> None:
    """Both ends are part of it, and have the names that TOML has."""
    assert GateException(date(2026, 1, 2), "r", {}).last == date(2026, 1, 2)
    raw = {"from": "2026-01-02", "to": "2026-01-05", "reason": "r", "checks": {}}
    assert msgspec.convert(raw, GateException, strict=False).last == date(2026, 1, 5)


def test_groups_are_values_of_keys_or_attributes() -> None:
    """A number to be estimated is none."""
    own = contract()
    check_group("ticker", own.key, own.columns)
    check_group("note", own.key, own.columns)
    with pytest.raises(ValueError, match=r"did you mean 'ticker'"):
        check_group("tickers", own.key, own.columns)
    with pytest.raises(ValueError, match="a key column or an attribute"):
        check_group("value", own.key, own.columns)
