"""`estimates publish` with several tables: a version of each, the oldest first."""

from __future__ import annotations

import gzip
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from estimates.store.store import Store
from tests.builders import make_store
from tests.jobs.cli.calls import Called, call

CONTRACT = """name = "demand"
[key.shop]
type = "string"
[columns.units]
[gate]
promote = "automatic"
profile = "exploratory"
"""
DAYS = ("2025-03-03", "2025-03-10", "2025-03-17")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A store with a set that nothing was published to."""
    (tmp_path / "demand.toml").write_text(CONTRACT)
    make_store(tmp_path / "store").catalog.engine.dispose()
    assert call("define", tmp_path / "demand.toml", "--store", tmp_path / "store").code == 0
    return tmp_path / "store"


def publish(root: Path, *words: object) -> Called:
    """The command, with its answer in JSON."""
    return call("publish", "demand", *words, "--store", root, "--format", "json")


def runs(called: Called, *names: str) -> list[tuple[Any, ...]]:
    """These fields of each run that the command tells."""
    return [tuple(run.get(name) for name in names) for run in called.json["runs"]]


def weekly(folder: Path, *days: str) -> Path:
    """A file for each day, with the day's number as its units."""
    folder.mkdir(exist_ok=True)
    for day in days:
        (folder / f"demand-{day}.csv").write_text(f"shop,units\n01,{int(day[-2:])}\n02,5\n")
    return folder


def units(root: Path) -> list[float]:
    """The units of shop 01 in each version."""
    store = Store(root)
    versions = [version.version for version in store.view().set("demand").versions]
    values = [store["demand"].frame(n).filter(shop="01")["units"].item() for n in versions]
    store.catalog.engine.dispose()
    return values


def test_each_file_of_a_folder_is_a_version(root: Path, tmp_path: Path) -> None:
    """The oldest first, through the date in its name, also where names sort otherwise."""
    folder = weekly(tmp_path / "weekly", *DAYS[1:])
    (folder / "a-20250303.csv.gz").write_bytes(gzip.compress(b"shop,units\n01,3\n02,5\n"))
    called = publish(root, folder, "--through", "{date}", "--released-at", "{date+1d}T06:00:00Z")
    assert called.code == 0, called.err
    assert runs(called, "version", "data_through", "status") == [
        (number, f"{day}T23:59:59.999999Z", "promoted") for number, day in enumerate(DAYS, 1)
    ]
    assert units(root) == [3, 10, 17]
    store = Store(root)
    versions = store.view().set("demand").versions
    assert [
        version.released_at.isoformat()[:13] for version in versions if version.released_at
    ] == [
        "2025-03-04T06",
        "2025-03-11T06",
        "2025-03-18T06",
    ]
    store.catalog.engine.dispose()


def test_a_batch_goes_on_where_it_stopped(root: Path, tmp_path: Path) -> None:
    """What was published is not published again; a file that was added or mended is."""
    folder = weekly(tmp_path / "weekly", *DAYS[:2])
    assert publish(root, folder, "--through", "{date}").code == 0
    weekly(folder, DAYS[2])
    called = publish(root, folder, "--through", "{date}")
    assert runs(called, "version", "is_repeated") == [(1, True), (2, True), (3, None)]
    assert called.json["counts"] == {
        "tables": 3,
        "promoted": 1,
        "published": 0,
        "refused": 0,
        "rejected": 0,
        "repeated": 2,
    }
    assert len(units(root)) == 3


def test_a_bad_file_does_not_stop_the_rest(root: Path, tmp_path: Path) -> None:
    """It is told with its reason and the exit code is 2; the same command takes it when mended."""
    folder = weekly(tmp_path / "weekly", *DAYS)
    (folder / f"demand-{DAYS[1]}.csv").write_text("shop,units\n01,many\n")
    called = publish(root, folder, "--through", "{date}")
    assert called.code == 2
    assert runs(called, "status", "error") == [
        ("promoted", None),
        ("rejected", "bad_value"),
        ("promoted", None),
    ]
    shown = call("publish", "demand", folder, "--through", "{date}", "--store", root)
    assert "demand: 3 tables: 1 rejected, nothing stored, 2 done before" in shown.text
    assert "bad_value" in shown.text


def test_a_batch_stops_when_it_is_told_to(root: Path, tmp_path: Path) -> None:
    """With --stop-on-failure nothing is published after the first file that is rejected."""
    folder = weekly(tmp_path / "weekly", *DAYS)
    (folder / f"demand-{DAYS[1]}.csv").write_text("shop,units\n01,many\n")
    called = publish(root, folder, "--through", "{date}", "--stop-on-failure")
    assert (called.code, len(called.json["runs"])) == (2, 2)


@pytest.mark.parametrize("form", ["parquet", "csv", "hive"])
def test_each_date_of_a_long_table_is_a_version(root: Path, tmp_path: Path, form: str) -> None:
    """`--version-by` splits one table by a column of dates, which is no column of the set; another
    table with more dates adds only those.
    """
    rows = [(day, shop, float(day[-2:])) for day in DAYS for shop in ("01", "02")]
    table = pl.DataFrame(rows, ["run_date", "shop", "units"], orient="row")
    for count in (4, 6):
        path = tmp_path / f"all.{form}"
        part = table.head(count).with_columns(pl.col("run_date").str.to_date())
        if form == "parquet":
            part.sample(fraction=1, shuffle=True, seed=1).write_parquet(path)
        elif form == "csv":
            part.write_csv(path)
        else:
            part.write_parquet(f"{path}/", partition_by="run_date")
        called = publish(root, path, "--version-by", "run_date")
        assert called.code == 0, called.err
    assert runs(called, "version", "is_repeated") == [(1, True), (2, True), (3, None)]
    assert units(root) == [3, 10, 17]


def test_rows_that_hold_for_a_time(root: Path, tmp_path: Path) -> None:
    """`--valid-from` and `--valid-to` make a version at each moment at which something
    changed, with the rows that held then.
    """
    path = tmp_path / "prices.parquet"
    pl.DataFrame(
        {
            "shop": ["01", "01", "02"],
            "units": [3.0, 10.0, 5.0],
            "since": [datetime(2025, 3, 3, 6), datetime(2025, 3, 10), datetime(2025, 3, 3, 6)],
            "until": [datetime(2025, 3, 10), None, datetime(2025, 3, 17)],
        }
    ).write_parquet(path)
    called = publish(root, path, "--valid-from", "since", "--valid-to", "until")
    assert called.code == 0, called.err
    assert runs(called, "data_through", "rows") == [
        ("2025-03-03T06:00:00Z", 2),
        ("2025-03-10T00:00:00Z", 2),
        ("2025-03-17T00:00:00Z", 1),
    ]
    assert units(root) == [3, 10, 10]


def test_rows_that_hold_until_they_are_replaced(root: Path, tmp_path: Path) -> None:
    """Without `--valid-to` a row holds until its key's next one."""
    path = tmp_path / "prices.csv"
    path.write_text("shop,units,since\n01,3,2025-03-03\n02,5,2025-03-03\n01,10,2025-03-10\n")
    called = publish(root, path, "--valid-from", "since")
    assert called.code == 0, called.err
    assert runs(called, "rows") == [(2,), (2,)]
    assert units(root) == [3, 10]


@pytest.mark.parametrize(
    ("names", "words", "code", "text"),
    [
        (["a.csv"], ["--through", "{date}"], "no_date", "has no date in its name"),
        (["2025-03-03_2025-03-09.csv"], ["--through", "{date}"], "no_date", "has 2 dates"),
        (["a-2025-03-03.csv", "b-20250303.csv"], ["--through", "{date}"], "same_date", "both of"),
        (["a.csv", "b.csv"], [], "usage", "--through '{date}'"),
        (["a.csv", "b.csv"], ["--version-by", "day"], "usage", "take one table"),
        (["a.csv"], ["--version-by", "dya"], "columns", "did you mean 'day'"),
        (["a.csv"], ["--version-by", "shop"], "bad_time", "shop"),
        (["a.csv"], ["--valid-to", "day"], "usage", "goes with --valid-from"),
        (["a.csv"], ["--version-by", "day", "--run-id", "x"], "usage", "for one version"),
    ],
)
def test_what_is_no_batch_is_refused(
    root: Path, tmp_path: Path, names: list[str], words: list[str], code: str, text: str
) -> None:
    """Files without one date each, and options that do not go together: nothing is published."""
    for name in names:
        (tmp_path / name).write_text("shop,units,day\nx,1,2025-03-03\n")
    called = publish(root, *(tmp_path / name for name in names), *words)
    assert (called.code, called.error["code"]) == (2, code)
    assert text in called.error["message"]
    assert units(root) == []
