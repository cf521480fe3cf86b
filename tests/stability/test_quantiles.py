"""Quantile functions: known answers, and the engine against a slow, obvious reference."""

from __future__ import annotations

import itertools
import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.contract.contract import Contract
from estimates.contract.contract_file import parse_contract
from estimates.stability.diff import diff
from estimates.stability.family_reports import QuantileReport
from tests.stability.reference import finite, quantile, same, scale_floor

LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)
Row = tuple[float | None, ...]


def contract(levels: tuple[float, ...] = LEVELS, rest: str = "cuts = [10.0]") -> Contract:
    """A point and its quantiles q0, q1, …, listed from the highest level down."""
    columns = "".join(
        f'[columns.q{i}]\nrole = "quantile"\nquantile = {level}\nnullable = true\n'
        for i, level in reversed(list(enumerate(levels)))
    )
    return parse_contract(
        'name = "s"\n[key.id]\ntype = "integer"\n[columns.value]\nnullable = '
        f"true\n{rest}\n{columns}"
    )


def frame(rows: list[Row], point: int = 2) -> pl.DataFrame:
    """Quantiles of each key by rising level; the point is one of them."""
    columns = {f"q{i}": [row[i] for row in rows] for i in range(len(rows[0]))}
    values = {"id": range(len(rows)), "value": columns[f"q{point}"], **columns}
    return pl.DataFrame(
        values,
        schema={name: pl.Int64 if name == "id" else pl.Float64 for name in values},
        strict=False,
    )


def measured(old: list[Row], new: list[Row]) -> QuantileReport:
    """The report of the one quantile function."""
    (result,) = diff(frame(old), frame(new), contract()).quantiles
    return result


def test_equal_functions() -> None:
    """The same quantiles: no move, no change of shape, no change of probability."""
    result = measured([(0, 5, 10, 15, 20)], [(0, 5, 10, 15, 20)])
    assert result.move is not None
    assert result.sup is not None
    assert result.iqr_change is not None
    assert result.tail_change is not None
    assert (result.move.max, result.sup.max, result.iqr_change.p50, result.tail_change.p50) == (
        0,
        0,
        0,
        0,
    )
    assert [(cut.cut, cut.mean, cut.clamped_share) for cut in result.cuts] == [(10, 0, 0)]
    assert (result.columns, result.levels) == (["q0", "q1", "q2", "q3", "q4"], list(LEVELS))
    assert (result.n, result.coverage, result.reasons, result.iqr_levels) == (
        1,
        1,
        {},
        [0.25, 0.75],
    )


def test_a_shift_by_one_iqr() -> None:
    """All quantiles up by the IQR: the move is 1 at every level, the shape is kept, probability
    moved.
    """
    result = measured([(0, 5, 10, 15, 20)], [(10, 15, 20, 25, 30)])
    assert result.move is not None
    assert result.sup is not None
    assert result.move.mean == pytest.approx(1)
    assert result.sup.mean == 1
    assert result.cuts[0].mean == pytest.approx(0.5 - 0.1)
    assert result.cuts[0].clamped_share == 0


def test_longer_tails() -> None:
    """Tails twice as far out, the IQR kept: the tail change is ln of the ratio, the IQR change
    0.
    """
    result = measured([(0, 5, 10, 15, 20)], [(-10, 5, 10, 15, 30)])
    assert result.iqr_change is not None
    assert result.tail_change is not None
    assert (result.iqr_change.p50, result.tail_change.p50) == (0, pytest.approx(math.log(2)))


def test_levels_are_weighted_by_the_room_they_have() -> None:
    """A change at one level counts by its part of the grid: 0.2 of 0.8 in the middle, 0.075 at the
    lower end.
    """
    for level, weight in ((2, 0.25 / 0.8), (0, 0.075 / 0.8), (1, 0.2 / 0.8)):
        new: list[float] = [0, 5, 10, 15, 20]
        new[level] += 1
        result = measured([(0, 5, 10, 15, 20)], [tuple(new)])
        assert result.move is not None
        assert result.sup is not None
        assert (result.move.mean, result.sup.mean) == (
            pytest.approx(weight / 10),
            pytest.approx(0.1),
        )


def test_crossing_quantiles_are_counted_and_left_out() -> None:
    """Quantiles out of order are counted in each version and never sorted; equal ones are in
    order.
    """
    good, bad, flat = (
        (0.0, 5.0, 10.0, 15.0, 20.0),
        (0.0, 5.0, 4.0, 15.0, 20.0),
        (1.0, 1.0, 1.0, 1.0, 1.0),
    )
    missing = (None, 5.0, 4.0, 15.0, 20.0)
    result = measured([good, bad, good, flat, missing], [good, bad, bad, flat, good])
    assert (result.crossing_from, result.crossing_to, result.crossing_keys, result.n) == (
        1,
        2,
        2,
        2,
    )
    assert result.coverage == pytest.approx(0.4)


def test_a_cut_beyond_the_quantiles_is_clamped() -> None:
    """Beyond the outer quantiles F is their level, and the share of such keys is reported."""
    result = measured(
        [(0, 5, 10, 15, 20), (11, 12, 13, 14, 15)], [(20, 25, 30, 35, 40), (11, 12, 13, 14, 15)]
    )
    assert result.cuts[0].clamped_share == 1
    assert result.cuts[0].mean == pytest.approx((0.5 - 0.1) / 2)


def test_a_cut_where_quantiles_are_equal() -> None:
    """Where several quantiles lie at the cut-off, F is the highest of their levels."""
    result = measured([(0, 10, 10, 15, 20)], [(0, 5, 10, 10, 20)])
    assert result.cuts[0].mean == pytest.approx(0.75 - 0.5)


@pytest.mark.parametrize(
    ("levels", "inner", "tails"),
    [
        ((0.1, 0.9), [0.1, 0.9], False),
        ((0.1, 0.2), [0.1, 0.2], False),
        ((0.05, 0.4, 0.5, 0.6, 0.95), [0.4, 0.6], True),
        ((0.5, 0.8, 0.9), [0.5, 0.8], True),
    ],
)
def test_the_pair_nearest_the_quartiles(
    levels: tuple[float, ...], inner: list[float], tails: bool
) -> None:
    """The IQR is taken from the levels nearest 0.25 and 0.75; when these are the outermost there
    are no tails.
    """
    row: Row = tuple(10 * level for level in levels)
    (result,) = diff(frame([row], 0), frame([row], 0), contract(levels)).quantiles
    assert result.iqr_levels == inner
    assert (result.tail_change is not None) == tails
    assert result.reasons == ({} if tails else {"tail_change": "no_tails"})


def test_one_quantile_is_no_function() -> None:
    """A point with one quantile column has no quantile report, a set without quantiles neither."""
    assert diff(frame([(1.0,)], 0), frame([(1.0,)], 0), contract((0.5,))).quantiles == []


def test_quantiles_that_cannot_be_compared() -> None:
    """No key with all quantiles, an all-zero baseline, moves beyond a double: null, and why."""
    none = measured([(None, 1, 2, 3, 4)], [(0, 1, 2, 3, 4)])
    assert (none.n, none.move, none.cuts) == (0, None, [])
    assert set(none.reasons.values()) == {"no_comparable_keys"}
    rows = frame([(0, 1, 2, 3, 4)]).with_columns(value=pl.lit(None, dtype=pl.Float64))
    (pointless,) = diff(rows, rows, contract(rest="scale_floor = 1.0")).quantiles
    assert (pointless.n, set(pointless.reasons.values())) == (1, {"no_comparable_keys"})
    zero = measured([(-2, -1, 0, 1, 2)], [(-2, -1, 0, 1, 2)])
    assert set(zero.reasons.values()) == {"degenerate_scale"}
    large = measured([(-1.7e308, -1.6e308, 1.0, 1.6e308, 1.7e308)], [(0, 1, 2, 3, 4)])
    assert large.reasons == dict.fromkeys(("iqr_change", "move", "sup", "tail_change"), "overflow")


def probability(row: list[float], cut: float) -> float:
    """F(cut) by linear interpolation."""
    if cut >= row[-1]:
        return LEVELS[-1]
    if cut < row[0]:
        return LEVELS[0]
    at = max(i for i in range(len(row)) if row[i] <= cut)
    return LEVELS[at] + (LEVELS[at + 1] - LEVELS[at]) * (cut - row[at]) / (row[at + 1] - row[at])


def crosses(row: list[float]) -> bool:
    """Whether a higher level has a lower value, beyond noise."""
    return any(low - high > 1e-9 * max(map(abs, row)) for low, high in itertools.pairwise(row))


PART = st.one_of(st.floats(-100, 100), st.sampled_from((0.0, 10.0, None, math.nan)))


def _in_order(row: list[float | None]) -> tuple[float | None, ...]:
    """From low to high, where each part is a number."""
    numbers = [part for part in row if part is not None and part == part]
    return tuple(sorted(numbers) if len(numbers) == len(row) else row)


QUANTILES = st.lists(PART, min_size=5, max_size=5).map(_in_order)
ROWS = st.lists(
    st.tuples(st.one_of(QUANTILES, QUANTILES, st.tuples(*[PART] * 5)), QUANTILES),
    min_size=1,
    max_size=25,
)


@given(ROWS)
def test_quantiles_agree_with_the_reference(rows: list[tuple[Row, Row]]) -> None:
    """Every number of any two versions agrees with plain Python to 1e-12."""
    result = measured([a for a, _ in rows], [b for _, b in rows])
    whole = [(list(row[:5]), list(row[5:])) for a, b in rows if (row := finite(*a, *b))]
    kept = [(a, b) for a, b in whole if not crosses(a) and not crosses(b)]
    assert (result.n, result.crossing_keys) == (len(kept), len(whole) - len(kept))
    for got, side in ((result.crossing_from, 0), (result.crossing_to, 1)):
        known = [row for pair in rows if (row := finite(*pair[side]))]
        assert got == sum(map(crosses, known))
    if not kept:
        assert result.move is result.sup is result.iqr_change is None
        return
    middle = [two for a, b in rows if (two := finite(a[2], b[2]))]
    scale = scale_floor([a for a, _ in middle])
    shift = [abs(probability(b, 10.0) - probability(a, 10.0)) for a, b in kept]
    same(result.cuts[0].mean, math.fsum(shift) / len(kept), 1)
    same(result.cuts[0].p95, quantile(shift, 0.95), 1)
    outside = sum(not (a[0] <= 10 <= a[4]) or not (b[0] <= 10 <= b[4]) for a, b in kept)
    same(result.cuts[0].clamped_share, outside / len(kept))
    if scale is None:
        assert set(result.reasons.values()) == {"degenerate_scale"}
        return
    check(result, kept, scale)


def check(
    result: QuantileReport, kept: list[tuple[list[float], list[float]]], scale: float
) -> None:
    """Q2, Q3 and Q5."""
    weights = [0.15 / 2, 0.4 / 2, 0.5 / 2, 0.4 / 2, 0.15 / 2]
    unit = [max(a[3] - a[1], scale) for a, _ in kept]
    moves = [
        [abs(y - x) / u for x, y in zip(*pair, strict=True)]
        for pair, u in zip(kept, unit, strict=True)
    ]
    mean = [math.fsum(w * x for w, x in zip(weights, row, strict=True)) / 0.8 for row in moves]
    for got, values in ((result.move, mean), (result.sup, [max(row) for row in moves])):
        if not all(map(math.isfinite, values)):
            assert got is None
            continue
        assert got is not None
        same(got.mean, math.fsum(values) / len(values), max(values))
        same(got.p50, quantile(values, 0.5), max(values))
        same(got.p95, quantile(values, 0.95), max(values))
        same(got.max, max(values), max(values))
    iqr = [math.log(max(b[3] - b[1], scale)) - math.log(max(a[3] - a[1], scale)) for a, b in kept]
    whole = [math.log(max(b[4] - b[0], scale)) - math.log(max(a[4] - a[0], scale)) for a, b in kept]
    tails = [x - y for x, y in zip(whole, iqr, strict=True)]
    for spread, values in ((result.iqr_change, iqr), (result.tail_change, tails)):
        assert spread is not None
        same(spread.p5, quantile(values, 0.05), 1e3)
        same(spread.p95, quantile(values, 0.95), 1e3)


def test_many_keys_at_once() -> None:
    """A column of the usual length gives what single keys give."""
    rng = np.random.default_rng(2)
    old = np.sort(rng.normal(10, 5, (3000, 5)), axis=1)
    new = np.sort(old + rng.normal(0, 1, (3000, 5)), axis=1)
    result = measured([tuple(row) for row in old.tolist()], [tuple(row) for row in new.tolist()])
    scale = scale_floor(old[:, 2].tolist())
    assert scale is not None
    check(result, list(zip(old.tolist(), new.tolist(), strict=True)), scale)
