"""MLflow's tables, made once for the tests that record into a store of their own."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from estimates_jobs.tracking import client_record

AddMlflow = Callable[[Path], None]
_NAME = "mlflow.db"


def make_tables(folder: Path) -> Path:
    """A file in a folder with MLflow's empty tables, which its client takes seconds to make."""
    client_record.record_metrics(f"sqlite:///{folder / _NAME}", "", {}, 0, 0)
    return folder / _NAME


def add_tables(made: Path, root: Path) -> None:
    """Put a copy of made tables into a store's folder."""
    shutil.copy(made / _NAME, root / _NAME)
