"""Rows whose estimates another row has too."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import polars as pl

from estimates.contract.contract import Contract
from estimates.contract.probability_sums import MOST_DECIMALS, decimals
from estimates.gate.repeated_values import repeats
from estimates.stability.kernels.sorting import repeated

_NOTABLE = 0.001  # a share below is none
MANY_COLUMNS = 10  # from so many on a row can be too coarse for them
_STEPS = 4  # values a column: chosen by the whole numbers of the made-up hub


class Duplicates(NamedTuple):
    """The rows of a version whose estimates another row has too.

    rows  None: the set has no float among its estimates, so that rows agree by nature
    n     how many rows have any estimate
    """

    rows: pl.DataFrame | None
    n: int


def duplicates(frame: pl.DataFrame, contract: Contract) -> Duplicates:
    """Find them among rows in the contract's types; rows without any estimate are not counted."""
    columns = contract.judged
    floats = [name for name in columns if frame.schema[name].is_float()]
    if not floats:
        return Duplicates(None, 0)
    rows = frame
    if all(frame[name].null_count() for name in columns):
        rows = frame.filter(~pl.all_horizontal(pl.col(columns).is_null()))
    if len(floats) >= MANY_COLUMNS:
        rows = _without_coarse(rows, floats)
    # rows that agree have one hash; few others do, and these are compared
    hashes = rows.select(columns).hash_rows()
    candidates = rows.filter(hashes.is_in(repeated(hashes).implode()))
    return Duplicates(candidates.filter(pl.struct(columns).is_duplicated()), rows.height)


def _without_coarse(rows: pl.DataFrame, floats: list[str]) -> pl.DataFrame:
    """Rows of many estimates that span fewer than four values a column agree by rounding alone: the
    distribution of a small place, in whole numbers.
    """
    digits = max((decimals(rows[name]) for name in floats), default=0)
    if digits >= MOST_DECIMALS:
        return rows
    span = pl.max_horizontal(floats) - pl.min_horizontal(floats)
    return rows.filter((span * 10.0**digits >= _STEPS * len(floats)).fill_null(True))


def duplicates_of_distinct(frame: pl.DataFrame, contract: Contract) -> Duplicates:
    """The same, faster for rows that are probably all distinct.

    Where one column repeats no value, rows need not be looked at.
    """
    floats = (
        name
        for name in contract.judged
        if frame.schema[name].is_float() and not frame[name].null_count()
    )
    if all(repeats(frame[name]) for name in floats):
        return duplicates(frame, contract)
    return Duplicates(frame.clear(), frame.height)


class Room(NamedTuple):
    """How many decimals a column has, and its quartiles (nearest); None where it has no value."""

    decimals: int
    low: float | None
    high: float | None

    @classmethod
    def of_values(cls, values: pl.Series) -> Room:
        """Of a column of floats."""
        digits = decimals(values)
        if digits >= MOST_DECIMALS:
            return cls(digits, None, None)
        return cls(digits, values.quantile(0.25), values.quantile(0.75))

    @property
    def values(self) -> float:
        """Twice the interquartile range in units of the last decimal."""
        if self.decimals >= MOST_DECIMALS:
            return math.inf
        if self.low is None or self.high is None:
            return 1.0
        return 2 * (self.high - self.low) * 10.0**self.decimals + 1


def expected_duplicates(rooms: Iterable[Room], n: int) -> float:
    """The share of n rows that agree by chance, because their numbers are rounded.

    By the column with the most room: twice its interquartile range in units of its last decimal is
    how many values it has, spread evenly. Numbers of nine decimals and more agree by no chance.
    """
    room = max((room.values for room in rooms), default=math.inf)
    share = -math.expm1(-max(n - 1, 0) / max(room, 1.0))
    return share if share >= _NOTABLE else 0.0
