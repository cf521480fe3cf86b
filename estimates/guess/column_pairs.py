"""A column of two tables that were stored by different programs, in one of the few plain types."""

from collections.abc import Collection, Sequence

import polars as pl

from estimates.contract.conform import check_calendar
from estimates.contract.stored_values import beyond_64_bits, plain, unheld
from estimates.contract.time_values import dates_of, moments_of
from estimates.errors import InvalidError
from estimates.guess.guesses import is_named_as_number

Pair = tuple[pl.Series, pl.Series]


def not_compared(old: pl.Series, new: pl.Series) -> str:
    """Why a column that is no key cannot be compared: the type that no contract holds; or nothing.

    Text of the other table, as from CSV, does not help.
    """
    return unheld(old) or unheld(new)


def plain_pair(old: pl.Series, new: pl.Series, zone: str, *, is_key: bool = False) -> Pair:
    """Both columns in plain types, `zone` being that of times without one: integers of which one
    table has some beyond 64 bits are text in both, midnights are dates where the other has dates.

    Raises InvalidError: of a key `column_type` and `out_of_range`; those of
    `estimates.contract.stored_values.plain`.
    """
    if is_key:
        for series in (old, new):
            _check_key(series)
    if old.dtype == new.dtype == pl.Binary:
        both = plain(pl.concat([old, new]), zone)  # bytes are text, UUIDs or neither in both
        return both[: len(old)], both[len(old) :]
    a, b = (plain(series, zone, is_key=is_key) for series in (old, new))
    a, b = _same_numbers(old, new, a, b)
    return (
        moments_of(old, zone) if _has_moments(old, a, new, b) else a,
        moments_of(new, zone) if _has_moments(new, b, old, a) else b,
    )


def plain_frames(
    a: pl.DataFrame,
    b: pl.DataFrame,
    columns: Sequence[str],
    key: Sequence[str],
    zone: str,
    estimates: Collection[str] = (),
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """These columns of both tables in plain types; raises as `plain_pair` does.

    estimates  columns that somebody says are estimates; integers beyond 64 bits of these, and of
               those that are by their names, are the nearest floats and no text
    """
    pairs = [
        plain_pair(
            a.get_column(name) if name in key else _nearest(a.get_column(name), estimates),
            b.get_column(name) if name in key else _nearest(b.get_column(name), estimates),
            zone,
            is_key=name in key,
        )
        for name in columns
    ]
    return pl.DataFrame([old for old, _ in pairs]), pl.DataFrame([new for _, new in pairs])


def _nearest(series: pl.Series, estimates: Collection[str]) -> pl.Series:
    is_number = beyond_64_bits(series) and (
        series.name in estimates or is_named_as_number(series.name)
    )
    return series.cast(pl.Float64) if is_number else series


def _check_key(series: pl.Series) -> None:
    check_calendar(series, "the tables")
    reason = unheld(series, is_key=True)
    if reason:
        raise InvalidError(
            "column_type",
            f"column {series.name!r} is {reason}: a key is text, an integer, a date or a timestamp "
            "to the microsecond",
            remedy="cast it to one of these, or name another column with --key",
            column=series.name,
        )


def _same_numbers(old: pl.Series, new: pl.Series, a: pl.Series, b: pl.Series) -> Pair:
    """Numbers that became text in one table only, as text in both, or as floats."""
    numbers = all(series.dtype.is_numeric() for series in (old, new))
    if not numbers or a.dtype == b.dtype or pl.String not in (a.dtype, b.dtype):
        return a, b
    if a.dtype.is_float() or b.dtype.is_float():
        return old.cast(pl.Float64), new.cast(pl.Float64)
    return old.cast(pl.String), new.cast(pl.String)


def _has_moments(
    stored: pl.Series, read: pl.Series, other: pl.Series, other_read: pl.Series
) -> bool:
    """Whether midnights that were read as days are moments, because the other table has more."""
    if read.dtype != pl.Date or not isinstance(stored.dtype, pl.Datetime):
        return False
    if other.dtype == pl.String:
        return dates_of(other).null_count() > other.null_count()
    return isinstance(other_read.dtype, pl.Datetime) and len(other_read) > other_read.null_count()
