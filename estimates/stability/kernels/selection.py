"""Quantiles, means and largest values of long columns, in one pass and without sorting all.

A column is a formula: the values of some rows, a slice or an array of row numbers. It is computed
block by block, so that a column which nothing else needs takes no memory.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from estimates.stability.kernels.blocks import (
    count_rows,
    each_block,
    exact_sum,
    fill_column,
    mean_rows,
    run_parallel,
)

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]
Formula = Callable[[Any], NDArray[Any]]  # of a slice or an array of rows
# columns, or masks, that are looked at one after the other
Named = Iterator[tuple[str, NDArray[Any]]]

_FEW = 1 << 14  # rows below which sorting all is as fast
_FEW_SAMPLED = 1 << 10  # of these, and at most twice as many, are a sample of some values
_STRETCH = 1 << 8  # rows whose largest value says whether to look closer
_HIGH = 0.8  # the level from which on a block is cut down to the values above
# standard deviations that a place in the sample may be off before a second look is needed
_SPREAD = 4.0


@dataclass(frozen=True)
class Summary:
    """What one pass says of a column: its length, its mean, the largest value, the quantiles asked
    for.
    """

    rows: int
    mean: float
    largest: float
    quantiles: list[float]


def summary(formula: Formula, rows: int, *at: float) -> Summary:
    """Summarise at least one value, none of them NaN; when `largest` is not finite there is nothing
    else.
    """
    return summaries(lambda block: iter([("", formula(block))]), rows, {"": at})[""]


def summaries(
    formula: Callable[[Any], Named], rows: int, at: Mapping[str, Sequence[float]]
) -> dict[str, Summary]:
    """Summarise several columns that are computed together, as `summary`; of a mask the mean is the
    share of true.

    at  the quantiles by name; of a column that is not there, none
    """
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        sample = dict(formula(sampled(rows)))
    quantiles_of = {
        name: Quantiles(
            lambda block, name=name: _named(formula(block), name),
            rows,
            *at[name],
            sample=sample[name],
        )
        for name in sample
        if at.get(name)
    }

    def of_block(block: slice) -> dict[str, tuple[float, float, list[Between]]]:
        return {name: _of_block(x, quantiles_of.get(name)) for name, x in formula(block)}

    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        blocks = each_block(of_block, rows)
        tasks = [
            partial(
                _summary,
                formula,
                rows,
                name,
                quantiles_of.get(name),
                [block[name] for block in blocks],
            )
            for name in sample
        ]
        return dict(zip(sample, run_parallel(tasks, rows), strict=True))


def _named(columns: Named, name: str) -> NDArray[Any]:
    return next(column for other, column in columns if other == name)


def _summary(
    formula: Callable[[Any], Named],
    rows: int,
    name: str,
    quantiles_of: Quantiles | None,
    blocks: list[tuple[float, float, list[Between]]],
) -> Summary:
    sums, maxima, between = zip(*blocks, strict=True)
    largest = float(np.max(maxima))  # NaN when one is
    if not math.isfinite(largest):
        return Summary(rows, math.nan, largest, [])
    plain = exact_sum(sums)
    average = (
        plain / rows
        if math.isfinite(plain)
        else mean_rows(lambda block: _named(formula(block), name), rows)
    )
    return Summary(
        rows, average, largest, [] if quantiles_of is None else quantiles_of.of_blocks(between)
    )


def _of_block(
    x: NDArray[Any], quantiles_of: Quantiles | None
) -> tuple[float, float, list[Between]]:
    if x.dtype == bool:
        return float(np.count_nonzero(x)), 1.0, []
    return float(x.sum()), float(x.max()), [] if quantiles_of is None else quantiles_of.of_block(x)


def quantiles(x: Floats, *levels: float) -> list[float]:
    """Quantiles with linear interpolation (type 7, Hyndman and Fan, 1996) of at least one number,
    none of them NaN; in the order of `levels`, each from 0 to 1.
    """
    column = pl.Series(x)
    return [_quantile(column, level) for level in levels]


def _quantile(column: pl.Series, level: float) -> float:
    value = column.quantile(level, "linear")
    assert value is not None, "there is a number"
    if math.isfinite(value):
        return value
    # beside an infinite value, or a step that does not fit a double
    low, high = (float(column.quantile(level, end) or 0.0) for end in ("lower", "higher"))
    return interpolated(low, high, (len(column) - 1) * level % 1)


@dataclass(frozen=True)
class Between:
    """Of a block, how many values are below the lower end of a bracket, how many not above it, and
    those inside.

    below  counted where the sample has the lower end more than once; else as many as `upto`
    """

    below: int
    upto: int
    inside: Floats


class Quantiles:
    """Quantiles of type 7 of a column that is looked at block by block, once.

    A sample of the rows says between which two values each quantile lies, the bracket; of each
    block the values in the brackets are kept, and those below are counted. Values in no bracket
    that matter after all (the sample misled, or many values are equal) show in the counts, and take
    another pass. Which rows are in the sample changes no result.
    """

    def __init__(
        self, formula: Formula, rows: int, *at: float, sample: Floats | None = None
    ) -> None:
        self._formula, self._rows = formula, rows
        self._places = [(rows - 1) * level for level in at]
        self.sample = sample = ascending(formula(sampled(rows)) if sample is None else sample)
        self._whole = len(sample) == rows
        if self._whole:  # so all that follows has nothing to bracket
            return
        self._brackets = [_bracket(sample, place, rows) for place in self._places]
        lows = [low for low, _ in self._brackets]
        self._repeated = [
            int(np.searchsorted(sample, low, "right") - np.searchsorted(sample, low)) > 1
            for low in lows
        ]
        # after these, only values above have to be looked at, and these are few
        self._cuts = [
            place > _HIGH * rows and low < min(lows[number + 1 :], default=low)
            for number, (place, low) in enumerate(zip(self._places, lows, strict=True))
        ]

    def of_block(self, x: Floats) -> list[Between]:
        """What is to be kept of a block, for each quantile."""
        if self._whole:
            return []
        parts, cut_off = list[Between](), 0
        for (low, high), repeated, cut in zip(
            self._brackets, self._repeated, self._cuts, strict=True
        ):
            if low == -math.inf and high == math.inf:
                parts.append(Between(cut_off, cut_off, x))
                continue
            above = x > low
            upto = cut_off + len(x) - int(np.count_nonzero(above))
            below = cut_off + int(np.count_nonzero(x < low)) if repeated else upto
            if cut:
                x, cut_off = x.compress(above), upto
                parts.append(Between(below, upto, x.compress(x < high)))
            else:
                parts.append(Between(below, upto, x.compress(above & (x < high))))
        return parts

    def of_blocks(self, blocks: Any) -> list[float]:
        """The quantiles, from what was kept of the blocks in the order of the rows."""
        if self._whole:
            return [
                interpolated(self.sample[math.floor(p)], self.sample[math.ceil(p)], p % 1)
                for p in self._places
            ]
        return [self._quantile(number, blocks) for number in range(len(self._places))]

    def _quantile(self, number: int, blocks: Any) -> float:
        place = self._places[number]
        ends = [math.floor(place), math.ceil(place)]
        below, upto = (
            sum(block[number].below for block in blocks),
            sum(block[number].upto for block in blocks),
        )
        inside = np.concatenate([block[number].inside for block in blocks])
        if upto <= ends[0] and ends[1] < upto + len(inside):
            low, high = _values_at(inside, ends[0] - upto, ends[1] - upto)
        elif below <= ends[0] and ends[1] < upto:
            low = high = self._brackets[number][0]
        else:
            low, high = (self._outside(end, number, upto, inside) for end in ends)
        return interpolated(low, high, place % 1)

    def _outside(self, place: int, number: int, upto: int, inside: Floats) -> float:
        """The value that would stand at this place if all were sorted, when it is perhaps outside
        the bracket.
        """
        formula, (low, high) = self._formula, self._brackets[number]
        if upto <= place < upto + len(inside):
            return _values_at(inside, place - upto, place - upto)[0]
        if count_rows(lambda rows: formula(rows) < low, self._rows) <= place < upto:
            return low
        if upto <= place < count_rows(lambda rows: formula(rows) <= high, self._rows):
            return high
        return _values_at(fill_column(formula, self._rows), place, place)[0]


class Largest:
    """The sum of the largest values of a column that is looked at block by block, once; by a
    sample, as `Quantiles`.
    """

    def __init__(self, formula: Formula, rows: int, number: int) -> None:
        self._formula, self._rows, self._number = formula, rows, number
        self._least = _bracket(ascending(formula(sampled(rows))), rows - number, rows)[0]

    def of_block(self, x: Floats) -> Floats:
        """What is to be kept of a block."""
        return x.compress(x > self._least)

    def total(self, blocks: Any) -> float:
        """The sum, from what was kept of the blocks in the order of the rows."""
        largest = ascending(np.concatenate(blocks))
        equal = self._number - len(largest)  # to the least that was kept
        if (
            equal > 0
            and len(largest)
            + count_rows(lambda rows: self._formula(rows) == self._least, self._rows)
            < self._number
        ):
            largest, equal = ascending(fill_column(self._formula, self._rows)), 0
        if equal > 0:
            return float(largest.sum()) + equal * self._least
        return float(largest[len(largest) - self._number :].sum())


def _values_at(x: Floats, first: int, last: int) -> tuple[float, float]:
    """The values at two places that follow each other, were all sorted.

    Of a long column those values are sorted that a sample of it leaves; NumPy's own `partition`
    takes ten times as long where it stumbles over AVX-512.
    """
    while len(x) > 2 * _FEW_SAMPLED:
        sample = ascending(x[:: len(x) // _FEW_SAMPLED])
        low, high = _bracket(sample, first, len(x))[0], _bracket(sample, last, len(x))[1]
        above = x > low
        inside, upto = x.compress(above & (x < high)), len(x) - int(np.count_nonzero(above))
        if len(inside) == len(x) or not upto <= first <= last < upto + len(inside):
            break
        x, first, last = inside, first - upto, last - upto
    x = ascending(x)
    return float(x[first]), float(x[last])


def largest_first(number: int, rows: int, *metrics: Formula) -> Rows:
    """The rows with the largest values of the first metric, ties by the next ones, then by row."""
    left = _candidates(number, rows, metrics[0])
    chosen: list[Rows] = []
    for metric in metrics:
        if len(left) <= number:
            break
        value = metric(left)
        cut = np.partition(value, len(value) - number)[len(value) - number]
        chosen.append(left[value > cut])
        number -= len(chosen[-1])
        left = left[value == cut]
    picked = np.concatenate([*chosen, left[:number]])
    return picked[np.lexsort((picked, *(-metric(picked) for metric in reversed(metrics))))]


def _candidates(number: int, rows: int, metric: Formula) -> Rows:
    """Rows among which the `number` largest are, and all that are equal to the last of them."""

    if rows <= number:
        return np.arange(rows)

    def of_block(block: slice) -> Floats:
        return np.maximum.reduceat(metric(block), np.arange(0, block.stop - block.start, _STRETCH))

    largest = np.concatenate(each_block(of_block, rows))
    if len(largest) <= number:
        return np.arange(rows)
    # `number` stretches have a value that is no smaller
    least = np.partition(largest, -number)[-number]
    stretches = np.flatnonzero(largest >= least)
    rows_near = (stretches[:, None] * _STRETCH + np.arange(_STRETCH)).ravel()
    rows_near = rows_near[rows_near < rows]  # the last one may be short
    return rows_near[metric(rows_near) >= least]


@lru_cache(maxsize=32)
def sampled(rows: int) -> Any:
    """Rows of a sample: all of a short column, else one of each stretch, picked in the same way
    each time.
    """
    if rows <= _FEW:
        return slice(0, rows)
    size = max(_FEW // 4, int(0.7 * rows ** (2 / 3)))
    starts = np.arange(size) * rows // size
    return starts + (np.random.default_rng(0).random(size) * (rows // size)).astype(np.intp)


def ascending(x: Floats) -> Floats:
    """Sorted by polars, which takes two thirds of NumPy's time where that stumbles over AVX-512."""
    return pl.Series(np.ascontiguousarray(x)).sort(multithreaded=False).to_numpy()


def _bracket(sample: Floats, place: float, rows: int) -> tuple[float, float]:
    """Two values of a sorted sample between which a place of the column almost certainly lies."""
    last = len(sample) - 1
    share = place / max(1, rows - 1)
    middle, off = share * last, 2 + _SPREAD * math.sqrt(share * (1 - share) * len(sample))
    low, high = math.floor(middle - off), math.ceil(middle + off)
    return -math.inf if low < 0 else float(sample[low]), math.inf if high > last else float(
        sample[high]
    )


def interpolated(low: float, high: float, share: float) -> float:
    """The value at a share of the way between two."""
    low, high = float(low), float(high)
    if low == high or not share:
        return low
    step = high - low
    return low * (1 - share) + high * share if math.isinf(step) else low + step * share
