"""Frames go into DuckDB and come out of it without PyArrow."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime

import duckdb
import polars as pl
import pytest

from estimates.contract.duckdb_frames import frame_of, register
from estimates.errors import InvalidError

FRAME = pl.DataFrame(
    {
        "text": ["a", None, "ö"],
        "count": [1, 2, None],
        "day": [date(2026, 1, 1)] * 3,
        "at": [datetime(2026, 1, 1, tzinfo=UTC)] * 3,
        "draws": [[1.0, 2.0], None, []],
    }
)
WITHOUT_PYARROW = """
import sys
sys.modules["pyarrow"] = None
import duckdb
import polars as pl
from estimates.contract.duckdb_frames import frame_of, register
with duckdb.connect() as connection:
    register(connection, "rows", pl.DataFrame({"a": [1, 2], "b": ["x", "y"]}))
    print(frame_of(connection.sql("SELECT sum(a) AS a, max(b) AS b FROM rows")).rows())
"""


def test_a_frame_comes_back_as_it_went_in() -> None:
    """Texts, numbers, days, moments and lists, nulls too, as often as a query asks."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        register(connection, "rows", FRAME)
        assert frame_of(connection.sql("FROM rows")).equals(FRAME)
        twice = connection.sql("SELECT count(*) FROM rows a JOIN rows b USING (text)")
        assert frame_of(twice).item() == 2
        none = frame_of(connection.sql("FROM rows WHERE count > 5"))
    assert (none.height, none.schema) == (0, FRAME.schema)


def test_pyarrow_is_not_needed_and_nothing_is_said_at_the_end() -> None:
    """Neither way loads it, and DuckDB has no complaint when the program ends."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_PYARROW], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("[(Decimal('3'), 'y')]\n", "")


@pytest.mark.parametrize("query", ["SELECT INTERVAL 1 DAY a", "SELECT union_value(x := 1) a"])
def test_a_type_that_no_frame_has_is_refused_by_column(query: str) -> None:
    """Intervals and unions end in no panic of polars: the error names the column."""
    with duckdb.connect() as connection, pytest.raises(InvalidError, match="'a' is of the type"):
        frame_of(connection.sql(query))


def test_an_error_of_the_query_is_duckdbs() -> None:
    """What goes wrong while a query runs is raised as DuckDB raises it."""
    with duckdb.connect() as connection:
        register(connection, "rows", FRAME)
        with pytest.raises(duckdb.Error, match="no luck"):
            frame_of(connection.sql("SELECT error('no luck') FROM rows"))
