"""Both versions of a column in order of size: what ranks and drift are made from, sorted once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from estimates.stability.align import Rows
from estimates.stability.blocks import count, taken
from estimates.stability.kinds import Floats


@dataclass(frozen=True)
class Order:
    """The values of A and B sorted, and where each stood.

    a, b      ascending
    rows      place in the column of each value of `a`
    places    place in `rows` of each value of `b`
    """

    a: Floats
    b: Floats
    rows: Rows
    places: Rows

    def __len__(self) -> int:
        return len(self.a)

    def top(self, k: int) -> tuple[Rows, Rows]:
        """The rows of the k largest values of A and of B, ties by row."""
        return _top(self.a, self.rows, k), _top(self.b, self.rows[self.places[_run(self.b, k) :]], k)


def order(a: Floats, b: Floats) -> Order:
    """Sort two columns of the same keys. B is sorted in the order of A, which is fast when little has moved."""
    rows = ascending_rows(a)
    in_order_of_a = taken(b, rows)
    return Order(np.sort(a), np.sort(b), rows, ascending_rows(in_order_of_a))


def ascending_rows(x: Floats) -> Rows:
    """The rows of a column in the order of its values, like `argsort`.

    Whole numbers made of the first bits of a value and its row are sorted, which takes a third of the time. Only rows
    whose values have the same first bits need another look.
    """
    bits = len(x).bit_length()
    packed = x.view(np.int64) if x.flags.c_contiguous else x.copy().view(np.int64)
    packed = packed ^ ((packed >> 63) & np.int64(2**63 - 1))  # whole numbers in the order of the doubles
    packed >>= bits
    packed <<= bits
    packed |= np.arange(len(x))
    packed.sort()
    rows = packed & ((1 << bits) - 1)
    packed >>= bits
    alike = np.zeros(len(x) + 1, dtype=bool)
    np.equal(packed[1:], packed[:-1], out=alike[1:-1])
    near = np.flatnonzero(alike[1:] | alike[:-1])
    members = rows[near]
    rows[near] = members[np.argsort(x[members], kind="stable")]
    return rows


def average_ranks(ascending: Floats) -> Floats:
    """Ranks from 0 of sorted values; equal values share the mean of their ranks."""
    if not _any_equal(ascending):
        return np.arange(len(ascending), dtype=np.float64)
    starts = _starts(ascending)
    ends = np.append(starts[1:], len(ascending))
    return np.repeat((starts + ends - 1) / 2, ends - starts)


def rank_spread(ascending: Floats) -> float:
    """Sum of squared deviations of the average ranks from their mean: (n³ − n − Σ(t³ − t)) / 12, t: lengths of ties."""
    n = len(ascending)
    if not _any_equal(ascending):
        return (n**3 - n) / 12
    lengths, times = np.unique(np.diff(_starts(ascending), append=n), return_counts=True)
    ties = sum(int(count) * (int(t) ** 3 - int(t)) for t, count in zip(lengths, times, strict=True))
    return (n**3 - n - ties) / 12


def sorted_quantile(ascending: Floats, part: int, of: int) -> float:
    """The quantile part/of with linear interpolation (type 7); the place is found in whole numbers."""
    low, rest = divmod((len(ascending) - 1) * part, of)
    value = float(ascending[low])
    if rest == 0:
        return value
    above = float(ascending[low + 1])
    step = above - value
    if not np.isfinite(step):
        return value * (1 - rest / of) + above * (rest / of)
    return value + step * (rest / of)


def _any_equal(ascending: Floats) -> bool:
    pairs = max(0, len(ascending) - 1)
    return count(lambda rows: ascending[rows] == ascending[rows.start + 1 : rows.stop + 1], pairs) > 0


def _starts(ascending: Floats) -> Rows:
    """Where each run of equal values begins."""
    return np.concatenate(([0], np.flatnonzero(ascending[1:] != ascending[:-1]) + 1))


def _run(ascending: Floats, k: int) -> int:
    """Where the run of values begins that the k-th largest belongs to."""
    return int(np.searchsorted(ascending, ascending[-k], "left"))


def _top(ascending: Floats, rows: Rows, k: int) -> Rows:
    """The k rows with the largest values; `rows` are those of the last values, from the run of the k-th on."""
    above = len(ascending) - int(np.searchsorted(ascending, ascending[-k], "right"))
    last = rows[len(rows) - (len(ascending) - _run(ascending, k)) :]
    tied = np.sort(last[: len(last) - above])[: k - above]
    return np.concatenate((last[len(last) - above :], tied))
