"""How the observations of a table are read: as DuckDB guesses them, or, where people wrote its
times and numbers, by a query that says how they are written.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import duckdb
import msgspec
import polars as pl

from estimates import instants
from estimates.contract.date_text import first_text, two_orders
from estimates.contract.duckdb_frames import frame_of
from estimates.contract.job_inputs import Input
from estimates.contract.number_text import NULL_WORDS, is_plain, numbers_of
from estimates.errors import InvalidError
from estimates_jobs.run.inputs import READERS, connect, known_limit, reader_of, source_files
from estimates_jobs.tables.csv_files import layout_of
from estimates_jobs.tables.csv_layout import Layout
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

    Of CSV files whose times or values DuckDB does not take for such it is a query that says how
    they are written, where one reads them all; else the source as it is.
    text  what a person says of it: the decimal mark, the encoding
    Raises InvalidError: `no_file`, `bad_file`, `ambiguous_number`, `column_type`, `time_type`.
    """
    guessed = ObservedInput(Input(source=source, time=time))
    files = _csv_files(source)
    is_said = text.decimal is not None or text.encoding is not None
    if not files or (not is_said and _are_guessed(files, time, value)):
        return guessed
    table = read_table(source, text)
    if not {time, value, *ids} <= {*table.columns}:
        return guessed  # whoever reads it says which is missing
    with naming(source, text):
        written = _numbers(table[value], text.decimal)
    with connect() as connection:
        form = time_form(connection, table[time])
        if form is None:
            raise _no_time(source, table[time])
        layout = layout_of(files[0], text)
        query = _query(source, layout, written, form, (time, value, *ids), text.encoding)
        if not _reads(connection, query, value, written):
            return guessed
    reading = _reading(table[value], written, table[time], form)
    return ObservedInput(Input(query=query, time=time), reading)


def _no_time(source: str, text: pl.Series) -> InvalidError:
    orders = two_orders(text)
    what = orders or f"no form of days or times fits all cells, such as {first_text(text)!r}"
    return InvalidError(
        "time_type",
        f"{source}: column {text.name!r}: {what}",
        remedy="write its times as 2026-11-24 or 2026-11-24T16:00, or name another with --time",
    )


def _csv_files(source: str) -> list[str]:
    """The files of a source that DuckDB would read as CSV; none for any other source."""
    if is_remote(source) or is_stored_table(source):
        return []
    files = source_files("--from", source)
    is_csv = {str(reader_of(file)).startswith("read_csv") for file in files}
    return files if source not in files or is_csv == {True} else []


def _are_guessed(files: list[str], time: str, value: str) -> bool:
    """Whether DuckDB takes the times for times and the values for numbers."""
    with connect() as connection:
        try:
            relation = connection.sql(f"SELECT * FROM {READERS['.csv']}", params=[files])
            types = dict(zip(relation.columns, map(str, relation.types), strict=True))
        except duckdb.Error:
            return False
    is_time = known_limit(types.get(time, ""), instants.now(), None) is not None
    return is_time and any(kind in types.get(value, "") for kind in _NUMBERS)


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
        strays = bare.filter(numbers.strays) if numbers is not None and len(numbers.strays) else odd
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
    layout: Layout,
    written: Written,
    form: str,
    columns: tuple[str, ...],
    encoding: str | None,
) -> str:
    """The SQL that reads the columns of time, value and ids as they are written."""
    time, value, *ids = columns
    is_day = "%H" not in form
    types = {time: "DATE" if is_day else "TIMESTAMP", value: "DOUBLE"}
    types |= dict.fromkeys(ids, "VARCHAR")
    options = {
        "header": "true",
        "encoding": encoding and _literal(_ENCODINGS.get(encoding, encoding)),
        "delim": _literal(layout.separator),
        "decimal_separator": _literal(written.decimal),
        "thousands": written.thousands and _literal(written.thousands),
        "dateformat" if is_day else "timestampformat": _literal(form),
        "nullstr": _list(["", *written.nulls]) if written.nulls else None,
        "skip": str(layout.above) if layout.above else None,
        "sample_size": "-1",
        "types": "{" + ", ".join(f"{_literal(n)}: '{kind}'" for n, kind in types.items()) + "}",
    }
    lines = [f"{name} = {text}" for name, text in options.items() if text is not None]
    return f"SELECT * FROM read_csv({_literal(source)},\n  " + ",\n  ".join(lines) + ")"


def _reads(connection: duckdb.DuckDBPyConnection, query: str, value: str, written: Written) -> bool:
    """Whether the query finds the very numbers that the text has."""
    try:
        rows = frame_of(connection.sql(query))
    except duckdb.Error:
        return False
    return value in rows.columns and rows[value].equals(written.values.alias(value))


def _reading(value: pl.Series, written: Written, time: pl.Series, form: str) -> str:
    """What a cell of each column is read as: `'1.169,13' is 1169.13, '04.06.2026' by %d.%m.%Y`."""
    odd = value.str.strip_chars() != written.values.cast(pl.String)
    row = next(iter((odd & written.values.is_not_null()).arg_true().head(1)), None)
    number = "" if row is None else f"{value[row]} is {written.values[row]:.15g}, "
    return f"{number}{time.drop_nulls()[0]} by {form}"


def _literal(text: str) -> str:
    """An SQL literal; nothing in it ends the line."""
    return "'" + text.replace("'", "''") + "'"


def _list(words: Sequence[str]) -> str:
    return f"[{', '.join(map(_literal, words))}]"


def toml_lines(spec: Input) -> list[str]:
    """The input in a contract: its source or its query, and its time."""
    if spec.query is None:
        lines = [f"source = {_quoted(str(spec.source))}"]
    else:
        text = spec.query.replace("\\", "\\\\").replace('"', '\\"')
        lines = [
            "# How the file writes its cells; DuckDB's read_csv says what else there is.",
            *f'query = """\n{text}\n"""'.splitlines(),
        ]
    time = _quoted(str(spec.time))
    return [*lines, f"time = {time}  # rows after data_through stay invisible to the job"]


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
