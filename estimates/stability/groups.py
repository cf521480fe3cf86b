"""The headline numbers of a column by group and by horizon."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from estimates.contract.columns import key_text
from estimates.stability.alignment import Mask, Rows
from estimates.stability.deltas import Deltas
from estimates.stability.kernels.blocks import block_size, each_block, exact_sum, run_parallel
from estimates.stability.kernels.grouping import Grouping, grouping
from estimates.stability.kernels.selection import quantiles
from estimates.stability.report import Group, GroupSurprise
from estimates.stability.value_kinds import Floats

_FEW = 30


def breakdown(groups: Grouping, deltas: Deltas) -> list[Group]:
    """n, p50 and p95 of r, material_share and change_share by value, null first; `groups` is of the
    common keys.
    """
    if deltas.positions is not None:
        groups = grouping(groups.values[deltas.positions])
    with np.errstate(over="ignore"):
        measured = _of_many(groups, deltas) if groups.blocks is None else _of_few(groups, deltas)
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
        )
        for value, n, material, share, (p50, p95) in zip(
            groups.shown, measured.n, measured.material, shares, measured.r, strict=True
        )
        if n
    ]


class _Measured(NamedTuple):
    """Of each group: its rows, those that moved materially, its sum of |d|, p50 and p95 of r."""

    n: list[int]
    material: list[int]
    moved: list[float]
    r: Sequence[tuple[float | None, float | None]]


def _of_few(groups: Grouping, deltas: Deltas) -> _Measured:
    """Block by block, on all processors."""
    assert groups.blocks is not None
    block_counts, places_within = groups.blocks.counts, groups.blocks.within
    sizes = block_counts.sum(axis=0)
    starts = np.cumsum(sizes) - sizes
    # where each block's part of a group begins
    before = starts + np.cumsum(block_counts, axis=0) - block_counts
    r = None if deltas.r is None else np.empty(len(deltas))  # one group after the other
    block = block_size(len(deltas))

    def of_block(rows: slice) -> tuple[NDArray[np.int64], Floats]:
        number = rows.start // block
        within, counts = places_within[rows], block_counts[number]
        stops = np.cumsum(counts)
        if r is not None and deltas.r is not None:
            # which NumPy would turn one by one
            sorted_r = deltas.r[rows].take(within.astype(np.intp))
            for place in np.flatnonzero(counts).tolist():
                n, stop, at = counts[place], stops[place], before[number, place]
                r[at : at + n] = sorted_r[stop - n : stop]
        group = groups.group[rows].astype(np.intp)
        sizes = np.bincount(group, np.abs(deltas.d[rows]), len(counts)).astype(np.float64)
        return np.bincount(group.compress(deltas.material[rows]), minlength=len(counts)), sizes

    blocks = each_block(of_block, len(deltas))
    material = np.sum([block[0] for block in blocks], axis=0)
    moved = [exact_sum(sums) for sums in zip(*(block[1].tolist() for block in blocks), strict=True)]

    def of_group(group: int) -> tuple[float | None, float | None]:
        n, start = int(sizes[group]), int(starts[group])
        if r is None or not n:
            return None, None
        p50, p95 = quantiles(r[start : start + n], 0.5, 0.95)
        return p50, p95

    tasks = [partial(of_group, group) for group in range(len(sizes))]
    return _Measured(sizes.tolist(), material.tolist(), moved, run_parallel(tasks, len(deltas)))


def _of_many(groups: Grouping, deltas: Deltas) -> _Measured:
    """The same by sorting all rows once, however many groups there are."""
    group, count = groups.group.astype(np.intp), len(groups.shown)
    sizes = np.bincount(group, minlength=count)
    material = np.bincount(group.compress(deltas.material), minlength=count)
    moved = np.bincount(group, np.abs(deltas.d), count).astype(np.float64)
    r: Sequence[tuple[float | None, float | None]] = [(None, None)] * count
    if deltas.r is not None:
        sorted_r = deltas.r[np.lexsort((deltas.r, group))]
        starts = np.cumsum(sizes) - sizes
        p50, p95 = (_quantile_of_each(sorted_r, starts, sizes, level) for level in (0.5, 0.95))
        r = list(zip(p50, p95, strict=True))
    return _Measured(sizes.tolist(), material.tolist(), moved.tolist(), r)


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
