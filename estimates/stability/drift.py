"""S8, S10: how the distribution of a column changed, whatever the keys are. It says nothing about
stability.
"""

from __future__ import annotations

import math

import numpy as np

from estimates.stability.family_reports import DriftReport
from estimates.stability.kernels.ks_distance import ks_distance
from estimates.stability.kernels.selection import summary
from estimates.stability.ranking import Ranking, sorted_quantile
from estimates.stability.value_kinds import FINITE, KINDS, ColumnValues, Floats

_NORMAL = 1.349  # IQR of a normal distribution in its standard deviations
_SCALED = ("location_shift", "dispersion_shift", "w1")


def measure(
    old: ColumnValues, new: ColumnValues, scale: float | None, order: Ranking
) -> DriftReport:
    """Compare the values of the common keys; `order` has those finite in both versions, of which
    there is one.
    """
    whole = len(order) == len(old.kinds)
    a = order.a if whole else np.sort(old.numbers[old.finite])
    b = order.b if whole else np.sort(new.numbers[new.finite])
    psi, bins = _psi(a, b, *(_kinds(side) for side in (old, new)))
    with np.errstate(over="ignore"):
        shifts = (None, None, None) if scale is None else _shifts(a, b, scale)
    reasons = dict.fromkeys(_SCALED, "degenerate_scale") if scale is None else {}
    for name, value in zip(_SCALED, shifts, strict=True):
        if value is not None and not math.isfinite(value):
            reasons[name] = "overflow"
    location, dispersion, w1 = (
        value if value is not None and math.isfinite(value) else None for value in shifts
    )
    return DriftReport(
        n_from=len(a),
        n_to=len(b),
        location_shift=location,
        dispersion_shift=dispersion,
        psi=psi,
        psi_bins=bins,
        ks=ks_distance(a, b),
        w1=w1,
        reasons=dict(sorted(reasons.items())),
    )


def _shifts(a: Floats, b: Floats, scale: float) -> tuple[float, float, float]:
    """Location, dispersion and W1, not finite where they overflow."""
    iqr_a, iqr_b = (sorted_quantile(x, 3, 4) - sorted_quantile(x, 1, 4) for x in (a, b))
    if not math.isfinite(iqr_a):
        return (math.inf,) * 3
    location = (sorted_quantile(b, 1, 2) - sorted_quantile(a, 1, 2)) / max(iqr_a, scale)
    dispersion = math.log(max(iqr_b, scale)) - math.log(max(iqr_a, scale))
    unit = max(iqr_a / _NORMAL, scale)
    return location, dispersion, _w1(a, b, unit)


def _w1(a: Floats, b: Floats, unit: float) -> float:
    """The first Wasserstein distance (mean distance of the quantile functions), in `unit`."""
    n, m = len(a), len(b)
    if n == m:
        distance = summary(lambda rows: np.abs(a[rows] - b[rows]) / unit, n)
        return distance.mean if math.isfinite(distance.largest) else math.inf
    # of both functions, in units of 1 / nm
    steps = np.union1d(np.arange(1, n + 1) * m, np.arange(1, m + 1) * n)
    distance = np.abs(a[(steps - 1) // m] - b[(steps - 1) // n]) / unit
    return float((np.diff(steps, prepend=0) / (n * m) * distance).sum())


def _psi(a: Floats, b: Floats, kinds_a: np.ndarray, kinds_b: np.ndarray) -> tuple[float, int]:
    """Σ (q − p) ln(q / p) over the bins; bins end at the deciles of A, each kind that is not finite
    is one more.
    """
    ends = np.unique([sorted_quantile(a, i, 10) for i in range(1, 10)])
    counts = [np.diff(np.searchsorted(x, ends, "right"), prepend=0, append=len(x)) for x in (a, b)]
    other_kinds = [
        kind for kind in range(len(KINDS)) if kind != FINITE and kinds_a[kind] + kinds_b[kind]
    ]
    counts = [
        np.concatenate((count, kinds[other_kinds]))
        for count, kinds in zip(counts, (kinds_a, kinds_b), strict=True)
    ]
    bins = len(counts[0])
    p, q = ((count + 0.5) / (count.sum() + 0.5 * bins) for count in counts)
    return math.fsum((q - p) * np.log(q / p)), bins


def _kinds(side: ColumnValues) -> np.ndarray:
    """How many values there are of each kind."""
    if side.whole:
        return np.array([len(side.kinds)] + [0] * (len(KINDS) - 1))
    return np.bincount(side.kinds, minlength=len(KINDS))
