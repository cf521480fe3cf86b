"""How the observations of a table are read: as DuckDB guesses them, or, where people wrote its
times and numbers, by a query that says how they are written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import duckdb
import msgspec
import polars as pl

from estimates import instants
from estimates.contract.date_text import first_text, two_orders
from estimates.contract.duckdb_frames import frame_of
from estimates.contract.job_inputs import Input
from estimates.contract.number_text import (
    NULL_WORDS,
    Numbers,
    check_decimals,
    is_plain,
    most_numbers,
    numbers_of,
    plain_numbers,
    remedy,
)
from estimates.errors import InvalidError
from estimates.render.wording import did_you_mean, toml_text
from estimates_jobs.run.inputs import (
    READERS,
    connect,
    known_limit,
    quoted,
    reader_of,
    source_files,
)
from estimates_jobs.tables.csv_files import layout_of
from estimates_jobs.tables.plain_text import naming
from estimates_jobs.tables.table_files import read_table
from estimates_jobs.tables.table_sources import is_remote
from estimates_jobs.tables.table_words import is_stored_table
from estimates_jobs.tables.text_options import TextOptions
from estimates_jobs.tables.time_forms import time_form

_NUMBERS = ("INT", "DOUBLE", "FLOAT", "DECIMAL", "REAL")
_NO_DIGITS = r"[^-+\d.,'’ \u{a0}\u{202f}\u{2009}eE]"
# What DuckDB calls the encodings that it reads itself; cp1252 differs in signs such as €.
_ENCODINGS = {"iso8859-1": "latin-1", "cp1252": "latin-1"}
_APART = ".,'’ \u00a0\u202f\u2009"  # what may stand between thousands
_YEAR_FIRST = r"^\s*\d{4}[-/.]\d\d?[-/.]\d\d?"  # the only order in which DuckDB does not guess
_STEP = re.compile(r"\D{0,2}\d{1,4}([-/._ ]?\w{1,3}){0,2}$")  # a column that is named like a time
_SHOWN = 20  # columns that an error names
_THOUSAND = r"^[+-]?[1-9]\d{0,2}\.\d{3}$"  # or a thousandth


class Written(msgspec.Struct, frozen=True):
    """A column of numbers as people wrote it.

    decimal    what stands before the fraction
    thousands  what stands between groups of digits; None where nothing does
    nulls      words that stand for no value
    values     what they are
    """

    decimal: str
    thousands: str | None
    nulls: list[str]
    values: pl.Series


class ObservedInput(msgspec.Struct, frozen=True):
    """The input of the job, and of a query in words what it makes of the file's cells."""

    spec: Input
    reading: str | None = None


def observed_input(
    source: str, time: str, value: str, ids: Sequence[str], text: TextOptions
) -> ObservedInput:
    """The input of a job that reads observations from a source.

    Of CSV files whose times or values DuckDB does not take for such, or of whose times it guesses
    the order of day and month, it is a query that says how they are written; else the source as it
    is.
    text  what a person says of it: the decimal mark, the encoding
    Raises InvalidError: `no_file`, `bad_file`, `bad_input` (options for what is no CSV file, no
    query reads it), `ambiguous_number`, `column_type`, `no_column`, `no_rows`, `null_key`,
    `time_type`.
    """
    guessed = ObservedInput(Input(source=source, time=time))
    files = _csv_files(source)
    is_said = text.decimal is not None or text.encoding is not None
    if not files:
        if is_said:
            raise _not_said(source)
        return guessed
    if not is_said:
        cells = _guessed(files, time, value, ids)
        if cells is not None:
            with naming(source, text):
                _check_neighbours(cells.drop(time), value)
            return ObservedInput(guessed.spec, _thousandth(cells[value]))
    table = read_table(source, text)
    roles = [time, value, *ids]
    missing = next((name for name in roles if name not in table.columns), None)
    if missing is not None:
        raise no_column(source, missing, table.columns)
    if not table.height:
        raise InvalidError(
            "no_rows", f"{source}: has no row below its names", remedy="name a table that has some"
        )
    with naming(source, text):
        written = _numbers(table[value], text.decimal)
        if text.decimal is None:
            _check_neighbours(table.drop(time, *ids), value)
        _check_words(table.select(ids), value, written.nulls)
    with connect() as connection:
        form = time_form(connection, table[time])
        if form is None and not _has_year_first(table[time]):
            raise _no_time(source, table[time])
        query = _query(source, files, written, form, (time, value, *ids), text)
        if not _reads(connection, query, time, value, written):
            raise _unreadable(source, value, time, text.encoding)
    reading = _reading(table[value], written, table[time], form, text.decimal)
    return ObservedInput(Input(query=query, time=time), reading)


def no_column(source: str, name: str, names: Sequence[str]) -> InvalidError:
    """A column that a table does not have; `names` are those that it has."""
    shown = f"name one of its columns: {', '.join(names[:_SHOWN])}"
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    steps = sum(bool(_STEP.match(column)) for column in names)
    wide = "; it has a column a step: write a row an observation first, as pandas' melt does"
    return InvalidError(
        "no_column",
        f"{source}: there is no column {name!r}{did_you_mean(name, names)}",
        remedy=f"{shown}{more}{wide if 2 * steps > len(names) else ''}",
    )


def _not_said(source: str) -> InvalidError:
    return InvalidError(
        "bad_input",
        f"{source}: --decimal and --encoding are for CSV files on this machine whose names end in "
        ".csv, .csv.gz or .tsv",
        remedy="leave them out, or name such files: a copy of what lies elsewhere, 'folder/*.csv' "
        "for a folder",
    )


def _unreadable(source: str, value: str, time: str, encoding: str | None) -> InvalidError:
    text = f"its {encoding} text, or " if encoding else ""
    hint = "" if encoding else ", or say with --encoding what it is in"
    return InvalidError(
        "bad_input",
        f"{source}: DuckDB does not read {text}column {value!r} as the numbers that it shows, or "
        f"column {time!r} as times",
        remedy=f"write the file in UTF-8{hint}, its numbers as 1234.5 and its times as 2026-11-24 "
        "or 2026-11-24T16:00, all lines with as many cells",
    )


def _no_time(source: str, text: pl.Series) -> InvalidError:
    orders = two_orders(text.str.replace(r"[T ]+\d\d?:\d\d(:\d\d)?\s*$", ""))
    cells = text.str.strip_chars()
    like_first = cells.str.replace_all(r"\d", "0") == first_text(cells.str.replace_all(r"\d", "0"))
    others = cells.filter(~like_first & ~cells.is_in([*NULL_WORDS, ""]))
    cell = repr(first_text(cells)) + (f" and {others[0]!r}" if len(others) else "")
    what = orders or f"no form of days or times fits all cells, such as {cell}"
    return InvalidError(
        "time_type",
        f"{source}: column {text.name!r}: {what}",
        remedy="write its times as 2026-11-24 or 2026-11-24T16:00, or name another with --time",
    )


def _csv_files(source: str) -> list[str]:
    """The files of a source that DuckDB would read as CSV; none for any other source, such as a
    folder, whose files are read by their content.
    """
    if is_remote(source) or is_stored_table(source):
        return []
    files = source_files("--from", source)
    is_csv = {str(reader_of(file)).startswith("read_csv") for file in files}
    return files if is_csv == {True} and not Path(source).is_dir() else []


def _guessed(files: list[str], time: str, value: str, ids: Sequence[str]) -> pl.DataFrame | None:
    """The text of the times, of the values and of other columns of text, where DuckDB takes the
    values for numbers, and the times for times whose order of day and month it need not guess.
    """
    reader = READERS[".csv"]
    with connect() as connection:
        try:
            relation = connection.sql(f"SELECT * FROM {reader}", params=[files])
            types = dict(zip(relation.columns, map(str, relation.types), strict=True))
            is_time = known_limit(types.get(time, ""), instants.now(), None) is not None
            if not is_time or not any(kind in types.get(value, "") for kind in _NUMBERS):
                return None
            texts = [name for name, kind in types.items() if kind == "VARCHAR" and name not in ids]
            columns = ", ".join(map(quoted, dict.fromkeys([time, value, *texts])))
            reader = reader.removesuffix(")") + ", all_varchar = true)"
            cells = frame_of(connection.sql(f"SELECT {columns} FROM {reader}", params=[files]))
        except duckdb.Error:
            return None
    return cells if _has_year_first(cells[time]) else None


def _has_year_first(text: pl.Series) -> bool:
    cells = text.str.strip_chars()
    return bool(cells.filter(~cells.is_in([*NULL_WORDS, ""])).str.contains(_YEAR_FIRST).all())


def _check_neighbours(table: pl.DataFrame, value: str) -> None:
    """Raises InvalidError `ambiguous_number` for `1.234` beside a column of `1,5`."""
    text = table[value]
    if not text.str.contains(".", literal=True).any():
        return
    numbers = (
        plain_numbers(text.str.strip_chars()) if is_plain(text, None) else numbers_of(text, None)
    )
    if numbers is None:
        return
    others = ((other, _numbers_or_none(other)) for other in table if other.name != value)
    commas = [(other, has) for other, has in others if has is not None and has.mark == ","]
    check_decimals([(text, numbers), *commas])


def _numbers_or_none(text: pl.Series) -> Numbers | None:
    try:
        return numbers_of(text, None)
    except InvalidError:
        return None  # what nobody reads may be ambiguous


def _check_words(ids: pl.DataFrame, value: str, words: Sequence[str]) -> None:
    """Raises InvalidError `null_key` for an id that would be no value: DuckDB knows words for
    nothing of a whole file only.
    """
    for text in ids:
        rows = text.is_in(list(words)).arg_true()
        if len(rows):
            word = text[rows[0]]
            raise InvalidError(
                "null_key",
                f"{word!r} is an id in column {text.name!r} (row {rows[0] + 1}), and stands for no "
                f"value in column {value!r}",
                remedy=f"leave the cells of {value!r} without a value empty",
            )


def _numbers(text: pl.Series, decimal: str | None) -> Written:
    """How a column of numbers is written.

    Raises InvalidError: `ambiguous_number`; `column_type` where a cell is no plain number.
    """
    bare = text.str.strip_chars()
    nulls = [word for word in NULL_WORDS if (bare == word).any()]
    if is_plain(text, decimal):
        return Written(".", None, nulls, bare.cast(pl.Float64, strict=False))
    numbers = numbers_of(text, decimal)
    odd = bare.filter(bare.str.contains(_NO_DIGITS) & ~bare.is_in(nulls))
    if numbers is None or numbers.strays.any() or len(odd):
        strays = bare.filter(~most_numbers(bare, decimal) & ~bare.is_in([*NULL_WORDS, ""]))
        raise _no_numbers(text, first_text(strays) or first_text(odd) or first_text(bare))
    others = [mark for mark in _APART if mark != numbers.mark]
    apart = [mark for mark in others if bare.str.contains(mark, literal=True).any()]
    if len(apart) > 1:
        raise _no_numbers(text, first_text(bare.filter(bare.str.contains(apart[1], literal=True))))
    values = numbers.plain.cast(pl.Float64)
    return Written(numbers.mark, apart[0] if apart else None, nulls, values)


def _no_numbers(text: pl.Series, cell: str) -> InvalidError:
    row = (text.str.strip_chars() == cell).arg_true()
    return InvalidError(
        "column_type",
        f"column {text.name!r}, row {row[0] + 1 if len(row) else 1}: {cell!r} is no number alone",
        remedy="write the number without currency or percent, or leave the cell empty where there "
        "is none; or name another column with --value",
    )


def _query(
    source: str,
    files: list[str],
    written: Written,
    form: str | None,
    columns: tuple[str, ...],
    text: TextOptions,
) -> str:
    """The SQL that reads the columns of time, value and ids as they are written; times without a
    form as DuckDB guesses them.
    """
    time, value, *ids = columns
    layout = layout_of(files[0], text)
    is_day = form is not None and "%H" not in form
    types = {} if form is None else {time: "DATE" if is_day else "TIMESTAMP"}
    types |= {value: "DOUBLE"} | {name: "VARCHAR" for name in ids if name in layout.names}
    encoding = text.encoding
    options = {
        "header": "true",
        "encoding": encoding and _literal(_ENCODINGS.get(encoding, encoding)),
        "delim": _literal(layout.separator),
        "decimal_separator": _literal(written.decimal),
        "thousands": written.thousands and _literal(written.thousands),
        "dateformat" if is_day else "timestampformat": form and _literal(form),
        "nullstr": _list(["", *written.nulls]) if written.nulls else None,
        "skip": str(layout.above) if layout.above else None,
        "sample_size": "-1",
        "union_by_name": "true" if len(files) > 1 else None,
        "types": "{" + ", ".join(f"{_literal(n)}: '{kind}'" for n, kind in types.items()) + "}",
    }
    lines = [f"{name} = {value}" for name, value in options.items() if value is not None]
    return f"SELECT * FROM read_csv({_literal(source)},\n  " + ",\n  ".join(lines) + ")"


def _reads(
    connection: duckdb.DuckDBPyConnection, query: str, time: str, value: str, written: Written
) -> bool:
    """Whether the query finds times, and the very numbers that the text has."""
    try:
        rows = frame_of(connection.sql(query))
    except duckdb.Error:
        return False
    if not {time, value} <= {*rows.columns} or not rows.schema[time].is_temporal():
        return False
    return rows[value].equals(written.values.alias(value))


def _reading(
    value: pl.Series, written: Written, time: pl.Series, form: str | None, decimal: str | None
) -> str | None:
    """What a cell of each column is read as: `'1.169,13' is 1169.13, '04.06.2026' by %d.%m.%Y`."""
    odd = value.str.strip_chars().cast(pl.Float64, strict=False).ne_missing(written.values)
    row = next(iter((odd & written.values.is_not_null()).arg_true().head(1)), None)
    number = None if row is None else f"{value[row]} is {written.values[row]:.15g}"
    number = _thousandth(value) or number if decimal is None else number
    day = form and f"{time.drop_nulls()[0]} by {form}"
    return ", ".join(words for words in (number, day) if words) or None


def _thousandth(text: pl.Series) -> str | None:
    """What `1.234` is read as, where all fractions of a column look like thousands."""
    bare = text.str.strip_chars()
    points = bare.filter(bare.str.contains(".", literal=True) & ~bare.is_in(NULL_WORDS))
    if points.is_empty() or not points.str.contains(_THOUSAND).all():
        return None
    return f"{points[0]} is {float(points[0]):.15g} ({remedy(points[0], '.')})"


def _literal(text: str) -> str:
    """An SQL literal; nothing in it ends the line."""
    return "'" + text.replace("'", "''") + "'"


def _list(words: Sequence[str]) -> str:
    return f"[{', '.join(map(_literal, words))}]"


def toml_lines(spec: Input) -> list[str]:
    """The input in a contract: its source or its query, and its time."""
    if spec.query is None:
        lines = [f"source = {toml_text(str(spec.source))}"]
    else:
        lines = [
            "# How the file writes its cells; DuckDB's read_csv says what else there is.",
            'query = """',
            *(toml_text(line)[1:-1] for line in spec.query.split("\n")),
            '"""',
        ]
    time = toml_text(str(spec.time))
    return [*lines, f"time = {time}  # rows after data_through stay invisible to the job"]
