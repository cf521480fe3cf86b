"""Both versions of a column in order of size: what ranks and drift are made from, sorted once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from estimates.stability.kernels.blocks import Mask, run_parallel, taken
from estimates.stability.kernels.pieces import Pieces
from estimates.stability.kernels.selection import interpolated
from estimates.stability.kernels.sorting import Rows, any_equal, sorted_with_rows
from estimates.stability.value_kinds import Floats

_LONGEST = 1 << 30  # rows whose doubled ranks fit 32 bits
Ranks = NDArray[np.int32 | np.int64]  # twice the average rank, from 0: a whole number
RanksAt = Callable[[Any], Ranks]  # of some places, a slice or an array of them


@dataclass(frozen=True)
class Ranking:
    """The values of A and B sorted, and where each stood.

    a, b    ascending
    rows_a  place in the column of each value of `a`
    at_a    place in `a` of the key of each value of `b`: where little changed, near its own
    """

    a: Floats
    b: Floats
    rows_a: Rows
    at_a: Rows

    def __len__(self) -> int:
        return len(self.a)

    @cached_property
    def tied(self) -> tuple[bool, bool]:
        """Whether A and B have equal values."""
        return any_equal(self.a), any_equal(self.b)

    def ranks(self) -> tuple[RanksAt, RanksAt]:
        """Twice the rank in A and in B of keys at some places in the order of B."""
        before, after = run_parallel(
            [
                partial(_doubled_ranks, values, tied)
                for values, tied in zip((self.a, self.b), self.tied, strict=True)
            ],
            len(self),
        )
        return lambda places: before(self.at_a[places]), after

    def spreads(self) -> tuple[float, float]:
        """Sum of squared deviations of the average ranks of A and of B from their mean:
        (n³ − n − Σ(t³ − t)) / 12, t: lengths of ties.
        """
        a, b = (
            spread_of_ties(len(x), tie_sum(x) if tied else 0)
            for x, tied in zip((self.a, self.b), self.tied, strict=True)
        )
        return a, b

    def rows(self, places: Any) -> Rows:
        """The rows of keys at some places in the order of B."""
        return self.rows_a[self.at_a[places]]

    def moved(self, places: Any) -> Mask:
        """Whether the values of keys at some places in the order of B are others than in A."""
        return self.b[places] != self.a[self.at_a[places]]

    def top(self, k: int) -> tuple[Rows, Rows]:
        """The rows of the k largest values of A and of B, ties by row."""
        return _top(self.a, self.rows_a.__getitem__, k), _top(self.b, self.rows, k)


def rank_both(a: Floats | Pieces, b: Floats | Pieces) -> Ranking:
    """Sort two columns of the same keys, the second one in the order of the first."""
    sorted_a, rows_a = sorted_with_rows(np.asarray(a))
    sorted_b, at_a = sorted_with_rows(taken(np.asarray(b), rows_a))
    return Ranking(sorted_a, sorted_b, rows_a, at_a)


def _doubled_ranks(ascending: Floats, tied: bool) -> RanksAt:
    """Twice the rank from 0 of values at some places; equal ones share the mean of their ranks."""
    if not tied:
        return _doubled
    n, starts = len(ascending), _starts(ascending)
    ends = np.append(starts[1:], n)
    ranks = (starts + ends - 1).astype(np.int64 if n > _LONGEST else np.int32)
    return np.repeat(ranks, ends - starts).__getitem__


def _doubled(places: slice | Rows) -> Ranks:
    """Twice some places, of which no column is needed."""
    if isinstance(places, slice):
        return np.arange(2 * places.start, 2 * places.stop, 2)
    return np.multiply(places, 2, dtype=np.int64)


def spread_of_ties(n: int, ties: int) -> float:
    """Sum of squared deviations of n average ranks from their mean, from Σ(t³ − t)."""
    return (n**3 - n - ties) / 12


def tie_sum(ascending: Floats) -> int:
    """Σ(t³ − t) over the values that are there t times."""
    n = len(ascending)
    lengths, counts = np.unique(np.diff(_starts(ascending), append=n), return_counts=True)
    return sum(int(seen) * (int(t) ** 3 - int(t)) for t, seen in zip(lengths, counts, strict=True))


def sorted_quantile(ascending: Floats, part: int, of: int) -> float:
    """The quantile part/of, interpolated (type 7); its place is found in whole numbers."""
    low, remainder = divmod((len(ascending) - 1) * part, of)
    value = float(ascending[low])
    return interpolated(value, float(ascending[low + 1]), remainder / of) if remainder else value


def _starts(ascending: Floats) -> Rows:
    """Where each run of equal values begins."""
    return np.concatenate(([0], np.flatnonzero(ascending[1:] != ascending[:-1]) + 1))


def _top(ascending: Floats, rows: Callable[[slice], Rows], k: int) -> Rows:
    """The k rows with the largest values; `rows` says which row some of the values are of."""
    n, least = len(ascending), ascending[-k]
    start = int(np.searchsorted(ascending, least, "left"))
    above = n - int(np.searchsorted(ascending, least, "right"))
    tied = np.sort(rows(slice(start, n - above)))[: k - above]
    return np.concatenate((rows(slice(n - above, n)), tied))
