"""What counts as looser: a contract against every value that a check could have, and field by
field.
"""

from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.contract.gate_policy import GateException, GatePolicy
from estimates.gate.limits import CheckLimits
from estimates.gate.loosening import Loosened, is_looser, loosened
from tests.builders import POLICY, contract
from tests.examples import examples

LIMITS = st.none() | st.sampled_from((0.1, 0.2, 0.3, 0.4))
VALUES = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45)
PAIRS = st.tuples(LIMITS, LIMITS)
Worse = Literal["above", "below"]


def status(value: float, limits: tuple[float | None, float | None], worse: Worse) -> int:
    """What a check says of a value: 0 nothing, 1 it warns, 2 it blocks."""
    beyond = [
        limit is not None and (value > limit if worse == "above" else value < limit)
        for limit in limits
    ]
    return 2 if beyond[1] else int(beyond[0])


@examples(200)
@given(PAIRS, PAIRS, st.sampled_from(("above", "below")))
def test_limits_are_looser_where_some_value_fares_better(
    before: tuple[float | None, float | None],
    after: tuple[float | None, float | None],
    worse: Worse,
) -> None:
    """The same answer as trying every value by both."""
    better = any(status(value, after, worse) < status(value, before, worse) for value in VALUES)
    sides = (CheckLimits("check", *limits) for limits in (before, after))
    assert is_looser(worse, *sides) == better


def lines(before: str, after: str) -> list[str]:
    """What the second of two contracts, written behind the same columns, is looser about."""
    return [entry.text() for entry in loosened(contract(more=before), contract(more=after))]


def test_a_contract_is_not_looser_than_itself() -> None:
    """Nor than one that says the same in other words, or with another description."""
    assert lines(POLICY, POLICY) == []
    assert lines("", "[gate.checks.p95_change]\nblock = 0.25\nwarn = 0.15\n") == []
    assert lines("", '[about]\ntags = ["prices"]\n[retention]\nkeep_versions = 5\n') == []


# A stricter contract, a looser one, and what is said of the way from the first to the second.
WAYS = [
    ("", "[gate.checks.p95_change]\nblock = 0.5\n", "checks.p95_change"),
    ("", '[gate.checks.psi]\noff = "noisy"\n', "checks.psi: on → off: noisy"),
    ("", '[gate.checks.p95_change]\nseverity = "warn"\n', "checks.p95_change"),
    ('[gate]\nprofile = "strict"\n', "", "checks.unchanged: only block → no limit"),
    ("", '[gate]\nprofile = "exploratory"\n', "checks.removed_keys"),
    ("", '[gate]\npromote = "automatic"\n', "promote: manual → automatic"),
    ("", '[gate]\nlongest_gap = "30d"\n', "longest_gap: none → 30d"),
    ('[gate]\nlongest_gap = "30d"\n', '[gate]\nlongest_gap = "7d"\n', "longest_gap: 30d → 7d"),
    ("", '[gate]\nseasons = ["10-01"]\n', "seasons: none → 10-01"),
    (
        "",
        '[gate.carry_over]\nby = "ticker"\nat_most = 0.1\n',
        "carry_over: none → 10 % by ticker",
    ),
    (
        '[gate.custom.cents]\nsql = "SELECT 1"\nblock = 2\n',
        '[gate.custom.cents]\nsql = "SELECT 1"\nblock = 3\n',
        "checks.cents: blocks above 2 → blocks above 3",
    ),
    ('[gate.custom.cents]\nsql = "SELECT 1"\nblock = 2\n', "", "custom.cents: a check → none"),
    ("[stability]\nrtol = 0.01\n", "[stability]\nrtol = 0.1\n", "stability.rtol: 0.01 → 0.1"),
    ("[stability]\nfrozen_after = 3\n", "", "stability.frozen_after: 3 → none"),
    ('[freshness]\nmax_age = "1d"\n', '[freshness]\nmax_age = "2d"\n', "checks.freshness"),
    ('[freshness]\nmax_age = "1d"\n', "", "checks.freshness"),
    (
        '[gate]\napprovals = 2\napprovers = ["a", "b"]\n',
        '[gate]\napprovals = 1\napprovers = ["a", "b"]\n',
        "approvals: 2 → 1",
    ),
    (
        '[gate]\napprovals = 1\napprovers = ["a-*"]\n',
        '[gate]\napprovals = 1\napprovers = ["*"]\n',
        "approvers: a-* → *",
    ),
    (
        "[gate.checks.removed_keys.groups.ticker.AAPL]\nblock = 0.01\nwarn = 0\n",
        "[gate.checks.removed_keys.groups.ticker.AAPL]\nblock = 0.02\nwarn = 0\n",
        "checks.removed_keys.groups.ticker.AAPL",
    ),
]


@pytest.mark.parametrize(("strict", "loose", "words"), WAYS, ids=[way[2] for way in WAYS])
def test_one_way_is_looser_and_the_other_is_not(strict: str, loose: str, words: str) -> None:
    """What is added is named; taken away again nothing is."""
    assert any(words in line for line in lines(strict, loose)), lines(strict, loose)
    assert lines(loose, strict) == []


# What nothing can be said about, either way.
APART = [
    (
        '[gate.custom.cents]\nsql = "SELECT 1"\nblock = 2\n',
        '[gate.custom.cents]\nsql = "SELECT 2"\nblock = 2\n',
    ),
    ("[stability]\ntop_k = 5\n", "[stability]\ntop_k = 6\n"),
    ('[columns.extra]\nunit = "USD"\n', ""),
    ('[columns.extra]\nunit = "USD"\n', '[columns.extra]\nunit = "EUR"\n'),
    (
        "[gate.checks.removed_keys.groups.ticker.AAPL]\nwarn = 0\n",
        "[gate.checks.removed_keys.groups.ticker.XOM]\nwarn = 0\n",
    ),
    (
        '[domain]\nkind = "product"\nvalues = { ticker = ["A"], target_date = ["2024-06-03"] }\n',
        '[domain]\nkind = "product"\nvalues = { ticker = ["B"], target_date = ["2024-06-03"] }\n',
    ),
    ('[member]\nof = "a"\nname = "x"\n', '[member]\nof = "b"\nname = "x"\n'),
]


@pytest.mark.parametrize(("first", "second"), APART)
def test_what_cannot_be_compared_counts_as_looser(first: str, second: str) -> None:
    """Both ways: a check that is another one, other columns, keys, groups."""
    assert lines(first, second)
    assert lines(second, first)


def test_bounds_of_columns_have_a_side() -> None:
    """A higher maximum is looser, a lower one is not."""
    wide = loosened(contract(maximum=500), contract(maximum=600))
    assert wide == [Loosened("columns.value.max", "500.0", "600.0")]
    assert loosened(contract(maximum=600), contract(maximum=500)) == []


def test_a_bound_that_changes_how_changes_are_measured_is_looser() -> None:
    """A column between 0 and 1 is compared in percentage points, and by other numbers then."""
    (entry,) = loosened(contract(maximum=500), contract(maximum=1))
    assert "measured in another way" in entry.text()


def exception(first: str, last: str, block: float) -> str:
    """An exception of some days, as TOML."""
    return (
        f'[[gate.exceptions]]\nfrom = {first}\nto = {last}\nreason = "holiday"\n'
        f"[gate.exceptions.checks.p95_change]\nblock = {block}\n"
    )


def test_exceptions_are_compared_day_by_day() -> None:
    """Looser on one day is looser; stricter on its days, or on fewer looser ones, is not."""
    usual, loose = "", exception("2024-12-20", "2024-12-31", 0.5)
    assert lines(usual, loose)[0].startswith("checks.p95_change on 2024-12-20: ")
    assert lines(usual, exception("2024-12-20", "2024-12-31", 0.2)) == []
    assert lines(loose, exception("2024-12-24", "2024-12-26", 0.5)) == []
    assert lines(loose, exception("2024-12-24", "2025-01-01", 0.5)) == [
        "checks.p95_change on 2025-01-01: warns above r 0.15 (×1.16), blocks above "
        "r 0.25 (×1.29) → warns above r 0.15 (×1.16), blocks above r 0.5 (×1.67)"
    ]


def test_every_field_of_the_gate_is_compared() -> None:
    """A field that is added to a policy has to be thought of here."""
    known = {
        *("profile", "promote", "checks", "custom", "longest_gap", "seasons", "carry_over"),
        *("exceptions", "approvals", "approvers"),
    }
    assert set(GatePolicy.__struct_fields__) == known
    assert set(GateException.__struct_fields__) == {"first", "reason", "checks", "through"}
