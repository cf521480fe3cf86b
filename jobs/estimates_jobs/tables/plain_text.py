"""Columns of text that hold numbers, dates or truths, brought to the form that programs write,
where no contract says what they are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

import polars as pl

from estimates.contract.columns import ColumnType
from estimates.contract.number_text import (
    NULL_WORDS,
    Numbers,
    check_decimals,
    is_plain,
    numbers_of,
    remedy,
    sentence,
)
from estimates.contract.text_values import values_of
from estimates.contract.time_values import ASSUMED_ZONE
from estimates.errors import InvalidError
from estimates.render.wording import percent
from estimates_jobs.tables.text_options import TextOptions

_OTHERS: tuple[ColumnType, ...] = ("date", "timestamp", "boolean")
_LOOKED_AT = 100
_MOSTLY = 0.5  # share of numbers from which a column of text is worth a word


@contextmanager
def naming(file: str) -> Iterator[None]:
    """Errors about a table's cells say which file they stand in."""
    try:
        yield
    except InvalidError as error:
        if file in error.message:
            raise
        raise InvalidError(error.code, f"{file}: {error.message}", **error.details) from None


def plain_columns(
    frame: pl.DataFrame, keep: Collection[str], options: TextOptions, file: str
) -> pl.DataFrame:
    """The frame with its text in plain form: `1.234,5` as `1234.5`, words for nothing as null.

    Only a table that is all text, as from CSV, is looked at: another one says its types.
    keep  columns that stay the text they are, such as the key; empty text among them is null
    file  what the table is called, for errors and notes
    Raises InvalidError: `ambiguous_number`; `bad_value` (a cell among numbers is none).
    """
    if any(dtype != pl.String for dtype in frame.dtypes):
        return frame
    columns: list[pl.Series] = []
    numeric: list[tuple[pl.Series, Numbers]] = []
    with naming(file):
        for text in frame:
            if text.name in keep:
                columns.append(text.set((text == "").fill_null(False), None))
            elif is_plain(text, options.decimal):
                numeric.append((text, Numbers(text, text.is_null(), ".")))
            else:
                columns.append(_plain(text, options, file, numeric))
        check_decimals(numeric)
    return frame.with_columns(columns)


def _plain(
    text: pl.Series, options: TextOptions, file: str, numeric: list[tuple[pl.Series, Numbers]]
) -> pl.Series:
    """A column in plain form; one of numbers is also put into `numeric`."""
    numbers = numbers_of(text, options.decimal)
    if numbers is None:
        return _without_words(text, options, file)
    if numbers.strays.any():
        raise _stray(text, numbers, options)
    said = sentence(text, numbers)
    if said is not None:
        options.note(f"{file}: {said}")
    numeric.append((text, numbers))
    return numbers.plain.alias(text.name)


def _stray(text: pl.Series, numbers: Numbers, options: TextOptions) -> InvalidError:
    rows = numbers.strays.arg_true()
    value = text[rows[0]]
    cells = len(rows) + len(numbers.plain) - numbers.plain.null_count()
    more = f" (and {len(rows) - 1:,} more)" if len(rows) > 1 else ""
    return InvalidError(
        "bad_value",
        f"column {text.name!r}, row {rows[0] + 1}: {value!r} is no number{more}, and "
        f"{percent(1 - len(rows) / cells)} of the cells are; {remedy(value, options.decimal)}; if "
        "the column is text, say so with a contract (--contract), or leave it out with --ignore",
        column=text.name,
        rows=[row + 1 for row in rows.head(100)],
    )


def _without_words(text: pl.Series, options: TextOptions, file: str) -> pl.Series:
    """A column of dates, times or truths without its words for nothing; others as they are."""
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


def _note_mixture(text: pl.Series, rest: pl.Series, options: TextOptions, file: str) -> None:
    """Say that a column with many numbers is taken for text, and for which cell."""
    values = rest.str.strip_chars().cast(pl.Float64, strict=False)
    numbers = len(values) - values.null_count()
    if numbers < _MOSTLY * len(values) or not values.has_nulls():
        return
    stray = rest.filter(values.is_null())[0]
    row = (text == stray).arg_true()[0] + 1
    options.note(
        f"{file}: column {text.name!r} is taken for text: {percent(numbers / len(values))} of its "
        f"cells are numbers, {stray!r} in row {row} is none; "
        f"{remedy(stray, options.decimal)}"
    )
