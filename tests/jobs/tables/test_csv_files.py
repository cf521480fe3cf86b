"""CSV files as text: separators, quotes, and the line that is to blame."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from estimates.errors import InvalidError
from estimates_jobs.tables.csv_files import read_csv


def read(folder: Path, content: str | bytes) -> pl.DataFrame:
    """The table of a file with this content."""
    path = folder / "table.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_csv(path)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_seen(tmp_path: Path, separator: str) -> None:
    """The one that parts the first line into most names."""
    rows = read(tmp_path, f"a{separator}b\n1{separator}2\n")
    assert rows.to_dict(as_series=False) == {"a": ["1"], "b": ["2"]}


def test_all_is_text_and_empty_is_null(tmp_path: Path) -> None:
    """Leading zeros stay; an empty cell is null."""
    rows = read(tmp_path, "code,n\n007,\n,1.50\n")
    assert rows.to_dict(as_series=False) == {"code": ["007", None], "n": [None, "1.50"]}


def test_quotes_hold_separators_and_lines(tmp_path: Path) -> None:
    """A quoted cell may hold a comma, a line end and a doubled quote."""
    rows = read(tmp_path, 'a,b\n"1,2","x\ny"\n"say ""no""",z\n')
    assert rows.rows() == [("1,2", "x\ny"), ('say "no"', "z")]


def test_line_ends_and_byte_order_marks(tmp_path: Path) -> None:
    """Files of other systems read alike."""
    assert read(tmp_path, "a,b\r\n1,2\r\n").rows() == [("1", "2")]
    assert read(tmp_path, b"\xef\xbb\xbfa,b\n1,2\n").columns == ["a", "b"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("a,b\n1,2\n3\n", "line 3 has 1 cells, the first line names 2 columns"),
        ("a,b\n1,2,3\n", "line 2 has 3 cells"),
        ('a,b\n"1,2\n', "quote that is not closed"),
        (b"a,b\n1,\xff\n", "is not UTF-8 text"),
        ("a,a\n1,2\n", "names column 'a' twice"),
        (",b\n1,2\n", "column 1 has no name; pandas"),
        ("\n1\n", "line 1 is empty"),
    ],
)
def test_the_line_to_blame_is_named(tmp_path: Path, content: str | bytes, reason: str) -> None:
    """What is no table is `bad_file`, with the line and the reason."""
    with pytest.raises(InvalidError, match=reason) as caught:
        read(tmp_path, content)
    assert caught.value.code == "bad_file"
