"""Environments made from a wheel, each once for all test processes of a run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from estimates.storage.file_lock import file_lock
from tests.packaging.environments import build_wheel, make_environment

Environment = Callable[[str], Path]


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all test processes of this run have."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def wheel(shared: Path) -> Path:
    """The wheel of the source tree."""
    return next(_made(shared / "wheel", build_wheel).glob("*.whl"))


@pytest.fixture(scope="session")
def environment(wheel: Path, shared: Path) -> Environment:
    """Gives the Python of an environment with some extras, such as `client,frames`."""

    def python(extras: str) -> Path:
        folder = shared / f"environment-{extras or 'none'}"
        _made(folder, lambda folder: make_environment(wheel, extras, folder))
        return folder / "venv" / "bin" / "python"

    return python


def _made(folder: Path, make: Callable[[Path], object]) -> Path:
    """The folder, filled by the first process that asks for it."""
    done = folder / "done"
    with file_lock(folder.with_name(f"{folder.name}.lock")):
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            done.touch()
    return folder
