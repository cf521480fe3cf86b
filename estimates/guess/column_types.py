"""The types of an unknown table's columns, from their text or their stored type."""

import math
import re
from collections.abc import Collection
from typing import Any, get_args

import polars as pl

from estimates.contract.columns import ColumnType
from estimates.contract.conform import DTYPES
from estimates.contract.stored_values import are_integers, plain, type_word, unheld
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
_SHORT = 500  # cells of a column
_LOOKED_AT = 100  # values that spare most columns of text a pass over all
NEARLY = 0.95  # share of rows; the others are mistakes to be found, not a reason to look away


def guess_types(
    frame: pl.DataFrame, key: Collection[str], numbers: Collection[str] = ()
) -> dict[str, ColumnType]:
    """The contract type of every column; text is looked at when the whole table is text, as from
    CSV.

    numbers  estimates, whose many digits are no identifier's
    Raises InvalidError `column_type` for what no contract can hold, and for keys that are neither
    text, integers, dates nor timestamps.
    """
    text = all(dtype == pl.String for dtype in frame.dtypes)
    _check_held(frame, key)
    types: dict[str, ColumnType] = {}
    for series in frame:
        is_key = series.name in key
        kind = (
            read_text(series, series.name in numbers)[0]
            if text
            else stored_kind(series, is_key=is_key)
        )
        if is_key and series.dtype.is_float() and are_integers(series):
            kind = "integer"  # what pandas makes of integers
        if is_key and kind in ("float", "boolean"):
            if not text:
                raise InvalidError(
                    "column_type",
                    f"column {series.name!r} is {type_word(series.dtype)}; a key is text, an "
                    "integer, a date or a timestamp",
                    remedy="cast it to text or to an integer, or name another column with --key",
                )
            kind = "string"
        types[series.name] = kind
    return types


def _check_held(frame: pl.DataFrame, key: Collection[str]) -> None:
    """Raises InvalidError `column_type` for all columns besides the key that no contract holds."""
    reasons = {s.name: reason for s in frame if s.name not in key and (reason := unheld(s))}
    if reasons:
        named = ", ".join(f"{name!r} ({reason})" for name, reason in reasons.items())
        raise InvalidError(
            "column_type",
            f"no contract can hold {'column' if len(reasons) == 1 else 'columns'} {named}",
            remedy=f"leave {'it' if len(reasons) == 1 else 'them'} out of the file with "
            f"--ignore {','.join(reasons)}, here and when you publish",
            column=next(iter(reasons)),
        )


def text_kind(series: pl.Series) -> ColumnType:
    """The type that all the text of a column can be read as; times without a zone as those of
    ASSUMED_ZONE, or dates where all are midnight.
    """
    return read_text(series)[0]


def read_text(series: pl.Series, is_number: bool = False) -> tuple[ColumnType, pl.Series | None]:
    """The same, and of numbers their values, so that text is parsed once.

    is_number  it is an estimate, whose many digits are no identifier's
    """
    text = series.drop_nulls() if series.null_count() else series
    if text.is_empty():
        return "string", None
    first = text[0].strip()
    kind = next((kind for kind, pattern in _LOOKS.items() if re.match(pattern, first)), None)
    if kind is None:
        return "string", None
    if kind == "float":
        return _read_numbers(series, text, first, is_number)
    if kind == "date" and values_of(text, kind).has_nulls():
        kind = "timestamp"  # of a zone that is assumed
    if len(text) > _LOOKED_AT and values_of(text.head(_LOOKED_AT), kind, ASSUMED_ZONE).has_nulls():
        return "string", None
    return ("string" if values_of(text, kind, ASSUMED_ZONE).has_nulls() else kind), None


def _read_numbers(
    series: pl.Series, text: pl.Series, first: str, is_number: bool
) -> tuple[ColumnType, pl.Series | None]:
    """`float` or `integer` with the values where all text is numbers; `text`: without nulls."""
    nothing: tuple[ColumnType, None] = ("string", None)
    if len(text) > _LOOKED_AT and values_of(text.head(_LOOKED_AT), "float").has_nulls():
        return nothing
    values = values_of(series, "float")
    if values.null_count() > series.null_count():
        return nothing
    if re.match(_WHOLE, first) and _every(text, _WHOLE):
        if not is_number and _are_long(text):
            return nothing
        integers = values_of(series, "integer")
        is_long = integers.null_count() > series.null_count()
        return ("float", values) if is_long else ("integer", integers)
    return ("float", values) if _are_numbers(text, values, is_number) else nothing


def _every(text: pl.Series, pattern: str) -> bool:
    """Whether all text fits; Python is quicker for what is short, as in tables of many columns."""
    if len(text) <= _SHORT:
        return all(map(re.compile(pattern).search, text.to_list()))
    return bool(text.str.contains(pattern).all())


def _any_matches(text: pl.Series, pattern: str) -> bool:
    if len(text) <= _SHORT:
        return any(map(re.compile(pattern).search, text.to_list()))
    return bool(text.str.contains(pattern).any())


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
    if len(text) <= _SHORT:
        return sum(map(bool, map(re.compile(_LONG).match, text.to_list()))) > (1 - NEARLY) * len(
            text
        )
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
            f"column {series.name!r} is {reason}: no contract can hold that",
            remedy=f"leave the column out of a file with --ignore {series.name}",
            column=series.name,
        )
    dtype = plain(series, ASSUMED_ZONE, is_key=is_key).dtype
    kinds: tuple[ColumnType, ...] = get_args(ColumnType)
    return next((kind for kind in kinds if DTYPES[kind] == dtype), "string")


def _are_numbers(text: pl.Series, values: pl.Series, is_number: bool) -> bool:
    """Whether text that could be parsed as numbers is meant so: no codes, and not all of it NaN."""
    if _any_matches(text, _ZERO_LED):
        return False
    ends: Any = values.min()
    if not math.isfinite(ends) and not values.is_finite().any():
        return False
    return is_number or not (re.match(_DIGITS, text[0]) and _every(text, _DIGITS))
