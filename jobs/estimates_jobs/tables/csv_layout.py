"""How a CSV file is laid out: where its table begins, what its columns are called, what separates
them.

All of it is read off the first lines, but for what a person says; whoever reads the lines after
them checks that they keep to it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from shlex import quote
from typing import NamedTuple

import msgspec

from estimates.errors import InvalidError
from estimates_jobs.tables.text_options import TextOptions

TRAILING = "\0trailing"  # the name of the empty column behind a separator at the end of each line
_SEPARATORS = ",;\t|"
_HEAD = 1 << 18  # bytes that are looked at
_RECORDS = 50  # of them at most so many records
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_SEP_LINE = re.compile(r'"?sep=(.|\\t)"?[\s,;]*', re.IGNORECASE)
_BLANKS = re.compile(r'"(?:[^"]|"")*"| +')
_NUMBER = re.compile(r"[+-]?[\d.,]*\d[\d.,]*(e[+-]?\d+)?%?", re.IGNORECASE)


class Layout(msgspec.Struct, frozen=True):
    """Names of the columns, one for each cell of a line, and where the lines below them begin.

    start    bytes before the first line of cells
    lines    lines before it; above: those of them before the names of the columns
    end      how the header's line ends
    blanks   runs of blanks separate, as R and `DataFrame.to_string` align columns
    """

    names: list[str]
    separator: str
    start: int
    lines: int
    end: str
    blanks: bool = False
    above: int = 0


class _Header(NamedTuple):
    """The first record and the widths and last cells of those that follow, under one separator."""

    separator: str
    names: list[str]
    lines: int
    rows: list[list[str]]

    @property
    def quality(self) -> tuple[bool, bool, int]:
        """What tells the right separator from others: it separates, all lines alike, and most."""
        width = len(self.names)
        alike = all(width - 1 <= len(row) <= width + 1 for row in self.rows)
        return width > 1, alike, width


def find_layout(text: bytes, where: str, options: TextOptions) -> Layout:
    """The layout of UTF-8 text without a mark of its encoding.

    Skipped before the names of the columns: empty lines, comments, Excel's `sep=`.
    Raises InvalidError `bad_file` when no line names columns, or not each once.
    """
    lines = _first_lines(text)
    skipped, separator = _skip(lines, where, options)
    rest = lines[skipped:]
    if not rest:
        raise InvalidError(
            "bad_file",
            f"{where}: no line names the columns of a table",
            remedy="write their names into its first line",
        )
    candidates = [options.delimiter or separator] if options.delimiter or separator else _SEPARATORS
    try:
        headers = _headers(rest, [candidate for candidate in candidates if candidate])
    except csv.Error as error:
        raise InvalidError(
            "bad_file",
            f"{where}: line {skipped + 1} does not name columns: {error}",
            remedy="write their names into that line",
        ) from None
    header = max(headers, key=lambda header: header.quality)
    blanks = None if len(header.names) > 1 or len(candidates) == 1 else _aligned(rest)
    if blanks is not None:
        options.note(f"{where}: blanks separate its cells")
        header = blanks
    names = _names(header, options)
    _check_names(names, header.rows, where, skipped + 1, options)
    above = skipped + header.lines
    start = len("".join(lines[:above]).encode("utf-8", "surrogateescape"))
    last = lines[above - 1]
    end = last[len(last.rstrip("\r\n")) :] or "\n"
    return Layout(names, header.separator, start, above, end, blanks is not None, skipped)


def _first_lines(text: bytes) -> list[str]:
    """Whole lines; bytes that are no UTF-8 are escaped, so that they are found where they stand."""
    head = text[:_HEAD]
    if len(head) < len(text):
        end = max(head.rfind(b"\n"), head.rfind(b"\r"))
        head = head[: end + 1] if end >= 0 else text
    return _LINE.findall(head.decode("utf-8", "surrogateescape"))


def _skip(lines: list[str], where: str, options: TextOptions) -> tuple[int, str | None]:
    """How many lines stand before the names of the columns, and the separator if one says it."""
    separator = None
    comments: list[str] = []
    for number, line in enumerate(lines):
        bare = line.strip()
        match = _SEP_LINE.fullmatch(line.strip(" \r\n"))
        if match is not None and not comments and separator is None:
            separator = match.group(1).replace("\\t", "\t")
        elif _is_comment(lines, number, options):
            comments.append(bare)
        elif bare.strip(',;|"'):
            if comments and options.comment is None:
                more = f" and {len(comments) - 1} more" if len(comments) > 1 else ""
                options.note(f"{where}: skipped before the header: {comments[0]!r}{more}")
            return number, separator
    return len(lines), separator


def _is_comment(lines: list[str], number: int, options: TextOptions) -> bool:
    line = lines[number]
    if options.comment is not None:
        return line.startswith(options.comment)
    if not line.startswith("#"):
        return False
    following = next((text for text in lines[number + 1 :] if text.strip()), "")
    if following.startswith("#") or not following:
        return True
    # `#id,score` above `1,0.5` names columns: as many cells, and numbers below
    separator = max(_SEPARATORS, key=following.count)
    cells = following.strip().split(separator)
    return line.count(separator) != len(cells) - 1 or not any(
        _NUMBER.fullmatch(cell.strip(' "')) for cell in cells
    )


def _headers(lines: list[str], separators: Sequence[str]) -> list[_Header]:
    """The header under each separator that it can be read with; under another one a line with many
    names may be a cell that is too long. Raises csv.Error where there is none.
    """
    headers: list[_Header] = []
    for separator in separators:
        try:
            headers.append(_header(lines, separator))
        except csv.Error:
            if separator == separators[-1] and not headers:
                raise
    return headers


def _header(lines: list[str], separator: str) -> _Header:
    reader = csv.reader(lines, delimiter=separator)
    names = next(reader, [])
    above = reader.line_num
    return _Header(separator, names, above, list(_first_records(reader)))


def _aligned(lines: list[str]) -> _Header | None:
    """The first record where blanks separate as many cells in each line, numbers among them."""
    try:
        header = _header([squeezed(line) for line in lines], " ")
    except csv.Error:
        return None
    widths = {len(row) for row in header.rows}
    fits = len(widths) == 1 and widths <= {len(header.names), len(header.names) + 1}
    numbers = any(_NUMBER.fullmatch(cell) for row in header.rows for cell in row)
    return header if len(header.names) > 1 and fits and numbers else None


def squeezed(lines: str) -> str:
    """Lines with one blank where several separate cells, and none around them."""
    single = _BLANKS.sub(lambda match: match[0] if match[0].startswith('"') else " ", lines)
    return re.sub(r"(?m)^ | (?=\r?$)", "", single)


def _first_records(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    for _ in range(_RECORDS):
        try:
            row = next(reader, None)
        except csv.Error:
            return
        if row is None:
            return
        if row:
            yield row


def _names(header: _Header, options: TextOptions) -> list[str]:
    """A name a cell: without the empty one behind a separator at the end of the line, and with an
    empty one for R's names of rows, which have none, where columns without a name are left out.
    """
    names, rows = [name.strip(" \t") for name in header.names], header.rows
    width = len(names)
    if width > 1 and not names[-1].strip():
        short = bool(rows) and all(len(row) == width - 1 for row in rows)
        if short:
            return names[:-1]
        if all(len(row) == width and not row[-1].strip() for row in rows):
            return [*names[:-1], TRAILING]
    if rows and all(len(row) == width + 1 for row in rows):
        trailing = all(not row[-1].strip() for row in rows)
        if trailing:
            return [*names, TRAILING]
        if "" in options.ignored:
            return ["", *names]
    return names


def _check_names(
    names: list[str], rows: list[list[str]], where: str, line: int, options: TextOptions
) -> None:
    before: set[str] = set()
    for position, name in enumerate(names, 1):
        if re.search("[\udc80-\udcff]", name):
            raise InvalidError(
                "bad_file", f"{where}: line {line} is not UTF-8 text", remedy=ENCODED
            )
        if not name and "" not in options.ignored:
            raise InvalidError(
                "bad_file",
                f"{where}: line {line}: column {position} has no name",
                remedy=_remedy(position, names, rows),
            )
        if name in before and name not in options.ignored:
            raise InvalidError(
                "bad_file",
                f"{where}: line {line} names column {name!r} twice",
                remedy=_SEVERAL_LINES
                if _goes_on(rows)
                else "rename one of them in the file (--ignore leaves out both)",
            )
        before.add(name)


def _remedy(position: int, names: list[str], rows: list[list[str]]) -> str:
    """What to do about a column without a name."""
    named = [name for name in names if name]
    if _goes_on(rows):
        return _SEVERAL_LINES
    if names[0] and len(named) == 1 and rows and sum(map(bool, rows[0])) > 1:
        return f"if it is a title, leave it out with --comment {quote(names[0])}"
    if position > 1:
        return 'name it in the file, or leave it out with --ignore ""'
    return (
        'pandas and R write an index or names of rows like this: leave it out with --ignore "", or '
        "name it in the file"
    )


def _goes_on(rows: list[list[str]]) -> bool:
    """Whether the line below the first one names columns, too: it has gaps and no number."""
    return (
        len(rows) > 1
        and not all(cell.strip() for cell in rows[0])
        and any(cell.strip() for cell in rows[0][1:])
        and not any(_NUMBER.fullmatch(cell.strip()) for cell in rows[0])
        and any(_NUMBER.fullmatch(cell.strip()) for row in rows[1:] for cell in row)
    )


_SEVERAL_LINES = (
    "its header has several lines, as pandas writes columns of several levels: join their names "
    "into one line before you write it"
)
ENCODED = "save it as UTF-8, or say what it is with --encoding, such as --encoding latin-1"
