"""Ranks and drift where two versions share rows: what moved is put among the numbers in order.

Each is the number that `ranks` and `drift` get from all rows, to the last bit: whole numbers are
counted, and what is between two of them is looked up.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial, reduce
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from estimates.stability.deltas import Deltas
from estimates.stability.drift import (
    Quartiles,
    Shifts,
    distance_of_changed,
    is_few,
    population_stability,
)
from estimates.stability.kernels.selection import ascending
from estimates.stability.kernels.sorted_runs import Counts, SortedRuns
from estimates.stability.ranking import tie_sum
from estimates.stability.shared_rows import Layout, NeedsAllRows, SharedColumn
from estimates.stability.value_kinds import ColumnValues, Floats

_WIDE = 1 << 62


@dataclass(frozen=True)
class SharedOrder:
    """The values of a column that are compared, in A and in B, by what is shared and what moved.

    same   in both versions, shared or not
    a, b   of the keys that moved, ascending; rows: where they stand among the compared keys
    shared, layout          the shared ones, and where they stand among all
    compared_a, compared_b  the others in key order
    """

    same: SortedRuns
    a: Floats
    b: Floats
    rows: NDArray[np.intp]
    old: Floats
    new: Floats
    shared: SharedColumn
    layout: Layout
    compared_a: Floats
    compared_b: Floats

    def __len__(self) -> int:
        return len(self.same) + len(self.a)

    @cached_property
    def all_a(self) -> SortedRuns:
        """All values of A."""
        return self.same.with_more(self.a)

    @cached_property
    def all_b(self) -> SortedRuns:
        """All values of B."""
        return self.same.with_more(self.b)

    @cached_property
    def moves(self) -> Counts:
        """How far each moved key's rank moved, doubled: a whole number."""
        return self.all_b.doubled_ranks(self.new) - self.all_a.doubled_ranks(self.old)

    def old_ranks(self, some: NDArray[np.intp]) -> Counts:
        """Twice the rank in A of some moved keys."""
        return self.all_a.doubled_ranks(self.old[some])

    @cached_property
    def _others(self) -> tuple[Counts, Counts]:
        """By how much ranks of keys that did not move did, and how many keys each: at a value that
        a moved key had or has, and between two of these.
        """
        values = np.unique(np.concatenate([self.a, self.b]))
        below, upto = self.same.below(values), self.same.upto(values)
        left, right = (
            np.searchsorted(self.b, values, side) - np.searchsorted(self.a, values, side)
            for side in ("left", "right")
        )
        moves = np.concatenate([left + right, 2 * right[:-1]])
        counts = np.concatenate([upto - below, below[1:] - upto[:-1]])
        return moves[counts > 0], counts[counts > 0]

    def distance(self) -> int:
        """The sum of the squares of all doubled moves."""
        others, counts = self._others
        return _weighted_squares(self.moves, np.ones_like(self.moves)) + _weighted_squares(
            others, counts
        )

    def overlap(self, k: int) -> float | None:
        """The share of A's k largest that are among B's, as `ranks` has it."""
        if k >= len(self):
            return None
        a, b = self._top(self.all_a, self.compared_a, k), self._top(self.all_b, self.compared_b, k)
        largest = max(a.end, b.end)
        same = len(self.same) - int(self.same.upto(np.array([largest]))[0])
        tied = [top.tied for top in (a, b) if top.end == largest]
        moved = self.layout.of_compared(self.rows)
        same += len(np.setdiff1d(reduce(np.intersect1d, tied), moved, assume_unique=True))
        both = a.has(self.old, moved) & b.has(self.new, moved)
        return (same + int(np.count_nonzero(both))) / k

    def _top(self, values: SortedRuns, compared: Floats, k: int) -> _Top:
        """The k largest; of equal values at their end those of the first keys."""
        end = float(values.at([len(values) - k])[0])
        above = len(values) - int(values.upto(np.array([end]))[0])
        of_shared = self.layout.of_shared(self.shared.places(end))
        of_compared = self.layout.of_compared(np.flatnonzero(compared == end))
        return _Top(end, np.sort(np.concatenate([of_shared, of_compared]))[: k - above])


class _Top(NamedTuple):
    """The largest values: those above one, and of those that equal it some, by their place."""

    end: float
    tied: NDArray[np.intp]

    def has(self, values: Floats, places: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Which values at some places are among them."""
        return (values > self.end) | ((values == self.end) & np.isin(places, self.tied))


def shared_order(deltas: Deltas, shared: SharedColumn, layout: Layout) -> SharedOrder:
    """The order of a column's compared values; raises NeedsAllRows where many of them moved."""
    moved = deltas.a != deltas.b
    rows = np.flatnonzero(moved)
    same = shared.runs.with_more(ascending(deltas.a[~moved]))
    if not is_few(len(rows), len(same) + len(rows)):
        raise NeedsAllRows
    old, new = deltas.a[rows], deltas.b[rows]
    sides = ascending(old), ascending(new)
    return SharedOrder(same, *sides, rows, old, new, shared, layout, deltas.a, deltas.b)


def shared_ties(
    order: SharedOrder, ties: int | None, a: ColumnValues, b: ColumnValues, of: Deltas
) -> tuple[int, int, int, int]:
    """Σ (t³ − t) of all values of A, of those compared in A and in B, and of all values of B.

    ties  that of all values of A, where it is known
    a, b  the column in both frames, all rows
    """
    other_a, other_b = (
        _without(side.numbers[side.finite], x) for side, x in ((a, of.a), (b, of.b))
    )
    whole = order.all_a.with_more(other_a)
    if ties is None:
        ties = tie_sum(ascending(np.concatenate([np.empty(0), *whole.runs])))
    none = np.empty(0)
    compared_a = moved_tie_sum(ties, whole, other_a, none)
    compared_b = moved_tie_sum(compared_a, order.all_a, order.a, order.b)
    return ties, compared_a, compared_b, moved_tie_sum(compared_b, order.all_b, none, other_b)


def moved_tie_sum(ties: int, values: SortedRuns, removed: Floats, added: Floats) -> int:
    """The tie sum of a column that lost some numbers and got others, from what it was.

    values  all that are there before
    """
    numbers, place = np.unique(np.concatenate([removed, added]), return_inverse=True)
    before = values.upto(numbers) - values.below(numbers)
    more = np.zeros(len(numbers), dtype=np.int64)
    np.add.at(more, place, np.repeat([-1, 1], [len(removed), len(added)]))
    changed = np.flatnonzero((more != 0) & (before + np.abs(more) > 1))
    for t, step in zip(before[changed].tolist(), more[changed].tolist(), strict=True):
        after = t + step
        ties += (after**3 - after) - (t**3 - t)
    return ties


def shifts_of_shared(
    shared: SharedColumn,
    old: ColumnValues,
    new: ColumnValues,
    kinds: Counts,
    rows: NDArray[np.intp],
) -> Shifts:
    """What drift needs of two columns of the same keys, by what is shared and what is not.

    kinds  how many shared values are of each kind
    rows   which of the frames' common keys have another value
    Raises NeedsAllRows where not as many are finite in both versions.
    """
    sides = [ascending(side.numbers[side.finite]) for side in (old, new)]
    a, b = (shared.runs.with_more(side) for side in sides)
    if len(a) != len(b) or not is_few(len(rows), len(a)):
        raise NeedsAllRows
    changed = [ascending(side.take(rows).numbers[side.take(rows).finite]) for side in (old, new)]
    ends = np.unique(a.quantiles(range(1, 10), 10))
    counts = [np.diff(side.upto(ends), prepend=0, append=len(side)) for side in (a, b)]
    kinds_of = [kinds + np.bincount(side.kinds, minlength=len(kinds)) for side in (old, new)]
    values = np.unique(np.concatenate(changed))
    apart = [np.searchsorted(side, values, "right") for side in changed]
    ks = int(np.abs(apart[1] - apart[0]).max(initial=0)) * len(a) / (len(a) * len(b))
    return Shifts(
        n=(len(a), len(b)),
        quartiles=(
            _quartiles(a),
            _quartiles(b),
        ),
        w1=partial(distance_of_changed, changed[0], changed[1], len(a)),
        ks=ks,
        psi=population_stability(counts, kinds_of),
    )


def _quartiles(values: SortedRuns) -> Quartiles:
    low, middle, high = values.quantiles((1, 2, 3), 4)
    return low, middle, high


def _weighted_squares(moves: Counts, counts: Counts) -> int:
    if not len(moves):
        return 0
    largest, most = int(np.abs(moves).max()), int(counts.sum())
    if largest * largest * most < _WIDE:
        return int((moves * moves * counts).sum())
    pairs = zip(moves.tolist(), counts.tolist(), strict=True)
    return sum(move * move * count for move, count in pairs)


def _without(values: Floats, some: Floats) -> Floats:
    """The values that are not among some of them, ascending; each as often as it is there more."""
    if len(values) == len(some):
        return np.empty(0)
    numbers, place = np.unique(np.concatenate([values, some]), return_inverse=True)
    more = np.zeros(len(numbers), dtype=np.int64)
    np.add.at(more, place, np.repeat([1, -1], [len(values), len(some)]))
    return np.repeat(numbers, more)
