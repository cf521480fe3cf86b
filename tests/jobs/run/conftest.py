"""The folder of a user's own jobs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.jobs.run.sold import JOB, SOLD


@pytest.fixture
def job_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working directory with the table, in which modules of jobs are found."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", list(sys.path))
    # nobody listens; tracking has its own tests
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    Path("sold.csv").write_text(SOLD)


@pytest.fixture
def write_job(request: pytest.FixtureRequest) -> Callable[..., str]:
    """Writes a job module under a name of this test's own, because a process imports a name only
    once.
    """
    stem = f"job_{abs(hash(request.node.nodeid))}"
    count = 0

    def write(source: str = JOB) -> str:
        nonlocal count
        count += 1
        Path(f"{stem}_{count}.py").write_text(source)
        return f"{stem}_{count}"

    return write
