"""CSV files as tables of text.

Bytes become UTF-8 text, the text a layout (`csv_layout`), and the lines below the header a frame.
Polars reads plain lines in a quarter of DuckDB's time, but fills short lines with nulls and is
vague about errors. So it reads what has no quotes and where the number of separators proves that
every line is whole; DuckDB reads the rest.
"""

from __future__ import annotations

import codecs
import gzip
import re
import tempfile
from pathlib import Path

import polars as pl

from estimates.errors import InvalidError
from estimates_jobs.tables.csv_layout import ENCODED, TRAILING, Layout, find_layout
from estimates_jobs.tables.text_options import TextOptions

_START = 1 << 20  # bytes that have the first line
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}


def read_csv(content: bytes, where: str, options: TextOptions) -> pl.DataFrame:
    """All columns as text; an empty cell is null, a quoted empty one is empty text.

    where  what the file is called, for errors
    Raises InvalidError `bad_file`, naming the line that is to blame.
    """
    text = _utf8(content, where, options.encoding)
    layout = find_layout(text, where, options)
    lines, comments = _without_comments(text[layout.start :], options.comment)
    if not lines or lines.isspace():
        frame = pl.DataFrame(schema=dict.fromkeys(_columns(layout), pl.String))
    else:
        frame = _read_plain(lines, layout)
        if frame is None:
            frame = _read_quoted(lines, layout, where, options, comments)
    return _cut(frame, layout, where, options)


def column_names(path: str) -> list[str]:
    """What the columns of a CSV file, also one in gzip, are called; the rest of it is not read.

    Raises InvalidError `bad_file`, OSError.
    """
    with gzip.open(path) if path.endswith(".gz") else open(path, "rb") as file:
        start = file.read(_START)
    names = find_layout(_utf8(start, path, None), path, TextOptions()).names
    return [name for name in names if name != TRAILING]


def _utf8(content: bytes, where: str, encoding: str | None) -> bytes:
    """The text as UTF-8 without a mark; where nothing says its encoding, it is UTF-8 already."""
    mark = next((mark for mark in _MARKS if content.startswith(mark)), b"")
    known = _MARKS.get(mark) or encoding
    content = content.removeprefix(mark)
    if known is None or codecs.lookup(known).name == "utf-8":
        return content
    try:
        return content.decode(known).encode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidError("bad_file", f"{where}: line {line} is not {known} text") from None


def _without_comments(lines: bytes, mark: str | None) -> tuple[bytes, list[int]]:
    """The lines that are none, and the numbers of the others; a line inside quotes is none."""
    start = (mark or "").encode()
    if not start or start not in lines:
        return lines, []
    kept: list[bytes] = []
    comments: list[int] = []
    inside = False
    for number, line in enumerate(lines.splitlines(keepends=True), 1):
        if not inside and line.startswith(start):
            comments.append(number)
            continue
        inside ^= line.count(b'"') % 2 == 1
        kept.append(line)
    return b"".join(kept), comments


def _columns(layout: Layout) -> list[str]:
    """A name of its own for each cell: two columns without a name may be left out together, and
    DuckDB takes `a` and `A` for the same one.
    """
    return [f"c{position}" for position in range(len(layout.names))]


def _read_plain(lines: bytes, layout: Layout) -> pl.DataFrame | None:
    """By polars; None for lines that are not plain."""
    ends = lines.count(b"\n")
    number = ends + (not lines.endswith(b"\n"))
    returns = lines.count(b"\r")
    separator = layout.separator.encode()
    odd = (
        b'"' in lines
        or b"\0" in lines
        or (returns and not returns == ends == lines.count(b"\r\n"))
        or len(separator) > 1
    )
    # Polars refuses a line with too many separators; when none has, and there are enough in all,
    # none has too few.
    width = len(layout.names)
    if odd or width == 1 or lines.count(separator) != (width - 1) * number:
        return None
    try:
        return pl.read_csv(
            lines,
            separator=layout.separator,
            has_header=False,
            schema=dict.fromkeys(_columns(layout), pl.String),
            quote_char=None,
        )
    except pl.exceptions.PolarsError:
        return None


def _read_quoted(
    lines: bytes, layout: Layout, where: str, options: TextOptions, comments: list[int]
) -> pl.DataFrame:
    """By DuckDB, which knows quotes well and names the line that is to blame.

    A quote inside a cell is doubled; where that does not hold, and Spark's way does, it stands
    behind a backslash.
    """
    try:
        return _read_strictly(lines, layout)
    except _FaultyLineError as fault:
        if b'\\"' in lines:
            try:
                frame = _read_strictly(_with_doubled_quotes(lines), layout)
                options.note(f'{where}: \\" is read as a quote inside a cell, as Spark writes it')
                return frame
            except _FaultyLineError:
                pass
        raise InvalidError(
            "bad_file", f"{where}: {fault.sentence(layout, lines, comments)}"
        ) from None


def _with_doubled_quotes(lines: bytes) -> bytes:
    """Backslashes that stand before a quote resolved: of two one is left, an odd one doubles it."""

    def resolved(match: re.Match[bytes]) -> bytes:
        half, odd = divmod(len(match.group(1)), 2)
        return b"\\" * half + (b'""' if odd else b'"')

    return re.sub(rb'(\\+)"', resolved, lines)


class _FaultyLineError(Exception):
    """DuckDB's page of advice about a line that it refuses."""

    def sentence(self, layout: Layout, lines: bytes, comments: list[int]) -> str:
        """Line and reason out of it, and what to do."""
        text = str(self)
        number = re.search(r"CSV Error on Line: (\d+)", text)
        width = len(layout.names)
        known = {
            r"Expected Number of Columns: \d+ Found: (\d+)": "has {0} cells, the first line names "
            f"{width} columns",
            r"unterminated quote": "has a quote that is not closed, or text after a closing quote",
            r"Invalid unicode": f"is not UTF-8 text; {ENCODED}",
        }
        for pattern, words in known.items():
            match = re.search(pattern, text)
            if number and match:
                line = int(number.group(1)) - 1  # without the header
                hint = _hint(lines, line, match.groups(), width)
                for comment in comments:
                    line += comment <= line
                return f"line {line + layout.lines} {words.format(*match.groups())}{hint}"
        return (
            "not a CSV file of one kind (separators, quotes and line ends alike throughout): "
            f"{text.splitlines()[0]}"
        )


def _hint(lines: bytes, number: int, cells: tuple[str, ...], width: int) -> str:
    content = lines.splitlines()
    line = content[number - 1] if number <= len(content) else b""
    if line.startswith(b"#"):
        return "; lines that are comments are left out with --comment '#'"
    if number == 1 and cells == (str(width + 1),):
        return '; if the first are names of rows, as R writes them, leave them out with --ignore ""'
    return ""


def _read_strictly(lines: bytes, layout: Layout) -> pl.DataFrame:
    import duckdb  # takes a moment, and most files are plain

    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        path = Path(folder) / "lines.csv"
        # with a header again, whose end says how lines end
        header = layout.separator.join(_columns(layout)) + layout.end
        path.write_bytes(header.encode() + lines)
        try:
            return connection.sql(
                "select * from read_csv($path, auto_detect = false, header = true, all_varchar = "
                "true, delim = $separator, quote = '\"', escape = '\"', columns = $columns, "
                "allow_quoted_nulls = false)",
                params={
                    "path": str(path),
                    "separator": layout.separator,
                    "columns": dict.fromkeys(_columns(layout), "VARCHAR"),
                },
            ).pl()
        except duckdb.Error as error:
            raise _FaultyLineError(str(error)) from None


def _cut(frame: pl.DataFrame, layout: Layout, where: str, options: TextOptions) -> pl.DataFrame:
    """The table's columns by their names, and its null words as null."""
    columns = dict(zip(_columns(layout), layout.names, strict=True))
    for column, name in columns.items():
        if name == TRAILING and (over := frame[column].str.strip_chars().fill_null("") != "").any():
            width = len(layout.names)
            raise InvalidError(
                "bad_file",
                f"{where}: row {over.arg_true()[0] + 1} has {width} cells, the first line names "
                f"{width - 1} columns",
            )
    kept = {
        column: name
        for column, name in columns.items()
        if name != TRAILING and name not in options.ignored
    }
    frame = frame.select(pl.col(column).alias(name) for column, name in kept.items())
    if options.nulls:
        words = list(options.nulls)
        frame = frame.with_columns(pl.when(~pl.all().str.strip_chars().is_in(words)).then(pl.all()))
    return frame
