"""Days and times as people write them."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import polars as pl
import pytest

from estimates_jobs.tables.time_forms import time_form


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """What reads them."""
    with duckdb.connect() as connection:
        yield connection


@pytest.mark.parametrize(
    ("cells", "form"),
    [
        (["2024-06-03"], "%Y-%m-%d"),
        (["31.12.2024", None, "NA", " 01.01.2025 "], "%d.%m.%Y"),
        (["12/31/2024", "01/02/2024"], "%m/%d/%Y"),
        (["3. June 2024"], "%d. %B %Y"),
        (["2024-06-03T16:00", "2024-06-03T17:30"], "%Y-%m-%dT%H:%M"),
        (["05/05/2024"], "%d/%m/%Y"),
        (["31.12.26"], "%d.%m.%y"),
        (["01/02/2024"], None),
        (["2024-06-03", "03.06.2024"], None),
        (["26-06-03"], None),
        (["NA", ""], None),
        (["2024-02-30"], None),
    ],
)
def test_form(
    connection: duckdb.DuckDBPyConnection, cells: list[str | None], form: str | None
) -> None:
    """All cells have it; where two fit and say different days, or none fits, there is none."""
    assert time_form(connection, pl.Series(cells, dtype=pl.String)) == form
