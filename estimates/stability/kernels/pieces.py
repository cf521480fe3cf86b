"""A column of doubles as a frame has it: in several pieces of memory, such as those of the row
groups of a file.

A copy in one piece would be memory that the kernel has to hand out, and blocks hardly ever go over
the end of a piece.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from estimates.stability.kernels.blocks import Floats, fill_column

_SHORT = 1 << 17  # rows of a piece below which too many blocks would go over an end


class Pieces:
    """A column that is read by a slice, a view within one piece, or by row numbers; as an array it
    is a copy.
    """

    def __init__(self, column: pl.Series) -> None:
        self._pieces = [piece.to_numpy() for piece in column.get_chunks()]
        self._ends = list(accumulate(map(len, self._pieces)))

    def __len__(self) -> int:
        return self._ends[-1]

    def __getitem__(self, rows: slice | NDArray[Any]) -> Floats:
        return self._within(rows) if isinstance(rows, slice) else self._at(rows)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Floats:
        return fill_column(self._within, len(self))

    def taken(self, rows: NDArray[Any]) -> Floats:
        """The values of many rows, block by block: soonest where these ascend."""

        def of_block(block: slice) -> Floats:
            some = rows[block]
            first = int(some.min())
            return self._within(slice(first, int(some.max()) + 1)).take(some - first)

        return fill_column(of_block, len(rows))

    def _within(self, rows: slice) -> Floats:
        start, stop, _ = rows.indices(len(self))
        parts: list[Floats] = []
        for number in range(bisect_right(self._ends, start), len(self._pieces)):
            piece = self._pieces[number]
            first = self._ends[number] - len(piece)
            parts.append(piece[max(start - first, 0) : max(stop - first, 0)])
            if stop <= self._ends[number]:
                break
        return parts[0] if len(parts) == 1 else np.concatenate([np.empty(0), *parts])

    def _at(self, rows: NDArray[Any]) -> Floats:
        if (rows[1:] < rows[:-1]).any():
            order, result = np.argsort(rows), np.empty(len(rows))
            result[order] = self._at(rows[order])
            return result
        stops = np.searchsorted(rows, self._ends).tolist()
        return np.concatenate(
            [
                piece.take(rows[start:stop] - (end - len(piece)))
                for piece, end, start, stop in zip(
                    self._pieces, self._ends, [0, *stops], stops, strict=False
                )
            ]
        )


def has_long_pieces(column: pl.Series) -> bool:
    """Whether reading a column block by block as it is seldom goes over the end of a piece."""
    return 1 < column.n_chunks() <= len(column) // _SHORT
