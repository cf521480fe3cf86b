"""Q: how the quantiles of one point moved together, as one function."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from estimates.stability.aligned import AlignedVersions
from estimates.stability.alignment import Mask, Rows
from estimates.stability.family_reports import (
    ProbabilityShift,
    QuantileMove,
    QuantileReport,
    Spread,
)
from estimates.stability.kernels.logarithms import log
from estimates.stability.kernels.selection import quantiles
from estimates.stability.scalar import mean_of
from estimates.stability.value_kinds import ColumnValues, Floats

_CROSSED = 1e-9
_SCALED = ("move", "sup", "iqr_change", "tail_change")


@dataclass(frozen=True)
class Grid:
    """The quantile columns of a point by rising level; `inner` are the places of the levels nearest
    0.25 and 0.75.
    """

    point: str
    columns: list[str]
    levels: list[float]

    @property
    def inner(self) -> tuple[int, int]:
        """Where the IQR is taken from; the levels are two different ones."""
        low, high = (
            min(range(len(self.levels)), key=lambda i: abs(round(self.levels[i] - level, 12)))
            for level in (0.25, 0.75)
        )
        return (low, high) if low < high else (low, low + 1) if low == 0 else (low - 1, low)

    @property
    def outermost(self) -> bool:
        """Whether the IQR is the whole range."""
        return self.inner == (0, len(self.levels) - 1)


def measure(pair: AlignedVersions) -> list[QuantileReport]:
    """Compare the quantile functions of every point that has at least two quantile columns."""
    grids: dict[str, dict[float, str]] = {}
    contract = pair.contract
    for name, column in contract.columns.items():
        if column.quantile is not None:
            grids.setdefault(contract.point_of(column), {})[column.quantile] = name
    return [
        _measure(
            pair, Grid(point, [by_level[level] for level in sorted(by_level)], sorted(by_level))
        )
        for point, by_level in sorted(grids.items())
        if len(by_level) > 1
    ]


def quantile_changes(pair: AlignedVersions, report: QuantileReport) -> tuple[Rows, Floats]:
    """Q2 key by key, of a point whose report has a scale: places among the common keys, and the
    mean change.
    """
    grid = Grid(report.point, report.columns, report.levels)
    assert report.scale_floor is not None, "without a scale nothing is measured"
    old, new, compared, _ = _compared(pair, grid)
    with np.errstate(over="ignore", invalid="ignore"):
        return np.flatnonzero(compared), _mean(
            _sizes(old, new, _iqr(old, grid, report.scale_floor)), grid
        )


def _measure(pair: AlignedVersions, grid: Grid) -> QuantileReport:
    middle = min(grid.levels, key=lambda level: abs(level - 0.5))
    scaled = grid.point or grid.columns[grid.levels.index(middle)]
    scale = pair.scale(scaled)
    old, new, compared, crossed = _compared(pair, grid)
    n, common = int(compared.sum()), pair.alignment.common
    changes = _Changes.of(old, new, grid, scale) if n and scale is not None else _Changes()
    return QuantileReport(
        point=grid.point,
        columns=grid.columns,
        levels=grid.levels,
        n=n,
        coverage=n / common if common else None,
        crossing_from=_crossing_rows(pair.all_old, grid),
        crossing_to=_crossing_rows(pair.all_new, grid),
        crossing_keys=int(crossed.sum()),
        iqr_levels=[grid.levels[i] for i in grid.inner],
        scale_floor=scale,
        move=changes.move,
        sup=changes.sup,
        iqr_change=changes.iqr_change,
        tail_change=changes.tail_change,
        reasons=_reasons(changes, n if pair.comparable(scaled) else 0, scale, grid),
        cuts=[_shift(old, new, grid.levels, cut) for cut in pair.contract.columns[grid.point].cuts]
        if grid.point and n
        else [],
    )


def _compared(pair: AlignedVersions, grid: Grid) -> tuple[list[Floats], list[Floats], Mask, Mask]:
    """The quantiles of both versions where they are compared; which of the common keys that is, and
    which cross.
    """
    both = [pair.common(name) for name in grid.columns]
    finite = np.logical_and.reduce([old.finite & new.finite for old, new in both])
    old, new = ([values[side].numbers for values in both] for side in (0, 1))
    crossed = finite & (_crossing(old) | _crossing(new))
    compared = finite & ~crossed
    if not compared.all():
        old, new = ([column[compared] for column in side] for side in (old, new))
    return old, new, compared, crossed


@dataclass(frozen=True)
class _Changes:
    """Q2, Q3 and Q5; None where they cannot be computed."""

    move: QuantileMove | None = None
    sup: QuantileMove | None = None
    iqr_change: Spread | None = None
    tail_change: Spread | None = None

    @classmethod
    def of(cls, old: list[Floats], new: list[Floats], grid: Grid, scale: float) -> _Changes:
        """Of at least one key."""
        low, high = grid.inner
        with np.errstate(over="ignore", invalid="ignore"):
            iqr, iqr_new = _iqr(old, grid, scale), np.maximum(new[high] - new[low], scale)
            sizes = _sizes(old, new, iqr)
            mean = _mean(sizes, grid)
            tails = [np.maximum(side[-1] - side[0], scale) for side in (old, new)]
            iqr_change = log(iqr_new) - log(iqr)
            tail_change = log(tails[1]) - log(tails[0]) - iqr_change
        return cls(
            _statistics(mean),
            _statistics(np.maximum.reduce(sizes)),
            _spread(iqr_change),
            None if grid.outermost else _spread(tail_change),
        )


def _iqr(columns: list[Floats], grid: Grid, scale: float) -> Floats:
    """Of each key, at least the scale floor; NaN where nothing can be measured in it."""
    low, high = grid.inner
    iqr = np.maximum(columns[high] - columns[low], scale)
    iqr[np.isinf(iqr)] = np.nan
    return iqr


def _sizes(old: list[Floats], new: list[Floats], iqr: Floats) -> list[Floats]:
    """How far each quantile moved, in the old IQR."""
    return [np.abs(b - a) / iqr for a, b in zip(old, new, strict=True)]


def _mean(sizes: list[Floats], grid: Grid) -> Floats:
    """Q2 of each key."""
    return np.sum(
        [weight * size for weight, size in zip(_weights(grid.levels), sizes, strict=True)], axis=0
    )


def _weights(levels: list[float]) -> list[float]:
    """Trapezoid weights over the levels, adding up to 1."""
    steps = [0.0, *(high - low for low, high in itertools.pairwise(levels)), 0.0]
    return [
        (before + after) / 2 / (levels[-1] - levels[0])
        for before, after in itertools.pairwise(steps)
    ]


def _crossing(columns: list[Floats]) -> Mask:
    """Where a quantile lies below one of a lower level, by more than noise; never where a value is
    missing.
    """
    largest = np.maximum.reduce([np.abs(column) for column in columns])
    crossed = np.zeros(len(largest), dtype=bool)
    with np.errstate(over="ignore", invalid="ignore"):
        for low, high in itertools.pairwise(columns):
            crossed |= low - high > _CROSSED * largest
    return crossed & np.isfinite(largest)


def _crossing_rows(read: Callable[[str], ColumnValues], grid: Grid) -> int:
    """Q4, over all rows of one version."""
    return int(_crossing([read(name).numbers for name in grid.columns]).sum())


def _shift(
    old: list[Floats], new: list[Floats], levels: list[float], cut: float
) -> ProbabilityShift:
    """Q6."""
    shift = np.abs(_probability(new, levels, cut) - _probability(old, levels, cut))
    outside = [(cut < side[0]) | (cut > side[-1]) for side in (old, new)]
    p50, p95 = quantiles(shift, 0.5, 0.95)
    return ProbabilityShift(
        cut, mean_of(shift), p50, p95, int((outside[0] | outside[1]).sum()) / len(shift)
    )


def _probability(columns: list[Floats], levels: list[float], cut: float) -> Floats:
    """F(cut) by linear interpolation between the quantiles, of each key; beyond the outer ones
    their level.
    """
    probability = np.full(len(columns[0]), levels[0])
    for i in range(len(columns) - 1):
        low, high = columns[i], columns[i + 1]
        inside = np.flatnonzero((low <= cut) & (cut < high))
        with np.errstate(over="ignore"):
            part = (cut / 2 - low[inside] / 2) / (high[inside] / 2 - low[inside] / 2)
        probability[inside] = levels[i] + part * (levels[i + 1] - levels[i])
    probability[columns[-1] <= cut] = levels[-1]
    return probability


def _statistics(x: Floats) -> QuantileMove | None:
    if not np.isfinite(x).all():
        return None
    p50, p95 = quantiles(x, 0.5, 0.95)
    return QuantileMove(mean_of(x), p50, p95, float(x.max()))


def _spread(x: Floats) -> Spread | None:
    if not np.isfinite(x).all():
        return None
    p5, p50, p95 = quantiles(x, 0.05, 0.5, 0.95)
    return Spread(p5, p50, p95)


def _reasons(changes: _Changes, n: int, scale: float | None, grid: Grid) -> dict[str, str]:
    """Why each missing metric is missing; the first that applies."""
    missing = [name for name in sorted(_SCALED) if getattr(changes, name) is None]
    reason = "no_comparable_keys" if not n else "degenerate_scale" if scale is None else "overflow"
    reasons = dict.fromkeys(missing, reason)
    if n and scale is not None and grid.outermost:
        reasons["tail_change"] = "no_tails"
    return reasons
