"""What the pictures of a report are drawn from: numbers of keys by bin, from the two frames, of
whatever size.

A report has no values of single keys besides the largest moves, so pictures that show all keys are
counted here.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import Literal

import msgspec
import numpy as np
import polars as pl

from estimates.contract.contract import Contract, Interval
from estimates.contract.roles import NUMERIC_ROLES
from estimates.stability.aligned import AlignedVersions, align_versions
from estimates.stability.alignment import Mask
from estimates.stability.deltas import SLACK, Deltas, deltas
from estimates.stability.headline import main_columns
from estimates.stability.interval_changes import interval_changes, scale_of
from estimates.stability.kernels.logarithms import expm1, log1p, log10
from estimates.stability.kernels.selection import quantiles
from estimates.stability.plain_change import plain_sizes
from estimates.stability.value_kinds import Floats

MOST_COLUMNS = 6  # that are drawn
MOST_INTERVALS = 6
POINTS = "percentage points"
_BARS = 20  # on each side of 0, and at most one more
_CELLS = 60  # on each side of the square of old against new
# largest value over the middle one: from here on a linear axis shows one dot and a clump
_HEAVY = 20.0
_TINY, _HUGE = 1e-290, 1e290  # beyond, widths of bins would not be doubles
_WIDER = 0.25

Scale = Literal["linear", "log", "symlog"]


class Histogram(msgspec.Struct, frozen=True):
    """How many keys lie in each of the bins i · width … (i + 1) · width, i from `first` on; 0 is
    always an edge.

    unit            None for a share; else the unit of the column, or POINTS
    within, beyond  keys inside and outside of the limit that the picture is about: the materiality
                    tolerance, a width ±25 %, the old interval
    below, above    keys further out than the bins go; the bins hold 99 % of those that moved
    still           keys that did not move at all; they are in no bin
    """

    unit: str | None
    width: float
    first: int
    within: list[int]
    beyond: list[int]
    below: int
    above: int
    still: int


class Against(msgspec.Struct, frozen=True):
    """Old values against new ones, counted in a square of cells.

    scale, constant  of both axes; symlog: sign(x) · ln(1 + |x| / constant)
    edges            of the cells, in the unit of the column, the same on both axes
    cells            place on the axis of old values, on that of new ones, keys, keys outside the
                     tolerance
    band             an old value, and the least and largest new value that is no material change
                     from it
    """

    scale: Scale
    constant: float
    edges: list[float]
    cells: list[tuple[int, int, int, int]]
    band: list[tuple[float, float, float]]


class ColumnPictures(msgspec.Struct, frozen=True):
    """One column: signed change as people say it (in the unit of the column where there is no
    scale), and old against new.

    None where nothing moved, or where values do not fit on an axis.
    """

    change: Histogram | None
    against: Against | None


class IntervalPictures(msgspec.Struct, frozen=True):
    """One interval: relative change of its width, and z, both None without a scale."""

    width: Histogram | None
    z: Histogram | None


class Pictures(msgspec.Struct, frozen=True):
    """By column, and as many intervals as the report has; the first few of each."""

    columns: dict[str, ColumnPictures]
    intervals: list[IntervalPictures]


def pictures(
    a: pl.DataFrame,
    b: pl.DataFrame,
    contract: Contract,
    *,
    through_a: datetime | None = None,
    through_b: datetime | None = None,
) -> Pictures:
    """Count for the pictures what `diff` measures with the same arguments; raises what it raises.

    The first six numeric columns that speak for themselves and the first six intervals are counted.
    """
    pair = align_versions(a, b, contract, through_a, through_b)
    contract = pair.contract
    names = drawn({name: contract.columns[name].role for name in contract.judged})
    deltas_by_column = {name: _deltas(pair, contract, name) for name in names}
    return Pictures(
        columns={
            name: _column(column_deltas, contract, name)
            for name, column_deltas in deltas_by_column.items()
            if column_deltas is not None
        },
        intervals=[_interval(pair, interval) for interval in contract.intervals()[:MOST_INTERVALS]],
    )


def drawn(roles: dict[str, str]) -> list[str]:
    """The columns that have pictures."""
    return [name for name in main_columns(roles) if roles[name] in NUMERIC_ROLES][:MOST_COLUMNS]


def _deltas(pair: AlignedVersions, contract: Contract, name: str) -> Deltas | None:
    column_deltas = deltas(
        pair.alignment, name, *pair.common(name), pair.scale(name), contract.stability
    )
    return column_deltas if len(column_deltas) else None


def _column(column_deltas: Deltas, contract: Contract, name: str) -> ColumnPictures:
    policy = contract.stability
    points = contract.percentage_points(name)
    plain, signed = plain_sizes(column_deltas, points), np.asarray(column_deltas.d)
    if plain is None:
        unit = contract.columns[name].unit or ""
    else:
        unit = None if points is None else POINTS
        signed = np.copysign(plain(slice(None)), signed)
    return ColumnPictures(
        change=_histogram(signed, column_deltas.material, unit),
        against=_against(column_deltas, policy.rtol, policy.atol),
    )


def _interval(pair: AlignedVersions, interval: Interval) -> IntervalPictures:
    changes = interval_changes(pair, interval, scale_of(pair, interval))
    if not len(changes):
        return IntervalPictures(None, None)
    width, z = None, None
    if changes.width_change is not None:
        with np.errstate(over="ignore"):
            wider = expm1(changes.width_change)
        width = _histogram(wider, np.abs(changes.width_change) > math.log1p(_WIDER) * SLACK, None)
    if changes.z is not None:
        z = _histogram(changes.z, changes.z > SLACK, "")
    return IntervalPictures(width, z)


def _histogram(values: Floats, beyond: Mask, unit: str | None) -> Histogram | None:
    """Bars of a round width that hold 99 % of what moved; None when nothing moved, or by too much
    for an axis.
    """
    size = np.abs(values)
    moving = np.isfinite(values) & (values != 0)
    limit = _reach(size[moving])
    if not _TINY < limit < _HUGE:
        return None
    width = _round_up(limit / _BARS)
    half = math.floor(limit / width * (1 + 1e-12)) + 1
    with np.errstate(over="ignore"):
        place = np.minimum(np.floor(size / width), half).astype(np.int64)
    # 0 is an edge, and the bars left of it are mirrored
    place = np.where(values < 0, -1 - place, place)
    one_sided = not (values < 0).any()
    first, bars = (0, half) if one_sided else (-half, 2 * half)
    inside = (place >= first) & (place < first + bars) & (values != 0)
    counts = [np.bincount(place[inside & of] - first, minlength=bars) for of in (~beyond, beyond)]
    return Histogram(
        unit=unit,
        width=width,
        first=first,
        within=[int(n) for n in counts[0]],
        beyond=[int(n) for n in counts[1]],
        below=int((place < first).sum()),
        above=int(((place >= first + bars) & (values != 0)).sum()),
        still=int((values == 0).sum()),
    )


def _reach(size: Floats) -> float:
    """The size that at most 1 in 100 keys exceeds; of fewer keys the largest."""
    if not len(size):
        return 0.0
    place = math.ceil(0.99 * (len(size) - 1))
    return float(np.partition(size, place)[place])


def _round_up(x: float) -> float:
    """The next of 1, 2, 5, 10, 20, 50, …"""
    power = 10.0 ** math.floor(math.log10(x))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= x * (1 - 1e-12))


def _against(column_deltas: Deltas, rtol: float, atol: float) -> Against | None:
    low = min(float(column_deltas.a.min()), float(column_deltas.b.min()))
    high = max(float(column_deltas.a.max()), float(column_deltas.b.max()))
    if max(-low, high) > _HUGE:
        return None
    scale, constant = _scale(column_deltas, low, high)
    ends = np.array([_forward(scale, constant, x) for x in (low, high)])
    middle, half = ends.mean(), (ends[1] - ends[0]) / 2
    # room at the ends, and for a single value
    half = max(1.04 * half, 1e-6 * abs(middle), 0.0 if middle else 1.0)
    if half < _TINY:
        return None
    start, step = middle - half, 2 * half / _CELLS
    places = [
        _places(values, scale, constant, start, step)
        for values in (column_deltas.a, column_deltas.b)
    ]
    cell = places[0] * _CELLS + places[1]
    total = np.bincount(cell, minlength=_CELLS**2)
    material = np.bincount(cell[column_deltas.material], minlength=_CELLS**2)
    edges = [_back(scale, constant, start + i * step) for i in range(_CELLS + 1)]
    return Against(
        scale=scale,
        constant=constant,
        edges=edges,
        cells=[
            (int(i) // _CELLS, int(i) % _CELLS, int(total[i]), int(material[i]))
            for i in np.flatnonzero(total)
        ],
        band=[
            (
                x,
                max(-largest_equal(-x, rtol, atol), -_HUGE),
                min(largest_equal(x, rtol, atol), _HUGE),
            )
            for x in edges
        ],
    )


def _scale(column_deltas: Deltas, low: float, high: float) -> tuple[Scale, float]:
    """A linear axis unless a few values are far larger than the rest; then logarithmic, around 0 if
    it must be.
    """
    size = np.abs(column_deltas.a[column_deltas.a != 0])
    middle = quantiles(size, 0.5)[0] if len(size) else 0.0
    if middle < _TINY or max(-low, high) <= _HEAVY * middle:
        return "linear", 1.0
    return ("log", 1.0) if low > _TINY else ("symlog", middle)


def _places(values: Floats, scale: Scale, constant: float, start: float, step: float) -> np.ndarray:
    if scale == "log":
        values = log10(values)
    elif scale == "symlog":
        values = np.copysign(log1p(np.abs(values) / constant), values)
    return np.clip(np.floor((values - start) / step), 0, _CELLS - 1).astype(np.int64)


def _forward(scale: Scale, constant: float, x: float) -> float:
    if scale == "linear":
        return x
    return math.log10(x) if scale == "log" else math.copysign(math.log1p(abs(x) / constant), x)


def _back(scale: Scale, constant: float, t: float) -> float:
    if scale == "linear":
        return t
    return 10.0**t if scale == "log" else math.copysign(constant * math.expm1(abs(t)), t)


def largest_equal(x: float, rtol: float, atol: float) -> float:
    """The largest y with y − x <= atol + rtol · max(|x|, |y|); inf when there is none."""
    if x < 0:
        near = x + atol - rtol * x  # as long as |y| <= |x|
        if near <= -x:
            return near
    return (x + atol) / (1 - rtol) if rtol < 1 else math.inf
