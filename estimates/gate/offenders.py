"""Lots: rows that speak against a candidate, counted at once and written out only as far as
somebody asks.

A check that finds offenders gives them as lots. The verdict names the first 100 of them,
`offenders` has them all, and both come from here, in one order: the worst first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np
import polars as pl

from estimates.contract.columns import key_text
from estimates.gate.verdict import Offender
from estimates.stability.alignment import Rows
from estimates.stability.kernels.selection import largest_first
from estimates.stability.value_kinds import Floats


class Value(msgspec.Struct, frozen=True):
    """A value that is told of each row: as a person reads it in the verdict, with every digit in
    the table.
    """

    column: str
    digits: int = 12


Told = tuple[str | Value, ...]


class Lot(msgspec.Struct, frozen=True):
    """Offenders of one column of which the same is said; there is at least one. They are numbered
    from 0, by key.

    column  None: the key as a whole
    told    what is said of each: words and values
    keys    the key columns of some of them
    values  the values that are told of some of them; None where there are only words
    size    how bad each one is; None where one is as bad as the other
    """

    column: str | None
    count: int
    told: Told
    keys: Callable[[Rows], pl.DataFrame]
    values: Callable[[Rows], pl.DataFrame] | None = None
    size: Floats | None = None


def lots_of(
    frame: pl.DataFrame,
    key: Sequence[str],
    rows: Rows,
    column: str | None,
    told: Told,
    shown: Sequence[str] = (),
) -> list[Lot]:
    """Some rows of a frame as a lot, or none; `shown` are the columns that are told of."""
    if not len(rows):
        return []

    def taken(columns: Sequence[str]) -> Callable[[Rows], pl.DataFrame]:
        return lambda at: frame.select(columns)[rows[at]]

    return [Lot(column, len(rows), told, taken(key), taken(shown) if shown else None)]


def named(lots: Sequence[Lot], most: int) -> list[Offender]:
    """The first offenders, the worst first."""
    picks, order = _chosen(lots, most)
    found = [one for lot, at in zip(lots, picks, strict=True) for one in _offenders(lot, at)]
    return [found[i] for i in order[:most]]


def table(lots: Sequence[Lot], types: dict[str, pl.DataType]) -> pl.DataFrame:
    """All offenders in the same order: the key columns in their types, `column`, `detail`."""
    picks, order = _chosen(lots, None)
    return pl.concat([_rows(lot, at, types) for lot, at in zip(lots, picks, strict=True)])[order]


def _chosen(lots: Sequence[Lot], most: int | None) -> tuple[list[Rows], Rows]:
    """Which of each lot are among the first so many (None: all), and the order of all these
    together.

    By size, whatever lot they are of; equal ones, and those without a size, by lot and then by key.
    """
    picks = [_first(lot, most) for lot in lots]
    sizes = [
        np.zeros(len(at)) if lot.size is None else lot.size[at]
        for lot, at in zip(lots, picks, strict=True)
    ]
    return picks, np.argsort(-np.concatenate([np.empty(0), *sizes]), kind="stable")


def _first(lot: Lot, most: int | None) -> Rows:
    if most is None or lot.size is None:
        return np.arange(lot.count if most is None else min(most, lot.count))
    return np.sort(largest_first(most, lot.count, lot.size.__getitem__))


def _offenders(lot: Lot, at: Rows) -> list[Offender]:
    keys = [
        ["null" if part is None else key_text(part) for part in row]
        for row in lot.keys(at).iter_rows()
    ]
    nothing: list[dict[str, Any]] = [{}] * len(at)
    values = nothing if lot.values is None else lot.values(at).rows(named=True)
    return [
        Offender(key, lot.column, _said(lot.told, row))
        for key, row in zip(keys, values, strict=True)
    ]


def _said(told: Told, row: dict[str, Any]) -> str:
    return "".join(
        piece if isinstance(piece, str) else _text(row[piece.column], piece.digits)
        for piece in told
    )


def _text(value: Any, digits: int) -> str:
    if isinstance(value, float):
        return f"{value:.{digits}g}"
    return "null" if value is None else repr(value) if isinstance(value, str) else key_text(value)


def _rows(lot: Lot, at: Rows, types: dict[str, pl.DataType]) -> pl.DataFrame:
    keys = lot.keys(at).select(types.keys())
    if lot.values is None:
        detail = pl.Series([_said(lot.told, {})], dtype=pl.String).new_from_index(0, len(at))
    else:
        values = lot.values(at)
        detail = values.select(
            pl.concat_str(_cells(piece, values) for piece in lot.told)
        ).to_series()
    return keys.with_columns(pl.lit(lot.column, pl.String).alias("column"), detail.alias("detail"))


def _cells(piece: str | Value, values: pl.DataFrame) -> pl.Expr:
    if isinstance(piece, str):
        return pl.lit(piece)
    text = pl.col(piece.column).cast(pl.String)
    if values.schema[piece.column] == pl.String:
        text = pl.concat_str(pl.lit("'"), text, pl.lit("'"))
    return text.fill_null("null")
