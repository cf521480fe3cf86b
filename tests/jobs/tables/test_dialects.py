"""CSV as other programs write it: what stands before the table, how cells are parted, quoted and
encoded, and what is left out.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.errors import InvalidError
from estimates_jobs.tables.csv_files import read_csv
from estimates_jobs.tables.table_files import read_table
from estimates_jobs.tables.text_options import TextOptions

TABLE = [("1", "0.5"), ("2", "0.6")]


def read(content: str | bytes, **options: Any) -> tuple[list[str], list[tuple[str | None, ...]]]:
    """Columns and rows of a file with this content."""
    content = content if isinstance(content, bytes) else content.encode()
    frame = read_csv(content, "t.csv", TextOptions(**options))
    return frame.columns, frame.rows()


@pytest.mark.parametrize(
    "content",
    [
        "sep=;\r\nid;score\r\n1;0.5\r\n2;0.6\r\n",  # Excel
        '"sep=;"\nid;score\n1;0.5\n2;0.6\n',
        "sep=\\t\nid\tscore\n1\t0.5\n2\t0.6\n",
        "# exported 2026-01-01\nid,score\n1,0.5\n2,0.6\n",
        "# exported, by us\n# twice\n\nid,score\n1,0.5\n2,0.6\n",
        "\n \nid,score\n1,0.5\n2,0.6\n",
        ",,\n;\nid,score\n1,0.5\n2,0.6\n",
        "id,score,\n1,0.5,\n2,0.6,\n",  # a separator at the end of each line
        "id,score,\n1,0.5\n2,0.6\n",
        "id,score\n1,0.5,\n2,0.6,\n",
        '"id","score"\n"1","0.5"\n"2","0.6"\n',
        b"\xef\xbb\xbfid,score\n1,0.5\n2,0.6\n",
        "id\tscore\r\n1\t0.5\r\n2\t0.6\r\n".encode("utf-16"),  # Excel's Unicode text
        "\ufeffid,score\n1,0.5\n2,0.6\n".encode("utf-16-be"),
    ],
)
def test_what_stands_around_a_table_is_no_part_of_it(content: str | bytes) -> None:
    """Excel's first line, blank lines, comments, marks of an encoding, a separator too many."""
    assert read(content) == (["id", "score"], TABLE)


@pytest.mark.parametrize(
    ("content", "options"),
    [
        ("id;score\n1;0.5\n2;0.6\n", {"delimiter": ";"}),
        ("id score\n1 0.5\n2 0.6\n", {"delimiter": " "}),
        ("id\x01score\n1\x010.5\n2\x010.6\n", {"delimiter": "\x01"}),
        ("id¦score\n1¦0.5\n2¦0.6\n", {"delimiter": "¦"}),
        ("// a\nid,score\n1,0.5\n// b\n2,0.6\n// c", {"comment": "//"}),
        ('id,score\n"1",0.5\n#"\n2,0.6\n', {"comment": "#"}),
        (",id,score\n0,1,0.5\n1,2,0.6\n", {"ignored": ("",)}),  # pandas
        ('"id","score"\n"1",1,0.5\n"2",2,0.6\n', {"ignored": ("",)}),  # R, by write.table
        ("id,score,x\n1,0.5,a\n2,0.6,b\n", {"ignored": ("x", "gone")}),
    ],
)
def test_what_a_person_says_counts(content: str, options: dict[str, Any]) -> None:
    """Delimiter, comments and columns to leave out."""
    assert read(content, **options) == (["id", "score"], TABLE)


def test_text_of_another_encoding() -> None:
    """With its name it is read; without, the line and the option are named."""
    content = "id;name\n1;Möller\n".encode("latin-1")
    assert read(content, encoding="latin-1")[1] == [("1", "Möller")]
    with pytest.raises(InvalidError, match=r"line 2 is not UTF-8 text; .* --encoding latin-1"):
        read(content)
    with pytest.raises(InvalidError, match="line 2 is not ascii text"):
        read(content, encoding="ascii")


def test_a_header_with_a_hash_is_no_comment() -> None:
    """`#id,score` above numbers names columns."""
    assert read("#id,score\n1,0.5\n")[0] == ["#id", "score"]


def test_quotes_of_spark() -> None:
    """A quote inside a cell stands behind a backslash; a backslash alone stays one."""
    content = 'id,note,score\n1,"say \\"hi\\"",0.5\n2,"C:\\dir",0.6\n3,"a\\\\\\"b",0.7\n'
    options = TextOptions()
    frame = read_csv(content.encode(), "t.csv", options)
    assert frame["note"].to_list() == ['say "hi"', "C:\\dir", 'a\\"b']
    assert options.notes == ['t.csv: \\" is read as a quote inside a cell, as Spark writes it']


def test_a_backslash_before_the_closing_quote_is_one() -> None:
    """As all others write it: a path that ends in a backslash."""
    assert read('id,note\n1,"C:\\dir\\"\n')[1] == [("1", "C:\\dir\\")]


def test_empty_text_is_not_null() -> None:
    """A quoted empty cell is text, an empty one nothing."""
    assert read('id,note\n1,""\n2,\n')[1] == [("1", ""), ("2", None)]


def test_null_words_are_those_that_are_said(tmp_path: Path) -> None:
    """In every column, with blanks around them."""
    path = tmp_path / "t.csv"
    path.write_text("id,note\n1, - \n-,NA\n")
    rows = read_table(path, TextOptions(nulls=("-",))).rows()
    assert rows == [("1", None), (None, "NA")]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("id,score\n1,0.5\n# end\n", "line 3 has 1 cell, .* --comment '#'"),
        ("# a\n# b\nid,score\n1,0.5\n2\n", "line 5 has 1 cell"),
        ("id,score\n1,0.5,9\n", 'line 2 has 3 cells, .* --ignore ""'),
        ("id,score\n1,0.5,\n2,0.6,7\n", "3 cells"),
        ("# only\n", "no line names the columns"),
        ("a,b\n1,2\n\n#x\n", "line 4 has 1 cell"),
    ],
)
def test_faults_name_the_line_and_the_option(content: str, words: str) -> None:
    """The number of the line in the file, whatever was skipped before, and what would help."""
    with pytest.raises(InvalidError, match=words):
        read(content)


def test_lines_behind_comments_keep_their_number() -> None:
    """Comments that are left out are counted."""
    with pytest.raises(InvalidError, match="line 5 has 1 cell"):
        read("id,score\n# a\n1,0.5\n# b\n2\n", comment="#")


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\ufeff"), max_size=6)


@given(
    rows=st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=6),
    delimiter=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
    sep=st.booleans(),
)
def test_any_table_in_any_dialect_comes_back(
    rows: list[tuple[str, str, str]], delimiter: str, end: str, encoding: str, sep: bool
) -> None:
    """What is written in a dialect is read as the same table."""
    file = io.StringIO(newline="")
    if sep:
        file.write(f"sep={delimiter}{end}")
    writer = csv.writer(file, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([("k", "v", "w"), *rows])
    assert read(file.getvalue().encode(encoding)) == (["k", "v", "w"], rows)


@pytest.mark.parametrize(
    "content",
    [
        "id score\n1 0.5\n2 0.6\n",
        "  id   score\r\n   1     0.5\r\n   2     0.6\r\n",  # aligned
        '"id" "score"\n"1" 0.5\n"2" 0.6\n',  # R's write.table
    ],
)
def test_blanks_separate(content: str) -> None:
    """Where each line has as many cells between blanks, numbers among them, and that is said."""
    options = TextOptions()
    assert read_csv(content.encode(), "t.txt", options).rows() == TABLE
    assert options.notes == ["t.txt: blanks separate its cells"]


def test_names_of_rows_before_blanks() -> None:
    """R and pandas write them without a name: the option that leaves them out is named."""
    aligned = "   id  score\n0   1    0.5\n1   2    0.6\n"
    assert read(aligned, ignored=("",)) == (["id", "score"], TABLE)
    with pytest.raises(InvalidError, match='as R writes them, leave them out with --ignore ""'):
        read(aligned)


@pytest.mark.parametrize("content", ["full name\nJo Li\nAnn Lee\n", "note\na b c\nd\n"])
def test_text_with_blanks_is_one_column(content: str) -> None:
    """Without a number, or with other counts of words, it is text."""
    assert len(read(content)[0]) == 1
