"""The record in a SQLite file of MLflow, written without MLflow, whose import costs over a second.

MLflow's own client makes the file; its tables are written here as long as they are those of the
pinned release. What does not fit them is left to the client too.
"""

from __future__ import annotations

import os
import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from estimates_jobs.tracking.mlflow_structs import InputRecord, RunRecord

SCHEMA_REVISION = "dc11669786a5"  # what MLflow calls the newest state of its tables
_BUSY_TIMEOUT = 20  # seconds that MLflow's own client waits for another writer


class NeedsClientError(Exception):
    """MLflow's client has to write this: no file yet, another release's tables, artifacts
    elsewhere.
    """


def database_path(tracking_uri: str) -> Path | None:
    """The file that a tracking URI names; None when it names no plain SQLite file."""
    path = tracking_uri.removeprefix("sqlite:///")
    if path in (tracking_uri, "", ":memory:") or "?" in path or "MLFLOW_WORKSPACE" in os.environ:
        return None
    return Path(path).absolute()


def record_run(database: Path, record: RunRecord) -> str:
    """Write a run, whole or not at all, and return its MLflow id; again, it is the same run.

    A parameter keeps its first value. Raises NeedsClientError, sqlite3.Error, OSError.
    """
    with _transaction(database) as connection:
        experiment, location = _experiment(connection, record)
        mlflow_run, artifacts = _run(connection, experiment, location, record)
        folder = _local_folder(artifacts)
        connection.executemany(
            "INSERT OR IGNORE INTO params (key, value, run_uuid) VALUES (?, ?, ?)",
            [(name, value, mlflow_run) for name, value in record.parameters.items()],
        )
        _set_tags(connection, mlflow_run, record.tags)
        _add_metrics(connection, mlflow_run, record.metrics, record.measured, 0)
        for entry in record.inputs:
            _add_input(connection, experiment, mlflow_run, entry)
        connection.execute(
            "UPDATE runs SET status = ?, end_time = ? WHERE run_uuid = ?",
            (record.status, record.ended, mlflow_run),
        )
        for name, content in record.artifacts.items():
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
    return mlflow_run


def record_metrics(
    database: Path, mlflow_run: str, metrics: dict[str, float], measured: int, step: int
) -> None:
    """Add metrics to a run; `measured` in milliseconds since 1970.

    Raises LookupError for a run that is not there or was deleted, NeedsClientError, sqlite3.Error.
    """
    with _transaction(database) as connection:
        _check_active(connection, mlflow_run)
        _add_metrics(connection, mlflow_run, metrics, measured, step)


def record_tags(database: Path, mlflow_run: str, tags: dict[str, str]) -> None:
    """Set tags of a run; raises as `record_metrics` does."""
    with _transaction(database) as connection:
        _check_active(connection, mlflow_run)
        _set_tags(connection, mlflow_run, tags)


def _check_active(connection: sqlite3.Connection, mlflow_run: str) -> None:
    known = connection.execute(
        "SELECT 1 FROM runs WHERE run_uuid = ? AND lifecycle_stage = 'active'", (mlflow_run,)
    )
    if known.fetchone() is None:
        raise LookupError(f"there is no active run {mlflow_run}")


@contextmanager
def _transaction(database: Path) -> Iterator[sqlite3.Connection]:
    if not database.exists():
        raise NeedsClientError("there is no such file yet")
    opened = sqlite3.connect(database, timeout=_BUSY_TIMEOUT, isolation_level=None)
    with closing(opened) as connection, connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("BEGIN IMMEDIATE")
        _check_tables(connection)
        yield connection


def _check_tables(connection: sqlite3.Connection) -> None:
    try:
        revisions = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    except sqlite3.OperationalError as error:
        raise NeedsClientError("the tables are not MLflow's") from error
    if revisions != [(SCHEMA_REVISION,)]:
        raise NeedsClientError(f"the tables are those of {revisions}, not of {SCHEMA_REVISION}")


def _experiment(connection: sqlite3.Connection, record: RunRecord) -> tuple[int, str]:
    """The experiment's id and where its artifacts lie; made when it is not there."""
    query = (
        "SELECT experiment_id, artifact_location, lifecycle_stage FROM experiments"
        " WHERE name = ? AND workspace = 'default'"
    )
    row = connection.execute(query, (record.experiment,)).fetchone()
    if row is not None:
        number, location, stage = row
        if stage != "active":
            raise NeedsClientError("the experiment was deleted and has to be restored")
        return number, location
    newest = "SELECT coalesce(max(experiment_id), 0) FROM experiments"
    number = connection.execute(newest).fetchone()[0] + 1
    # as MLflow does
    location = record.artifact_location or str(Path.cwd() / "mlruns" / str(number))
    now = time.time_ns() // 1_000_000
    connection.execute(
        "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage,"
        " creation_time, last_update_time, workspace) VALUES (?, ?, ?, 'active', ?, ?, 'default')",
        (number, record.experiment, location, now, now),
    )
    return number, location


def _run(
    connection: sqlite3.Connection, experiment: int, location: str, record: RunRecord
) -> tuple[str, str]:
    """The run's MLflow id and the URI of its artifacts; made when it is not there."""
    row = connection.execute(
        "SELECT run_uuid, artifact_uri FROM runs JOIN tags USING (run_uuid)"
        " WHERE experiment_id = ? AND lifecycle_stage = 'active' AND key = 'run_id' AND value = ?"
        " ORDER BY start_time DESC, run_uuid LIMIT 1",
        (experiment, record.run_id),
    ).fetchone()
    if row is not None:
        return row
    mlflow_run = uuid.uuid4().hex
    artifacts = f"{location.rstrip('/')}/{mlflow_run}/artifacts"
    connection.execute(
        "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id,"
        " status, start_time, source_version, lifecycle_stage, artifact_uri, experiment_id)"
        " VALUES (?, ?, 'UNKNOWN', '', '', 'unknown', 'RUNNING', ?, '', 'active', ?, ?)",
        (mlflow_run, record.run_id, record.started, artifacts, experiment),
    )
    _set_tags(connection, mlflow_run, {"run_id": record.run_id, "mlflow.runName": record.run_id})
    return mlflow_run, artifacts


def _local_folder(uri: str) -> Path:
    parts = urlsplit(uri)
    if parts.scheme == "file" and not parts.netloc:
        return Path(unquote(parts.path))
    if not parts.scheme and uri.startswith("/"):
        return Path(uri)
    raise NeedsClientError(f"artifacts lie in {uri}")


def _set_tags(connection: sqlite3.Connection, mlflow_run: str, tags: dict[str, str]) -> None:
    connection.executemany(
        "INSERT OR REPLACE INTO tags (key, value, run_uuid) VALUES (?, ?, ?)",
        [(name, value, mlflow_run) for name, value in tags.items()],
    )


def _add_metrics(
    connection: sqlite3.Connection,
    mlflow_run: str,
    metrics: dict[str, float],
    measured: int,
    step: int,
) -> None:
    rows = [(name, value, measured, mlflow_run, step) for name, value in metrics.items()]
    connection.executemany(
        "INSERT OR IGNORE INTO metrics (key, value, timestamp, run_uuid, step, is_nan)"
        " VALUES (?, ?, ?, ?, ?, 0)",
        rows,
    )
    # Of each name MLflow keeps the newest once more, and of two at the same time the greater.
    connection.executemany(
        "INSERT INTO latest_metrics (key, value, timestamp, run_uuid, step, is_nan)"
        " VALUES (?, ?, ?, ?, ?, 0) ON CONFLICT (key, run_uuid) DO UPDATE SET"
        " value = excluded.value, timestamp = excluded.timestamp, step = excluded.step, is_nan = 0"
        " WHERE (excluded.step, excluded.timestamp, excluded.value)"
        " > (latest_metrics.step, latest_metrics.timestamp, latest_metrics.value)",
        rows,
    )


def _add_input(
    connection: sqlite3.Connection, experiment: int, mlflow_run: str, entry: InputRecord
) -> None:
    identity = (experiment, entry.name, entry.digest)
    connection.execute(
        "INSERT OR IGNORE INTO datasets (dataset_uuid, experiment_id, name, digest,"
        " dataset_source_type, dataset_source, dataset_profile) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (uuid.uuid4().hex, *identity, entry.source_type, entry.source, entry.profile),
    )
    (dataset,) = connection.execute(
        "SELECT dataset_uuid FROM datasets WHERE experiment_id = ? AND name = ? AND digest = ?",
        identity,
    ).fetchone()
    input_id = uuid.uuid4().hex
    added = connection.execute(
        "INSERT OR IGNORE INTO inputs"
        " (input_uuid, source_type, source_id, destination_type, destination_id)"
        " VALUES (?, 'DATASET', ?, 'RUN', ?)",
        (input_id, dataset, mlflow_run),
    )
    if added.rowcount:
        connection.executemany(
            "INSERT INTO input_tags (input_uuid, name, value) VALUES (?, ?, ?)",
            [(input_id, name, value) for name, value in entry.tags.items()],
        )
