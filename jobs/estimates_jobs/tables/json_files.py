"""JSON tables: an array of objects, or an object a line."""

from __future__ import annotations

import re

import msgspec
import polars as pl

from estimates.contract.columns import ColumnType
from estimates.contract.text_values import values_of
from estimates.errors import InvalidError
from estimates.render.wording import first_line

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
        sentence, remedy = _explained(content, error)
        raise InvalidError("bad_file", f"{where}: {sentence}", remedy=remedy) from None
    if not frame.width:
        raise InvalidError(
            "bad_file", f"{where}: has no rows, so that no column has a name", remedy=_FORM
        )
    _check_rows(frame, where)
    return frame.with_columns(map(_dated, frame.get_columns()))


def _check_rows(frame: pl.DataFrame, where: str) -> None:
    """Raises InvalidError `bad_file` for one object that holds a whole table."""
    kinds = {name: type(dtype) for name, dtype in frame.schema.items()}
    if frame.height > 1:
        return
    if len(kinds) > 1 and set(kinds.values()) == {pl.Struct}:
        raise InvalidError(
            "bad_file",
            f"{where}: has an object for each column, not for each row",
            remedy=_OF_PANDAS,
        )
    if {"columns", "data"} <= set(kinds) and {kinds["columns"], kinds["data"]} == {pl.List}:
        raise InvalidError(
            "bad_file", f"{where}: has names and cells apart, not in a row each", remedy=_OF_PANDAS
        )
    inside = [
        name
        for name, dtype in frame.schema.items()
        if isinstance(dtype, pl.List) and isinstance(dtype.inner, pl.Struct)
    ]
    if inside and set(kinds.values()) <= {pl.List, pl.Struct}:
        raise InvalidError(
            "bad_file",
            f"{where}: its rows lie under {inside[0]!r}",
            remedy=f"write that array alone, as `jq .{inside[0]}` does",
        )


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


_FORM = 'write a JSON table as an array of objects, or an object a line, such as {"id": 1}'
_OF_PANDAS = 'write a row an object: to_json(path, orient="records", lines=True) of pandas'
_NO_NUMBER = re.compile(rb"[:\[,]\s*(NaN|-?Infinity)\b")


def _explained(content: bytes, error: BaseException) -> tuple[str, str]:
    """The first line that is no object, or what polars says of the whole, and what to do."""
    word = _NO_NUMBER.search(content)
    lines = [content] if content.lstrip().startswith(b"[") else content.splitlines()
    for number, line in enumerate(lines, 1):
        try:
            row = msgspec.json.decode(line) if line.strip() else {}
        except msgspec.DecodeError as fault:
            if word is not None:
                number = content.count(b"\n", 0, word.start()) + 1
                problem = f"line {number} has {word.group(1).decode()}, which is no JSON"
                return problem, "write null for no number"
            return f"line {_line_of(line, str(fault), number)} is no JSON: {fault}", _FORM
        if not isinstance(row, dict) and lines != [content]:
            return f"line {number} is no object", _FORM
    return first_line(error), _FORM


def _line_of(text: bytes, fault: str, number: int) -> int:
    """The line of a fault inside text that has several lines."""
    digits = "".join(filter(str.isdigit, fault.rpartition("byte")[2]))
    return number + text.count(b"\n", 0, int(digits) if digits else 0)
