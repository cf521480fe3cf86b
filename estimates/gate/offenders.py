"""Groups of rows that speak against a candidate, counted at once and written out only on demand.

A check that finds offenders gives them as groups. The verdict names the first 100 of them, the
table of offenders has them all, and both come from here, in one order: the worst first.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np
import polars as pl

from estimates.contract.columns import key_text
from estimates.gate.verdict import Offender
from estimates.render.change_text import moved
from estimates.stability.alignment import Rows
from estimates.stability.kernels.selection import largest_first
from estimates.stability.value_kinds import Floats


class DetailValue(msgspec.Struct, frozen=True):
    """A value that the detail of a row shows: with so many digits in the verdict, with every digit
    in the table.
    """

    column: str
    digits: int = 12


class DetailMove(msgspec.Struct, frozen=True):
    """How far a value moved from one to the other, after a comma; nothing from 0, which has no
    scale. In the table with six digits and without the factor.

    points  percentage points in one unit of it; None: it moved relative to what it was
    """

    old: str
    new: str
    points: float | None


Detail = tuple[str | DetailValue | DetailMove, ...]  # words, values and moves in turn


class OffenderGroup(msgspec.Struct, frozen=True):
    """Offenders of one column with one kind of detail, numbered from 0 by key; maybe none.

    column  None: the key as a whole
    detail  what is wrong with each: words and values
    keys    the key columns of some of them, by number
    values  the values that the detail shows of some of them; None where there are only words
    size    how bad each one is; None where one is as bad as the other
    """

    column: str | None
    count: int
    detail: Detail
    keys: Callable[[Rows], pl.DataFrame]
    values: Callable[[Rows], pl.DataFrame] | None = None
    size: Floats | None = None


def group_of_rows(
    frame: pl.DataFrame,
    key: Sequence[str],
    rows: Rows,
    column: str | None,
    detail: Detail,
    shown: Sequence[str] = (),
) -> OffenderGroup:
    """Some rows of a frame as a group; `shown` are the columns that the detail names."""

    def reader(columns: Sequence[str]) -> Callable[[Rows], pl.DataFrame]:
        return lambda numbers: frame.select(columns)[rows[numbers]]

    return OffenderGroup(column, len(rows), detail, reader(key), reader(shown) if shown else None)


def worst_offenders(groups: Sequence[OffenderGroup], most: int) -> list[Offender]:
    """At most so many offenders, the worst first."""
    chosen, order = _chosen(groups, most)
    offenders = [
        offender
        for group, numbers in zip(groups, chosen, strict=True)
        for offender in _offenders(group, numbers)
    ]
    return [offenders[i] for i in order[:most]]


def offender_rows(groups: Sequence[OffenderGroup], types: dict[str, pl.DataType]) -> pl.DataFrame:
    """All offenders in the same order: the key columns in their types, `column`, `detail`."""
    chosen, order = _chosen(groups, None)
    parts = zip(groups, chosen, strict=True)
    return pl.concat([_rows(group, numbers, types) for group, numbers in parts])[order]


def _chosen(groups: Sequence[OffenderGroup], most: int | None) -> tuple[list[Rows], Rows]:
    """Which of each group are among the first so many (None: all), and the order of all these.

    By size, whatever group they are of; equal ones, and those without a size, by group and then by
    key.
    """
    chosen = [_first(group, most) for group in groups]
    sizes = [
        np.zeros(len(numbers)) if group.size is None else group.size[numbers]
        for group, numbers in zip(groups, chosen, strict=True)
    ]
    return chosen, np.argsort(-np.concatenate([np.empty(0), *sizes]), kind="stable")


def _first(group: OffenderGroup, most: int | None) -> Rows:
    if most is None or group.count <= most:
        return np.arange(group.count)
    if group.size is None:
        return np.arange(most)
    return np.sort(largest_first(most, group.count, group.size.__getitem__))


def _offenders(group: OffenderGroup, numbers: Rows) -> list[Offender]:
    keys = [
        ["null" if part is None else key_text(part) for part in row]
        for row in group.keys(numbers).iter_rows()
    ]
    no_values: list[dict[str, Any]] = [{}] * len(numbers)
    values = no_values if group.values is None else group.values(numbers).rows(named=True)
    return [
        Offender(key, group.column, _detail_text(group.detail, row))
        for key, row in zip(keys, values, strict=True)
    ]


def _detail_text(detail: Detail, row: dict[str, Any]) -> str:
    return "".join(_part_text(part, row) for part in detail)


def _part_text(part: str | DetailValue | DetailMove, row: dict[str, Any]) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, DetailValue):
        return _value_text(row[part.column], part.digits)
    old, new = float(row[part.old]), float(row[part.new])
    return f", {moved(old, new, part.points)}" if old or part.points is not None else ""


def _value_text(value: Any, digits: int) -> str:
    if isinstance(value, float):
        return f"{value:.{digits}g}"
    return "null" if value is None else repr(value) if isinstance(value, str) else key_text(value)


def _rows(group: OffenderGroup, numbers: Rows, types: dict[str, pl.DataType]) -> pl.DataFrame:
    keys = group.keys(numbers).select(types.keys())
    if group.values is None:
        text = _detail_text(group.detail, {})
        detail = pl.Series([text], dtype=pl.String).new_from_index(0, len(numbers))
    else:
        values = group.values(numbers)
        parts = [_detail_cells(part, values) for part in group.detail]
        detail = values.select(pl.concat_str(parts)).to_series()
    column = pl.lit(group.column, pl.String).alias("column")
    return keys.with_columns(column, detail.alias("detail"))


def _detail_cells(part: str | DetailValue | DetailMove, values: pl.DataFrame) -> pl.Expr:
    if isinstance(part, str):
        return pl.lit(part)
    if isinstance(part, DetailMove):
        return _move_cells(part)
    text = pl.col(part.column).cast(pl.String)
    if values.schema[part.column] == pl.String:
        text = pl.concat_str(pl.lit("'"), text, pl.lit("'"))
    return text.fill_null("null")


def _move_cells(move: DetailMove) -> pl.Expr:
    old, new = pl.col(move.old).cast(pl.Float64), pl.col(move.new).cast(pl.Float64)
    change = (new - old) * move.points if move.points is not None else 100 * (new - old) / old.abs()
    digits = change.round_sig_figs(6)
    sign = pl.when(digits > 0).then(pl.lit("+")).otherwise(pl.lit(""))
    unit = pl.lit(" %" if move.points is None else " pp")
    text = pl.concat_str(pl.lit(", "), sign, digits.cast(pl.String), unit)
    return pl.when(change.is_finite()).then(text).otherwise(pl.lit(""))
