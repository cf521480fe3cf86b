"""Environments made from a wheel, each once for all test processes of a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.made_once import made_once, shared_folder
from tests.packaging.environments import build_wheel, lend_packages, make_environment

Environment = Callable[[str], Path]


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all test processes of this run have."""
    return shared_folder(tmp_path_factory)


@pytest.fixture(scope="session")
def wheel(shared: Path) -> Path:
    """The wheel of the source tree."""
    return next(made_once(shared / "wheel", build_wheel).glob("*.whl"))


@pytest.fixture(scope="session")
def environment(wheel: Path, shared: Path) -> Environment:
    """Gives the Python of an environment with some extras, such as `client,frames`."""

    def python(extras: str) -> Path:
        folder = shared / f"environment-{extras or 'none'}"
        made_once(folder, lambda folder: make_environment(wheel, extras, folder))
        return folder / "venv" / "bin" / "python"

    return python


@pytest.fixture(scope="session")
def lent_environment(wheel: Path, shared: Path) -> Path:
    """The Python of an environment that holds the wheel, and beside it all packages of this one."""
    folder = shared / "environment-lent"
    made_once(folder, lambda folder: lend_packages(wheel, folder))
    return folder / "venv" / "bin" / "python"
