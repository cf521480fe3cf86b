"""Columns as databases and files store them, in the few types that a contract holds.

integer    every width; of unsigned 64 and of 128 bits as text where one is beyond 64 bits
float      of 16 and 32 bits by their own shortest text: 1.1 stays 1.1; decimals as the nearest
string     categories, dictionaries; bytes: their text, a UUID where all are 16 bytes, else
           hexadecimal; of a key also times of day and durations
date       times without a zone that are all midnight
timestamp  times of any zone in UTC; times without one are those of a zone that is named
"""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import polars as pl

from estimates import instants
from estimates.contract.time_values import TIMESTAMP, are_midnights, moments_of

# Microseconds a unit of a date or timestamp column; 64 bits of nanoseconds do not leave the
# calendar.
_TICKS = {"d": 86_400_000_000, "ms": 1000, "us": 1}
_CALENDAR = tuple(instants.micros(end.replace(tzinfo=UTC)) for end in (datetime.min, datetime.max))
_WIDE = (pl.UInt64, pl.Int128, pl.UInt128)  # integers that may be beyond 64 bits
_HELD = (pl.String, pl.Boolean, pl.Null, pl.Categorical, pl.Enum, pl.Binary)
_OF_KEYS = (pl.Time, pl.Duration)  # held as text where they identify a row
_WORDS: dict[type[pl.DataType], str] = {
    pl.Array: "list",
    pl.Datetime: "timestamp",
    pl.Struct: "structure",
    pl.Time: "time of day",
}
_UUID_BYTES = 16
_NOT_PRINTED = r"[\x00-\x1f\x7f]"


def plain(series: pl.Series, zone: str, *, is_key: bool = False) -> pl.Series:
    """A column as Int64, Float64, String, Boolean, Date, Datetime in UTC or Null; what no contract
    holds as it is.

    zone    that of times without one
    is_key  decimals are whole numbers or text then, never floats
    Raises InvalidError (`bad_timezone`, `bad_value`: no time of that zone).
    """
    series = without_extension(series)
    dtype = series.dtype
    if dtype.is_integer():
        return narrowed(series)
    if dtype.is_decimal():
        if are_whole(series) and (is_key or _scale(dtype) == 0):
            return narrowed(series.cast(pl.Int128))
        return series.cast(pl.String if is_key else pl.Float64)
    if dtype.is_float():
        return shortest(series)
    if isinstance(dtype, pl.Datetime):
        if dtype.time_zone is not None:
            return series.dt.convert_time_zone("UTC").cast(TIMESTAMP)
        return series.cast(pl.Date) if are_midnights(series) else moments_of(series, zone)
    if isinstance(dtype, pl.Categorical | pl.Enum | pl.Binary) or (is_key and dtype in _OF_KEYS):
        return text_of_stored(series)
    return series


def unheld(series: pl.Series, *, is_key: bool = False) -> str:
    """The type of a column that no contract holds, or what of its values; nothing where one does.

    is_key  times of day and durations have a text then
    """
    dtype = series.dtype
    if isinstance(dtype, pl.Date | pl.Datetime):
        if out_of_calendar(series).any():
            return f"{type_word(dtype)}, years beyond 9999"
        return f"{type_word(dtype)}, nanoseconds" if finer_than_micros(series) else ""
    storage = without_extension(series).dtype
    if storage == pl.Null and isinstance(dtype, pl.BaseExtension):
        return type_word(dtype)
    fits = storage.is_numeric() or isinstance(storage, _HELD) or (is_key and storage in _OF_KEYS)
    return "" if fits else type_word(dtype)


def type_word(dtype: pl.DataType) -> str:
    """A stored type in a message: the word of the field, of an extension its name."""
    if isinstance(dtype, pl.BaseExtension):
        return dtype.ext_name()
    return _WORDS.get(type(dtype), str(dtype).partition("(")[0].lower())


def placeholder(name: str, kind: str, rows: int) -> pl.Series:
    """A column whose values cannot be read, under the name of its type."""
    nothing = pl.repeat(None, rows, dtype=pl.Null, eager=True).alias(name)
    return nothing.ext.to(pl.Extension(kind, pl.Null()))


def without_extension(series: pl.Series) -> pl.Series:
    """What a column of an extension type is stored as."""
    return series.ext.storage() if isinstance(series.dtype, pl.BaseExtension) else series


def narrowed(integers: pl.Series) -> pl.Series:
    """Integers of 64 bits, or all as text where one is beyond them."""
    if integers.dtype == pl.Int64:
        return integers
    if integers.dtype in _WIDE:
        ends: list[Any] = [integers.min(), integers.max()]
        if ends[0] is not None and not -(2**63) <= ends[0] <= ends[1] < 2**63:
            return integers.cast(pl.String)
    return integers.cast(pl.Int64)


def beyond_64_bits(series: pl.Series) -> bool:
    """Whether a column of integers has some that no integer of a contract holds."""
    return series.dtype in _WIDE and narrowed(series).dtype == pl.String


def shortest(floats: pl.Series) -> pl.Series:
    """Floats as Float64 with the digits that their own width tells apart: 1.1 is not
    1.100000023841858.
    """
    if floats.dtype == pl.Float32:
        return floats.cast(pl.String).cast(pl.Float64)
    if floats.dtype != pl.Float16:
        return floats
    import numpy as np  # a reader with frames has none, and no float of 16 bits either

    values, places = np.unique(floats.drop_nulls().to_numpy(), return_inverse=True)
    by_text = np.array([float(str(np.float16(value))) for value in values], dtype=np.float64)
    there = floats.is_not_null().arg_true()
    wide = pl.repeat(None, len(floats), dtype=pl.Float64, eager=True).alias(floats.name)
    return wide.scatter(there, by_text[places]) if len(there) else wide


def are_whole(decimals: pl.Series) -> bool:
    """Whether no decimal has a fraction."""
    if _scale(decimals.dtype) == 0:
        return True
    return bool((decimals.cast(pl.Int128).cast(decimals.dtype, strict=False) == decimals).all())


def are_integers(floats: pl.Series) -> bool:
    """Whether all numbers are whole, and fit into 64 bits; NaN is none."""
    numbers = floats.cast(pl.Float64)
    fit = numbers.is_between(-(2.0**63), 2.0**63, closed="left")
    return bool((fit & (numbers.round() == numbers)).all())


def text_of_stored(series: pl.Series) -> pl.Series:
    """Text of categories, bytes, times of day, durations, decimals and wide integers."""
    if series.dtype == pl.Binary:
        return _text_of_bytes(series)
    if series.dtype == pl.Time:
        return series.dt.to_string("%H:%M:%S%.f").str.replace(r"(\.\d*?)0+$", "$1")
    return series.dt.to_string("iso") if series.dtype == pl.Duration else series.cast(pl.String)


def has_text(dtype: pl.DataType) -> bool:
    """Whether `text_of_stored` gives the text of such a column, one text a value."""
    return (
        isinstance(dtype, pl.Categorical | pl.Enum | pl.Binary | pl.Time | pl.Duration | pl.Decimal)
        or dtype in _WIDE
    )


def out_of_calendar(series: pl.Series) -> pl.Series:
    """Where dates or times lie outside the years 1 to 9999 of UTC, which have no text form.

    Counted in the column's own unit: polars panics on timestamps that it cannot show.
    """
    tick = _TICKS.get("d" if series.dtype == pl.Date else getattr(series.dtype, "time_unit", ""))
    if tick is None:
        return pl.repeat(False, len(series), dtype=pl.Boolean, eager=True)
    return ~series.to_physical().is_between(_CALENDAR[0] // tick, _CALENDAR[1] // tick)


def finer_than_micros(times: pl.Series) -> bool:
    """Whether times have nanoseconds that are not zeros."""
    if getattr(times.dtype, "time_unit", "") != "ns":
        return False
    return bool((times.to_physical() % 1000 != 0).any())


def _text_of_bytes(series: pl.Series) -> pl.Series:
    with suppress(pl.exceptions.ComputeError):  # no UTF-8
        text = series.cast(pl.String)
        if not text.str.contains(_NOT_PRINTED).any():
            return text
    hexadecimal = series.bin.encode("hex")
    if (series.bin.size() == _UUID_BYTES).all():
        return hexadecimal.str.replace(r"^(.{8})(.{4})(.{4})(.{4})(.{12})$", "$1-$2-$3-$4-$5")
    return hexadecimal


def _scale(dtype: pl.DataType) -> int:
    return getattr(dtype, "scale", 0) or 0
