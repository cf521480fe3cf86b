"""Columns of text that hold numbers, dates or truths, in the form that programs write."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.errors import InvalidError
from estimates_jobs.tables.plain_text import naming, nearest, plain_columns, plain_days
from estimates_jobs.tables.text_options import TextOptions


def plain(
    columns: dict[str, list], *, keep: tuple[str, ...] = ("id",), **options: object
) -> tuple[pl.DataFrame, list[str]]:
    """A table's columns in plain form, and what is said of it."""
    remembered = TextOptions(**options)
    return plain_columns(pl.DataFrame(columns), keep, remembered, "f.csv"), remembered.notes


@given(
    st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=8),
    st.sampled_from([(",", "."), (".", ","), (".", " "), (".", "'")]),
)
def test_numbers_of_people_are_those_of_programs(cents: list[int], signs: tuple[str, str]) -> None:
    """However a decimal point and thousands are written, the column is the same numbers."""
    point, thousands = signs
    texts = [
        f"{cent / 100:,.2f}".replace(",", "t").replace(".", point).replace("t", thousands)
        for cent in cents
    ]
    frame, _ = plain({"id": ["k"] * len(cents), "value": texts}, decimal=point)
    assert [round(float(text) * 100) for text in frame["value"]] == cents


def test_numbers_written_plainly_stay_as_they_are() -> None:
    """Nothing is said of them, and the column is the same text."""
    frame, notes = plain({"id": ["a", "b"], "value": ["1.5", "-2e3"]})
    assert (frame["value"].to_list(), notes) == (["1.5", "-2e3"], [])


def test_another_way_to_write_numbers_is_said() -> None:
    """Once, with an example of what was read."""
    frame, notes = plain({"id": ["a", "b"], "value": ["1.234,5", "7,25"]})
    assert frame["value"].to_list() == ["1234.5", "7.25"]
    assert len(notes) == 1
    assert "1.234,5" in notes[0]


def test_a_stray_among_numbers_is_refused() -> None:
    """With its row, how many more, the share of numbers and what to do."""
    with pytest.raises(
        InvalidError,
        match=r"f\.csv: column 'value', row 2: 'n\.k\.' is no number "
        r"\(and 1 more\), and 95\.0 % of the cells are",
    ) as raised:
        plain({"id": ["a"] * 40, "value": ["1,5", "n.k.", *["2,5"] * 37, "x"]})
    assert raised.value.code == "bad_value"
    assert raised.value.details["rows"] == [2, 40]


def test_keys_stay_text_and_empty_ones_are_null() -> None:
    """A key is not read as a number; in a table all of text an empty one is none."""
    frame, _ = plain({"id": ["1.234,5", ""], "value": ["1", "2"]})
    assert frame["id"].to_list() == ["1.234,5", None]
    frame, _ = plain({"id": ["x", ""], "value": [1, 2]})
    assert frame["id"].to_list() == ["x", ""]


def test_words_for_nothing_are_null() -> None:
    """Among dates and truths, and in a column that has nothing else, which is said."""
    frame, notes = plain(
        {
            "id": ["a", "b"],
            "day": ["2026-01-05", "n/a"],
            "truth": ["NULL", "true"],
            "none": ["NA", "NA"],
            "text": ["NA", "sales"],
        }
    )
    assert frame["day"].to_list() == ["2026-01-05", None]
    assert frame["truth"].to_list() == [None, "true"]
    assert frame["none"].to_list() == [None, None]
    assert frame["text"].to_list() == ["NA", "sales"]
    assert notes == ["f.csv: column 'none': 'NA' is read as no value"]


def test_days_of_people_are_written_as_programs_do() -> None:
    """Where all cells are days, and of one order; two orders leave the text, which is said."""
    frame, notes = plain({"id": ["a", "b"], "due": ["31.12.2026", "1.2.2026"]})
    assert frame["due"].to_list() == ["2026-12-31", "2026-02-01"]
    assert notes == ["f.csv: column 'due': '31.12.2026' is read as 2026-12-31"]
    frame, notes = plain({"id": ["a", "b"], "due": ["01/02/2026", "03/04/2026"]})
    assert frame["due"].to_list() == ["01/02/2026", "03/04/2026"]
    assert "is taken for text" in notes[0]


def test_a_mixture_is_text_and_says_for_which_cell() -> None:
    """Half of the cells are numbers: the first that is none is named with its row and its file."""
    options = TextOptions(parts={"f.csv": [("a.csv", 2), ("b.csv", 4)]})
    frame = pl.DataFrame({"id": [*"abcdef"], "x": ["1", "2", "x y", "3", "see b", "4"]})
    assert plain_columns(frame, ("id",), options, "f.csv").equals(frame)
    (note,) = options.notes
    assert "column 'x' is taken for text: 66.7 % of its cells are numbers" in note
    assert "'x y' in row 3 (row 1 of b.csv) is none" in note


def test_codes_are_text_without_a_word() -> None:
    """Numbers that begin with 0 name something; nothing is said of them."""
    frame, notes = plain({"id": ["a", "b"], "code": ["007", "012"]})
    assert (frame["code"].to_list(), notes) == (["007", "012"], [])


def test_codes_beside_a_word_for_nothing_are_text_without_a_word() -> None:
    """The column is no mixture: nothing is left that is no number, and nothing is said or lost."""
    frame, notes = plain({"id": ["a", "b", "c"], "code": ["007", "N/A", "012"]})
    assert (frame["code"].to_list(), notes) == (["007", "N/A", "012"], [])


def test_text_in_a_table_of_types_is_text() -> None:
    """But for columns that are named as estimates, which are of their type afterwards."""
    columns = {"id": ["a", "b"], "n": [1, 2], "code": ["12", "13"], "forecast": ["1,5", "2,5"]}
    frame, notes = plain(columns)
    assert frame.schema["code"] == pl.String
    assert frame["forecast"].to_list() == [1.5, 2.5]
    assert any("column 'forecast' is text and is read as numbers" in note for note in notes)
    options = TextOptions()
    frame = plain_columns(pl.DataFrame(columns), ("id",), options, "f", estimates=("code",))
    assert frame["code"].to_list() == [12, 13]


def test_integers_beyond_64_bits_are_the_nearest_floats() -> None:
    """Which is said with an example; other columns stay the same."""
    options = TextOptions()
    big = pl.Series("v", [2**80, 1], dtype=pl.Int128)
    floats = nearest(big, options, "f")
    assert (floats.dtype, floats.to_list()) == (pl.Float64, [2.0**80, 1.0])
    assert options.notes == [
        "f: column 'v' has integers beyond 64 bits, which are read as the nearest floats, such as "
        "1208925819614629174706176 as 1.20893e+24"
    ]
    small = pl.Series("v", [1, 2])
    assert nearest(small, options, "f") is small


def test_days_of_a_table_of_types_are_dates() -> None:
    """ISO times are timestamps and folders' numbers integers; in a table of text all is text."""
    columns = {
        "day": ["31.12.2026", "1.1.2026"],
        "at": ["2026-01-01T10:00:00Z", "2026-01-02T10:00:00Z"],
        "shop": ["12", "7"],
        "n": [1, 2],
    }
    names = ["day", "at", "shop", "n", "none"]
    frame = plain_days(pl.DataFrame(columns), names, TextOptions(folders={"shop"}), "f")
    assert frame["day"].to_list() == [date(2026, 12, 31), date(2026, 1, 1)]
    assert frame["at"].to_list() == [datetime(2026, 1, day, 10, tzinfo=UTC) for day in (1, 2)]
    assert frame["shop"].to_list() == [12, 7]
    unnamed = plain_days(pl.DataFrame(columns), names, TextOptions(), "f")
    assert unnamed["shop"].to_list() == ["12", "7"]
    text = pl.DataFrame({"day": columns["day"]})
    assert plain_days(text, ["day"], TextOptions(), "f")["day"].to_list() == [
        "2026-12-31",
        "2026-01-01",
    ]
    assert plain_days(text, [], TextOptions(), "f").equals(text)


def test_errors_say_which_file_and_row() -> None:
    """The file in front, the row of a part, and nothing twice."""
    options = TextOptions(parts={"tab.csv": [("a.csv", 2), ("b.csv", 2)]})
    for rows, message in (
        ([3], "tab.csv: row 3 (row 1 of b.csv): no number"),
        (None, "tab.csv: no number"),
    ):
        details = {"rows": rows} if rows else {}
        with pytest.raises(InvalidError) as raised, naming("tab.csv", options):
            raise InvalidError("bad_value", "no number", remedy="mend it", **details)
        assert raised.value.message == f"{message}; mend it"
        assert raised.value.details == details
    with (
        pytest.raises(InvalidError, match=r"^tab\.csv is none; mend it$"),
        naming("tab.csv", options),
    ):
        raise InvalidError("bad_value", "tab.csv is none", remedy="mend it")
