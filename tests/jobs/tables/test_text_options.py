"""What a person says of a table, and what is remembered while it is read."""

from __future__ import annotations

import pytest

from estimates_jobs.tables.text_options import TextOptions


@pytest.mark.parametrize(
    ("row", "place"),
    [(1, " (row 1 of a.csv)"), (3, " (row 3 of a.csv)"), (4, " (row 1 of b.csv)"), (9, "")],
)
def test_a_row_of_several_files(row: int, place: str) -> None:
    """Rows are counted from 1 in each file; of a table of one file nothing is said."""
    options = TextOptions(parts={"t": [("a.csv", 3), ("b.csv", 2)]})
    assert options.place("t", row) == place
    assert options.place("other", row) == ""


def test_a_sentence_is_noted_once() -> None:
    """In the order of the first time."""
    options = TextOptions()
    for sentence in ("b", "a", "b"):
        options.note(sentence)
    assert options.notes == ["b", "a"]


def test_rows_that_are_used_are_added_up() -> None:
    """One sentence for all tables of a source; another condition has its own."""
    options = TextOptions()
    options.note_used("sales", "shop is 1", 2, 10)
    options.note_used("sales", "shop is 2", 1, 10)
    options.note_used("sales", "shop is 1", 1000, 1500)
    assert options.notes == [
        "sales: 1 of 10 rows are used, in which shop is 2",
        "sales: 1,002 of 1,510 rows are used, in which shop is 1",
    ]


def test_options_share_nothing() -> None:
    """What one table's reading filled is not another's."""
    TextOptions().note("a")
    TextOptions().folders.add("shop")
    assert (TextOptions().notes, TextOptions().folders) == ([], set())
