"""MLflow's tables, made once for the tests that record into a store of their own."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from estimates_jobs.tracking import client_record

AddMlflow = Callable[[Path], None]


@pytest.fixture(scope="session")
def add_mlflow(tmp_path_factory: pytest.TempPathFactory) -> AddMlflow:
    """Puts MLflow's empty tables into a store's folder, where its client takes seconds to make
    them.
    """
    tables = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    client_record.record_metrics(f"sqlite:///{tables}", "", {}, 0, 0)

    def add(root: Path) -> None:
        shutil.copy(tables, root / tables.name)

    return add
