"""What text stands for in a contract's types, so that "01" stays "01" and a comma is no decimal
point.
"""

import polars as pl

from estimates.contract.columns import ColumnType
from estimates.contract.date_text import days_of_people, two_orders
from estimates.contract.number_text import (
    NULL_WORDS,
    NumberOptions,
    numbers_of,
    remedy,
    sentence,
)
from estimates.contract.sample_columns import lists_of_text
from estimates.contract.time_values import (
    NAME_THE_ZONE,
    dates_of,
    instants_of,
    is_naive,
    moments_of,
    says_no_zone,
)
from estimates.errors import InvalidError

_NAMED = 5  # offending rows named in an error
_KEPT = "`estimates define` registers it"
_NUMBERS = ("float", "integer")
_INTEGER = r"^[+-]?(0|[1-9]\d*)$"  # 007 is a code, and text
_WHOLE = r"^(\s*[+-]?\d+)\.0\s*$"
_WANTED: dict[ColumnType, str] = {
    "float": "a number with a decimal point, such as 1.5; an empty cell says no estimate",
    "integer": "an integer without decimals or leading zeros, such as 15; an empty cell says "
    "nothing is known",
    "boolean": "true or false",
    "date": "an ISO date, such as 2026-11-24",
    "timestamp": "an ISO time that ends in Z or an offset, such as 2026-11-24T16:00:00Z, to the "
    "microsecond",
    "string": "text",
    "numbers": "a list of numbers such as [1.5, 2]; an empty cell says no estimate",
}


def parsed(
    series: pl.Series,
    kind: ColumnType,
    zone: str | None = None,
    options: NumberOptions | None = None,
) -> pl.Series:
    """A column of text in the polars type of `kind`, decimals as floats; others as they are, but
    for times without a zone.

    zone     that of times without one
    options  read numbers as people write them, too, and words for nothing as null (`number_text`);
             None: only what programs write
    Raises InvalidError `bad_value`, naming column, rows (1 follows the header) and values;
    `ambiguous_number`, `bad_timezone`.
    """
    if series.dtype.is_decimal() and kind == "float":  # what SQL makes of a literal such as 1.5
        return series.cast(pl.Float64)
    if kind == "timestamp" and zone is not None and is_naive(series.dtype):
        return moments_of(series, zone)
    if series.dtype != pl.String or kind == "string":
        return series
    values = values_of(series, kind, zone)
    is_whole = values.null_count() == series.null_count()
    if is_whole and (options is None or options.decimal != ","):
        return values
    bad = values.is_null() & series.is_not_null() & (series.str.strip_chars() != "")
    if options is not None and (bad.any() or options.decimal == ","):
        series, values, bad = _as_people_write(series, kind, zone, options)
    if bad.any():
        raise _bad_value(series, bad, kind, options)
    return values


def _as_people_write(
    series: pl.Series, kind: ColumnType, zone: str | None, options: NumberOptions
) -> tuple[pl.Series, pl.Series, pl.Series]:
    """The column without words for nothing, its values, and where it has none."""
    if kind == "integer":
        series = _without_decimals(series, options)
    if kind in _NUMBERS:
        numbers = numbers_of(series, options.decimal)
        if numbers is not None:
            values = values_of(numbers.plain, kind)
            bad = numbers.strays | (values.is_null() & numbers.plain.is_not_null())
            note = sentence(series, numbers)
            if note is not None and not bad.any():
                options.notes.append(note)
            return series, values, bad
    days = days_of_people(series) if kind == "date" else None
    if days is not None:
        row = (days.is_not_null() & (days.dt.to_string("%Y-%m-%d") != series)).arg_true()
        if len(row):
            first = series[row[0]]
            options.notes.append(f"column {series.name!r}: {first!r} is read as {days[row[0]]}")
        return series, days, pl.repeat(False, len(series), eager=True)
    words = series.str.strip_chars().is_in(NULL_WORDS)
    series = series.set(words.fill_null(False), None)
    values = values_of(series, kind, zone)
    bad = values.is_null() & series.is_not_null() & (series.str.strip_chars() != "")
    return series, values, bad


def _without_decimals(series: pl.Series, options: NumberOptions) -> pl.Series:
    """Whole numbers as pandas writes them where some are missing: 1.0 is 1; 1.000 is no such."""
    plain = series.str.replace(_WHOLE, "$1")
    row = (plain != series).fill_null(False).arg_true()
    if len(row):
        options.notes.append(
            f"column {series.name!r}: {series[row[0]]!r} is read as {plain[row[0]]}"
        )
    return plain


def values_of(text: pl.Series, kind: ColumnType, zone: str | None = None) -> pl.Series:
    """The values that text stands for, in the polars type of `kind`; null where it is not of that
    kind.

    zone  that of times without one, which are no timestamps otherwise
    """
    if kind == "float":
        values = text.cast(pl.Float64, strict=False)  # 1.5, 1e3, NaN, -inf; no 1_000, no 0x1
        if values.null_count() == text.null_count():
            return values  # nearly always: blanks around numbers are rare
        return text.str.strip_chars().cast(pl.Float64, strict=False)
    if kind == "numbers":
        return lists_of_text(text)
    text = text.str.strip_chars()
    if kind == "integer":
        return (
            text.set(~text.str.contains(_INTEGER), None)
            .str.strip_prefix("+")
            .cast(pl.Int64, strict=False)
        )
    if kind == "boolean":
        return text.str.to_lowercase().replace_strict(
            pl.Series(["true", "false"]),
            pl.Series([True, False]),
            default=None,
            return_dtype=pl.Boolean,
        )
    if kind == "date":
        return dates_of(text)
    return text if kind == "string" else instants_of(text, zone)


def no_numbers(text: pl.Series) -> pl.Series:
    """The places of text that is no number; null is no text."""
    return (text.is_not_null() & values_of(text, "float").is_null()).arg_true()


def _bad_value(
    series: pl.Series, bad: pl.Series, kind: ColumnType, options: NumberOptions | None
) -> InvalidError:
    rows = bad.arg_true()
    shown = ", ".join(f"row {row + 1} has {series[row]!r}" for row in rows.head(_NAMED))
    more = f" and {len(rows) - _NAMED} more" if len(rows) > _NAMED else ""
    return InvalidError(
        "bad_value",
        f"column {series.name!r}: {shown}{more}; the contract wants {_WANTED[kind]}",
        remedy=_remedy(series, rows[0], kind, options),
        column=series.name,
        rows=[row + 1 for row in rows.head(100)],
    )


def _remedy(series: pl.Series, row: int, kind: ColumnType, options: NumberOptions | None) -> str:
    """What to do about a value."""
    value = str(series[row])
    orders = two_orders(series) if kind == "date" and options is not None else None
    if orders is not None:
        return f"{orders}: write days as 2026-12-31"
    if kind == "integer" and value.strip().lstrip("+-").isdigit() and value.strip("+- ")[:1] == "0":
        return "a code with leading zeros is text: make the column a string in the contract"
    if kind == "integer" and not values_of(pl.Series([value]), "float").has_nulls():
        return f'write type = "float" under [columns.{series.name}] in the contract ({_KEPT})'
    if kind == "timestamp" and says_no_zone(pl.Series([value.strip()])).all():
        return NAME_THE_ZONE
    if kind == "float" and options is None and "," in value:
        return "write decimals with a point, not a comma"
    otherwise = f'write it so, or make the column type = "string" in the contract ({_KEPT})'
    return remedy(value, options.decimal) if options and kind in _NUMBERS else otherwise
