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
from estimates.stability.kernels.group_quantiles import GroupQuantiles, OfBlock
from estimates.stability.kernels.grouping import Grouping, grouping
from estimates.stability.kernels.selection import Formula
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
    r = deltas.r
    sizes = None if r is None else r.__getitem__, plain_sizes(deltas, points)
    with np.errstate(over="ignore"):
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


Sizes: TypeAlias = tuple[Formula | None, Formula | None]  # r and S3a of some moves
Pair: TypeAlias = tuple[float | None, float | None]
Pairs: TypeAlias = Sequence[Pair]


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
    order, length = groups.blocks, block_size(len(deltas))
    quantiles = [
        None if size is None else GroupQuantiles(size, groups, order, 0.5, 0.95)
        for size in sizes_of
    ]

    def of_block(rows: slice) -> tuple[NDArray[np.int64], Floats, list[OfBlock]]:
        counts = order.counts[rows.start // length]
        within = order.within[rows].astype(np.intp)  # which NumPy would turn one by one
        between = [
            {} if size is None or of is None else of.of_block(size(rows).take(within), counts)
            for size, of in zip(sizes_of, quantiles, strict=True)
        ]
        group = groups.group[rows].astype(np.intp)
        moved = np.bincount(group, np.abs(deltas.d[rows]), len(counts)).astype(np.float64)
        material = np.bincount(group.compress(deltas.material[rows]), minlength=len(counts))
        return material, moved, between

    blocks = each_block(of_block, len(deltas))
    material = np.sum([block[0] for block in blocks], axis=0)
    moved = [exact_sum(sums) for sums in zip(*(block[1].tolist() for block in blocks), strict=True)]
    sizes = groups.sizes().tolist()

    def of_group(of: GroupQuantiles | None, number: int, group: int) -> Pair:
        if of is None or not sizes[group]:
            return None, None
        p50, p95 = of.of_blocks(group, [block[2][number] for block in blocks])
        return p50, p95

    measured: list[Pairs] = [
        run_parallel([partial(of_group, of, i, g) for g in range(len(sizes))], len(deltas))
        for i, of in enumerate(quantiles)
    ]
    return _Measured(sizes, material.tolist(), moved, measured)


def _of_many(groups: Grouping, deltas: Deltas, sizes_of: Sizes) -> _Measured:
    """The same by sorting all rows, however many groups there are."""
    group, count = groups.group.astype(np.intp), len(groups.shown)
    sizes = np.bincount(group, minlength=count)
    material = np.bincount(group.compress(deltas.material), minlength=count)
    moved = np.bincount(group, np.abs(deltas.d), count).astype(np.float64)
    starts = np.cumsum(sizes) - sizes

    def of_each(formula: Formula | None) -> Pairs:
        if formula is None:
            return [(None, None)] * count
        size = fill_column(formula, len(deltas))
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
