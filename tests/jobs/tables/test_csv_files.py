"""CSV files as text: separators, quotes, and the line that is to blame."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from estimates.errors import InvalidError
from estimates_jobs.tables.csv_files import read_csv
from estimates_jobs.tables.text_options import TextOptions


def read(content: str | bytes, **options: Any) -> pl.DataFrame:
    """The table of a file with this content."""
    content = content if isinstance(content, bytes) else content.encode()
    return read_csv(content, "t.csv", TextOptions(**options))


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_seen(separator: str) -> None:
    """The one that parts the first line into most names."""
    rows = read(f"a{separator}b\n1{separator}2\n")
    assert rows.to_dict(as_series=False) == {"a": ["1"], "b": ["2"]}


def test_all_is_text_and_empty_is_null() -> None:
    """Leading zeros stay; an empty cell is null."""
    rows = read("code,n\n007,\n,1.50\n")
    assert rows.to_dict(as_series=False) == {"code": ["007", None], "n": [None, "1.50"]}


def test_quotes_hold_separators_and_lines() -> None:
    """A quoted cell may hold a comma, a line end and a doubled quote."""
    rows = read('a,b\n"1,2","x\ny"\n"say ""no""",z\n')
    assert rows.rows() == [("1,2", "x\ny"), ('say "no"', "z")]


def test_line_ends_and_byte_order_marks() -> None:
    """Files of other systems read alike."""
    assert read("a,b\r\n1,2\r\n").rows() == [("1", "2")]
    assert read(b"\xef\xbb\xbfa,b\n1,2\n").columns == ["a", "b"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("a,b\n1,2\n3\n", "line 3 has 1 cell, the first line names 2 columns"),
        ("a,b\n1,2,3\n", "line 2 has 3 cells"),
        ('a,b\n"1,2\n', "quote that is not closed"),
        (b"a,b\n1,\xff\n", "is not UTF-8 text"),
        ("a,a\n1,2\n", "names column 'a' twice"),
        (",b\n1,2\n", "column 1 has no name; pandas and R"),
    ],
)
def test_the_line_to_blame_is_named(content: str | bytes, reason: str) -> None:
    """What is no table is `bad_file`, with the line and the reason."""
    with pytest.raises(InvalidError, match=reason) as caught:
        read(content)
    assert caught.value.code == "bad_file"
