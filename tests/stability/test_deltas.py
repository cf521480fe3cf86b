"""How one number moved, key by key, against exact arithmetic."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.contract.contract_file import parse_contract
from estimates.stability import deltas as of
from estimates.stability.aligned import align_versions
from estimates.stability.kernels.selection import ascending
from estimates.stability.kernels.sorted_runs import SortedRuns
from tests.stability import reference
from tests.stability.one_column import contract

NUMBER = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(-1e3, 1e3),
    st.sampled_from([0.0, 1.0, -1.0, 5e-324, 1.7e308, -1.7e308]),
)
PAIRS = st.lists(st.tuples(NUMBER, NUMBER), min_size=1, max_size=30)
SCALE = st.floats(1e-6, 1e6)


def deltas(a: pl.Series, b: pl.Series, scale: float | None = 1.0, policy: str = "") -> of.Deltas:
    """The moves of `value` from one series to the other, row by row."""
    kind = 'type = "integer"' if a.dtype.is_integer() else ""
    rules = contract(kind, f"[stability]\n{policy}")
    old, new = (
        pl.DataFrame({"id": [f"{i:04}" for i in range(len(x))], "value": x}) for x in (a, b)
    )
    pair = align_versions(old, new, rules, None, None)
    return of.deltas(pair.alignment, "value", *pair.common("value"), scale, rules.stability)


@given(PAIRS, SCALE)
def test_relative_changes_are_exact(pairs: list[tuple[float, float]], scale: float) -> None:
    """S3 is |b − a| / max((|a| + |b|) / 2, s), also where sums and differences overflow."""
    a, b = (np.array(side) for side in zip(*pairs, strict=True))
    with np.errstate(over="ignore"):
        measured = of.relative(a, b, b - a, scale)
    for (x, y), r in zip(pairs, measured.tolist(), strict=True):
        reference.same(r, reference.relative(x, y, scale))


@given(PAIRS, SCALE)
def test_the_transform_is_a_difference_of_asinh(
    pairs: list[tuple[float, float]], scale: float
) -> None:
    """S4 is asinh(b / 2s) − asinh(a / 2s), of each key by itself."""
    check_transform(pairs, scale)


def check_transform(pairs: list[tuple[float, float]], scale: float) -> None:
    """The transform of each pair agrees with exact arithmetic."""
    a, b = (pl.Series(side, dtype=pl.Float64) for side in zip(*pairs, strict=True))
    measured = of.transform(deltas(a, b, scale)).tolist()
    for (x, y), g in zip(pairs, measured, strict=True):
        before, after = (reference.asinh(value, scale) for value in (x, y))
        reference.same(g, after - before, scale=max(abs(before), abs(after)))


def test_the_transform_holds_at_every_size() -> None:
    """S4 between any two of ±2⁻⁴ s to ±2⁶⁰ s has as many digits as its terms."""
    sizes = [sign * 2.0**power for power in range(-4, 61, 4) for sign in (1, -1)]
    sizes.append(8191.0)  # between two ways to compute it, nothing is left out
    pairs = [(x, y) for x in sizes for y in sizes]
    check_transform(pairs, 0.7)


@given(st.lists(NUMBER, min_size=1, max_size=30))
def test_the_floor_follows_the_median_and_the_largest(values: list[float]) -> None:
    """s0 is 1e-3 of the median size or 1e-9 of the largest, from arrays and from sorted columns;
    nothing but 0 has none, and a declared one counts.
    """
    a = np.array(values) + 0.0
    sorted_values = SortedRuns([ascending(a[::2]), ascending(a[1::2])])
    wanted = reference.scale_floor(values)
    for floor in (of.scale_floor(a, None), of.scale_floor_of_sorted(sorted_values, None)):
        if wanted is None:
            assert floor is None
        else:
            reference.same(floor, wanted)
    assert of.scale_floor(a, 0.5) == of.scale_floor_of_sorted(sorted_values, 0.5) == 0.5
    assert of.scale_floor(np.empty(0), None) is None


@given(PAIRS, SCALE)
def test_keys_below_the_floor_are_counted(pairs: list[tuple[float, float]], scale: float) -> None:
    """`floored` counts the keys whose mean size is below the scale floor."""
    a, b = (pl.Series(side, dtype=pl.Float64) for side in zip(*pairs, strict=True))
    with np.errstate(over="ignore"):
        total = np.abs(a.to_numpy()) + np.abs(b.to_numpy())
    assert deltas(a, b, scale).floored == int((total < 2 * scale).sum())


def test_whole_numbers_are_subtracted_as_such() -> None:
    """Integers beyond 2⁵³ keep their difference, which their doubles would lose."""
    a, b = pl.Series([2**53, -(2**62)]), pl.Series([2**53 + 1, 2**62])
    assert np.asarray(deltas(a, b).d).tolist() == [1.0, 2.0**63]


@pytest.mark.parametrize(
    ("dtype", "moved", "equal"),
    [
        (pl.Float64, 1 + 5e-10, True),
        (pl.Float64, 1 + 2e-9, False),
        (pl.Float32, 1 + 2**-23, True),
        (pl.Float32, 1 + 2**-22, False),
    ],
)
def test_noise_of_a_type_is_equal(dtype: type[pl.DataType], moved: float, equal: bool) -> None:
    """Within the last digits of its type a value counts as equal."""
    moves = deltas(pl.Series([1.0], dtype=dtype), pl.Series([moved], dtype=dtype))
    assert moves.equal.tolist() == [equal]


def test_integers_have_no_noise() -> None:
    """A whole number one further on is another one, however large."""
    moves = deltas(pl.Series([10**15, 7]), pl.Series([10**15 + 1, 7]))
    assert moves.equal.tolist() == [False, True]


def test_what_is_at_the_limit_is_within_it() -> None:
    """A move is material beyond rtol of the larger size plus atol; exactly there it is not."""
    a, b = pl.Series([10.0, 10.0, -10.0]), pl.Series([12.5, 12.75, -12.5])
    policy = "rtol = 0.16\natol = 0.5"  # 0.16 × 12.5 + 0.5 = 2.5; × 12.75 + 0.5 = 2.54
    assert deltas(a, b, policy=policy).material.tolist() == [False, True, False]


def test_a_last_bit_makes_nothing_material() -> None:
    """Moves of exactly the relative tolerance, as far as doubles have them, are within it."""
    b = pl.Series(np.linspace(0.1, 1.0, 1000))
    moves = deltas(b * (1 - 0.1), b, policy="rtol = 0.1\natol = 0")
    assert not moves.material.any()


def test_a_scale_at_the_floor_is_not_below_it() -> None:
    """Of a key whose mean size is the floor, r has its own scale."""
    values = pl.Series([1.0, 0.25])
    assert deltas(values, values, 1.0).floored == 1


def test_an_overflow_is_infinite_and_has_a_relative_change() -> None:
    """b − a that no double holds is ±inf, and S3 of it 2."""
    moves = deltas(pl.Series([1.7e308, -1.7e308]), pl.Series([-1.7e308, 1.7e308]))
    assert np.asarray(moves.d).tolist() == [-math.inf, math.inf]
    assert moves.r is not None
    assert moves.r.tolist() == [2.0, 2.0]


def test_without_a_scale_nothing_is_relative() -> None:
    """Where all old values are 0, there is no scale, and no S3."""
    moves = deltas(pl.Series([0.0, 0.0]), pl.Series([1.0, 0.0]), None)
    assert (moves.scale, moves.r, moves.floored) == (None, None, 0)
    assert moves.material.tolist() == [True, False]


def test_only_finite_pairs_are_compared_and_named() -> None:
    """Positions say which common keys are finite in both; keys are named by them."""
    old = pl.DataFrame({"id": ["a", "b", "c"], "value": [1.0, None, -2.0]})
    new = pl.DataFrame({"id": ["a", "b", "c"], "value": [math.nan, 2.0, 3.0]})
    rules = parse_contract(
        'name = "set"\n[key.id]\ntype = "string"\n[columns.value]\nnullable = true'
    )
    pair = align_versions(old, new, rules, None, None)
    moves = of.deltas(pair.alignment, "value", *pair.common("value"), 1.0, rules.stability)
    assert moves.positions is not None
    assert (moves.positions.tolist(), len(moves), moves.signed) == ([2], 1, True)
    assert (moves.a.tolist(), moves.b.tolist()) == ([-2.0], [3.0])
    assert moves.keys(pair.alignment, np.array([0])) == [["c"]]


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=20))
def test_differences_of_integers_are_rounded_once(values: list[int]) -> None:
    """b − a is the double nearest to the true difference."""
    a, b = pl.Series(values), pl.Series(values[::-1])
    wanted = [float(Fraction(y) - Fraction(x)) for x, y in zip(values, values[::-1], strict=True)]
    assert np.asarray(deltas(a, b).d).tolist() == wanted
