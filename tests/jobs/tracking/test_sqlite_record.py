"""MLflow's SQLite file written without MLflow: beside what MLflow's own client writes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from estimates_jobs.tracking import client_record, sqlite_record
from estimates_jobs.tracking.mlflow_structs import InputRecord, RunRecord
from estimates_jobs.tracking.sqlite_record import NeedsClientError, database_path
from tests.mlflow_tables import AddMlflow

INPUT = InputRecord(
    name="prices",
    digest="0123456789",
    source_type="local",
    source=json.dumps({"source": "prices.csv"}),
    profile=json.dumps({"num_rows": 3}),
    tags={"mlflow.data.context": "input", "sha256": "0123456789abcdef"},
)


def record_of(folder: Path, **changes: Any) -> RunRecord:
    """A run with some of everything, whose artifacts lie in a folder."""
    record = RunRecord(
        experiment="demand",
        artifact_location=(folder / "artifacts of ü" / "demand").as_uri(),
        run_id='it\'s "r1"/100%',
        started=1_700_000_000_123,
        ended=1_700_000_001_456,
        status="FINISHED",
        parameters={f"parameters/p{i}": str(i) for i in range(230)},
        tags={"set": "demand", "run_id": 'it\'s "r1"/100%', "mlflow.note.content": "a\nb"},
        metrics={f"gate/m{i}": i / 3 for i in range(1700)} | {"big": 1e300, "small": -0.0},
        measured=1_700_000_001_000,
        artifacts={"manifest.json": b'{"a": 1}', "verdict.json": '"ü"\n'.encode()},
        inputs=(INPUT, msgspec.structs.replace(INPUT, name="weather"), INPUT),
    )
    return msgspec.structs.replace(record, **changes)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory, add_mlflow: AddMlflow) -> Path:
    """A database that MLflow made."""
    folder = tmp_path_factory.mktemp("empty")
    add_mlflow(folder)
    return folder / "mlflow.db"


@pytest.fixture
def database(empty: Path, tmp_path: Path) -> Path:
    """A copy of it for one test."""
    copy = tmp_path / "mlflow.db"
    copy.write_bytes(empty.read_bytes())
    return copy


def rows(database: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of a database by table, with the ids and times that MLflow makes up told apart."""
    with closing(sqlite3.connect(database)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        tables = {
            name: connection.execute(f'SELECT * FROM "{name}"').fetchall()
            for (name,) in names.fetchall()
        }
        made_up = {
            value: f"{column}-{number}"
            for table, column, order in (
                ("runs", "run_uuid", "start_time, name"),
                ("datasets", "dataset_uuid", "name, digest"),
                ("inputs", "input_uuid", "rowid"),
            )
            for number, (value,) in enumerate(
                connection.execute(f"SELECT {column} FROM {table} ORDER BY {order}")
            )
        }
    tables["experiments"] = [row[:4] + row[6:] for row in tables["experiments"]]  # without times
    return {
        name: sorted((_named(row, made_up) for row in content), key=repr)
        for name, content in tables.items()
    }


def _named(row: tuple[Any, ...], made_up: dict[str, str]) -> tuple[Any, ...]:
    def named(value: Any) -> Any:
        for known, name in made_up.items() if isinstance(value, str) else ():
            value = value.replace(known, name)
        return value

    return tuple(named(value) for value in row)


def files(folder: Path) -> dict[str, bytes]:
    """The artifacts of all runs, by the path below the run's own folder."""
    names = sorted(
        path for path in folder.rglob("*") if path.is_file() and "artifacts" in path.parts
    )
    return {str(Path(*path.parts[-2:])): path.read_bytes() for path in names}


def histories(tmp_path: Path) -> Iterator[list[RunRecord]]:
    """What may be recorded one after the other."""
    record = record_of(tmp_path)
    yield [record]
    yield [record, record]
    rejected = record_of(tmp_path, status="FAILED", metrics={}, artifacts={}, inputs=())
    changed = {"parameters/p0": "other", "parameters/new": "1"}
    again = msgspec.structs.replace(
        record,
        parameters=changed,
        tags={"status": "promoted", "set": "demand"},
        metrics={"gate/m0": -5.0, "gate/m1": 7.0},
        measured=record.measured - 1,
    )
    yield [rejected, again, record]
    yield [record, msgspec.structs.replace(again, measured=record.measured)]
    yield [record, record_of(tmp_path, run_id="r2", started=record.started + 1)]
    yield [record, record_of(tmp_path, experiment="supply", run_id="r2", started=2)]
    yield [record_of(tmp_path, artifact_location=None)]


@pytest.mark.parametrize("number", range(7))
def test_all_rows_are_those_of_mlflows_client(
    number: int, empty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every table and every artifact is what MLflow's own client makes of the same runs."""
    monkeypatch.chdir(tmp_path)
    directly, by_client = tmp_path / "directly.db", tmp_path / "client.db"
    for path in (directly, by_client):
        path.write_bytes(empty.read_bytes())
    records = list(histories(tmp_path))[number]
    for record in records:
        sqlite_record.record_run(directly, record)
    written = files(tmp_path)
    for record in records:
        client_record.record_run(f"sqlite:///{by_client}", record)
    assert rows(directly) == rows(by_client)
    assert set(written) == {"artifacts/manifest.json", "artifacts/verdict.json"}
    assert files(tmp_path) == written


def test_later_metrics_are_those_of_mlflows_client(empty: Path, tmp_path: Path) -> None:
    """Metrics added by step: each is kept, and the newest of each name is MLflow's newest."""
    directly, by_client = tmp_path / "directly.db", tmp_path / "client.db"
    for path in (directly, by_client):
        path.write_bytes(empty.read_bytes())
    run = sqlite_record.record_run(directly, record_of(tmp_path))
    client_run = client_record.record_run(f"sqlite:///{by_client}", record_of(tmp_path))
    for value, measured, step in ((0.5, 9, 12), (0.25, 8, 12), (0.75, 9, 12), (0.1, 99, 7)):
        metrics = {"accuracy/p/mae": value, "gate/m1": value}
        sqlite_record.record_metrics(directly, run, metrics, measured, step)
        uri = f"sqlite:///{by_client}"
        client_record.record_metrics(uri, client_run, metrics, measured, step)
    assert rows(directly) == rows(by_client)


def test_runs_recorded_at_once(database: Path, tmp_path: Path) -> None:
    """Writers wait for each other, and every run is recorded once."""
    records = [record_of(tmp_path, run_id=f"r{i}") for i in range(8)]
    with ThreadPoolExecutor(8) as threads:
        runs = list(threads.map(lambda r: sqlite_record.record_run(database, r), records))
    assert len(set(runs)) == 8
    assert len(rows(database)["runs"]) == 8
    assert len(rows(database)["experiments"]) == 2


def test_a_new_file_is_made_by_mlflow(tmp_path: Path) -> None:
    """Without a file there is nothing to write into, and none is made."""
    with pytest.raises(NeedsClientError, match="no such file"):
        sqlite_record.record_run(tmp_path / "mlflow.db", record_of(tmp_path))
    assert not (tmp_path / "mlflow.db").exists()


def test_the_revision_is_that_of_the_installed_mlflow(database: Path) -> None:
    """The tables of the pinned release are those that are written directly."""
    with closing(sqlite3.connect(database)) as connection:
        revision = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    assert revision == (sqlite_record.SCHEMA_REVISION,)


def test_a_record_is_whole_or_nothing(database: Path, tmp_path: Path) -> None:
    """A run whose artifacts cannot be written leaves no row."""
    (tmp_path / "artifacts of ü").write_text("a file where the folder should be")
    before = rows(database)
    with pytest.raises(OSError):  # noqa: PT011 - which one is the system's choice
        sqlite_record.record_run(database, record_of(tmp_path))
    assert rows(database) == before


def test_tables_of_another_release_are_left_to_mlflow(database: Path, tmp_path: Path) -> None:
    """Whoever moved the database to another release of MLflow gets nothing written past it."""
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'newer'")
    with pytest.raises(NeedsClientError, match="newer"):
        sqlite_record.record_run(database, record_of(tmp_path))
    with pytest.raises(NeedsClientError, match="newer"):
        sqlite_record.record_metrics(database, "r", {"m": 1.0}, 0, 0)
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE mine (a)")
    with pytest.raises(NeedsClientError, match="not MLflow's"):
        sqlite_record.record_run(other, record_of(tmp_path))


@pytest.mark.parametrize("location", ["s3://bucket/demand", "mlflow-artifacts:/1", "file://host/x"])
def test_artifacts_elsewhere_are_left_to_mlflow(
    location: str, database: Path, tmp_path: Path
) -> None:
    """Artifacts that do not lie in a folder of this machine are not written directly."""
    before = rows(database)
    with pytest.raises(NeedsClientError, match="artifacts lie in"):
        sqlite_record.record_run(database, record_of(tmp_path, artifact_location=location))
    assert rows(database) == before


def test_a_deleted_experiment_is_left_to_mlflow(database: Path, tmp_path: Path) -> None:
    """MLflow's client restores an experiment that somebody deleted."""
    sqlite_record.record_run(database, record_of(tmp_path))
    with sqlite3.connect(database) as connection:
        connection.execute(
            "UPDATE experiments SET lifecycle_stage = 'deleted' WHERE name = 'demand'"
        )
    with pytest.raises(NeedsClientError, match="restored"):
        sqlite_record.record_run(database, record_of(tmp_path))


@pytest.mark.parametrize("stage", ["deleted", None])
def test_metrics_of_a_run_that_is_gone(stage: str | None, database: Path, tmp_path: Path) -> None:
    """Metrics are added to a run that is there and was not deleted."""
    run = sqlite_record.record_run(database, record_of(tmp_path))
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE runs SET lifecycle_stage = 'deleted'")
    with pytest.raises(LookupError, match="no active run"):
        sqlite_record.record_metrics(database, run if stage else "gone", {"m": 1.0}, 0, 0)


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("sqlite:////data/mlflow.db", Path("/data/mlflow.db")),
        ("sqlite:///mlflow.db", Path.cwd() / "mlflow.db"),
        ("sqlite:///:memory:", None),
        ("sqlite://", None),
        ("sqlite:////data/mlflow.db?timeout=5", None),
        ("sqlite+pysqlite:////data/mlflow.db", None),
        ("http://127.0.0.1:5000", None),
        ("postgresql://localhost/mlflow", None),
        ("databricks", None),
    ],
)
def test_which_databases_are_written_directly(uri: str, path: Path | None) -> None:
    """Plain SQLite files; everything else is for MLflow's client."""
    assert database_path(uri) == path


def test_workspaces_are_left_to_mlflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever names a workspace of MLflow gets the run recorded there."""
    monkeypatch.setenv("MLFLOW_WORKSPACE", "team")
    assert database_path("sqlite:////data/mlflow.db") is None
