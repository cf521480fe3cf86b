"""CSV files as tables of text.

Polars reads a plain file in a quarter of DuckDB's time, but fills short lines with nulls and is
vague about errors. So it reads what has no quotes and where the number of separators proves that
every line is whole; DuckDB reads the rest.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import polars as pl

from estimates.errors import InvalidError

_SEPARATORS = ",;\t|"


def read_csv(path: Path) -> pl.DataFrame:
    """All columns as text, an empty cell as null; raises InvalidError `bad_file`, naming the line
    that is to blame.
    """
    names, separator = _header(path)
    plain = _read_plain(path, names, separator)
    return _read_strictly(path, names, separator) if plain is None else plain


def _read_plain(path: Path, names: list[str], separator: str) -> pl.DataFrame | None:
    """By polars; None for a file that is not plain."""
    content = path.read_bytes()
    ends = content.count(b"\n")
    lines = ends + (not content.endswith(b"\n"))
    returns = content.count(b"\r")
    odd = (
        b'"' in content
        or b"\0" in content
        or (returns and not returns == ends == content.count(b"\r\n"))
    )
    # Polars refuses a line with too many separators; when none has, and there are enough in all,
    # none has too few.
    if odd or len(names) == 1 or content.count(separator.encode()) != (len(names) - 1) * lines:
        return None
    try:
        frame = pl.read_csv(content, separator=separator, infer_schema=False, quote_char=None)
    except pl.exceptions.PolarsError:
        return None
    return frame if frame.columns == names else None


def _read_strictly(path: Path, names: list[str], separator: str) -> pl.DataFrame:
    """By DuckDB, which knows quotes well and names the line that is to blame."""
    import duckdb  # takes a moment, and most files are plain

    with duckdb.connect() as connection:
        try:
            relation = connection.sql(
                "select * from read_csv($path, auto_detect = false, header = true, all_varchar = "
                "true, delim = $separator, quote = '\"', escape = '\"', columns = $columns)",
                params={
                    "path": _literal(path),
                    "separator": separator,
                    # numbered, because DuckDB takes `a` and `A` for the same column
                    "columns": {f"c{i}": "VARCHAR" for i in range(len(names))},
                },
            )
            return relation.pl().rename({f"c{i}": name for i, name in enumerate(names)})
        except duckdb.Error as error:
            raise InvalidError("bad_file", f"{path}: {_csv_fault(str(error))}") from None


def _header(path: Path) -> tuple[list[str], str]:
    """Names and separator from the first record."""
    candidates: list[tuple[list[str], str]] = []
    for separator in _SEPARATORS:
        try:
            # escaped, so that a bad byte further down is found by DuckDB, which knows its line
            with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
                candidates.append((next(csv.reader(file, delimiter=separator), []), separator))
        except csv.Error as error:
            raise InvalidError(
                "bad_file", f"{path}: line 1 does not name columns: {error}"
            ) from None
    names, separator = max(candidates, key=lambda candidate: len(candidate[0]))
    if not any(name.strip() for name in names):
        raise InvalidError("bad_file", f"{path}: line 1 is empty; it must name the columns")
    for position, name in enumerate(names, 1):
        if re.search("[\udc80-\udcff]", name):
            raise InvalidError("bad_file", f"{path}: line 1 is not UTF-8 text")
        if not name:
            hint = (
                "; pandas writes its index like this, use to_csv(index=False)"
                if position == 1
                else ""
            )
            raise InvalidError("bad_file", f"{path}: line 1: column {position} has no name{hint}")
        if name in names[: position - 1]:
            raise InvalidError("bad_file", f"{path}: line 1 names column {name!r} twice")
    return names, separator


def _literal(path: Path) -> str:
    """The path for DuckDB, which would take it for a pattern."""
    return re.sub(r"([*?\[])", r"[\1]", str(path))


def _csv_fault(text: str) -> str:
    """Line and reason out of DuckDB's page of advice."""
    line = re.search(r"CSV Error on Line: (\d+)", text)
    known = {
        r"Expected Number of Columns: (\d+) Found: (\d+)": "has {1} cells, the first line names "
        "{0} columns",
        r"unterminated quote": "has a quote that is not closed, or text after a closing quote",
        r"Invalid unicode": "is not UTF-8 text",
    }
    for pattern, words in known.items():
        match = re.search(pattern, text)
        if line and match:
            return f"line {line.group(1)} {words.format(*match.groups())}"
    where = f"line {line.group(1)}: " if line else ""
    return (
        f"{where}not a CSV file of one kind (separators, quotes and line ends alike throughout): "
        f"{text.splitlines()[0]}"
    )
