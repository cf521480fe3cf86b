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
from shlex import quote

import polars as pl

from estimates.contract.duckdb_frames import frame_of
from estimates.errors import InvalidError
from estimates.render.wording import count
from estimates_jobs.tables.csv_layout import ENCODED, TRAILING, Layout, find_layout, squeezed
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
    _check_text(text, where)
    layout = find_layout(text, where, options)
    lines, comments = _without_comments(text[layout.start :], options.comment)
    if layout.blanks:
        lines = squeezed(lines.decode("utf-8", "surrogateescape")).encode(
            "utf-8", "surrogateescape"
        )
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
    return [name for name in layout_of(path).names if name != TRAILING]


def layout_of(path: str, options: TextOptions | None = None) -> Layout:
    """How a CSV file, also one in gzip, is laid out, by its beginning.

    Raises InvalidError `bad_file`, OSError.
    """
    with gzip.open(path) if path.endswith(".gz") else open(path, "rb") as file:
        start = file.read(_START)
    options = options or TextOptions()
    return find_layout(_utf8(start, path, options.encoding), path, options)


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
        raise InvalidError(
            "bad_file",
            f"{where}: line {line} is not {known} text",
            remedy="say another one with --encoding, or save it as UTF-8",
        ) from None


def _check_text(text: bytes, where: str) -> None:
    """Raises InvalidError `bad_file` for what is no table of text."""
    if b"\0" in text:
        is_wide = text[:_LOOKED_AT].count(b"\0") > len(text[:_LOOKED_AT]) // 4
        line = text.count(b"\n", 0, text.index(b"\0")) + 1
        raise InvalidError(
            "bad_file",
            f"{where}: line {line} has a NUL, which no text has",
            remedy="it looks like UTF-16: say so with --encoding utf-16-le"
            if is_wide
            else "the file is damaged: write it again",
        )
    start = text[:_LOOKED_AT].lstrip().lower()
    for mark, (what, remedy) in _NO_TABLES.items():
        if start.startswith(mark):
            raise InvalidError("bad_file", f"{where}: is {what}, and no table", remedy=remedy)


_LOOKED_AT = 1000  # bytes
_PAGE = ("a page for a browser", "fetch the table itself: the server may want you to log in")
_NO_TABLES = {
    b"<!doctype html": _PAGE,
    b"<html": _PAGE,
    b"<?xml": ("XML", "write the table as CSV"),
    b"version https://git-lfs.github.com/": (
        "a pointer of Git LFS",
        "fetch it with `git lfs pull`",
    ),
    b"%pdf-": ("a PDF", "write the table as CSV"),
}


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
        sentence, remedy = fault.explained(layout, lines, comments)
        raise InvalidError("bad_file", f"{where}: {sentence}", remedy=remedy) from None


def _with_doubled_quotes(lines: bytes) -> bytes:
    """Backslashes that stand before a quote resolved: of two one is left, an odd one doubles it."""

    def resolved(match: re.Match[bytes]) -> bytes:
        half, odd = divmod(len(match.group(1)), 2)
        return b"\\" * half + (b'""' if odd else b'"')

    return re.sub(rb'(\\+)"', resolved, lines)


class _FaultyLineError(Exception):
    """DuckDB's page of advice about a line that it refuses."""

    def explained(self, layout: Layout, lines: bytes, comments: list[int]) -> tuple[str, str]:
        """Line and reason out of it, and what to do."""
        text = str(self)
        number = re.search(r"CSV Error on Line: (\d+)", text)
        width = len(layout.names)
        for pattern, words in _FAULTS.items():
            match = re.search(pattern, text)
            if number and match:
                at = line = int(number.group(1)) - 1  # without the header
                for comment in comments:
                    line += comment <= line
                problem = words
                if match.groups():
                    cells = int(match.group(1))
                    problem = f"has {count(cells, 'cell')}, the first line names {width} columns"
                return f"line {line + layout.lines} {problem}", _remedy(lines, at, match, layout)
        return (
            "not a CSV file of one kind (separators, quotes and line ends alike throughout): "
            f"{text.splitlines()[0]}"
        ), "write it again with one kind of separators, quotes and line ends"


_FAULTS = {
    r"Expected Number of Columns: \d+ Found: (\d+)": "",
    r"unterminated quote": "has a quote that is not closed, or text after a closing quote",
    r"Invalid unicode": "is not UTF-8 text",
}


def _remedy(lines: bytes, number: int, match: re.Match[str], layout: Layout) -> str:
    """What to do about a line that is refused."""
    content = lines.splitlines()
    line = content[number - 1] if number <= len(content) else b""
    width = len(layout.names)
    if "unicode" in match.re.pattern:
        return ENCODED
    if line.startswith(b"#"):
        return "lines that are comments are left out with --comment '#'"
    if width == 1 and len(layout.names[0].split()) > 1:
        return "say what separates its cells with --delimiter, such as --delimiter ' '"
    if number == 1 and match.groups() == (str(width + 1),):
        return 'if the first are names of rows, as R writes them, leave them out with --ignore ""'
    if not match.groups():
        return "double a quote inside a cell, and close each one"
    words = line.decode("utf-8", "replace").split()
    if match.groups() == ("1",) and len(words) > 1:  # a sentence below the table
        return f"if it is no line of the table, leave it out with --comment {quote(words[0])}"
    return "write the missing cells, or put quotes around a cell that has separators"


def _read_strictly(lines: bytes, layout: Layout) -> pl.DataFrame:
    import duckdb  # takes a moment, and most files are plain

    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        path = Path(folder) / "lines.csv"
        # with a header again, whose end says how lines end
        header = layout.separator.join(_columns(layout)) + layout.end
        path.write_bytes(header.encode() + lines)
        try:
            rows = connection.sql(
                "select * from read_csv($path, auto_detect = false, header = true, all_varchar = "
                "true, delim = $separator, quote = '\"', escape = '\"', columns = $columns, "
                "allow_quoted_nulls = false)",
                params={
                    "path": str(path),
                    "separator": layout.separator,
                    "columns": dict.fromkeys(_columns(layout), "VARCHAR"),
                },
            )
            return frame_of(rows)
        except duckdb.Error as error:
            raise _FaultyLineError(str(error)) from None


def _cut(frame: pl.DataFrame, layout: Layout, where: str, options: TextOptions) -> pl.DataFrame:
    """The table's columns by their names."""
    columns = dict(zip(_columns(layout), layout.names, strict=True))
    for column, name in columns.items():
        if name == TRAILING and (over := frame[column].str.strip_chars().fill_null("") != "").any():
            width = len(layout.names)
            raise InvalidError(
                "bad_file",
                f"{where}: row {over.arg_true()[0] + 1} has {width} cells, the first line names "
                f"{width - 1} columns",
                remedy="name the last column in the first line",
            )
    kept = {
        column: name
        for column, name in columns.items()
        if name != TRAILING and name not in options.ignored
    }
    return frame.select(pl.col(column).alias(name) for column, name in kept.items())
