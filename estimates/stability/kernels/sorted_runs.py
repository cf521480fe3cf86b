"""Several ascending columns as one: how many values are below a number, and which stands where."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from estimates.stability.kernels.selection import interpolated

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


class SortedRuns:
    """The values of some ascending columns of finite numbers, −0.0 not among them."""

    def __init__(self, runs: Sequence[Floats]) -> None:
        self.runs = [run for run in runs if len(run)]

    def __len__(self) -> int:
        return sum(map(len, self.runs))

    def with_more(self, *runs: Floats) -> SortedRuns:
        """These values and some more, each column ascending."""
        return SortedRuns([*self.runs, *runs])

    def below(self, values: Floats) -> Counts:
        """How many are below each of some numbers."""
        return self._count(values, "left")

    def upto(self, values: Floats) -> Counts:
        """How many are not above each of some numbers."""
        return self._count(values, "right")

    def doubled_ranks(self, values: Floats) -> Counts:
        """Twice the rank from 0 of some of the values; equal ones share the mean of their ranks."""
        return self.below(values) + self.upto(values) - 1

    def at(self, places: Sequence[int] | Counts) -> Floats:
        """The values that would stand at these places if all were sorted, from 0.

        All places are bisected at once, over the doubles as whole numbers in the same order.
        """
        wanted = np.asarray(places, dtype=np.int64)
        low = np.full(len(wanted), _whole(np.array([min(run[0] for run in self.runs)]))[0])
        high = np.full(len(wanted), _whole(np.array([max(run[-1] for run in self.runs)]))[0])
        while (low < high).any():
            middle = (low >> 1) + (high >> 1) + (low & high & 1)
            enough = self.upto(_double(middle)) > wanted
            high = np.where(enough, middle, high)
            low = np.where(enough, low, np.minimum(middle + 1, high))
        return _double(low) + 0.0

    def quantile(self, part: int, of: int) -> float:
        """The quantile part/of, interpolated (type 7); its place is found in whole numbers."""
        return self.quantiles([part], of)[0]

    def quantiles(self, parts: Sequence[int], of: int) -> list[float]:
        """Several of them, looked for together."""
        places = [divmod((len(self) - 1) * part, of) for part in parts]
        above = [place + bool(remainder) for place, remainder in places]
        values = self.at([*(place for place, _ in places), *above]).tolist()
        ends = zip(values[: len(parts)], values[len(parts) :], places, strict=True)
        return [interpolated(low, high, remainder / of) for low, high, (_, remainder) in ends]

    def sizes(self) -> SortedRuns:
        """The values without their signs."""
        runs: list[Floats] = []
        for run in self.runs:
            negative = int(np.searchsorted(run, 0.0))
            runs += [-run[:negative][::-1], run[negative:]]
        return SortedRuns(runs)

    def least_and_largest(self) -> tuple[float, float]:
        """Of at least one value."""
        return float(min(run[0] for run in self.runs)), float(max(run[-1] for run in self.runs))

    def largest_count(self, least: int) -> int:
        """How often the commonest value is there; 0 where none is there `least` times."""
        n = len(self)
        likely = [np.empty(0)]
        for run in self.runs:
            # a value that is there so often is that often in one run, for the run's length
            step = max(1, int(least * len(run) / n) // 2)
            sample = run[::step]
            likely.append(sample if step == 1 else sample[1:][sample[1:] == sample[:-1]])
        values = np.unique(np.concatenate(likely))
        if not len(values):
            return 0
        largest = int((self.upto(values) - self.below(values)).max())
        return largest if largest >= least else 0

    def _count(self, values: Floats, side: Literal["left", "right"]) -> Counts:
        counts = np.zeros(len(values), dtype=np.int64)
        short = [run for run in self.runs if len(run) < len(values)]
        for run in self.runs:
            if len(run) >= len(values):
                counts += np.searchsorted(run, values, side)
        return counts + _counts_of(short, values, side) if short else counts


def _counts_of(runs: Sequence[Floats], values: Floats, side: Literal["left", "right"]) -> Counts:
    """The same of runs that are shorter than there are numbers: each of their values is looked for
    among the numbers, so that many short runs and many numbers take no product of both.
    """
    order = np.argsort(values)
    ascending = values[order]
    begins = np.zeros(len(values) + 1, dtype=np.int64)  # the first number that each counts for
    for run in runs:
        places = np.searchsorted(ascending, run, "right" if side == "left" else "left")
        np.add.at(begins, places, 1)
    counts = np.empty(len(values), dtype=np.int64)
    counts[order] = np.cumsum(begins[:-1])
    return counts


def _whole(x: Floats) -> Counts:
    """Whole numbers in the order of the doubles."""
    number = np.ascontiguousarray(x + 0.0).view(np.int64)
    return np.where(number < 0, number ^ np.int64(2**63 - 1), number)


def _double(number: Counts) -> Floats:
    bits = np.where(number < 0, number ^ np.int64(2**63 - 1), number)
    return np.ascontiguousarray(bits).view(np.float64)
