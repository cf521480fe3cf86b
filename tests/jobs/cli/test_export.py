"""`estimates export`, `estimates sql` and tables as CSV."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from estimates.store.store import Store
from tests.builders import SET, define, promoted
from tests.jobs.cli.calls import call

READERS: dict[str, Any] = {
    "parquet": pl.read_parquet,
    "arrow": pl.read_ipc,
    "csv": lambda path: pl.read_csv(path, try_parse_dates=True),
    "ndjson": pl.read_ndjson,
}


@pytest.fixture
def store(local_store: Store) -> Store:
    """Two versions that were in production."""
    define(local_store)
    promoted(local_store, "one")
    promoted(local_store, "two", 101.0, day=1)
    return local_store


@pytest.mark.parametrize("form", READERS)
def test_a_whole_version_as_a_file(store: Store, tmp_path: Path, form: str) -> None:
    """The rows of the version, in each form; nothing is left beside the file."""
    path = tmp_path / f"first.{form}"
    said = call("export", SET, "--ref", 1, "-o", path, "--store", store.root)
    assert said.text == f"6 rows of {SET} in {path}\n"
    rows = READERS[form](path)
    assert rows["value"].to_list() == store[SET].frame(1)["value"].to_list()
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith(".")] == []
    if form == "parquet":
        assert_frame_equal(rows, store[SET].frame(1))


def test_some_rows_on_standard_output(store: Store) -> None:
    """A range, an order, some columns; a release says its version."""
    where = ("--where", "target_date=2024-06-04..", "--order", "-value", "--fields", "value")
    shown = call("export", SET, *where, "-o", "-", "--store", store.root).text
    rows = pl.read_csv(io.StringIO(shown))
    assert rows.columns == ["ticker", "target_date", "value"]
    assert rows["value"].to_list() == [101.02, 101.01, 101.0]
    first = call("export", SET, "--release", "first", "-o", "-", "--store", store.root).text
    assert pl.read_csv(io.StringIO(first))["version"].unique().to_list() == [1]


def test_a_file_that_cannot_be(store: Store, tmp_path: Path) -> None:
    """An unknown form is a wrong use, a folder that is not there an error; nothing is written."""
    for output in (tmp_path / "x.xlsx", tmp_path / "none" / "x.csv"):
        assert call("export", SET, "-o", output, "--store", store.root).code == 2
    assert not list(tmp_path.rglob("x.*"))


def test_a_query(store: Store) -> None:
    """A table for people, rows as JSON and as CSV."""
    query = f'SELECT version, count(*) AS n FROM "{SET}" GROUP BY version ORDER BY version'
    at = ("--store", store.root)
    assert call("sql", query, *at).text.splitlines()[0].split() == ["version", "n"]
    assert call("sql", query, "--format", "csv", *at).text == "version,n\n1,6\n2,6\n"
    answer = json.loads(call("sql", query, "--format", "json", *at).text)
    assert answer == {"rows": [{"version": 1, "n": 6}, {"version": 2, "n": 6}]}


@pytest.mark.parametrize(
    ("words", "columns"),
    [
        (("get", SET, "AAPL"), ["ticker", "target_date", "value", "note"]),
        (("history", SET, "AAPL", "2024-06-03"), ["version", "published_at", "data_through"]),
        (("versions", SET), ["version", "state", "verdict"]),
        (("log", SET), ["id", "at", "set"]),
        (("status",), ["set"]),
    ],
)
def test_every_table_is_csv(store: Store, words: tuple[str, ...], columns: list[str]) -> None:
    """A row of names, then the rows."""
    shown = call(*words, "--format", "csv", "--store", store.root).text
    rows = pl.read_csv(io.StringIO(shown))
    assert rows.columns[: len(columns)] == columns
    assert rows.height
