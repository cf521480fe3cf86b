"""S: how far one number moved (S1 to S7)."""

from __future__ import annotations

import numpy as np

from estimates.stability.align import Alignment
from estimates.stability.deltas import Deltas, transform
from estimates.stability.family_reports import StepChange
from estimates.stability.kinds import Floats, Values
from estimates.stability.report import Change, RelativeChange, ScalarReport, TransformChange
from estimates.stability.selection import largest_first, quantiles

_TOP = 20
_KEYS = 100
_ABOVE = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0)
_RELATIVE = ("r", "r_above", "floored_share", "g", "rmar")
_REVISIONS = ("mean_revision", "mean_absolute_revision", "root_mean_square_revision", "rmar", "top_share")


def measure(found: Alignment, deltas: Deltas, step: Values | None = None, headline_only: bool = False) -> ScalarReport:
    """Summarise how one column moved; there is at least one key. `step` is the typical step per common key.

    headline_only  no lists of keys
    """
    r, d = deltas.r, deltas.d
    overflow = int(np.isinf(d).sum())
    flips = ((deltas.a < 0) & (deltas.b > 0)) | ((deltas.a > 0) & (deltas.b < 0))
    mean, absolute, square = (None, None, None) if overflow else _revisions(d)
    reasons = dict.fromkeys(_RELATIVE, "degenerate_scale") if deltas.scale is None else {}
    reasons |= dict.fromkeys(_REVISIONS, "overflow") if overflow else {} if absolute else {"top_share": "no_move"}
    return ScalarReport(
        scale_floor=deltas.scale,
        equal_share=share(deltas.equal),
        material_share=share(deltas.material),
        r=None if r is None else _relative(r),
        floored_share=None if deltas.scale is None else _floored(deltas, deltas.scale),
        r_above=None if r is None else {f"{limit:g}": int((r > limit).sum()) for limit in _ABOVE},
        g=None if r is None else _transform(transform(deltas)),
        mean_revision=mean,
        mean_absolute_revision=absolute,
        root_mean_square_revision=square,
        rmar=None
        if absolute is None or deltas.scale is None
        else absolute / max(mean_of(np.abs(deltas.b)), deltas.scale),
        up_share=share(d > 0),
        down_share=share(d < 0),
        zero_share=share(d == 0),
        sign_flip_share=share(flips),
        overflow=overflow,
        top_share=_top_share(np.abs(d)) if absolute else None,
        top=[] if headline_only else _top(found, deltas),
        sign_flip_keys=deltas.keys(found, np.flatnonzero(flips)[: 0 if headline_only else _KEYS]),
        reasons={metric: reasons[metric] for metric in sorted(reasons)},
        step=None if step is None else _steps(deltas, step),
    )


def share(mask: np.ndarray) -> float:
    """The share of a mask that is true."""
    return int(np.count_nonzero(mask)) / len(mask)


def mean_of(x: Floats) -> float:
    """The mean in fixed order; scaled first when the plain sum overflows."""
    with np.errstate(over="ignore"):
        total = float(x.sum())
    if np.isfinite(total):
        return total / len(x)
    largest = float(np.abs(x).max())
    return float((x / largest).sum()) / len(x) * largest


def _relative(r: Floats) -> RelativeChange:
    p50, p90, p95, p99 = quantiles(r, 0.5, 0.9, 0.95, 0.99)
    return RelativeChange(mean_of(r), p50, p90, p95, p99, float(r.max()))


def _transform(g: Floats) -> TransformChange:
    p1, p50, p99 = quantiles(g, 0.01, 0.5, 0.99)
    mean = mean_of(g)
    return TransformChange(mean, float(np.sqrt(mean_of((g - mean) ** 2))), p1, p50, p99)


def _floored(deltas: Deltas, scale: float) -> float:
    with np.errstate(over="ignore"):
        return share(np.abs(deltas.a) + np.abs(deltas.b) < 2 * scale)


def _revisions(d: Floats) -> tuple[float, float, float]:
    """S5: mean, mean absolute and root mean square; scaled by the largest, against over- and underflow."""
    size = np.abs(d)
    largest = float(size.max())
    if largest == 0:
        return 0.0, 0.0, 0.0
    return mean_of(d), mean_of(size), float(np.sqrt(mean_of((d / largest) ** 2))) * largest


def _top_share(size: Floats) -> float:
    """S7: the share of Σ |d| in the top 1 % of the keys, at least 1; something moved."""
    with np.errstate(over="ignore"):
        total = float(size.sum())
    if not np.isfinite(total):
        return _top_share(size / float(size.max()))
    few = -(-len(size) // 100)
    return min(1.0, float(np.sort(np.partition(size, len(size) - few)[len(size) - few :]).sum()) / total)


def _steps(deltas: Deltas, step: Values) -> StepChange:
    """S6, with the root mean square scaled by the largest, against over- and underflow."""
    common = len(step.kinds)
    step = step.take(deltas.positions)
    valid = np.flatnonzero(step.finite & (step.numbers >= 0))
    n = len(valid)
    if not n or deltas.scale is None:
        return StepChange(n, n / common, None, None, "degenerate_scale" if n else "no_comparable_keys")
    with np.errstate(over="ignore"):
        moved = np.abs(deltas.d[valid]) / np.maximum(step.numbers[valid], deltas.scale)
    largest = float(moved.max())
    if not np.isfinite(largest):
        return StepChange(n, n / common, None, None, "overflow")
    square = float(np.sqrt(mean_of((moved / largest) ** 2))) * largest if largest else 0.0
    return StepChange(n, n / common, mean_of(moved), square)


def _top(found: Alignment, deltas: Deltas) -> list[Change]:
    """S7: the largest moves by r, then |d|, then key; what overflows comes first."""
    size = np.abs(deltas.d)
    ranked = [np.isinf(size).astype(np.float64), *([] if deltas.r is None else [deltas.r]), size]
    rows = largest_first(_TOP, *ranked)
    rows = rows[deltas.d[rows] != 0]
    return [
        Change(
            key,
            float(deltas.a[row]) + 0.0,  # −0.0 is 0.0
            float(deltas.b[row]) + 0.0,
            float(deltas.d[row]) if np.isfinite(deltas.d[row]) else None,
            None if deltas.r is None else float(deltas.r[row]),
        )
        for key, row in zip(deltas.keys(found, rows), rows, strict=True)
    ]
