"""Rows that two versions share: nothing in them changed, so a report needs no more of them than
their numbers in order.

A version's files are parts, and versions share those that are equal. The rows of all other parts
are two frames, row beside row as ever; what is shared stands between their rows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from estimates.contract.contract import Contract
from estimates.contract.roles import RANKED
from estimates.stability.alignment import Alignment, Rows
from estimates.stability.kernels.exact import exact_total
from estimates.stability.kernels.sorted_runs import SortedRuns
from estimates.stability.kernels.sorting import sorted_with_rows
from estimates.stability.value_kinds import FINITE, KINDS, NULL, Floats

_WHOLE = 2.0**53  # whole numbers from here on are no doubles
Places = NDArray[np.int32]


class NeedsAllRows(Exception):  # noqa: N818 (no error: another way has to be taken)
    """A number of this report cannot be had without the rows that are shared."""


class SortedColumn(NamedTuple):
    """The numbers of a column of one part: the finite ones ascending, Σ |x| in units of 2⁻¹⁰⁸⁰, and
    which of the finite ones in key order each is, equal ones ascending; all others are null.
    """

    run: Floats
    size: int
    places: Places


def sorted_column(values: pl.Series) -> SortedColumn:
    """The numbers of a column in order; raises NeedsAllRows for one that no double holds."""
    check_numbers(values)
    numbers = values.drop_nulls().cast(pl.Float64).to_numpy() + 0.0
    total = exact_total(lambda rows: np.abs(numbers[rows]), len(numbers))
    run, places = sorted_with_rows(numbers)
    return SortedColumn(run, total, places.astype(np.int32, copy=False))


def check_numbers(values: pl.Series) -> None:
    """Raises NeedsAllRows for a column that is not of finite numbers that doubles hold."""
    largest = float(np.abs(values.drop_nulls().cast(pl.Float64).to_numpy()).max(initial=0.0))
    if not largest < (math.inf if values.dtype.is_float() else _WHOLE):
        raise NeedsAllRows


@dataclass(frozen=True)
class SharedColumn:
    """A column of numbers, finite or null, of the shared rows.

    runs    the finite ones, an ascending column a part
    finite  how many are finite in each stretch of shared rows
    size    Σ |x| in units of 2⁻¹⁰⁸⁰
    parts   the numbers of each part
    """

    runs: SortedRuns
    finite: tuple[int, ...]
    size: int
    parts: tuple[SortedColumn, ...]

    def places(self, value: float) -> Rows:
        """Which of the finite numbers of all shared rows, in key order, are this one; ascending."""
        places: list[NDArray[np.intp]] = [np.empty(0, dtype=np.intp)]
        before = 0
        for part in self.parts:
            low, high = (int(np.searchsorted(part.run, value, side)) for side in ("left", "right"))
            places.append(before + part.places[low:high].astype(np.intp))
            before += len(part.run)
        return np.concatenate(places)


@dataclass(frozen=True)
class SharedRows:
    """Stretches of rows that both versions have, between the rows of two frames.

    stretches  of each, before which row of A it stands, and how many rows it has
    columns    the estimates, by name
    ties       of a version (`a`, `b`) and column, Σ (t³ − t) over the numbers that are there t
               times, all of the version; what is known of A is given, that of B is found out
    """

    stretches: Sequence[tuple[int, int]]
    columns: Mapping[str, SharedColumn]
    ties: dict[tuple[str, str], int]

    @classmethod
    def of_parts(
        cls,
        stretches: Sequence[tuple[int, Sequence[tuple[int, Mapping[str, SortedColumn]]]]],
        names: Sequence[str],
        ties: Mapping[tuple[str, str], int],
    ) -> SharedRows:
        """Of the parts of each stretch: before which row of A, and of each part its rows and its
        columns.
        """
        columns: dict[str, SharedColumn] = {}
        for name in names:
            of_parts = [[columns_of[name] for _, columns_of in parts] for _, parts in stretches]
            every = [column for parts in of_parts for column in parts]
            columns[name] = SharedColumn(
                SortedRuns([column.run for column in every]),
                tuple(sum(len(column.run) for column in parts) for parts in of_parts),
                sum(column.size for column in every),
                tuple(every),
            )
        rows = [(before, sum(n for n, _ in parts)) for before, parts in stretches]
        return cls(rows, columns, dict(ties))

    @property
    def rows(self) -> int:
        """How many there are."""
        return sum(rows for _, rows in self.stretches)

    def kinds(self, column: str) -> NDArray[np.int64]:
        """How many values of a column are of each kind."""
        counts = np.zeros(len(KINDS), dtype=np.int64)
        counts[FINITE] = sum(self.columns[column].finite)
        counts[NULL] = self.rows - counts[FINITE]
        return counts

    def layout(self, alignment: Alignment, column: str, positions: Rows | None, n: int) -> Layout:
        """Where the `n` compared values of a column stand among all that are finite in both.

        positions  theirs among the common keys of the frames; None for all of these
        """
        befores = np.array([row for row, _ in self.stretches], dtype=np.intp)
        if alignment.rows_a is not None:
            befores = np.searchsorted(alignment.rows_a, befores)
        if positions is not None:
            befores = np.searchsorted(positions, befores)
        return Layout(befores, np.array(self.columns[column].finite, dtype=np.intp), n)


def can_leave_out(contract: Contract) -> bool:
    """Whether shared rows can be left out of a report: of points and scores, whole sets at a time.

    Intervals, quantiles, samples, probabilities, labels, groups, cut-offs, steps and targets need
    all rows.
    """
    policy = contract.stability
    columns = [contract.columns[name] for name in contract.judged]
    return (
        contract.target is None
        and not contract.samples
        and not policy.groups
        and not policy.rank_groups
        and not policy.hierarchy
        and all(c.role in RANKED and not c.cuts and c.step is None for c in columns)
        and all(c.weight is None and c.scale_floor is None for c in columns)
    )


class Layout:
    """How rows that are compared and rows that are shared follow each other.

    befores  before which of the compared rows each stretch of shared ones stands, ascending
    shared   how many rows each stretch has
    n        how many rows are compared
    """

    def __init__(self, befores: Rows, shared: Rows, n: int) -> None:
        ends = np.append(befores, n)
        self._befores, self._counts = befores, np.cumsum(shared)
        self.firsts = np.append(0, befores)
        self.starts = self.firsts + np.append(0, np.cumsum(shared))
        self.stops = self.starts + (ends - self.firsts)
        self.rows = n + int(shared.sum())

    def of_compared(self, rows: Rows) -> Rows:
        """Where some of the compared rows stand among all."""
        piece = np.searchsorted(self._befores, rows, "right")
        return self.starts[piece] - self.firsts[piece] + rows

    def of_shared(self, rows: Rows) -> Rows:
        """Where some of the shared rows, counted without the others, stand among all."""
        return self._befores[np.searchsorted(self._counts, rows, "right")] + rows

    def of_block(self, block: slice) -> list[tuple[slice, slice]]:
        """Where a block has compared rows: places in the block, and among the compared rows."""
        first = int(np.searchsorted(self.stops, block.start, "right"))
        pieces: list[tuple[slice, slice]] = []
        for i in range(first, len(self.starts)):
            start, stop = max(block.start, self.starts[i]), min(block.stop, self.stops[i])
            if self.starts[i] >= block.stop:
                break
            if start < stop:
                off = self.firsts[i] - self.starts[i]
                here = slice(start - block.start, stop - block.start)
                pieces.append((here, slice(start + off, stop + off)))
        return pieces


class Patched:
    """A column of all rows of which only the compared ones are stored: all others have one value.

    It is read like an array, by a slice or by row numbers.
    """

    def __init__(self, layout: Layout, values: NDArray[Any], other: float | bool = 0) -> None:
        self._layout = layout
        self._values = values
        self._other = other

    def __len__(self) -> int:
        return self._layout.rows

    def __getitem__(self, rows: Any) -> NDArray[Any]:
        layout, values = self._layout, self._values
        if isinstance(rows, slice):
            block = slice(*rows.indices(layout.rows))
            result = np.full(block.stop - block.start, self._other, values.dtype)
            for here, there in layout.of_block(block):
                result[here] = values[there]
            return result
        result = np.full(len(rows), self._other, values.dtype)
        piece = np.searchsorted(layout.starts, rows, "right") - 1
        compared = np.flatnonzero(rows < layout.stops[piece])
        piece, row = piece[compared], rows[compared]
        result[compared] = values[row - layout.starts[piece] + layout.firsts[piece]]
        return result
