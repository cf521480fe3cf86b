"""The headline numbers of a column by group and by horizon."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

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

    The rest beyond the groups shown is pooled at the end.
    """
    if deltas.positions is not None:
        groups = grouping(groups.values[deltas.positions])
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
    texts = [None if value is None else key_text(value) for value in groups.shown]

    def of_group(group: int) -> Group:
        n, start = int(sizes[group]), int(starts[group])
        p50, p95 = (None, None) if r is None else quantiles(r[start : start + n], 0.5, 0.95)
        value, share, pooled = (
            [*texts, "other"][group],
            int(material[group]) / n,
            group == len(texts),
        )
        return Group(value, n, p50, p95, share, shares[group], few=n < _FEW, pooled=pooled)

    return run_parallel(
        [partial(of_group, group) for group in np.flatnonzero(sizes).tolist()], len(deltas)
    )


def surprises(
    groups: Grouping, rows: Rows | None, beyond: Callable[[slice], Mask]
) -> list[GroupSurprise]:
    """The share of each group's keys that are `beyond`.

    rows  the places of these keys among the common ones; None when they are all of them
    """
    if rows is not None:
        groups = grouping(groups.values[rows])
    groups_shown = len(groups.shown)
    counted = np.sum(
        each_block(
            lambda block: np.bincount(
                groups.group[block].compress(beyond(block)), minlength=groups_shown + 1
            ),
            len(groups.group),
        ),
        axis=0,
    ).tolist()
    sizes = groups.counts.sum(axis=0).tolist()
    texts = [None if value is None else key_text(value) for value in groups.shown]
    return [
        GroupSurprise(value, n, passed / n, n < _FEW, group == groups_shown)
        for group, (value, n, passed) in enumerate(
            zip([*texts, "other"], sizes, counted, strict=True)
        )
        if n
    ]


def _shares(sums: list[float]) -> list[float | None]:
    """What each group adds to the sum of all; None when they are all 0 or the sum overflows."""
    whole = exact_sum(sums)
    return [part / whole if 0 < whole < np.inf else None for part in sums]
