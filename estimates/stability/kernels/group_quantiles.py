"""Quantiles of a long column by group, in one pass over its blocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from estimates.stability.kernels.grouping import BlockOrder, Grouping
from estimates.stability.kernels.selection import Between, Formula, Quantiles, sampled

Floats = NDArray[np.float64]
_SHORT = 1 << 9  # rows of a group in a block that are kept faster than looked at
OfBlock: TypeAlias = Mapping[int, list[Between]]  # by group; not of those that have no row in it


class GroupQuantiles:
    """Quantiles of type 7 of each group of a column's rows, as `Quantiles` of all.

    A block is looked at group by group, so that the values of a group are in no column of its own.
    """

    def __init__(self, formula: Formula, groups: Grouping, blocks: BlockOrder, *at: float) -> None:
        self._formula, self._groups = formula, groups
        rows = sampled(len(groups.group))
        values, group = formula(rows), groups.group[rows]
        ends = np.cumsum(np.bincount(group, minlength=len(groups.shown)))
        samples = np.split(values[np.argsort(group, kind="stable")], ends[:-1])
        shortest = _SHORT * len(blocks.counts)  # groups below which all values are kept
        self._quantiles = [
            Quantiles(
                partial(self._of_group, number),
                n,
                *at,
                sample=sample if n >= shortest or len(sample) == n else sample[:0],
            )
            for number, (n, sample) in enumerate(zip(groups.sizes().tolist(), samples, strict=True))
        ]

    def of_block(self, in_order: Floats, counts: NDArray[np.int64]) -> OfBlock:
        """What is to be kept of a block: its values, those of a group after those of the one
        before, and how many each has.
        """
        stops = np.cumsum(counts)
        return {
            group: self._quantiles[group].of_block(in_order[stop - n : stop])
            for group, (n, stop) in enumerate(zip(counts.tolist(), stops.tolist(), strict=True))
            if n
        }

    def of_blocks(self, group: int, blocks: Sequence[OfBlock]) -> list[float]:
        """The quantiles of a group that has rows, from what was kept of the blocks."""
        return self._quantiles[group].of_blocks([b[group] for b in blocks if group in b])

    def _of_group(self, group: int, rows: Any) -> Floats:
        """The values of some rows of a group."""
        return self._formula(np.flatnonzero(self._groups.group == group)[rows])
