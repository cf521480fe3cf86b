"""The types of an unknown table's columns, from their text or their stored type."""

import re
from collections.abc import Iterable
from typing import get_args

import polars as pl

from estimates.contract.columns import ColumnType
from estimates.contract.conform import DTYPES
from estimates.contract.stored_values import plain, unheld
from estimates.contract.text_values import values_of
from estimates.contract.time_values import ASSUMED_ZONE
from estimates.errors import InvalidError

_WHOLE = r"^(0|-?[1-9]\d{0,18})$"  # those with leading zeros are codes
_LONG = r"^-?\d{16}"  # of an identifier, where more than a few are so long
# how a value of a kind begins; a value begins like one kind at most
_LOOKS: dict[ColumnType, str] = {
    "date": r"\d{4}-\d\d-\d\d(?:[T ][\d:.]+)?$",
    "timestamp": r"\d{4}-\d\d-\d\d[T ]\d",
    "boolean": r"(?i)(true|false)$",
    "float": r"(?i)[+-]?(\.?\d|nan|inf)",
}
_ZERO_LED = r"^[+-]?0\d"
_DIGITS = r"^[+-]?\d+$"
_LOOKED_AT = 100  # values that spare most columns of text a pass over all
NEARLY = 0.95  # share of rows; the others are mistakes to be found, not a reason to look away


def guess_types(frame: pl.DataFrame, key: Iterable[str]) -> dict[str, ColumnType]:
    """The contract type of every column; text is looked at when the whole table is text, as from
    CSV.

    Raises InvalidError `column_type` for what no contract can hold, and for keys that are neither
    text, integers, dates nor timestamps.
    """
    text = all(dtype == pl.String for dtype in frame.dtypes)
    types: dict[str, ColumnType] = {}
    for series in frame:
        is_key = series.name in key
        kind = text_kind(series) if text else stored_kind(series, is_key=is_key)
        if is_key and kind in ("float", "boolean"):
            if not text:
                raise InvalidError(
                    "column_type",
                    f"column {series.name!r} is {series.dtype}; a key is text, an integer, a date "
                    "or a timestamp",
                )
            kind = "string"
        types[series.name] = kind
    return types


def text_kind(series: pl.Series) -> ColumnType:
    """The type that all the text of a column can be read as; times without a zone as those of
    ASSUMED_ZONE, or dates where all are midnight.
    """
    text = series.drop_nulls()
    if text.is_empty():
        return "string"
    first = text[0].strip()
    kind = next((kind for kind, pattern in _LOOKS.items() if re.match(pattern, first)), None)
    if kind is None:
        return "string"
    if kind == "date" and values_of(text, kind).has_nulls():
        kind = "timestamp"  # of a zone that is assumed
    if len(text) > _LOOKED_AT and values_of(text.head(_LOOKED_AT), kind, ASSUMED_ZONE).has_nulls():
        return "string"
    if kind == "float" and re.match(_WHOLE, first) and text.str.contains(_WHOLE).all():
        if _are_long(text):
            return "string"
        return "float" if values_of(text, "integer").has_nulls() else "integer"
    values = values_of(text, kind, ASSUMED_ZONE)
    if values.has_nulls() or (kind == "float" and not _are_numbers(text, values)):
        return "string"
    return kind


def reads_as_numbers(text: pl.Series) -> bool:
    """Whether nearly all text of a column is numbers: what else is in it stands out."""
    text = text.drop_nulls()
    if not values_of(text.head(100), "float").is_finite().any():
        return False
    return values_of(text, "float").is_finite().sum() >= NEARLY * len(text)


def has_codes(text: pl.Series) -> bool:
    """Whether some text could be read as a number and is none, such as 007, or an identifier of
    many digits.
    """
    return bool(is_code(text).any()) or _are_long(text.drop_nulls())


def is_code(text: pl.Series) -> pl.Series:
    """Where text has leading zeros, so that it is no number."""
    return text.str.contains(_ZERO_LED).fill_null(False)


def _are_long(text: pl.Series) -> bool:
    """Whether more than a few have 16 digits or more: a few are mistakes among numbers."""
    if not (text.str.len_bytes() >= 16).any():  # spares most columns a longer look
        return False
    return text.str.contains(_LONG).sum() > (1 - NEARLY) * len(text)


def stored_kind(series: pl.Series, *, is_key: bool = False) -> ColumnType:
    """The contract type of a stored column; raises InvalidError `column_type` where there is none.

    is_key  whether it identifies rows: of a key also times of day and durations are text
    """
    reason = unheld(series, is_key=is_key)
    if reason:
        raise InvalidError(
            "column_type",
            f"column {series.name!r} is {reason}: no contract can hold that; leave the column out",
            column=series.name,
        )
    dtype = plain(series, ASSUMED_ZONE, is_key=is_key).dtype
    kinds: tuple[ColumnType, ...] = get_args(ColumnType)
    return next((kind for kind in kinds if DTYPES[kind] == dtype), "string")


def _are_numbers(text: pl.Series, values: pl.Series) -> bool:
    """Whether text that could be parsed as numbers is meant so: no codes, and not all of it NaN."""
    if text.str.contains(_ZERO_LED).any() or not values.is_finite().any():
        return False
    return not (re.match(_DIGITS, text[0]) and text.str.contains(_DIGITS).all())
