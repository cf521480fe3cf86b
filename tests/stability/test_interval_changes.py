"""How an interval moved, key by key, against exact arithmetic."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from estimates.contract.contract_file import parse_contract
from estimates.stability.aligned import AlignedVersions, align_versions
from estimates.stability.interval_changes import (
    IntervalChanges,
    compared_ends,
    interval_changes,
    scale_of,
)
from tests.stability import reference

POINT = "[columns.value]\nnullable = true\n"
ENDS = (
    '[columns.low]\nrole = "lower"\nlevel = 0.8\nnullable = true\n{of}'
    '[columns.high]\nrole = "upper"\nlevel = 0.8\nnullable = true\n{of}'
)
END = st.one_of(st.floats(-1e6, 1e6), st.sampled_from([0.0, 1.0, 1.7e308, -1.7e308, 1e-300]))
ROW = st.tuples(END, END, END)  # ends may be crossed
VERSIONS = st.lists(st.tuples(ROW, ROW), min_size=1, max_size=20)
SCALE = 0.25


def pair(
    old: list[tuple], new: list[tuple], *, pointed: bool = True, rest: str = ""
) -> AlignedVersions:
    """Two versions of rows of point, lower and upper end."""
    head = f'name = "set"\n[key.id]\ntype = "integer"\n{POINT if pointed else ""}'
    contract = parse_contract(head + ENDS.format(of=rest))
    names = ["value", "low", "high"] if pointed else ["low", "high"]
    schema = dict.fromkeys(names, pl.Float64)
    a, b = (
        pl.DataFrame([row[-len(names) :] for row in rows], schema, orient="row").select(
            pl.int_range(pl.len()).alias("id"), *names
        )
        for rows in (old, new)
    )
    return align_versions(a, b, contract, None, None)


def changes(aligned: AlignedVersions, scale: float | None = SCALE) -> IntervalChanges:
    """The changes of its only interval."""
    (interval,) = aligned.contract.intervals()
    return interval_changes(aligned, interval, scale)


def floored(low: float, high: float) -> Fraction:
    """A width that is at least twice the scale."""
    return max(Fraction(high) - Fraction(low), Fraction(2 * SCALE))


HUGE = [((0.0, -1.7e308, 1.7e308), (1.7e308, -1e308, 1.6e308)), ((1.0, 0.0, 2.0), (4.0, 3.0, 9.0))]


@given(VERSIONS)
@example(HUGE)
@example([((0.5, 1.0, 0.0), (1.5, 2.0, 1.0))])
def test_every_key_moves_by_its_own_widths(rows: list[tuple[tuple, tuple]]) -> None:
    """I1 is |Δ point| in half old widths, I4 the logarithm of the widths' ratio, none below the
    floor; I2 tells which new points lie outside, and how far in half widths.
    """
    old, new = ([row[side] for row in rows] for side in (0, 1))
    moved = changes(pair(old, new))
    assert moved.z is not None
    assert moved.width_change is not None
    outside, distances = moved.outside()
    far = dict(zip(outside.tolist(), distances.tolist(), strict=True))
    for i, ((point, low, high), (point_b, low_b, high_b)) in enumerate(rows):
        distance = abs(Fraction(point_b) - Fraction(point))
        z = 2 * distance / floored(low, high)
        reference.same(moved.z[i], float(z) if z < 10**308 else math.inf)
        ratio = floored(low_b, high_b) / floored(low, high)
        wanted = math.log(ratio.numerator) - math.log(ratio.denominator)
        assert moved.width_change[i] == pytest.approx(wanted, rel=1e-9, abs=1e-9)
        assert (i in far) == (point_b < low or point_b > high)
        if i in far:
            beyond = max(Fraction(low) - Fraction(point_b), Fraction(point_b) - Fraction(high))
            half = max(Fraction(high) - Fraction(low), Fraction(0)) / 2
            fits = half and beyond / half < 10**308
            reference.same(far[i], float(beyond / half) if fits else math.inf)


def test_only_keys_that_are_finite_in_all_columns_are_compared() -> None:
    """A null or an infinite end leaves its key out; places say which are left."""
    old = [(1.0, 0.0, 2.0), (1.0, None, 2.0), (1.0, 0.0, 2.0), (1.0, 0.0, 2.0)]
    new = [(1.0, 0.0, 3.0), (1.0, 0.0, 2.0), (1.0, 0.0, math.inf), (2.0, 0.0, 2.0)]
    moved = changes(pair(old, new))
    assert (moved.rows.tolist(), len(moved)) == ([0, 3], 2)
    assert moved.new.whole().width.tolist() == [3.0, 2.0]


def test_an_interval_without_a_point_has_its_middle() -> None:
    """Its middle stands for a point, also where a sum overflows; there is no I1."""
    aligned = pair(
        [(0.0, 1.0, 3.0), (0, 1.5e308, 1.7e308)],
        [(0.0, 2.0, 3.0), (0, 1e308, 1e308)],
        pointed=False,
    )
    (interval,) = aligned.contract.intervals()
    old, new, places = compared_ends(aligned, interval)
    assert places is None
    assert np.asarray(old.point).tolist() == [2.0, 1.6e308]
    assert np.asarray(new.point).tolist() == [2.5, 1e308]
    moved = changes(aligned)
    assert (moved.pointed, moved.z) == (False, None)


def test_without_a_scale_there_are_no_ratios() -> None:
    """No scale: neither I1 nor I4; which points lie outside is known all the same."""
    moved = changes(pair([(0.0, 0.0, 0.0)], [(1.0, 0.0, 0.0)]), None)
    assert (moved.z, moved.width_change) == (None, None)
    assert [x.tolist() for x in moved.outside()] == [[0], [math.inf]]


def test_the_scale_is_that_of_the_point() -> None:
    """An interval's floor is its point's; without one, that of its middles or of its lower end."""
    rows = [(8.0, 1.0, 3.0), (8.0, 3.0, 5.0)]
    pointed, bare = pair(rows, rows), pair(rows, rows, pointed=False)
    declared = pair(rows, rows, pointed=False, rest="scale_floor = 0.5\n")
    scales = [scale_of(x, x.contract.intervals()[0]) for x in (pointed, bare, declared)]
    assert scales == [pytest.approx(8e-3), pytest.approx(3e-3), 0.5]


def test_a_ratio_of_widths_need_not_fit_a_double() -> None:
    """From a width at a tiny floor to a huge one: the logarithm does."""
    moved = changes(pair([(0.0, 0.0, 0.0)], [(0.0, 0.0, 1e200)]), 1e-140).width_change
    assert moved is not None
    assert moved[0] == pytest.approx(340 * math.log(10) - math.log(2))
