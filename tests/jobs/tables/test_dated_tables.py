"""The dates of files, and the texts that they are put into."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

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
