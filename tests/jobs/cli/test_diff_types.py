"""`estimates diff` of two files with types that databases and tools store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import polars as pl
import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.jobs.cli.calls import call_process
from tests.jobs.cli.churn_files import diff, refused, report, working_directory

_FAR = pl.Series("x", [4_000_000, 1], dtype=pl.Date)
_BIG = 2**64 - 1


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, and no store anywhere."""
    return working_directory(tmp_path, monkeypatch)


def two_files(x: pl.Series, ids: Any = ("a", "b")) -> tuple[str, str, str, str]:
    """Two Parquet files with one column of any type, whose scores differ on one row."""
    for name, scores in (("old", [0.1, 0.4]), ("new", [0.1, 0.6])):
        columns = [pl.Series("id", ids), pl.Series("score", scores)]
        pl.DataFrame([*columns, *([x] if len(x) else [])]).write_parquet(f"{name}.parquet")
    return "old.parquet", "new.parquet", "--key", "id"


@pytest.mark.parametrize(
    ("x", "end"),
    [
        (pl.Series("x", [_BIG, 7], dtype=pl.UInt64), ""),
        (pl.Series("x", [-(2**100), 7], dtype=pl.Int128), ""),
        (_FAR, "; x not compared"),
        (pl.Series("x", [1001, 1], dtype=pl.Datetime("ns", "UTC")), "; x not compared"),
        (pl.Series("x", [timedelta(1), timedelta(2)]), "; x not compared"),
        (pl.Series("x", [datetime(9999, 12, 31, 23, 59), datetime(2026, 1, 1)]), ""),
        (pl.Series("x", [b"\xff", b"a"]), ""),
        (pl.Series("x", [[1], [2]]), "; x not compared"),
    ],
    ids=["UInt64", "Int128", "far date", "nanoseconds", "duration", "year 9999", "bytes", "list"],
)
def test_a_column_beside_the_estimate(x: pl.Series, end: str) -> None:
    """What no contract holds is not compared, and never the end of the diff."""
    headline = report(*two_files(x))["headline"]
    assert headline.startswith("score changed on 50.0 % of 2 keys")
    assert headline.endswith(f"0.4 → 0.6{end}.")


@pytest.mark.parametrize(
    ("ids", "most"),
    [
        (pl.Series([7, _BIG], dtype=pl.UInt64), str(_BIG)),
        (pl.Series([UUID(int=7).bytes, UUID(int=_BIG).bytes]), str(UUID(int=_BIG))),
        (pl.Series([Decimal("1.00"), Decimal("250.10")]), "250.10"),
        (pl.Series([1, 15], dtype=pl.Int16), "15"),
        (pl.Series(["x", "y"], dtype=pl.Categorical), "y"),
    ],
    ids=["UInt64", "UUID", "decimal", "Int16", "categories"],
)
def test_keys(ids: pl.Series, most: str) -> None:
    """Keys of any width and kind are shown as the database shows them."""
    assert f"most on {most}: 0.4 → 0.6" in report(*two_files(pl.Series(), ids))["headline"]


@pytest.mark.parametrize("kind", ["INTEGER", "UTINYINT", "FLOAT", "DECIMAL(9, 2)", "HUGEINT"])
def test_estimates_of_duckdb(kind: str) -> None:
    """An estimate in any number type of DuckDB, with its own digits."""
    for name, plus in (("old", 0), ("new", 1)):
        duckdb.sql(f"""COPY (
            SELECT 'k' || i AS id, CAST(i + {plus} AS {kind}) AS value,
                CAST(1.1 AS FLOAT) AS f, INTERVAL (i) DAY AS i, TIME '12:00' AS t
            FROM range(1, 6) r(i)
        ) TO '{name}.parquet' (FORMAT parquet)""")
    headline = report("old.parquet", "new.parquet", "--key", "id")["headline"]
    assert headline.startswith("value moved on all 5 keys")
    assert "most on k1: 1 → 2" in headline
    assert "i and t not compared" in headline


def _decimal256(value: Decimal) -> pa.Array:
    return pa.array([value, Decimal(2)], pa.decimal256(60, 18))


def _plus_0530(value: Decimal) -> pa.Array:
    times = [datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(hours=int(value)), None]
    return pa.array(times, pa.timestamp("ns", "+05:30"))


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (_decimal256, "value changed on 50.0 % of 2 keys"),
        (_plus_0530, "value, carried along, differs on 50.0 % of keys"),
    ],
)
def test_what_polars_does_not_read(column: Callable[[Decimal], pa.Array], words: str) -> None:
    """Decimals of 256 bits and zones that are offsets are compared, without a word of a library."""
    for name, value in (("old", Decimal("1.1")), ("new", Decimal("3.3"))):
        table = pa.table({"id": ["a", "b"], "value": column(value), "score": [1.0, 2.0]})
        parquet.write_table(table, f"{name}.parquet")
    called = call_process("diff", "old.parquet", "new.parquet", "--key", "id")
    assert called.code == 0
    assert words in called.out.decode()
    assert "panicked" not in str(called.err)


def test_times_without_a_zone(folder: Path) -> None:
    """They are UTC, or of the zone that is named, in CSV as in Parquet; midnights are days."""
    at = [datetime(2026, 7, 1, 12), datetime(2026, 7, 2, 13)]
    frame = pl.DataFrame({"at": pl.Series(at, dtype=pl.Datetime("ns")), "value": [1.0, 2.0]})
    frame.write_parquet("old.parquet")
    frame.with_columns(value=pl.Series([1.0, 4.0])).write_csv("new.csv")
    assert "2026-07-02T13:00:00Z" in report("old.parquet", "new.csv", "--key", "at")["headline"]
    zone = ("--timezone", "Europe/Berlin")
    headline = report("old.parquet", "new.csv", "--key", "at", *zone)["headline"]
    assert "most on 2026-07-02T11:00:00Z" in headline
    frame.with_columns(pl.col("at").dt.truncate("1d")).write_parquet("days.parquet")
    days = report("days.parquet", "days.parquet", "--key", "at")
    assert days["identical"]
    error = refused("old.parquet", "new.csv", "--key", "at", "--timezone", "here")
    assert "no time zone" in error["message"]


def test_a_contract_names_the_option(folder: Path) -> None:
    """Times without a zone under a contract: the error names the option and the line to write."""
    pl.DataFrame({"at": [datetime(2026, 7, 1, 12)], "value": [1.0]}).write_parquet("t.parquet")
    lines = 'name = "n"\n[key.at]\ntype = "timestamp"\n[columns.value]\n'
    (folder / "n.toml").write_text(lines)
    two = ("t.parquet", "t.parquet", "--contract", "n.toml")
    message = refused(*two)["message"]
    assert 'give --timezone ZONE, or write timezone = "ZONE" into the contract' in message
    assert diff(*two, "--timezone", "UTC").code == 0
    (folder / "n.toml").write_text('timezone = "Asia/Tokyo"\n' + lines)
    assert diff(*two).code == 0
