"""JSON tables: an array of objects, or an object a line."""

from __future__ import annotations

import msgspec
import polars as pl

from estimates.contract.columns import ColumnType
from estimates.contract.text_values import values_of
from estimates.errors import InvalidError

_MARK = b"\xef\xbb\xbf"
_DATED: tuple[ColumnType, ...] = ("date", "timestamp")


def looks_like_json(start: bytes) -> bool:
    """Whether a file begins as one of objects; no CSV file does."""
    bare = start.removeprefix(_MARK).lstrip()
    return bare.startswith(b"{") or (bare.startswith(b"[") and bare[1:].lstrip()[:1] in b"{]")


def read_json(content: bytes, where: str) -> pl.DataFrame:
    """A row an object; what an object lacks is null. Text that is a date or a time throughout is
    one: JSON has none of its own.

    Raises InvalidError `bad_file`, naming the line that is to blame.
    """
    content = content.removeprefix(_MARK)
    try:
        if content.lstrip().startswith(b"["):
            frame = pl.read_json(content, infer_schema_length=None)
        else:
            frame = pl.read_ndjson(content, infer_schema_length=None)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise InvalidError("bad_file", f"{where}: {_fault(content, error)}") from None
    if not frame.width:
        raise InvalidError("bad_file", f"{where}: has no rows, so that no column has a name")
    return frame.with_columns(map(_dated, frame.get_columns()))


def _dated(series: pl.Series) -> pl.Series:
    if series.dtype != pl.String or series.null_count() == len(series):
        return series
    for kind in _DATED:
        if values_of(series.drop_nulls().head(100), kind).has_nulls():
            continue
        values = values_of(series, kind)
        if values.null_count() == series.null_count():
            return values
    return series


def _fault(content: bytes, error: BaseException) -> str:
    """The first line that is no object, or what polars says of the whole."""
    form = 'a JSON table is an array of objects, or an object a line, such as {"id": 1}'
    lines = [content] if content.lstrip().startswith(b"[") else content.splitlines()
    for number, line in enumerate(lines, 1):
        try:
            row = msgspec.json.decode(line) if line.strip() else {}
        except msgspec.DecodeError as fault:
            return f"line {_line_of(line, str(fault), number)} is no JSON: {fault}; {form}"
        if not isinstance(row, dict) and lines != [content]:
            return f"line {number} is no object; {form}"
    return f"{str(error).splitlines()[0]}; {form}"


def _line_of(text: bytes, fault: str, number: int) -> int:
    """The line of a fault inside text that has several lines."""
    digits = "".join(filter(str.isdigit, fault.rpartition("byte")[2]))
    return number + text.count(b"\n", 0, int(digits) if digits else 0)
