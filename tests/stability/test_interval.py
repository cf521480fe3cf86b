"""Known answers for intervals."""

from __future__ import annotations

import math

import polars as pl
import pytest

from estimates.contract.contract_file import parse_contract
from estimates.stability.diff import diff
from estimates.stability.report import IntervalReport

COLUMNS = (
    '[columns.lower]\nrole = "lower"\nlevel = 0.9\n[columns.upper]\nrole = "upper"\nlevel = 0.9\n'
)
CONTRACT = parse_contract(f'name = "s"\n[key.id]\ntype = "integer"\n[columns.point]\n{COLUMNS}')
Row = tuple[float | None, float | None, float | None]


def measured(old: list[Row], new: list[Row]) -> IntervalReport:
    """The report of the one interval; rows are (lower, point, upper)."""
    schema = {"lower": pl.Float64, "point": pl.Float64, "upper": pl.Float64}
    a, b = (
        pl.DataFrame(rows, schema=schema, orient="row").with_row_index("id") for rows in (old, new)
    )
    a, b = (frame.with_columns(pl.col("id").cast(pl.Int64)) for frame in (a, b))
    (report,) = diff(a, b, CONTRACT).intervals
    return report


def test_equal_intervals() -> None:
    """The same interval: z 0, full overlap, width unchanged, nothing outside."""
    i = measured([(1, 2, 3), (2, 2, 2)], [(1, 2, 3), (2, 2, 2)])
    assert i.z is not None
    assert i.jaccard is not None
    assert i.width_change is not None
    assert (i.z.mean, i.jaccard.p5, i.width_change.p95, i.disjoint_share) == (0, 1, 0, 0)
    assert (i.new_outside_old, i.old_outside_new, i.z_gt1_share, i.width_beyond_share) == (
        0,
        0,
        0,
        0,
    )
    assert i.reasons == {}
    assert i.z_top == []


def test_move_by_half_widths() -> None:
    """z is the move of the point in half widths of the old interval; exactly 1 is not above 1."""
    i = measured([(0, 2, 4), (0, 2, 4)], [(2, 4, 6), (3, 5, 7)])
    assert i.z is not None
    assert (i.z.mean, i.z_gt1_share, i.new_outside_old, i.old_outside_new) == (1.25, 0.5, 0.5, 0.5)
    assert i.z.max == 1.5
    assert [(top.key, top.z) for top in i.z_top] == [(["1"], 1.5), (["0"], 1)]
    assert i.jaccard is not None
    assert i.jaccard.p50 == pytest.approx((2 / 6 + 1 / 7) / 2)


def test_width_twice_as_wide() -> None:
    """Twice as wide is ln 2, and beyond 25 %; exactly 25 % is not beyond."""
    i = measured([(0, 2, 4), (0, 2, 4)], [(-2, 2, 6), (-0.5, 2, 4.5)])
    assert i.width_change is not None
    assert i.width_change.p50 == pytest.approx((math.log(2) + math.log(1.25)) / 2)
    assert i.width_beyond_share == 0.5


def test_touching_intervals_are_not_disjoint() -> None:
    """Ends belong to the interval."""
    assert measured([(0, 1, 2)], [(2, 3, 4)]).disjoint_share == 0
    assert measured([(0, 1, 2)], [(2.1, 3, 4)]).disjoint_share == 1
    # -0.0 - 0.0 is -0.0, and an overlap of 0 is 0
    zeros = measured([(-1.0, -0.5, -0.0)], [(0.0, 0.5, 1.0)])
    assert zeros.jaccard is not None
    assert str(zeros.jaccard.p50) == "0.0"


def test_order_violations_are_counted_in_each_version() -> None:
    """Ends on the wrong side of the point, crossed, of no width, or with one end only."""
    bad: list[Row] = [(3, 2, 4), (0, 5, 4), (4, 3, 2), (2, 2, 2), (None, 2, 3), (None, 2, None)]
    i = measured(bad, [(0, 1, 2)] * 6)
    old = i.order_from
    assert (old.rows, old.lower_above_point, old.point_above_upper, old.lower_above_upper) == (
        6,
        2,
        2,
        1,
    )
    assert (old.zero_width, old.one_sided) == (1, 1)
    new = i.order_to
    assert (new.lower_above_point, new.lower_above_upper, new.zero_width, new.one_sided) == (
        0,
        0,
        0,
        0,
    )
    assert (i.n, i.coverage) == (4, pytest.approx(4 / 6))


def test_nothing_to_compare() -> None:
    """Without a whole interval in both versions every metric is null and says why."""
    i = measured([(None, 1, 2)], [(0, 1, 2)])
    assert (i.n, i.z, i.jaccard, i.disjoint_share, i.width_change) == (0, None, None, None, None)
    assert set(i.reasons.values()) == {"no_comparable_keys"}
    assert len(i.reasons) == 8


def test_interval_without_a_point() -> None:
    """An interval alone has overlap and width, and no move of its point."""
    c = parse_contract(f'name = "s"\n[key.id]\ntype = "integer"\n{COLUMNS}')
    a = pl.DataFrame({"id": [1], "lower": [0.0], "upper": [4.0]})
    (i,) = diff(a, a.with_columns(upper=pl.lit(8.0)), c).intervals
    assert i.width_change is not None
    assert (i.z, i.new_outside_old, i.order_from.lower_above_point) == (None, None, None)
    assert (i.asymmetry_change.reason, i.lower_change.mean, i.upper_change.mean) == (
        "no_point",
        0,
        2,
    )
    assert i.width_change.p50 == pytest.approx(math.log(2))
    assert i.reasons == dict.fromkeys(
        ("new_outside_old", "old_outside_new", "z", "z_gt1_share"), "no_point"
    )


def test_all_zero_points_have_no_scale() -> None:
    """A baseline of zero points has no scale floor: z and width are null, what needs none is
    there.
    """
    i = measured([(-1, 0, 1)], [(-1, 0.5, 1)])
    assert (i.z, i.width_change, i.new_outside_old, i.disjoint_share) == (None, None, 0, 0)
    assert set(i.reasons.values()) == {"degenerate_scale"}


def test_ends_move_in_half_widths() -> None:
    """The mean of an end's changes is signed, their 95 % quantile is not; asymmetry follows the
    point.
    """
    i = measured([(0, 2, 4), (0, 2, 4)], [(1, 3, 5), (-1, 1, 4)])
    assert (i.lower_change.mean, i.lower_change.p95) == (0, 0.5)
    assert (i.upper_change.mean, i.upper_change.n, i.upper_change.coverage) == (0.25, 2, 1)
    assert i.asymmetry_change.mean == pytest.approx((0.6 - 0.5) / 2)
    assert i.asymmetry_change.p95 == pytest.approx(0.1 * 0.95)


def test_unbounded_ends() -> None:
    """An end without its other end is compared in distances to the point; a missing end is never a
    number.
    """
    rows: list[tuple[Row, Row]] = [
        ((0, 2, math.inf), (1, 2, math.inf)),
        ((0, 2, 4), (1, 2, None)),
        ((None, 2, 4), (0, 2, 4)),
    ]
    i = measured([a for a, _ in rows], [b for _, b in rows])
    assert i.n == 0
    assert (i.lower_change.n, i.lower_change.coverage, i.lower_change.mean) == (
        2,
        pytest.approx(2 / 3),
        0.5,
    )
    assert (i.upper_change.n, i.upper_change.mean) == (1, 0)
    assert (i.asymmetry_change.n, i.asymmetry_change.reason) == (0, "no_comparable_keys")


def test_ends_that_cannot_be_compared() -> None:
    """No scale, no point, no width: null, and why."""
    zero = measured([(-1, 0, 1)], [(-1, 0.5, 1)])
    assert (zero.lower_change.n, zero.lower_change.mean, zero.lower_change.reason) == (
        1,
        None,
        "degenerate_scale",
    )
    assert zero.asymmetry_change.mean == -0.25
    flat = measured([(2, 2, 2)], [(1, 2, 3)])
    assert (flat.asymmetry_change.n, flat.asymmetry_change.reason) == (0, "no_comparable_keys")


def test_a_change_of_width_beyond_what_a_double_holds() -> None:
    """From a width of 2e-290 to one of 2e300 is ln 1e590, and finite."""
    c = parse_contract(
        f'name = "s"\n[key.id]\ntype = "integer"\n[columns.point]\nscale_floor = 1e-300\n{COLUMNS}'
    )
    a = pl.DataFrame({"id": [1], "point": [1e-290], "lower": [0.0], "upper": [2e-290]})
    b = pl.DataFrame({"id": [1], "point": [1e300], "lower": [0.0], "upper": [2e300]})
    for old, new, sign in ((a, b, 1), (b, a, -1)):
        change = diff(old, new, c).intervals[0].width_change
        assert change is not None
        assert change.p50 == pytest.approx(sign * 590 * math.log(10))


def test_the_smallest_scale_beside_the_largest_values() -> None:
    """An interval of no width at the end of what a double holds did not move, whatever small scale
    is declared.
    """
    c = parse_contract(
        f'name = "s"\n[key.id]\ntype = "integer"\n[columns.point]\nscale_floor = 5e-324\n{COLUMNS}'
    )
    a = pl.DataFrame({"id": [1], "point": [1.7e308], "lower": [1.7e308], "upper": [1.7e308]})
    (i,) = diff(a, a, c).intervals
    assert i.z is not None
    assert (i.z.max, i.lower_change.mean, i.upper_change.p95) == (0, 0, 0)
