"""Columns of text that hold numbers, dates or truths, brought to the form that programs write,
where no contract says what they are.

A table that is all text, as CSV is, says no types: all its columns are looked at. Text in a table
of types, as in JSON and Parquet, is meant as text, but for dates and for estimates.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

import polars as pl

from estimates.contract.columns import ColumnType
from estimates.contract.date_text import days_of_people, two_orders
from estimates.contract.number_text import (
    NULL_WORDS,
    Numbers,
    check_decimals,
    is_plain,
    most_numbers,
    numbers_of,
    plain_numbers,
    remedy,
    sentence,
)
from estimates.contract.stored_values import beyond_64_bits
from estimates.contract.text_values import values_of
from estimates.contract.time_values import ASSUMED_ZONE, times_of
from estimates.errors import InvalidError
from estimates.guess.column_types import text_kind
from estimates.guess.draws import in_words
from estimates.guess.guesses import is_named_as_number
from estimates.render.wording import percent
from estimates_jobs.tables.text_options import TextOptions

_OTHERS: tuple[ColumnType, ...] = ("date", "timestamp", "boolean")
_LOOKED_AT = 100
_SAMPLE = 1000  # cells
_MOSTLY = 0.5  # share of numbers from which a column of text is worth a word


@contextmanager
def naming(file: str, options: TextOptions) -> Iterator[None]:
    """Errors about a table's cells say which file they stand in, and in which of its rows where
    the table has several.
    """
    try:
        yield
    except InvalidError as error:
        rows = error.details.get("rows")
        place = options.place(file, rows[0]) if isinstance(rows, list) and rows else ""
        if file in error.message and not place:
            raise
        row = f"row {rows[0]}{place}: " if place and isinstance(rows, list) else ""
        named = f"{file}: {row}{error.message.removeprefix(f'{file}: ')}"
        raise InvalidError(error.code, named, **error.details) from None


def plain_columns(
    frame: pl.DataFrame,
    keep: Collection[str],
    options: TextOptions,
    file: str,
    estimates: Collection[str] = (),
) -> pl.DataFrame:
    """The frame with its text in plain form: `1.234,5` as `1234.5`, `31.12.2026` as `2026-12-31`,
    words for nothing as null; in a table of types these columns are of their types afterwards.

    keep       columns that stay the text they are, such as the key; empty text among them is null
               where the table is all text
    file       what the table is called, for errors and notes
    estimates  columns that somebody says are estimates
    Raises InvalidError: `ambiguous_number`; `bad_value` (a cell among numbers is none).
    """
    texts = [text for text in frame if text.dtype == pl.String]
    is_text = len(texts) == frame.width
    columns: list[pl.Series] = []
    numeric: list[tuple[pl.Series, Numbers]] = []
    numbers = is_text or not any(
        dtype.is_numeric() for name, dtype in frame.schema.items() if name not in keep
    )
    with naming(file, options):
        for text in texts:
            if text.name in keep:
                if is_text and (text == "").any():
                    columns.append(text.set((text == "").fill_null(False), None))
            elif numbers or text.name in estimates or is_named_as_number(text.name):
                plain = _plain(text, options, file, numeric)
                plain = plain if is_text else _of_its_type(text, plain, options, file)
                columns += [] if plain is text else [plain]
        check_decimals(numeric)
    note = in_words(frame.columns, keep)
    if note:
        options.note(f"{file}: {note}")
    columns += [
        nearest(series, options, file)
        for series in frame
        if beyond_64_bits(series)
        and series.name not in keep
        and (series.name in estimates or is_named_as_number(series.name))
    ]
    return frame.with_columns(columns)


def nearest(series: pl.Series, options: TextOptions, file: str) -> pl.Series:
    """An estimate whose integers are beyond 64 bits as the nearest floats, which is said; others as
    they are.
    """
    if not beyond_64_bits(series):
        return series
    options.note(
        f"{file}: column {series.name!r} has integers beyond 64 bits, which are read as the "
        f"nearest floats, such as {series.max()} as {float(str(series.max())):.6g}"
    )
    return series.cast(pl.Float64)


def plain_days(
    frame: pl.DataFrame, names: Sequence[str], options: TextOptions, file: str
) -> pl.DataFrame:
    """The frame with the days and times that its columns of text hold throughout; `names` are those
    that are looked at.

    Days as people write them are written as programs do, and said. In a table of types they and
    ISO times are dates and timestamps afterwards, and the numbers of folders such as `shop=12` are
    integers.
    """
    is_text = all(dtype == pl.String for dtype in frame.dtypes)
    columns: list[pl.Series] = []
    schema = frame.schema
    for name in names:
        if schema.get(name) != pl.String:
            continue
        text = frame.get_column(name)
        plain = _without_odd_days(text, options, file)
        if not is_text:
            times = times_of(plain)
            is_number = text.name in options.folders and text_kind(text) == "integer"
            plain = values_of(text, "integer") if is_number else plain if times is None else times
        if plain is not text:
            columns.append(plain)
    return frame.with_columns(columns)


def _plain(
    text: pl.Series, options: TextOptions, file: str, numeric: list[tuple[pl.Series, Numbers]]
) -> pl.Series:
    """A column in plain form; one of numbers is also put into `numeric`."""
    if is_plain(text, options.decimal):
        numeric.append((text, plain_numbers(text)))
        return text
    numbers = numbers_of(text, options.decimal)
    if numbers is None:
        return _without_words(text, options, file)
    if numbers.strays.any():
        raise _stray(text, numbers, options)
    note = sentence(text, numbers)
    if note is not None:
        options.note(f"{file}: {note}")
    numeric.append((text, numbers))
    return numbers.plain.alias(text.name)


def _of_its_type(text: pl.Series, plain: pl.Series, options: TextOptions, file: str) -> pl.Series:
    """What a column of text in a table of types holds."""
    kind = text_kind(plain)
    if kind not in ("float", "integer"):
        return plain
    options.note(f"{file}: column {text.name!r} is text and is read as numbers, such as {plain[0]}")
    return values_of(plain, kind)


def _stray(text: pl.Series, numbers: Numbers, options: TextOptions) -> InvalidError:
    rows = numbers.strays.arg_true()
    value = text[rows[0]]
    cells = len(rows) + len(numbers.plain) - numbers.plain.null_count()
    more = f" (and {len(rows) - 1:,} more)" if len(rows) > 1 else ""
    return InvalidError(
        "bad_value",
        f"column {text.name!r}, row {rows[0] + 1}: {value!r} is no number{more}, and "
        f"{percent(1 - len(rows) / cells)} of the cells are",
        remedy=f"{remedy(value, options.decimal)}; if the column is text, say so with a contract "
        "(--contract), or leave it out with --ignore",
        column=text.name,
        rows=[row + 1 for row in rows.head(100)],
    )


def _without_words(text: pl.Series, options: TextOptions, file: str) -> pl.Series:
    """A column of dates, times or truths without its words for nothing; others as they are."""
    days = _without_odd_days(text, options, file)
    if days is not text:
        return days
    bare = text.str.strip_chars()
    words = bare.is_in([*NULL_WORDS, ""]).fill_null(False)
    rest = text.set(words, None).drop_nulls()
    if len(rest):
        for kind in _OTHERS:
            if values_of(rest.head(_LOOKED_AT), kind, ASSUMED_ZONE).has_nulls():
                continue
            if not values_of(rest, kind, ASSUMED_ZONE).has_nulls():
                return text.set(words, None)
        _note_mixture(text, rest, options, file)
        return text
    if (bare.is_in(NULL_WORDS)).any():  # and nothing else
        first = bare.filter(bare.is_in(NULL_WORDS))[0]
        options.note(f"{file}: column {text.name!r}: {first!r} is read as no value")
        return text.set(words, None)
    return text


def _without_odd_days(text: pl.Series, options: TextOptions, file: str) -> pl.Series:
    """A column of days as programs write them, where all its cells are days; else as it is."""
    days = days_of_people(text)
    if days is None:
        orders = two_orders(text)
        if orders is not None:
            options.note(
                f"{file}: column {text.name!r} is taken for text: {orders}; write days as "
                "2026-12-31"
            )
        return text
    iso = days.dt.to_string("%Y-%m-%d")
    odd = (iso != text).arg_true()
    if not len(odd):
        return text
    options.note(f"{file}: column {text.name!r}: {text[odd[0]]!r} is read as {iso[odd[0]]}")
    return iso


def _note_mixture(text: pl.Series, rest: pl.Series, options: TextOptions, file: str) -> None:
    """Say that a column with many numbers, or with the name of one, is taken for text, and for
    which cell.
    """
    some = rest.gather_every(max(1, len(rest) // _SAMPLE))  # most text has no number at all
    if not is_named_as_number(text.name) and not most_numbers(some, options.decimal).any():
        return
    are = most_numbers(rest, options.decimal)
    numbers = int(are.sum())
    if numbers < _MOSTLY * len(rest) and not (
        is_named_as_number(text.name) and rest.str.contains(r"\d").sum() >= _MOSTLY * len(rest)
    ):
        return
    if numbers == len(rest):  # codes
        return
    stray = rest.filter(~are)[0]
    row = (text == stray).arg_true()[0] + 1
    options.note(
        f"{file}: column {text.name!r} is taken for text: {percent(numbers / len(rest))} of its "
        f"cells are numbers, {stray!r} in row {row}{options.place(file, row)} is none; "
        f"{remedy(stray, options.decimal)}"
    )
