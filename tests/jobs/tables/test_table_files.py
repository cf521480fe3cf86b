from __future__ import annotations

import csv
import math
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from estimates.contract.conform import conform
from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError
from estimates_jobs.tables.table_files import read_table, typed

CONTRACT = parse_contract("""
name = "demand"
[key.shop]
type = "string"
[key.item]
type = "integer"
[columns.value]
[columns.week]
role = "attribute"
type = "date"
[columns.seen_at]
role = "attribute"
type = "timestamp"
[columns.open]
role = "attribute"
type = "boolean"
""")


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write bytes or text to a file and say where it is."""

    def write(content: str | bytes, name: str = "table.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def refusal(call: Callable[[], Any]) -> InvalidError:
    """The error that a call raises."""
    with pytest.raises(InvalidError) as caught:
        call()
    return caught.value


def series(column: str, *values: str | None) -> pl.Series:
    """A column of text as the contract's type."""
    return typed(
        pl.DataFrame({column: list(values)}, schema={column: pl.String}), CONTRACT
    ).get_column(column)


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ("a,b\n01,1.50\n", [("01", "1.50")]),
        ("\ufeffa,b\n1,2", [("1", "2")]),
        ("a,b\r\n1,2\r\n", [("1", "2")]),
        ("a,b\r1,2\r", [("1", "2")]),
        ("a;b\n1,5;x\n", [("1,5", "x")]),
        ("a\tb\n1,5\tx;y\n", [("1,5", "x;y")]),
        ("a|b\n1|2\n", [("1", "2")]),
        ('a,b\n"x\r\ny","say ""hi"""\n', [("x\r\ny", 'say "hi"')]),
        ('a,b\n,""\n"", \n', [(None, ""), ("", " ")]),
        ('"a","b"\n1,2\n\n3,4\n\n', [("1", "2"), ("3", "4")]),
        ("a,b\nNA,NaN\nnull,None\n", [("NA", "NaN"), ("null", "None")]),
        ("a,b\n", []),
    ],
)
def test_csv_is_read_as_text(
    write: Callable[..., Path], content: str, rows: list[tuple[Any, ...]]
) -> None:
    """Every cell of a CSV file stays the text it is; an empty one is null; separator and line ends
    are found.
    """
    frame = read_table(write(content))
    assert frame.schema == {"a": pl.String, "b": pl.String}
    assert frame.rows() == rows


def test_names_of_columns_are_kept(write: Callable[..., Path]) -> None:
    """Names with separators, line ends, quotes and other case come through."""
    path = write('"a,b","c\nd",A,"q""q",ä\n1,2,3,4,5\n')
    assert read_table(path).columns == ["a,b", "c\nd", "A", 'q"q', "ä"]
    assert read_table(path).rows() == [("1", "2", "3", "4", "5")]


cells = st.none() | st.text(
    st.characters(codec="utf-8", exclude_characters="\0\r"), min_size=1, max_size=5
)


@given(
    st.lists(st.tuples(cells, cells), max_size=8),
    st.sampled_from(",;\t|"),
    st.sampled_from(["\n", "\r\n"]),
)
def test_what_csv_writers_write_is_read(
    tmp_path: Path, rows: list[tuple[str | None, ...]], separator: str, end: str
) -> None:
    """A file from Python's csv module gives back its rows in their order; it writes null as empty
    text.
    """
    path = tmp_path / "t.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=separator, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(
            [("k", "v"), *rows]
        )
    assert read_table(path).rows() == [(k or "", v or "") for k, v in rows]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("a,b\n1,2\n3\n", "line 3 has 1 cell, the first line names 2 columns"),
        ("a,b\n1,2\n3,4,5\n", "line 3 has 3 cells, the first line names 2 columns"),
        ('a,b\n1,"x\n', "line 2 has a quote that is not closed"),
        ('a,b\n1,"x"y\n', "line 2 has a quote that is not closed, or text after a closing quote"),
        (b"a,b\n1,\xe4\n", "line 2 is not UTF-8 text"),
        (b"a,\xe4\n1,2\n", "line 1 is not UTF-8 text"),
        ("a,b,a\n1,2,3\n", "line 1 names column 'a' twice"),
        (",a,b\n0,1,2\n", "column 1 has no name; pandas and R write an index"),
        ("a,,b\n0,1,2\n", "column 2 has no name"),
        ("\n\n", "no line names the columns"),
        ("a,b\r\n1,2\n3,4\r\n", "separators, quotes and line ends alike throughout"),
        ("", "is empty"),
        (b"\x1f\x8b\x08\x00", "is damaged"),
        (b"PK\x03\x04rest", "a ZIP archive or an Excel workbook"),
        (b"PAR1 and nothing else", "is damaged"),
        (b"ARROW1 and nothing else", "is damaged"),
        (b"\xff\xff\xff\xff and nothing else", "is damaged"),
    ],
)
def test_damaged_files_name_the_place(
    write: Callable[..., Path], content: str | bytes, words: str
) -> None:
    """What cannot be read as a table is refused with file, line and what is wrong; no row is
    dropped or filled up.
    """
    path = write(content)
    error = refusal(lambda: read_table(path))
    assert error.code == "bad_file"
    assert error.message.startswith(str(path))
    assert words in error.message


def test_missing_files_are_named(tmp_path: Path) -> None:
    """A path where there is no file is an error of its own."""
    for path in (tmp_path / "none.csv", tmp_path):
        error = refusal(lambda path=path: read_table(path))
        assert error.code == "no_file"
        assert error.message.startswith(f"{path}: ")


def test_short_rows_far_down_are_found(write: Callable[..., Path]) -> None:
    """The whole file is checked, not a sample from its start."""
    path = write("a,b\n" + "1,2\n" * 100_000 + "3\n")
    assert "line 100002 has 1 cell" in refusal(lambda: read_table(path)).message


FORMATS = [pl.DataFrame.write_parquet, pl.DataFrame.write_ipc, pl.DataFrame.write_ipc_stream]


@pytest.mark.parametrize("save", FORMATS)
@pytest.mark.parametrize("name", ["t.parquet", "t.arrow", "t.csv", "odd [1]* name"])
def test_binary_tables_are_known_by_content(tmp_path: Path, save: Any, name: str) -> None:
    """Parquet and Arrow files keep their types, whatever they are called."""
    frame = pl.DataFrame({"k": ["01", None], "v": [1.5, 2.0], "d": [date(2026, 11, 24), None]})
    save(frame, tmp_path / name)
    assert_frame_equal(read_table(tmp_path / name), frame)


@pytest.mark.parametrize("save", FORMATS)
def test_truncated_binary_tables_are_damaged(tmp_path: Path, save: Any) -> None:
    """A half-copied file is refused, never read in part."""
    whole, part = tmp_path / "whole", tmp_path / "part"
    save(pl.DataFrame({"k": [str(i) for i in range(1000)]}), whole)
    content = whole.read_bytes()
    for size in (8, 40, len(content) // 2, len(content) - 12):
        part.write_bytes(content[:size])
        assert refusal(lambda: read_table(part)).code == "bad_file"


def test_a_csv_named_like_a_pattern_is_one_file(write: Callable[..., Path]) -> None:
    """Brackets and stars in a name are part of the name."""
    path = write("a,b\n1,2\n", "t[1]*?.csv")
    write("a,b\n3,4\n", "t1x.csv")
    assert read_table(path).rows() == [("1", "2")]


def test_text_gets_the_types_of_the_contract() -> None:
    """Each column is parsed to its type in the contract; codes such as 01 stay text; columns come
    in any order.
    """
    frame = pl.DataFrame(
        {
            "value": ["1.5", " 2 ", "-1e-3", None],
            "shop": ["01", "1", " 1", "NA"],
            "item": ["1", "-2", "+3", " 4 "],
            "open": ["true", "FALSE", "", None],
            "week": ["2026-11-24", "2024-02-29", "", None],
            "seen_at": [
                "2026-11-24T16:00:00Z",
                "2026-11-24 16:00:00.5+01:00",
                "2026-11-24T16:00-0530",
                None,
            ],
        }
    )
    result = typed(frame, CONTRACT)
    assert result.columns == frame.columns
    assert result["shop"].to_list() == ["01", "1", " 1", "NA"]
    assert result["item"].to_list() == [1, -2, 3, 4]
    assert result["value"].to_list() == [1.5, 2.0, -0.001, None]
    assert result["open"].to_list() == [True, False, None, None]
    assert result["week"].to_list() == [date(2026, 11, 24), date(2024, 2, 29), None, None]
    assert result["seen_at"].to_list() == [
        datetime(2026, 11, 24, 16, tzinfo=UTC),
        datetime(2026, 11, 24, 15, 0, 0, 500_000, tzinfo=UTC),
        datetime(2026, 11, 24, 21, 30, tzinfo=UTC),
        None,
    ]
    assert conform(result, CONTRACT).height == 4


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(-(2**63), 2**63 - 1))
def test_numbers_survive_their_text(value: float, item: int) -> None:
    """The shortest text of a float and the decimals of an integer are parsed to the same number."""
    assert series("value", repr(value))[0] == value
    assert series("item", str(item))[0] == item


@given(st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)), st.timezones())
def test_timestamps_survive_their_text(moment: datetime, zone: Any) -> None:
    """ISO text with an offset of whole minutes is parsed to the same instant."""
    moment = moment.replace(tzinfo=UTC)
    local = moment.astimezone(zone)
    offset = local.utcoffset()
    if offset is not None and offset.total_seconds() % 60 == 0:
        assert series("seen_at", local.isoformat())[0] == moment


def test_text_for_not_finite_is_kept_for_publish_to_refuse() -> None:
    """NaN and inf are not silently turned into "no estimate"; publish names their keys."""
    values = series("value", "nan", "NaN", "inf", "-Infinity", "1e999").to_list()
    assert [math.isnan(value) for value in values] == [True, True, False, False, False]
    assert values[2:] == [math.inf, -math.inf, math.inf]


@pytest.mark.parametrize(
    ("column", "value", "wanted"),
    [
        ("value", "1,5", "write decimals with a point, not a comma"),
        ("value", "1.234,5", "write decimals with a point, not a comma"),
        (
            "value",
            "NA",
            "a number with a decimal point, such as 1.5; an empty cell says no estimate",
        ),
        ("value", "1_000", "a number"),
        ("value", "0x10", "a number"),
        ("value", "１", "a number"),
        ("value", "1 2", "a number"),
        ("item", "1.0", "an integer without decimals"),
        ("item", "1e3", "an integer without decimals"),
        ("item", "9223372036854775808", "an integer without decimals"),
        ("open", "1", "true or false"),
        ("open", "yes", "true or false"),
        ("week", "24.11.2026", "an ISO date, such as 2026-11-24"),
        ("week", "11/24/2026", "an ISO date"),
        ("week", "2026-02-30", "an ISO date"),
        ("week", "2026-11-24T00:00:01", "an ISO date"),
        ("seen_at", "2026-11-24", "an ISO time that ends in Z or an offset"),
        ("seen_at", "2026-11-24T16:00:00", "an ISO time that ends in Z or an offset"),
        ("seen_at", "2026-11-24T24:00:00Z", "an ISO time"),
        ("seen_at", "2026-11-24T16:00:00.1234567Z", "to the microsecond"),
    ],
)
def test_text_of_another_kind_is_refused(column: str, value: str, wanted: str) -> None:
    """A value that is not of its column's type is an error with column, row, value and what is
    wanted.
    """
    error = refusal(lambda: series(column, None, value))
    assert error.code == "bad_value"
    assert error.message.startswith(f"column {column!r}: row 2 has {value!r}; the contract wants ")
    assert wanted in error.message
    assert error.details == {"column": column, "rows": [2]}


def test_many_bad_values_are_counted() -> None:
    """Five rows are shown, the rest counted."""
    error = refusal(lambda: series("value", *(["1", "x"] * 9)))
    assert (
        "row 2 has 'x', row 4 has 'x', row 6 has 'x', row 8 has 'x', row 10 has 'x' and 4 more"
        in error.message
    )


def test_typed_columns_are_left_alone() -> None:
    """Numbers and dates of a Parquet file are for `conform` to judge; decimals become floats."""
    frame = pl.DataFrame(
        {
            "shop": [1, 2],
            "value": pl.Series(["1.50", "2"]).cast(pl.Decimal(10, 2)),
            "other": ["1", "x"],
        }
    )
    result = typed(frame, CONTRACT)
    assert result.schema == {"shop": pl.Int64, "value": pl.Float64, "other": pl.String}
    assert result["value"].to_list() == [1.5, 2.0]


def outcome(path: Path, content: bytes) -> pl.DataFrame | str:
    """The table of a file, or what is wrong with it."""
    path.write_bytes(content)
    try:
        return read_table(path)
    except InvalidError as error:
        return error.message


CELLS = st.text("1a.é ;", max_size=3) | st.text('1;\r\0"', max_size=2)


@given(
    rows=st.lists(
        st.lists(CELLS, min_size=3, max_size=3) | st.lists(CELLS, min_size=1, max_size=4),
        max_size=4,
    ),
    end=st.sampled_from(["\n", "\r\n"]),
    last=st.booleans(),
    mark=st.booleans(),
)
def test_a_plain_file_is_read_as_one_with_quotes(
    rows: list[list[str]], end: str, last: bool, mark: bool
) -> None:
    """Quotes around a name send a file the other way to be read, and change neither the table nor
    the error.
    """
    with TemporaryDirectory() as folder:
        text = end.join(",".join(row) for row in rows) + (end if last else "")
        results = []
        for header in ("x,yy,z", '"x",yy,z'):
            content = (header + end + text).encode()
            results.append(outcome(Path(folder) / "table.csv", b"\xef\xbb\xbf" * mark + content))
        plain, quoted = results
        assert (
            plain.equals(quoted)
            if isinstance(plain, pl.DataFrame) and not isinstance(quoted, str)
            else plain == quoted
        )


def test_a_long_and_a_short_line_do_not_make_up_for_each_other(write: Callable[..., Path]) -> None:
    """A file whose separators add up is refused all the same, far from its beginning too."""
    lines = ["a,b", *("1,2" for _ in range(300_000)), "1,2,3", "1"]
    message = refusal(lambda: read_table(write("\n".join(lines))))
    assert message.code == "bad_file"
    assert "line 300002 has 3 cells" in message.message
