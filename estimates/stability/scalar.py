"""S: how far one number moved (S1 to S7)."""

from __future__ import annotations

import math

import numpy as np

from estimates.stability.align import Alignment, Mask, Rows
from estimates.stability.blocks import each, fill, total
from estimates.stability.deltas import Deltas, transform
from estimates.stability.family_reports import StepChange
from estimates.stability.kinds import Floats, Values
from estimates.stability.report import Change, RelativeChange, ScalarReport, TransformChange
from estimates.stability.selection import largest_first, largest_values, quantiles

_TOP = 20
_KEYS = 100
_ABOVE = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0)
_RELATIVE = ("r", "r_above", "floored_share", "g", "rmar")
_REVISIONS = ("mean_revision", "mean_absolute_revision", "root_mean_square_revision", "rmar", "top_share")


def measure(found: Alignment, deltas: Deltas, step: Values | None = None, headline_only: bool = False) -> ScalarReport:
    """Summarise how one column moved; there is at least one key. `step` is the typical step per common key.

    headline_only  no lists of keys
    """
    d, n = deltas.d, len(deltas)
    counts = _counts(deltas)
    size = fill(lambda rows: np.abs(d[rows]), n)
    mean, absolute, square = (None, None, None) if counts["overflow"] else _revisions(d, size)
    reasons = dict.fromkeys(_RELATIVE, "degenerate_scale") if deltas.scale is None else {}
    if counts["overflow"]:
        reasons |= dict.fromkeys(_REVISIONS, "overflow")
    elif not absolute:
        reasons["top_share"] = "no_move"
    return ScalarReport(
        scale_floor=deltas.scale,
        equal_share=counts["equal"] / n,
        material_share=counts["material"] / n,
        r=None if deltas.r is None else _relative(deltas.r),
        floored_share=None if deltas.r is None else counts["floored"] / n,
        r_above=None if deltas.r is None else {f"{limit:g}": counts[f"{limit:g}"] for limit in _ABOVE},
        g=None if deltas.r is None else _transform(transform(deltas)),
        mean_revision=mean,
        mean_absolute_revision=absolute,
        root_mean_square_revision=square,
        rmar=None if absolute is None or deltas.scale is None else absolute / max(_mean_size(deltas.b), deltas.scale),
        up_share=counts["up"] / n,
        down_share=counts["down"] / n,
        zero_share=(n - counts["up"] - counts["down"]) / n,
        sign_flip_share=counts["flips"] / n,
        overflow=counts["overflow"],
        top_share=_top_share(size) if absolute else None,
        top=[] if headline_only else _top(found, deltas, size, counts["overflow"]),
        sign_flip_keys=deltas.keys(found, _flipped(deltas)) if counts["flips"] and not headline_only else [],
        reasons={metric: reasons[metric] for metric in sorted(reasons)},
        step=None if step is None else _steps(deltas, step),
    )


def share(mask: np.ndarray) -> float:
    """The share of a mask that is true."""
    return int(np.count_nonzero(mask)) / len(mask)


def mean_of(x: Floats) -> float:
    """The mean in fixed order; scaled first when the plain sum overflows."""
    n = len(x)
    plain = total(lambda rows: x[rows], n)
    if math.isfinite(plain):
        return plain / n
    largest = max(each(lambda rows: float(np.abs(x[rows]).max()), n))
    return total(lambda rows: x[rows] / largest, n) / n * largest


def _counts(deltas: Deltas) -> dict[str, int]:
    """All that is counted, in one pass."""
    limits = _ABOVE if deltas.r is not None else ()

    def of_block(rows: slice) -> list[int]:
        a, b, d = deltas.a[rows], deltas.b[rows], deltas.d[rows]
        masks = [deltas.equal[rows], deltas.material[rows], d > 0, d < 0, _flips(a, b), np.isinf(d)]
        if deltas.r is not None and deltas.scale is not None:
            masks += [np.abs(a) + np.abs(b) < 2 * deltas.scale, *(deltas.r[rows] > limit for limit in limits)]
        return [int(np.count_nonzero(mask)) for mask in masks]

    with np.errstate(over="ignore"):
        counts = np.sum(each(of_block, len(deltas)), axis=0).tolist()
    names = ["equal", "material", "up", "down", "flips", "overflow", "floored", *(f"{limit:g}" for limit in limits)]
    return dict(zip(names, counts, strict=False))


def _flips(a: Floats, b: Floats) -> Mask:
    return ((a < 0) & (b > 0)) | ((a > 0) & (b < 0))


def _flipped(deltas: Deltas) -> Rows:
    """The first keys whose value changed sign."""
    return np.flatnonzero(_flips(deltas.a, deltas.b))[:_KEYS]


def _relative(r: Floats) -> RelativeChange:
    p50, p90, p95, p99, largest = quantiles(r, 0.5, 0.9, 0.95, 0.99, 1.0)
    return RelativeChange(mean_of(r), p50, p90, p95, p99, largest)


def _transform(g: Floats) -> TransformChange:
    p1, p50, p99 = quantiles(g, 0.01, 0.5, 0.99)
    n, mean = len(g), mean_of(g)
    return TransformChange(mean, math.sqrt(total(lambda rows: (g[rows] - mean) ** 2, n) / n), p1, p50, p99)


def _mean_size(x: Floats) -> float:
    """The mean of |x|."""
    n = len(x)
    plain = total(lambda rows: np.abs(x[rows]), n)
    return plain / n if math.isfinite(plain) else mean_of(np.abs(x))


def _revisions(d: Floats, size: Floats) -> tuple[float, float, float]:
    """S5: mean, mean absolute and root mean square; scaled by the largest, against over- and underflow."""
    n = len(d)
    largest = max(each(lambda rows: float(size[rows].max()), n))
    if largest == 0:
        return 0.0, 0.0, 0.0
    square = total(lambda rows: (size[rows] / largest) ** 2, n) / n
    return mean_of(d), mean_of(size), math.sqrt(square) * largest


def _top_share(size: Floats) -> float:
    """S7: the share of Σ |d| in the top 1 % of the keys, at least 1; something moved."""
    whole = total(lambda rows: size[rows], len(size))
    if not math.isfinite(whole):
        return _top_share(size / float(size.max()))
    return min(1.0, float(largest_values(-(-len(size) // 100), size).sum()) / whole)


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


def _top(found: Alignment, deltas: Deltas, size: Floats, overflow: int) -> list[Change]:
    """S7: the largest moves by r, then |d|, then key; what overflows comes first."""
    ranked = [
        *([np.isinf(size).astype(np.float64)] if overflow else []),
        *([] if deltas.r is None else [deltas.r]),
        size,
    ]
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
