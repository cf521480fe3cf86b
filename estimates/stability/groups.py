"""The headline numbers of a column by group and by horizon."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from estimates.contract.columns import key_text
from estimates.stability.alignment import Mask, Rows
from estimates.stability.deltas import Deltas
from estimates.stability.kernels.blocks import (
    block_size,
    each_block,
    exact_sum,
    fill_column,
    run_parallel,
)
from estimates.stability.kernels.grouping import Grouping, grouping
from estimates.stability.kernels.selection import quantiles
from estimates.stability.plain_change import plain_sizes
from estimates.stability.report import Group, GroupSurprise
from estimates.stability.value_kinds import Floats

_FEW = 30


def breakdown(groups: Grouping, deltas: Deltas, points: float | None = None) -> list[Group]:
    """n, p50 and p95 of r and S3a, material_share and change_share by value, null first; `groups`
    is of the common keys.

    points  percentage points in one unit of the column
    """
    if deltas.positions is not None:
        groups = grouping(groups.values[deltas.positions])
    with np.errstate(over="ignore"):
        plain = plain_sizes(deltas, points)
        sizes = deltas.r, None if plain is None else fill_column(plain, len(deltas))
        of_groups = _of_many if groups.blocks is None else _of_few
        measured = of_groups(groups, deltas, sizes)
    shares = _shares(measured.moved)
    return [
        Group(
            value=None if value is None else key_text(value),
            n=n,
            p50=p50,
            p95=p95,
            material_share=material / n,
            change_share=share,
            few=n < _FEW,
            plain_p50=plain_p50,
            plain_p95=plain_p95,
        )
        for value, n, material, share, (p50, p95), (plain_p50, plain_p95) in zip(
            groups.shown, measured.n, measured.material, shares, *measured.sizes, strict=True
        )
        if n
    ]


Sizes: TypeAlias = tuple[Floats | None, Floats | None]  # r and S3a, a value per move
Pairs: TypeAlias = Sequence[tuple[float | None, float | None]]


class _Measured(NamedTuple):
    """Of each group: its rows, those that moved materially, its sum of |d|, p50 and p95 of both
    sizes.
    """

    n: list[int]
    material: list[int]
    moved: list[float]
    sizes: list[Pairs]


def _of_few(groups: Grouping, deltas: Deltas, sizes_of: Sizes) -> _Measured:
    """Block by block, on all processors."""
    assert groups.blocks is not None
    block_counts, places_within = groups.blocks.counts, groups.blocks.within
    sizes = block_counts.sum(axis=0)
    starts = np.cumsum(sizes) - sizes
    # where each block's part of a group begins
    before = starts + np.cumsum(block_counts, axis=0) - block_counts
    # one group after the other
    by_group = [None if size is None else np.empty(len(deltas)) for size in sizes_of]
    block = block_size(len(deltas))

    def of_block(rows: slice) -> tuple[NDArray[np.int64], Floats]:
        number = rows.start // block
        within, counts = places_within[rows], block_counts[number]
        stops = np.cumsum(counts)
        for values, size in zip(by_group, sizes_of, strict=True):
            if values is None or size is None:
                continue
            # which NumPy would turn one by one
            in_order = size[rows].take(within.astype(np.intp))
            for place in np.flatnonzero(counts).tolist():
                n, stop, at = counts[place], stops[place], before[number, place]
                values[at : at + n] = in_order[stop - n : stop]
        group = groups.group[rows].astype(np.intp)
        sizes = np.bincount(group, np.abs(deltas.d[rows]), len(counts)).astype(np.float64)
        return np.bincount(group.compress(deltas.material[rows]), minlength=len(counts)), sizes

    blocks = each_block(of_block, len(deltas))
    material = np.sum([block[0] for block in blocks], axis=0)
    moved = [exact_sum(sums) for sums in zip(*(block[1].tolist() for block in blocks), strict=True)]

    def of_group(values: Floats | None, group: int) -> tuple[float | None, float | None]:
        n, start = int(sizes[group]), int(starts[group])
        if values is None or not n:
            return None, None
        p50, p95 = quantiles(values[start : start + n], 0.5, 0.95)
        return p50, p95

    measured: list[Pairs] = [
        run_parallel([partial(of_group, v, g) for g in range(len(sizes))], len(deltas))
        for v in by_group
    ]
    return _Measured(sizes.tolist(), material.tolist(), moved, measured)


def _of_many(groups: Grouping, deltas: Deltas, sizes_of: Sizes) -> _Measured:
    """The same by sorting all rows, however many groups there are."""
    group, count = groups.group.astype(np.intp), len(groups.shown)
    sizes = np.bincount(group, minlength=count)
    material = np.bincount(group.compress(deltas.material), minlength=count)
    moved = np.bincount(group, np.abs(deltas.d), count).astype(np.float64)
    starts = np.cumsum(sizes) - sizes

    def of_each(size: Floats | None) -> Pairs:
        if size is None:
            return [(None, None)] * count
        in_order = size[np.lexsort((size, group))]
        p50, p95 = (_quantile_of_each(in_order, starts, sizes, level) for level in (0.5, 0.95))
        return list(zip(p50, p95, strict=True))

    measured = [of_each(size) for size in sizes_of]
    return _Measured(sizes.tolist(), material.tolist(), moved.tolist(), measured)


def _quantile_of_each(
    values: Floats, starts: NDArray[np.int64], sizes: NDArray[np.int64], level: float
) -> list[float]:
    """The quantile of type 7 of each run of sorted values; what it says of an empty run counts for
    nothing.
    """
    places = np.maximum(sizes - 1, 0) * level
    low = np.floor(places).astype(np.intp)
    last = len(values) - 1
    lower = values[np.minimum(starts + low, last)]
    upper = values[np.minimum(starts + np.minimum(low + 1, np.maximum(sizes - 1, 0)), last)]
    return (lower + (upper - lower) * (places - low)).tolist()


def surprises(
    groups: Grouping, rows: Rows | None, beyond: Callable[[slice], Mask]
) -> list[GroupSurprise]:
    """The share of each group's keys that are `beyond`.

    rows  the places of these keys among the common ones; None when they are all of them
    """
    if rows is not None:
        groups = grouping(groups.values[rows])
    counts = np.zeros(len(groups.shown), dtype=np.int64)
    for hits in each_block(
        lambda block: groups.group[block].compress(beyond(block)), len(groups.group)
    ):
        counts += np.bincount(hits, minlength=len(counts))
    return [
        GroupSurprise(None if value is None else key_text(value), n, passed / n, n < _FEW)
        for value, n, passed in zip(
            groups.shown, groups.sizes().tolist(), counts.tolist(), strict=True
        )
        if n
    ]


def _shares(sums: list[float]) -> list[float | None]:
    """What each group adds to the sum of all; None when they are all 0 or the sum overflows."""
    whole = exact_sum(sums)
    return [part / whole if 0 < whole < np.inf else None for part in sums]
