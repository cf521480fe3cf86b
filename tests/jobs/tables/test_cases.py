"""The small tables that once went wrong, each with what is right: written here as they were."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pytest
from pyarrow import parquet

import estimates
from estimates.errors import InvalidError
from estimates.stability.family_reports import NearKeys
from tests.jobs.tables.comparisons import compared, guessed

DAYS = [f"2026-01-{day:02d}" for day in range(1, 13)]
# name: content, key, options, what is guessed, the values of the first estimate
TEXT: dict[str, tuple[str, str, dict[str, Any], str, list[float]]] = {
    "autogluon": (
        "item_id,timestamp,mean,0.1,0.5,0.9\n1000,2026-01-01,11.5,7,11.5,12.8\n",
        "item_id,timestamp",
        {},
        "key item_id, timestamp; estimates mean (point, 3 quantiles)",
        [11.5],
    ),
    "class_columns": (
        "0,1,2,customer_id\n0.2085598,0.22176971,0.56967049,1000\n0.25,0.5,0.25,1001\n",
        "customer_id",
        {},
        "key customer_id; estimates 0, 1, 2 (probability)",
        [0.2085598, 0.25],
    ),
    "comment_lines": (
        "# exported 2026-01-01\nid,score\n1,0.5\n2,0.6\n",
        "id",
        {},
        "key id; estimates score (score)",
        [0.5, 0.6],
    ),
    "excel_sep": (
        "sep=;\nid;score\n1;0.5\n2;0.6\n",
        "id",
        {},
        "key id; estimates score (score)",
        [0.5, 0.6],
    ),
    "latin1": (
        "id;name;score\n1;Möller;0.5\n2;Bo;0.6\n",
        "id",
        {"encoding": "latin-1"},
        "key id; estimates score (score); carried along name",
        [0.5, 0.6],
    ),
    "neuralprophet": (
        "ds,y,yhat1,yhat1 5.0%,yhat1 95.0%\n2026-01-01,,10.8,1.0,20.0\n2026-01-02,,10.5,1.0,20.0\n",
        "ds",
        {},
        "key ds; estimates yhat1 (point, 2 quantiles); carried along y",
        [10.8, 10.5],
    ),
    "pandas_index": (
        '"","unique_id","pred"\n"1","a",1.5\n"2","b",NA\n"3","c",2\n',
        "unique_id",
        {"ignored": ("",)},
        "key unique_id; estimates pred (point)",
        [1.5, 2.0],
    ),
    "prophet4": (
        "ds,yhat,yhat_lower,yhat_upper\n2026-01-01,100.1,95.1,105.1\n2026-01-02,100.9,95.9,105.9\n",
        "ds",
        {},
        "key ds; estimates yhat (point, 80 % interval, assumed)",
        [100.1, 100.9],
    ),
    "prophet": (
        "ds,trend,yhat_lower,yhat_upper,trend_lower,trend_upper,additive_terms,weekly,yhat\n"
        "2026-01-01,100.0,95.1,105.1,99.0,101.0,0.0,0.1,100.1\n",
        "ds",
        {},
        "key ds; estimates yhat (point, 80 % interval, assumed); carried along trend, trend_lower, "
        "trend_upper, additive_terms, weekly",
        [100.1],
    ),
    "spark_quotes": (
        'id,note,score\n1,"say \\"hi\\"",0.5\n2,b,0.6\n',
        "id",
        {},
        "key id; estimates score (score); carried along note",
        [0.5, 0.6],
    ),
    "stan": (
        "2.5%,25%,50%,75%,97.5%,id,mean,sd\n7.0,9.7,11.5,12.0,12.8,1000,10.6,1.0\n",
        "id",
        {},
        "key id; estimates mean (point, 5 quantiles); carried along sd",
        [10.6],
    ),
    "two_models": (
        "unique_id,ds,Naive,Naive-lo-80,Naive-hi-80,ETS,ETS-lo-80,ETS-hi-80\n"
        "A,2026-01-01,50,45,55,51,48,54\nA,2026-01-02,51,46,56,52,49,55\n",
        "unique_id,ds",
        {},
        "key unique_id, ds; estimates Naive (point, 80 % interval), ETS (point, 80 % interval)",
        [50.0, 51.0],
    ),
    "id_nace": (
        "code,ts,cases\n"
        + "".join(f"250.10,{day},{i}\n250.1,{day},7\n" for i, day in enumerate(DAYS)),
        "code,ts",
        {},
        "key code, ts; estimates cases (point)",
        [float(value) for i in range(len(DAYS)) for value in (i, 7)],
    ),
}


@pytest.mark.parametrize("name", TEXT)
def test_text_of_tools_and_dialects(tmp_path: Path, name: str) -> None:
    """Roles without a word of configuration beyond the key, and the right numbers."""
    content, key, options, guess, values = TEXT[name]
    path = tmp_path / f"{name}.csv"
    path.write_bytes(content.encode(options.get("encoding", "utf-8")))
    tables = compared(path, path, key, **options)
    assert guessed(tables) == guess
    first = next(n for n, column in tables.contract.columns.items() if column.role != "attribute")
    points = [n for n, c in tables.contract.columns.items() if c.role in ("point", "score")]
    assert tables.a[(points or [first])[0]].drop_nulls().to_list() == values
    assert tables.report().identical


# name: old and new column, key column, what is guessed, the headline's beginning
STORED: dict[str, tuple[Callable[[int], Any], str, str]] = {
    "duckdb_integer": (
        lambda new: pl.Series([new, 1 + new], dtype=pl.Int32),
        "estimates x (point)",
        "x moved on all 2 keys",
    ),
    "u64carried": (
        lambda _new: pl.Series([2**64 - 1, 7], dtype=pl.UInt64),
        "estimates score (score); carried along x",
        "score moved",
    ),
    "farDate": (
        lambda _new: pl.Series([4_000_000, 1], dtype=pl.Date),
        "not compared x (date, years beyond 9999)",
        "score moved",
    ),
    "nsattr": (
        lambda new: pl.Series([1001 + new, 5], dtype=pl.Datetime("ns", "UTC")),
        "not compared x (timestamp, nanoseconds)",
        "score moved",
    ),
}


@pytest.mark.parametrize("name", STORED)
def test_stored_types(tmp_path: Path, name: str) -> None:
    """What a contract holds is measured; what it does not is named, and the rest is compared."""
    column, guess, headline = STORED[name]
    files = []
    for new in (0, 1):
        frame = pl.DataFrame({"id": ["x", "y"], "x": column(new)})
        if name != "duckdb_integer":
            frame = frame.with_columns(score=pl.Series([0.1 + new / 10, 0.4 + new / 10]))
        files.append(tmp_path / f"{new}.parquet")
        frame.write_parquet(files[-1])
    tables = compared(files[0], files[1], "id")
    assert guess in guessed(tables)
    assert headline in tables.report().headline


def test_decimals_of_256_bits_and_uuids(tmp_path: Path) -> None:
    """Amounts are the nearest floats; a UUID stands as one in a key; an interval is named."""
    amounts = pa.array([Decimal("1.100"), None])
    ids = pa.array([bytes(range(16)), bytes(range(1, 17))], pa.binary(16))
    table = {"id": ids, "amount": amounts.cast(pa.decimal256(60, 18))}
    parquet.write_table(pa.table(table), tmp_path / "t.parquet")
    tables = compared(tmp_path / "t.parquet", tmp_path / "t.parquet", "id")
    assert tables.a["amount"].to_list() == [1.1, None]
    assert tables.a["id"][0] == "00010203-0405-0607-0809-0a0b0c0d0e0f"
    duckdb.sql(f"""COPY (SELECT 'a' AS id, 1.5 AS v, INTERVAL 1 DAY AS i)
        TO '{tmp_path}/i.parquet' (FORMAT parquet)""")
    interval = compared(tmp_path / "i.parquet", tmp_path / "i.parquet", "id")
    assert guessed(interval) == "key id; estimates v (point); not compared i (interval)"


def test_keys_beyond_64_bits_are_text(tmp_path: Path) -> None:
    """An unsigned key of 2^64 - 1 is found by its digits."""
    path = tmp_path / "t.parquet"
    ids = pl.Series([2**64 - 1, 7], dtype=pl.UInt64)
    pl.DataFrame({"id": ids, "pred": [0.4, 0.1]}).write_parquet(path)
    assert compared(path, path, "id").a["id"].to_list() == [str(2**64 - 1), "7"]


def test_times_without_a_zone() -> None:
    """Hours are taken for UTC, all-midnight columns for days."""
    hours = pl.DataFrame({"ts": [datetime(2026, 1, 1, 5)], "value": [1.5]})
    days = pl.DataFrame({"ts": [datetime(2026, 1, 1)], "value": [1.5]})
    report = estimates.diff(hours, hours, key="ts")
    assert report.identical
    as_text = pl.DataFrame({"ts": ["2026-01-01 05:00:00+00"], "value": ["1.5"]})
    assert estimates.diff(hours, as_text, key="ts").identical
    assert estimates.diff(days, pl.DataFrame({"ts": [date(2026, 1, 1)], "value": [1.5]}), key="ts")
    zoned = pl.DataFrame({"ts": [datetime(2026, 1, 1, 5, tzinfo=UTC)], "value": [1.5]})
    assert estimates.diff(hours, zoned, key="ts").identical


def test_one_huge_count_is_a_change_and_no_label(tmp_path: Path) -> None:
    """A count of 16 digits among counts moves its key, and the others stay numbers."""
    for name, last in (("a", "79"), ("b", "9223372036854775807")):
        rows = "".join(f"s{i:03d},{100 + i}\n" for i in range(40))
        (tmp_path / f"{name}.csv").write_text(f"store,forecast\n{rows}s999,{last}\n")
    tables = compared(tmp_path / "a.csv", tmp_path / "b.csv", "store")
    assert guessed(tables) == "key store; estimates forecast (point)"
    assert "most on s999: 79 → 9.22337e+18" in tables.report().headline


def test_near_keys(tmp_path: Path) -> None:
    """Blanks, case and Unicode forms are counted with examples; 1001 and 1001.0 are refused."""
    (tmp_path / "a.csv").write_text("city,score\ncafé,0.5\nmünchen,0.6\nParis,0.7\nABC  ,0.8\n")
    (tmp_path / "b.csv").write_text("city,score\ncafe\u0301,0.5\nmünchen,0.6\nparis,0.7\nABC,0.8\n")
    keys = compared(tmp_path / "a.csv", tmp_path / "b.csv", "city").report().keys
    assert isinstance(keys.near, NearKeys)
    assert (keys.common, keys.near.pairs) == (1, 3)
    (tmp_path / "c.csv").write_text("fips,score\n1001,0.5\n6037,0.6\n")
    (tmp_path / "d.csv").write_text("fips,score\n1001.0,0.5\n6037.0,0.61\n")
    with pytest.raises(InvalidError, match=r"no key in common; 2 .* but for a \.0 at the end"):
        compared(tmp_path / "c.csv", tmp_path / "d.csv", "fips").report()


def test_case_of_columns(tmp_path: Path) -> None:
    """`Score` here and `score` there are named as columns of one table only."""
    (tmp_path / "a.csv").write_text("id,Score,region\n1,0.2,N\n2,0.3,S\n")
    (tmp_path / "b.csv").write_text("id,score,region\n1,0.2,N\n2,0.35,S\n")
    headline = compared(tmp_path / "a.csv", tmp_path / "b.csv", "id").report().headline
    assert "1 column only in" in headline
    assert "(Score)" in headline
    assert "(score)" in headline


def test_folders_of_parts(tmp_path: Path) -> None:
    """Spark's folder and one of hive are tables; what is no part is left out."""
    for region in "NS":
        folder = tmp_path / "sales" / f"region={region}"
        folder.mkdir(parents=True)
        rows = pl.DataFrame({"id": [f"{region}1"], "value": [5]})
        rows.write_parquet(folder / "part-00000-abc.snappy.parquet")
    (tmp_path / "sales" / "_SUCCESS").touch()
    tables = compared(tmp_path / "sales", tmp_path / "sales", "id,region")
    assert tables.a.rows() == [("N1", "N", 5.0), ("S1", "S", 5.0)]


def test_a_row_of_a_folder_is_named_by_its_file(tmp_path: Path) -> None:
    """Rows are counted over all parts, and the file and its own row stand beside."""
    folder = tmp_path / "sales"
    folder.mkdir()
    rows = "".join(f"{i},{i}.5\n" for i in range(30))
    (folder / "part-0.csv").write_text(f"id,pred\n{rows}")
    (folder / "part-1.csv").write_text("id,pred\n98,1.5\n99,n.d.\n")
    with pytest.raises(InvalidError) as caught:
        compared(folder, folder, "id")
    assert f"row 32 (row 2 of {folder}/part-1.csv)" in caught.value.message
    assert caught.value.details["rows"] == [32]
