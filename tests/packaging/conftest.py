"""Environments made from a wheel, each once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.packaging.environments import build_wheel, make_environment

Environment = Callable[[str], Path]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the source tree."""
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Gives the Python of an environment with some extras, such as `client,frames`."""
    made: dict[str, Path] = {}

    def python(extras: str) -> Path:
        if extras not in made:
            made[extras] = make_environment(wheel, extras, tmp_path_factory.mktemp("environment"))
        return made[extras]

    return python
