"""Two aligned frames column by column: kinds, scales, groups."""

from __future__ import annotations

import math
from collections import Counter
from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.contract.contract_file import parse_contract
from estimates.stability.aligned import AlignedVersions, align_versions
from estimates.stability.value_kinds import KINDS
from tests.stability.one_column import contract, frame

VALUE = st.sampled_from([1.0, -2.0, 0.0, None, math.nan, math.inf, -math.inf])
VERSION = st.dictionaries(st.sampled_from("abcdefgh"), VALUE, max_size=8)


def kind(value: float | None) -> str:
    """The kind of a value, spelled out."""
    if value is None:
        return "null"
    if math.isnan(value):
        return "nan"
    return "finite" if math.isfinite(value) else "+inf" if value > 0 else "-inf"


def aligned(old: dict[str, float | None], new: dict[str, float | None]) -> AlignedVersions:
    """Two versions of `value`, by key."""
    a, b = (frame([*side.values()], [*side]) for side in (old, new))
    return align_versions(a, b, contract("nullable = true"), None, None)


@given(VERSION, VERSION)
def test_every_key_has_a_transition(
    old: dict[str, float | None], new: dict[str, float | None]
) -> None:
    """The 6 × 6 counts of kinds, keys of one version as absent in the other."""
    wanted = Counter(
        (
            kind(old[key]) if key in old else "absent",
            kind(new[key]) if key in new else "absent",
        )
        for key in old.keys() | new.keys()
    )
    pair = aligned(old, new)
    counts = pair.transitions("value", *pair.common("value"))
    assert counts == {a: {b: wanted[a, b] for b in KINDS} for a in KINDS}
    assert pair.common_rows == len(old.keys() & new.keys())
    finite = wanted["finite", "finite"] > 0
    assert pair.comparable("value") == finite
    assert (pair.scale("value") is None) == (
        not any(old[key] for key in old.keys() & new.keys() if finite_in_both(old, new, key))
    )


def finite_in_both(old: dict[str, float | None], new: dict[str, float | None], key: str) -> bool:
    """Whether both versions have a number under a key."""
    return kind(old[key]) == kind(new[key]) == "finite"


def test_the_scale_is_that_of_compared_old_values() -> None:
    """s0 looks at A's values where both are finite: 1e-3 of their median, not of all of A."""
    pair = aligned(
        {"a": -4.0, "b": 8.0, "c": -9e9, "d": 9e9}, {"a": 1.0, "b": 1.0, "c": None, "e": 1.0}
    )
    assert pair.scale("value") == pytest.approx(6e-3)
    assert pair.median_size("value") == pytest.approx((8 + 9e9) / 2)


def test_what_is_forgotten_is_read_again() -> None:
    """A column's numbers are the same objects until they are let go of, and the same numbers
    after.
    """
    pair = aligned({"a": 1.0, "b": 2.0}, {"b": 3.0, "c": 4.0})
    before = pair.common("value")
    assert pair.common("value") is before
    pair.forget("value")
    after = pair.common("value")
    assert after is not before
    assert [side.numbers.tolist() for side in after] == [[2.0], [3.0]]


def test_groups_are_made_once() -> None:
    """Groups are of A's values on common keys; without a dated target there are no horizons."""
    pair = aligned({"a": 1.0, "b": 2.0, "c": 1.0}, {"a": 5.0, "b": 5.0, "c": 5.0})
    groups = pair.sort_groups(["value"])
    assert groups == [pair.grouping("value"), None]
    assert pair.grouping("value") is groups[0]
    assert pair.grouping("value").values.to_list() == [1.0, 2.0, 1.0]


@pytest.mark.parametrize(("pairing", "steady"), [("same_key", True), ("same_horizon", False)])
def test_pairing_by_horizon_is_steady_within_one_origin(pairing: str, steady: bool) -> None:
    """A snapshot beside itself has equal rows, but where its keys count from two origins."""

    rules = parse_contract(
        'name = "rolling"\n[key.day]\ntype = "date"\ntarget = true\n[columns.value]\n'
        '[domain]\nkind = "rolling"\nsteps = 3\ncalendar = "daily"\n'
        f'[stability]\npairing = "{pairing}"\n'
    )
    days = pl.DataFrame({"day": [date(2026, 1, day) for day in (2, 3, 4)], "value": [1.0] * 3})
    origins = [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2)]
    assert align_versions(days, days, rules, origins[0], origins[0]).steady
    assert align_versions(days, days, rules, *origins).steady == steady
