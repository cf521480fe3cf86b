"""Where a CSV file's table begins, what its columns are called, what separates them."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from estimates.errors import InvalidError
from estimates_jobs.tables.csv_layout import TRAILING, Layout, find_layout, squeezed
from estimates_jobs.tables.text_options import TextOptions


def layout(text: str, **options: object) -> Layout:
    """The layout of a text."""
    return find_layout(text.encode(), "f.csv", TextOptions(**options))


CELL = st.text(st.characters(codec="ascii", exclude_characters="\x00\r"), max_size=5)
NAME = st.text("abcd,;|\t\n", min_size=1, max_size=4).map(lambda text: f"n{text}n")


@given(
    st.lists(NAME, min_size=2, max_size=4, unique=True),
    st.lists(st.lists(CELL, min_size=4, max_size=4), max_size=5),
    st.sampled_from(",;\t|"),
    st.sampled_from(["\n", "\r\n"]),
)
def test_a_header_of_any_writer_is_read(
    names: list[str], rows: list[list[str]], separator: str, end: str
) -> None:
    """With the separator that the file says, names and the place of the first row are those that
    a writer of CSV put there.
    """
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerow(names)
    header = text.getvalue()
    for row in rows:
        writer.writerow(row[: len(names)])
    assume(all(any(row) for row in rows))
    read = layout(text.getvalue(), delimiter=separator)
    assert (read.names, read.separator, read.end) == (names, separator, end)
    assert (read.start, read.lines) == (len(header), header.count("\n"))


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_makes_all_lines_alike(separator: str) -> None:
    """Of several candidates the one that cuts all lines into as many cells wins."""
    lines = [["id", "a", "b"], ["x", "1", "2"], ["y", "3", "4"]]
    others = {",": ";", ";": ",", "\t": ",", "|": ","}[separator]
    text = "\n".join(separator.join(cells) for cells in lines) + separator.join(
        ["\nz", f"5{others}5", "6"]
    )
    assert layout(text).separator == separator


def test_a_name_may_have_other_separators() -> None:
    """Most cells in the header count for less than as many in each line."""
    read = layout("id;x, y and z, in m\na;1\nb;2\n")
    assert read.names == ["id", "x, y and z, in m"]


def test_a_comment_above_names_with_numbers_is_one() -> None:
    """A line with `#` is the header where it has as many cells as the numbers below alone."""
    assert layout("# of May\nid,2019\na,1\n").names == ["id", "2019"]


@pytest.mark.parametrize(
    ("text", "start", "above", "separator"),
    [
        ("\n\nid,a\n1,2\n", 7, 2, ","),
        ("sep=;\nid;a\n1;2\n", 11, 1, ";"),
        ('"sep=\\t"\nid\ta\n1\t2\n', 14, 1, "\t"),
        ("# made by x\n# on a day\nid,a\n1,2\n", 28, 2, ","),
        (",,,\nid,a\n1,2\n", 9, 1, ","),
        ("#id,a\n1,2\n", 6, 0, ","),
    ],
)
def test_lines_above_the_names_are_skipped(
    text: str, start: int, above: int, separator: str
) -> None:
    """Empty lines, comments and Excel's `sep=` are no names; `#id,a` above numbers is."""
    read = layout(text)
    assert (read.start, read.above, read.separator) == (start, above, separator)
    assert [name.lstrip("#") for name in read.names] == ["id", "a"]


def test_a_skipped_comment_is_said() -> None:
    """The first one, and how many more; what a person called a comment is not."""
    options = TextOptions()
    find_layout(b"# one\n# two\nid,a\n1,2\n", "f.csv", options)
    assert options.notes == ["f.csv: skipped before the header: '# one' and 1 more"]
    options = TextOptions(comment="%")
    assert find_layout(b"% one\nid,a\n", "f.csv", options).start == 11
    assert options.notes == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("id,a,\nx,1\ny,2\n", ["id", "a"]),
        ("id,a,\nx,1,\ny,2,\n", ["id", "a", TRAILING]),
        ("id,a\nx,1,\ny,2,\n", ["id", "a", TRAILING]),
        (" id , a\nx,1\n", ["id", "a"]),
    ],
)
def test_a_separator_at_the_end_is_no_column(text: str, names: list[str]) -> None:
    """Whether the header, its rows or all of them end in one."""
    assert layout(text).names == names


def test_names_of_rows_have_none() -> None:
    """R writes a cell more than names: with `--ignore ""` it has an empty name."""
    assert layout('"a","b"\n"r1",1,2\n', ignored=("",)).names == ["", "a", "b"]
    assert layout('"a","b"\n"r1",1,2\n').names == ["a", "b"]


def test_blanks_may_separate() -> None:
    """Columns that are aligned with blanks, numbers among them; one column of text is none."""
    options = TextOptions()
    text = b"  id   value\n  a     1.5\n  b    -2e3\n"
    read = find_layout(text, "f.txt", options)
    assert (read.names, read.blanks, read.separator) == (["id", "value"], True, " ")
    assert options.notes == ["f.txt: blanks separate its cells"]
    assert not layout("first name\nAda King\nAlan M\n").blanks
    assert not layout("id value\na 1\nb 2 3\n").blanks


def test_squeezing_leaves_quotes_alone() -> None:
    """One blank between cells and none at the ends; what is quoted keeps its own."""
    assert squeezed('  a   "b   c"  d \r\n e  f\n') == 'a "b   c" d\r\ne f\n'


@pytest.mark.parametrize(
    ("text", "message", "remedy"),
    [
        ("", "no line names", "first line"),
        ("\n,,\n", "no line names", "first line"),
        ("id,a,id\n1,2,3\n", "names column 'id' twice", "--ignore"),
        ("id,,a\n1,2,3\n", "line 1: column 2 has no name", "name it in the file, or leave it"),
        (",a\n0,1\n", "column 1 has no name", "pandas and R"),
        ("Sales of May,,\nid,a,b\n1,2,3\n", "column 2 has no name", "--comment 'Sales of May'"),
        ("x,x,y\n,mean,sum\n1,2,3\n", "'x' twice", "several lines"),
        ("x,,y\n,mean,sum\n1,2,3\n", "column 2 has no name", "several lines"),
        ("\n\nid,a,id\n1,2,3\n", "line 3 names column 'id' twice", "--ignore"),
    ],
)
def test_a_header_that_cannot_be_used_is_named(text: str, message: str, remedy: str) -> None:
    """The line, the column, and what to do about it."""
    with pytest.raises(InvalidError, match=message) as raised:
        layout(text)
    assert raised.value.code == "bad_file"
    assert remedy in raised.value.message


def test_a_header_of_another_encoding_is_named() -> None:
    """Bytes that are no UTF-8 in a name, but not in the rows below, which others check."""
    with pytest.raises(InvalidError, match="line 1 is not UTF-8") as raised:
        find_layout("id,größe\n1,2\n".encode("latin-1"), "f.csv", TextOptions())
    assert "--encoding" in raised.value.message
    assert find_layout(b"id,a\n\xff,2\n", "f.csv", TextOptions()).names == ["id", "a"]


def test_a_cell_that_is_too_long_is_named_with_its_line() -> None:
    """Where the separator is said, no other one is tried."""
    with pytest.raises(InvalidError, match="line 2 does not name columns: field larger"):
        layout(f"# many\n{','.join(['name'] * 50_000)}\n", delimiter=";")


def test_only_the_head_of_a_long_file_is_read() -> None:
    """A line that is cut off at the end of what is read counts for nothing."""
    rows = "x,1\n" * 100_000
    assert layout("id,a\n" + rows).names == ["id", "a"]
    wide = [f"n{number}" for number in range(50_000)]
    assert layout(f"{','.join(wide)}\n1,2\n").names == wide
