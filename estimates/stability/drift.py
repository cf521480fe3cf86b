"""S8, S10: how the distribution of a column changed, whatever the keys are. It says nothing about
stability.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from estimates.stability.alignment import Rows
from estimates.stability.family_reports import DriftReport
from estimates.stability.kernels.blocks import count_rows, sum_rows
from estimates.stability.kernels.ks_distance import ks_distance
from estimates.stability.kernels.logarithms import log
from estimates.stability.kernels.selection import summary
from estimates.stability.ranking import Ranking, sorted_quantile
from estimates.stability.value_kinds import FINITE, KINDS, ColumnValues, Floats

_NORMAL = 1.349  # IQR of a normal distribution in its standard deviations
_FEW_OF = 8  # few keys are one in so many
_SCALED = ("location_shift", "dispersion_shift", "w1")


Quartiles = tuple[float, float, float]


class Shifts(NamedTuple):
    """What two columns of numbers, the finite values of the common keys, say of each other.

    n          how many each has
    quartiles  of A and of B
    w1         the mean distance of the quantile functions, in a unit
    psi        the index, and its number of bins
    """

    n: tuple[int, int]
    quartiles: tuple[Quartiles, Quartiles]
    w1: Callable[[float], float]
    ks: float
    psi: tuple[float, int]


def measure(
    old: ColumnValues, new: ColumnValues, scale: float | None, order: Ranking
) -> DriftReport:
    """Compare the values of the common keys; `order` has those finite in both versions, of which
    there is one.
    """
    whole = len(order) == len(old.kinds)
    a = order.a if whole else np.sort(old.numbers[old.finite])
    b = order.b if whole else np.sort(new.numbers[new.finite])
    ends = np.unique([sorted_quantile(a, i, 10) for i in range(1, 10)])
    counts = [np.diff(np.searchsorted(x, ends, "right"), prepend=0, append=len(x)) for x in (a, b)]
    shifts = Shifts(
        n=(len(a), len(b)),
        quartiles=(_quartiles(a), _quartiles(b)),
        w1=partial(_w1, a, b, old, new),
        ks=ks_distance(a, b),
        psi=population_stability(counts, [_kinds(side) for side in (old, new)]),
    )
    return drift_report(shifts, scale)


def drift_report(shifts: Shifts, scale: float | None) -> DriftReport:
    """The report of what two columns say of each other."""
    with np.errstate(over="ignore"):
        scaled = (None, None, None) if scale is None else _scaled(shifts, scale)
    reasons = dict.fromkeys(_SCALED, "degenerate_scale") if scale is None else {}
    for name, value in zip(_SCALED, scaled, strict=True):
        if value is not None and not math.isfinite(value):
            reasons[name] = "overflow"
    location, dispersion, w1 = (
        value if value is not None and math.isfinite(value) else None for value in scaled
    )
    return DriftReport(
        n_from=shifts.n[0],
        n_to=shifts.n[1],
        location_shift=location,
        dispersion_shift=dispersion,
        psi=shifts.psi[0],
        psi_bins=shifts.psi[1],
        ks=shifts.ks,
        w1=w1,
        reasons=dict(sorted(reasons.items())),
    )


def is_few(changed: int, rows: int) -> bool:
    """Whether so few of the keys have another value that a distance is measured by them alone."""
    return changed * _FEW_OF <= rows


def distance_of_changed(a: Floats, b: Floats, rows: int, unit: float) -> float:
    """W1 of two columns of so many rows that differ in these values alone, each ascending: the area
    between the two distribution functions.
    """
    values = np.sort(np.concatenate([a, b]))
    apart = np.searchsorted(a, values, "right") - np.searchsorted(b, values, "right")
    steps = np.diff(values) / unit
    return sum_rows(lambda block: np.abs(apart[:-1][block]) * steps[block], len(steps)) / rows


def population_stability(
    counts: Sequence[np.ndarray], kinds: Sequence[np.ndarray]
) -> tuple[float, int]:
    """Σ (q − p) ln(q / p) over the bins, and how many there are; each kind that is not finite is
    one more.

    counts  of A and of B, how many values are in each bin; bins end at the deciles of A
    """
    other_kinds = [k for k in range(len(KINDS)) if k != FINITE and kinds[0][k] + kinds[1][k]]
    counts = [
        np.concatenate((count, of_kind[other_kinds]))
        for count, of_kind in zip(counts, kinds, strict=True)
    ]
    bins = len(counts[0])
    p, q = ((count + 0.5) / (count.sum() + 0.5 * bins) for count in counts)
    return math.fsum((q - p) * log(q / p)), bins


def _quartiles(ascending: Floats) -> Quartiles:
    low, middle, high = (sorted_quantile(ascending, i, 4) for i in (1, 2, 3))
    return low, middle, high


def _scaled(shifts: Shifts, scale: float) -> tuple[float, float, float]:
    """Location, dispersion and W1, not finite where they overflow."""
    (low_a, middle_a, high_a), (low_b, middle_b, high_b) = shifts.quartiles
    iqr_a, iqr_b = high_a - low_a, high_b - low_b
    if not math.isfinite(iqr_a):
        return (math.inf,) * 3
    location = (middle_b - middle_a) / max(iqr_a, scale)
    dispersion = math.log(max(iqr_b, scale)) - math.log(max(iqr_a, scale))
    return location, dispersion, shifts.w1(max(iqr_a / _NORMAL, scale))


def _w1(a: Floats, b: Floats, old: ColumnValues, new: ColumnValues, unit: float) -> float:
    """The first Wasserstein distance (mean distance of the quantile functions), in `unit`."""
    n, m = len(a), len(b)
    if n == m:
        if is_few(_count_changed(old, new), n):
            rows = changed_rows(old, new)
            sides = [side.take(rows) for side in (old, new)]
            changed = [np.sort(side.numbers[side.finite]) for side in sides]
            return distance_of_changed(changed[0], changed[1], n, unit)
        distance = summary(lambda block: np.abs(a[block] - b[block]) / unit, n)
        return distance.mean if math.isfinite(distance.largest) else math.inf
    # of both functions, in units of 1 / nm
    steps = np.union1d(np.arange(1, n + 1) * m, np.arange(1, m + 1) * n)
    distance = np.abs(a[(steps - 1) // m] - b[(steps - 1) // n]) / unit
    return float((np.diff(steps, prepend=0) / (n * m) * distance).sum())


def _count_changed(old: ColumnValues, new: ColumnValues) -> int:
    """How many `changed_rows` there are."""
    if old.whole and new.whole:
        return count_rows(lambda block: old.column[block] != new.column[block], len(old.column))
    either = old.finite | new.finite
    return count_rows(
        lambda block: (old.numbers[block] != new.numbers[block]) & either[block], len(either)
    )


def changed_rows(old: ColumnValues, new: ColumnValues) -> Rows:
    """The common keys with another number, or with one in one version alone."""
    differs = (old.numbers != new.numbers) & (old.finite | new.finite)
    return np.flatnonzero(differs)


def _kinds(side: ColumnValues) -> np.ndarray:
    """How many values there are of each kind."""
    if side.whole:
        return np.array([len(side.kinds)] + [0] * (len(KINDS) - 1))
    return np.bincount(side.kinds, minlength=len(KINDS))
