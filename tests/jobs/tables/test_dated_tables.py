"""The dates of files, and the texts that they are put into."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from estimates.errors import InvalidError
from estimates_jobs.tables.dated_tables import dated_files, filled, has_mark
from estimates_jobs.tables.text_options import TextOptions


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("2026-01-05-team.csv", date(2026, 1, 5)),
        ("forecast_20260105.parquet", date(2026, 1, 5)),
        ("2026_01_05.csv", date(2026, 1, 5)),
        ("20261399-2026-01-05.csv", date(2026, 1, 5)),
        ("week-2026-W05.csv", date(2026, 2, 1)),
        ("2026W05.csv", date(2026, 2, 1)),
        ("demand-2026-02.csv", date(2026, 2, 28)),
        ("date=2026-01-05/part-0.csv", date(2026, 1, 5)),
        ("2026-01-05/shops-12345678901.csv", date(2026, 1, 5)),
    ],
)
def test_a_file_has_the_date_of_its_name(tmp_path: Path, name: str, expected: date) -> None:
    """Days, weeks by their Sunday and months by their last day, also in the nearest folder."""
    path = tmp_path / "data" / name
    path.parent.mkdir(parents=True)
    path.write_text("k,v\n1,2\n")
    (table,) = dated_files([str(tmp_path / "data")], TextOptions())
    assert table.when == expected
    assert table.read().frame.height == 1


def test_files_of_one_dated_folder_are_one_table(tmp_path: Path) -> None:
    """As Spark writes them; the folder's `name=value` above them stays a date, no column."""
    for day in (5, 4):
        folder = tmp_path / f"run=2026-01-0{day}"
        folder.mkdir()
        for part in (0, 1):
            (folder / f"part-{part}.csv").write_text(f"k,v\n{part},{day}\n")
    tables = dated_files([str(tmp_path)], TextOptions())
    assert [table.when.day for table in tables] == [4, 5]
    assert [table.read().frame.height for table in tables] == [2, 2]


@pytest.mark.parametrize(
    ("text", "when", "expected"),
    [
        ("{date}", date(2026, 1, 5), "2026-01-05"),
        ("{date-7d}", date(2026, 1, 5), "2025-12-29"),
        ("{date+1d}T06:00:00Z", date(2026, 1, 5), "2026-01-06T06:00:00Z"),
        ("{date}", datetime(2026, 1, 5, 6, tzinfo=UTC), "2026-01-05T06:00:00Z"),
    ],
)
def test_a_date_is_put_into_a_text(text: str, when: date | datetime, expected: str) -> None:
    """`{date}` is the day or moment itself, with days added or taken away."""
    assert has_mark(text)
    assert filled(text, when) == expected


def test_a_date_beyond_the_calendar_is_refused() -> None:
    """As a mistake in the text, whatever is added or taken away."""
    for text in ("{date-99999999d}", "{date-900000d}", "{date+9999999999d}"):
        with pytest.raises(InvalidError) as caught:
            filled(text, date(2026, 1, 5))
        assert caught.value.code == "bad_time"


def test_what_lies_beside_the_tables_does_not_stop_them(tmp_path: Path) -> None:
    """Documents are passed over, a file that two words name is read once, and a table without a
    date, or an empty one, is found out when it is read.
    """
    for name in ("2026-01-05.csv", "2026-01-12.csv", "notes.csv"):
        (tmp_path / name).write_text("k,v\n1,2\n")
    for name in ("README.md", "LICENSE", "plot.PNG", "_SUCCESS", ".gitkeep"):
        (tmp_path / name).write_text("x")
    (tmp_path / "2026-01-19.csv").write_text("")
    words = [str(tmp_path / "2026-01-05.csv"), str(tmp_path), f"{tmp_path}/../{tmp_path.name}"]
    tables = dated_files(words, TextOptions())
    assert [Path(table.name).name for table in tables] == [
        "notes.csv",
        *(f"2026-01-{day}.csv" for day in ("05", "12", "19")),
    ]
    assert tables[1].read().frame.height == 1
    for table, code in ((tables[0], "no_date"), (tables[3], "bad_file")):
        with pytest.raises(InvalidError) as caught:
            table.read()
        assert caught.value.code == code


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    """It is no file without a date."""
    with pytest.raises(InvalidError) as caught:
        dated_files([str(tmp_path / "nowhere")], TextOptions())
    assert caught.value.code == "no_file"
