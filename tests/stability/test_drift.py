"""Drift: known answers, and the engine against a slow, obvious reference."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.stability.diff import diff
from estimates.stability.family_reports import DriftReport
from tests.stability.one_column import contract, frame
from tests.stability.reference import finite, quantile, same, scale_floor

Value = float | None


def drift(a: list[Value], b: list[Value], column: str = "") -> DriftReport | None:
    """The drift of `value`."""
    return diff(frame(a), frame(b), contract(f"nullable = true\n{column}")).columns["value"].drift


def kind(x: Value) -> str:
    """What is no finite number, by name."""
    return "null" if x is None else "finite" if math.isfinite(x) else str(x)


def slow_psi(a: list[Value], b: list[Value]) -> tuple[float, int]:
    """One bin up to each decile of A, one above the last, one for each kind that is not finite."""
    finite_a = [x for x in a if x is not None and math.isfinite(x)]
    ends = sorted({exact_quantile(finite_a, i, 10) for i in range(1, 10)})
    names = [*range(len(ends) + 1), *sorted({kind(x) for x in (*a, *b)} - {"finite"})]

    def bin_of(x: Value) -> int | str:
        if x is None or not math.isfinite(x):
            return kind(x)
        return sum(x > end for end in ends)

    shares = []
    for side in (a, b):
        places = [bin_of(x) for x in side]
        shares.append(
            [(places.count(name) + 0.5) / (len(side) + 0.5 * len(names)) for name in names]
        )
    return math.fsum((q - p) * math.log(q / p) for p, q in zip(*shares, strict=True)), len(names)


def exact_quantile(values: list[float], part: int, of: int) -> float:
    """Type 7 in exact arithmetic."""
    low, rest = divmod((len(values) - 1) * part, of)
    ordered = [Fraction(x) for x in sorted(values)]
    return float(
        ordered[low] if not rest else ordered[low] + (ordered[low + 1] - ordered[low]) * rest / of
    )


def slow_ks(a: list[float], b: list[float]) -> float:
    """The largest distance of the distribution functions, looked for at every value."""
    return max(
        abs(sum(y <= x for y in a) / len(a) - sum(y <= x for y in b) / len(b)) for x in (*a, *b)
    )


def slow_w1(a: list[float], b: list[float]) -> Fraction:
    """∫ |F_B − F_A|, which equals the distance of the quantile functions."""
    ordered = sorted({*a, *b})
    total = Fraction(0)
    for low, high in itertools.pairwise(ordered):
        share = Fraction(sum(x <= low for x in a), len(a)) - Fraction(
            sum(x <= low for x in b), len(b)
        )
        total += abs(share) * (Fraction(high) - Fraction(low))
    return total


def test_a_shift_of_everything() -> None:
    """Everything up by one IQR: the median moved by one, the spread not at all."""
    values: list[Value] = [float(v) for v in range(101)]
    result = drift(values, [v + 50.0 for v in values if v is not None])
    assert result is not None
    assert (result.location_shift, result.dispersion_shift) == (1, 0)
    assert result.ks == pytest.approx(50 / 101)
    assert result.w1 == pytest.approx(1.349)
    assert (result.n_from, result.n_to, result.psi_bins) == (101, 101, 10)


def test_kinds_are_bins() -> None:
    """Values that became null are a bin of their own; each version counts the finite values it
    has.
    """
    result = drift([1.0, 2.0, 3.0, 4.0], [1.0, 2.0, None, math.inf])
    assert result is not None
    assert (result.n_from, result.n_to, result.psi_bins) == (4, 2, 12)
    assert result.psi is not None
    assert result.psi > 0


def test_all_zero_baseline_has_no_scale_for_drift() -> None:
    """Without a scale there is no shift; what needs none is there."""
    result = drift([0.0, 0.0], [0.0, 1.0])
    assert result is not None
    assert result.reasons == dict.fromkeys(
        ("dispersion_shift", "location_shift", "w1"), "degenerate_scale"
    )
    assert result.ks == 0.5


def test_an_overflow_is_no_number() -> None:
    """A spread beyond the largest double is null with its reason."""
    result = drift([1.7e308, -1.7e308, 1.7e308, -1.7e308], [1.0, 2.0, 3.0, 4.0])
    assert result is not None
    assert (result.w1, result.location_shift) == (None, None)
    assert set(result.reasons.values()) == {"overflow"}


@pytest.mark.parametrize("moved", [0.0, 0.3])
@pytest.mark.parametrize("rounded", [0, 8])
def test_the_largest_distance_of_long_columns(moved: float, rounded: int) -> None:
    """Looking at a part of the values first finds the same distance, ties or not, one version
    longer or not.
    """
    rng = np.random.default_rng(5)
    a, b = (np.round(rng.normal(shift, 1, 20_000), rounded) for shift in (0.0, moved))
    holes = np.where(np.arange(len(b)) % 3 == 0, np.nan, b)
    for new in (b, holes):
        result = drift(list(a), list(new))
        assert result is not None
        rest = np.sort(new[np.isfinite(new)])
        at = np.concatenate((a, rest))
        distance = np.abs(
            np.searchsorted(np.sort(a), at, "right") / len(a)
            - np.searchsorted(rest, at, "right") / len(rest)
        )
        assert result.ks == pytest.approx(distance.max(), rel=1e-12)


VALUE = st.one_of(
    st.floats(-1e6, 1e6),
    st.integers(0, 4).map(float),
    st.sampled_from((0.0, 5e-324, 1.7e308, math.nan, math.inf, None)),
)


@given(st.lists(st.tuples(VALUE, VALUE), min_size=1, max_size=40))
def test_drift_agrees_with_the_reference(pairs: list[tuple[Value, Value]]) -> None:
    """Every number of any two versions agrees with plain Python to 1e-12."""
    a, b = [x for x, _ in pairs], [y for _, y in pairs]
    result = drift(a, b)
    both = [two for x, y in pairs if (two := finite(x, y))]
    if not both:
        assert result is None
        return
    assert result is not None
    psi, bins = slow_psi(a, b)
    same(result.psi, psi, 1)
    assert result.psi_bins == bins
    x, y = ([v for v in side if v is not None and math.isfinite(v)] for side in (a, b))
    same(result.ks, slow_ks(x, y), 1)
    scale = scale_floor([two[0] for two in both])
    if scale is None:
        assert result.w1 is result.location_shift is None
        return
    iqr = [quantile(side, 0.75) - quantile(side, 0.25) for side in (x, y)]
    w1 = slow_w1(x, y)
    unit = max(iqr[0] / 1.349, scale)
    if result.w1 is not None:
        same(result.w1, float(w1 / Fraction(unit)), float(max(map(abs, (*x, *y))) / unit))
    largest = max(map(abs, (*x, *y)))
    if result.location_shift is not None:
        shift = (quantile(y, 0.5) - quantile(x, 0.5)) / max(iqr[0], scale)
        same(result.location_shift, shift, largest / max(iqr[0], scale))
    if result.dispersion_shift is not None:
        wanted = math.log(max(iqr[1], scale)) - math.log(max(iqr[0], scale))
        assert result.dispersion_shift == pytest.approx(
            wanted, abs=1e-12 * (1 + largest / min(max(i, scale) for i in iqr))
        )
