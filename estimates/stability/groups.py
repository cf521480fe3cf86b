"""The headline numbers of a column by group and by horizon."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from estimates.contract.columns import key_text
from estimates.stability.deltas import Deltas
from estimates.stability.kernels.blocks import (
    Floats,
    Mask,
    Rows,
    block_size,
    each_block,
    exact_sum,
    run_parallel,
)
from estimates.stability.kernels.grouping import Grouping, grouping
from estimates.stability.kernels.selection import quantiles
from estimates.stability.report import Group, GroupSurprise

_FEW = 30


def breakdown(groups: Grouping, deltas: Deltas) -> list[Group]:
    """n, p50 and p95 of r, material_share and change_share by value, null first; `groups` is of the
    common keys.

    The rest beyond the groups shown is pooled at the end.
    """
    groups = _of_rows(groups, deltas.positions)
    sizes = groups.counts.sum(axis=0)
    starts = np.cumsum(sizes) - sizes
    # where each block's part of a group begins
    before = starts + np.cumsum(groups.counts, axis=0) - groups.counts
    r = None if deltas.r is None else np.empty(len(deltas))  # one group after the other
    block = block_size(len(deltas))

    def of_block(rows: slice) -> tuple[NDArray[np.int64], Floats]:
        number = rows.start // block
        within, counts = groups.within[rows], groups.counts[number]
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

    with np.errstate(over="ignore"):
        blocks = each_block(of_block, len(deltas))
    material = np.sum([block[0] for block in blocks], axis=0)
    shares = _shares(
        [exact_sum(sums) for sums in zip(*(block[1].tolist() for block in blocks), strict=True)]
    )

    def of_group(group: int, value: str | None, n: int, pooled: bool) -> Group:
        start = int(starts[group])
        p50, p95 = (None, None) if r is None else quantiles(r[start : start + n], 0.5, 0.95)
        share = int(material[group]) / n
        return Group(value, n, p50, p95, share, shares[group], few=n < _FEW, pooled=pooled)

    return run_parallel([partial(of_group, *shown) for shown in _shown(groups)], len(deltas))


def surprises(
    groups: Grouping, rows: Rows | None, beyond: Callable[[slice], Mask]
) -> list[GroupSurprise]:
    """The share of each group's keys that are `beyond`.

    rows  the places of these keys among the common ones; None when they are all of them
    """
    groups = _of_rows(groups, rows)
    number = len(groups.shown) + 1
    blocks = each_block(
        lambda block: np.bincount(groups.group[block].compress(beyond(block)), minlength=number),
        len(groups.group),
    )
    counted = np.sum(blocks, axis=0).tolist()
    return [
        GroupSurprise(value, n, counted[group] / n, n < _FEW, pooled)
        for group, value, n, pooled in _shown(groups)
    ]


def shown_text(value: object) -> str | None:
    """A group or a label as text."""
    return None if value is None else key_text(value)


def _of_rows(groups: Grouping, rows: Rows | None) -> Grouping:
    """The groups of some rows; None for all of them."""
    return groups if rows is None else grouping(groups.values[rows])


def _shown(groups: Grouping) -> list[tuple[int, str | None, int, bool]]:
    """The groups that have rows: number, value, rows, and whether it is all others together."""
    texts = [*map(shown_text, groups.shown), "other"]
    sizes = groups.counts.sum(axis=0).tolist()
    return [
        (number, value, n, number == len(groups.shown))
        for number, (value, n) in enumerate(zip(texts, sizes, strict=True))
        if n
    ]


def _shares(sums: list[float]) -> list[float | None]:
    """What each group adds to the sum of all; None when they are all 0 or the sum overflows."""
    whole = exact_sum(sums)
    return [part / whole if 0 < whole < np.inf else None for part in sums]
