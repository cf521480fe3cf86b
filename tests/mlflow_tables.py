"""MLflow's tables, made once for all tests that record into a file of their own."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from estimates_jobs.tracking import client_record
from estimates_jobs.tracking.sqlite_record import database_path

AddMlflow = Callable[[Path], None]
_NAME = "mlflow.db"
_client = client_record._client


def make_tables(folder: Path) -> Path:
    """A file in a folder with MLflow's empty tables, which its client takes seconds to make."""
    _client(f"sqlite:///{folder / _NAME}")
    return folder / _NAME


def add_tables(made: Callable[[], Path], root: Path) -> None:
    """Put a copy of made tables into a store's folder, for another process that records there."""
    shutil.copy(made() / _NAME, root / _NAME)


def start_with_tables(made: Callable[[], Path]) -> None:
    """From now on MLflow's client finds made tables where there was no file yet."""

    def client(uri: str) -> Any:
        database = database_path(uri)
        if database is not None and not database.exists():
            shutil.copy(made() / _NAME, database)
        return _client(uri)

    client_record._client = client
