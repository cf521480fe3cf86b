"""S: how far one number moved (S1 to S7)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from estimates.stability.alignment import Alignment
from estimates.stability.deltas import Deltas, change, sizes
from estimates.stability.family_reports import StepChange
from estimates.stability.kernels.blocks import (
    Floats,
    Mask,
    Rows,
    fill_column,
    mean_rows,
    sum_rows,
)
from estimates.stability.kernels.selection import (
    Formula,
    Named,
    Summary,
    largest_first,
    sampled,
    summaries,
)
from estimates.stability.report import Change, RelativeChange, ScalarReport, TransformChange
from estimates.stability.value_kinds import ColumnValues

_TOP = 20
_TINY, _HUGE = 1e-140, 1e140  # sizes whose squares can be added up, ten million of them
_KEYS = 100
_ABOVE = (0.01, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0)
_QUANTILES = {"r": (0.5, 0.9, 0.95, 0.99), "g": (0.01, 0.5, 0.99)}
_NOWHERE = np.zeros(1, dtype=bool)  # stands for a mask that is nowhere true
_COUNTED = ("equal", "material", "up", "down", "flips", "overflow", *(f"{x:g}" for x in _ABOVE))
_RELATIVE = ("r", "r_above", "floored_share", "g", "rmar")
_REVISIONS = (
    "mean_revision",
    "mean_absolute_revision",
    "root_mean_square_revision",
    "rmar",
    "top_share",
)


def measure(
    alignment: Alignment,
    deltas: Deltas,
    step: ColumnValues | None = None,
    headline_only: bool = False,
) -> ScalarReport:
    """Summarise how one column moved; there is at least one key. `step` is the typical step per
    common key.

    headline_only  no lists of keys
    """
    n, centre = len(deltas), 0.0
    if deltas.r is not None:
        centre = float(np.sort(change(deltas)(sampled(n))).mean())
    moves = summaries(_metrics(deltas, centre), n, _QUANTILES, top={"|d|": -(-n // 100)})
    count = {name: int(moves[name].total) for name in _COUNTED if name in moves}
    overflow, size, r = count["overflow"], moves["|d|"], moves.get("r")
    reasons = dict.fromkeys(_RELATIVE, "degenerate_scale") if deltas.scale is None else {}
    if overflow:
        reasons |= dict.fromkeys(_REVISIONS, "overflow")
    elif not size.largest:
        reasons["top_share"] = "no_move"
    return ScalarReport(
        scale_floor=deltas.scale,
        equal_share=count["equal"] / n,
        material_share=count["material"] / n,
        r=None if r is None else RelativeChange(r.mean, *r.quantiles, max=r.largest),
        floored_share=None if r is None else deltas.floored / n,
        r_above=None if r is None else {f"{x:g}": count[f"{x:g}"] for x in _ABOVE},
        g=None if r is None else _transform(moves, centre),
        mean_revision=None if overflow else moves["d"].mean,
        mean_absolute_revision=None if overflow else size.mean,
        root_mean_square_revision=None if overflow else _root_mean_square(deltas, moves),
        rmar=None
        if overflow or deltas.scale is None
        else size.mean / max(moves["|b|"].mean, deltas.scale),
        up_share=count["up"] / n,
        down_share=count["down"] / n,
        zero_share=(n - count["up"] - count["down"]) / n,
        sign_flip_share=count["flips"] / n,
        overflow=overflow,
        top_share=None if overflow or not size.largest else _top_share(deltas, size),
        top=[] if headline_only else _top(alignment, deltas, overflow),
        sign_flip_keys=deltas.keys(alignment, _flipped(deltas))
        if count["flips"] and not headline_only
        else [],
        reasons=dict(sorted(reasons.items())),
        step=None if step is None else _steps(deltas, step),
    )


def share(mask: np.ndarray) -> float:
    """The share of a mask that is true."""
    return int(np.count_nonzero(mask)) / len(mask)


def mean_of(x: Floats) -> float:
    """The mean in fixed order; scaled first when the plain sum overflows."""
    return mean_rows(lambda rows: x[rows], len(x))


def _metrics(deltas: Deltas, centre: float) -> Callable[[Any], Named]:
    """The metrics of some moves, by name."""
    change_of = None if deltas.r is None else change(deltas)
    may_overflow = deltas.largest - deltas.least == math.inf

    def of_rows(rows: Any) -> Named:
        a, b, d = deltas.a[rows], deltas.b[rows], deltas.d[rows]
        size = np.abs(d)
        yield "equal", deltas.equal[rows]
        yield "material", deltas.material[rows]
        yield "up", d > 0
        yield "down", d < 0
        yield "flips", flips(a, b) if deltas.signed else _NOWHERE
        yield "overflow", np.isinf(d) if may_overflow else _NOWHERE
        yield "d", d
        yield "|d|", size
        yield "d²", size * size
        yield "|b|", sizes(a, b, signed=deltas.signed)[1]
        if deltas.r is not None and change_of is not None:
            relative, g = deltas.r[rows], change_of(rows)
            yield "r", relative
            largest = relative.max()
            for limit in _ABOVE:
                yield f"{limit:g}", relative > limit if limit < largest else _NOWHERE
            yield "g", g
            around_centre = g - centre
            yield "g around centre", around_centre
            yield "g²", around_centre * around_centre

    return of_rows


def _transform(moves: dict[str, Summary], centre: float) -> TransformChange:
    """S4; the variance is taken around a number near the mean."""
    off = moves["g around centre"].mean
    sd = math.sqrt(max(0.0, moves["g²"].mean - off**2))
    return TransformChange(centre + off, sd, *moves["g"].quantiles)


def _root_mean_square(deltas: Deltas, moves: dict[str, Summary]) -> float:
    """S5; scaled by the largest, against over- and underflow."""
    largest, n = moves["|d|"].largest, len(deltas)
    if largest == 0:
        return 0.0
    if _TINY < largest < _HUGE:
        return math.sqrt(moves["d²"].mean)
    return math.sqrt(sum_rows(lambda rows: (deltas.d[rows] / largest) ** 2, n) / n) * largest


def _top_share(deltas: Deltas, size: Summary) -> float:
    """S7: the share of Σ |d| in the top 1 % of the keys, at least 1; something moved."""
    if math.isfinite(size.total):
        return min(1.0, size.top / size.total)
    n = len(deltas)
    scaled = fill_column(lambda rows: np.abs(deltas.d[rows]) / size.largest, n)
    top = np.sort(scaled)[n - -(-n // 100) :].sum()
    return min(1.0, float(top) / sum_rows(scaled.__getitem__, n))


def flips(a: Floats, b: Floats) -> Mask:
    """Where a value changed its sign."""
    return ((a < 0) & (b > 0)) | ((a > 0) & (b < 0))


def _flipped(deltas: Deltas) -> Rows:
    """The first keys whose value changed sign."""
    return np.flatnonzero(flips(deltas.a, deltas.b))[:_KEYS]


def _steps(deltas: Deltas, step: ColumnValues) -> StepChange:
    """S6, with the root mean square scaled by the largest, against over- and underflow."""
    common = len(step.kinds)
    step = step.take(deltas.positions)
    valid = np.flatnonzero(step.finite & (step.numbers >= 0))
    n = len(valid)
    if not n or deltas.scale is None:
        return StepChange(
            n, n / common, None, None, "degenerate_scale" if n else "no_comparable_keys"
        )
    with np.errstate(over="ignore"):
        in_steps = np.abs(deltas.d[valid]) / np.maximum(step.numbers[valid], deltas.scale)
    largest = float(in_steps.max())
    if not np.isfinite(largest):
        return StepChange(n, n / common, None, None, "overflow")
    square = float(np.sqrt(mean_of((in_steps / largest) ** 2))) * largest if largest else 0.0
    return StepChange(n, n / common, mean_of(in_steps), square)


def _top(alignment: Alignment, deltas: Deltas, overflow: int) -> list[Change]:
    """S7: the largest moves by r, then |d|, then key; what overflows comes first."""
    d, r = deltas.d, deltas.r
    ranked: list[Formula] = [] if r is None else [r.__getitem__]
    ranked.append(lambda rows: np.abs(d[rows]))
    if overflow:
        ranked.insert(0, lambda rows: np.isinf(d[rows]).astype(np.float64))
    rows = largest_first(_TOP, len(d), *ranked)
    rows = rows[deltas.d[rows] != 0]
    return [
        Change(
            key,
            float(deltas.a[row]) + 0.0,  # −0.0 is 0.0
            float(deltas.b[row]) + 0.0,
            float(deltas.d[row]) if np.isfinite(deltas.d[row]) else None,
            None if deltas.r is None else float(deltas.r[row]),
        )
        for key, row in zip(deltas.keys(alignment, rows), rows, strict=True)
    ]
