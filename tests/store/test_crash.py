"""Kill -9 at any moment leaves no version or a whole one, and the same command with the same run_id
completes.
"""

from __future__ import annotations

import random
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.invariants import Answers
from tests.store.crash_checks import (
    WORKS,
    Run,
    check_completed,
    check_killed,
    killing,
    stores_to_kill,
)

PARTS = 16  # of which all but one are killed among the long tests


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """Runs and kills."""
    with killing() as runs:
        yield runs


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Answers]]:
    """A store for each kind of work."""
    return stores_to_kill(tmp_path_factory.mktemp("before"))


def _kill_and_complete(
    run: Run, start: tuple[Path, Answers], folder: Path, work: str, **kill: float
) -> dict[str, Any]:
    """Kill the work on a copy of a store, look, give the same command again, look."""
    before, answers = start
    root = folder / "store"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(before, root)
    killed = run(root, work, **kill)
    check_killed(root, work, answers)
    completed = run(root, work)
    assert completed["code"] == 0
    check_completed(root, work, answers)
    return killed


@pytest.mark.parametrize(
    "part", [0, *(pytest.param(part, marks=pytest.mark.stack) for part in range(1, PARTS))]
)
@pytest.mark.parametrize("work", WORKS)
def test_killed_at_any_step(
    run: Run, stores: dict[str, Any], tmp_path: Path, work: str, part: int
) -> None:
    """Killed before and after every write, rename, flush, delete and commit, a part of them at a
    time: whole or nothing, then completed.
    """
    shutil.copytree(stores[work][0], tmp_path / "whole")
    whole = run(tmp_path / "whole", work)
    assert whole["code"] == 0
    assert whole["steps"] > 10
    for number in range(1 + part, whole["steps"] + 1, PARTS):
        killed = _kill_and_complete(run, stores[work], tmp_path, work, kill_before=number)
        assert killed["signal"] == signal.SIGKILL, (
            f"step {number} of {whole['steps']} was not reached"
        )


@pytest.mark.parametrize("kills", [2, pytest.param(12, marks=pytest.mark.stack)])
def test_killed_at_any_time(run: Run, stores: dict[str, Any], tmp_path: Path, kills: int) -> None:
    """Killed at random times, inside a database or a storage call too: whole or nothing, then
    completed.
    """
    shutil.copytree(stores["run"][0], tmp_path / "whole")
    whole = run(tmp_path / "whole", "run")
    times = random.Random(11)
    for _ in range(kills):
        _kill_and_complete(
            run,
            stores["run"],
            tmp_path,
            "run",
            kill_after_s=times.uniform(0, 1.2 * whole["seconds"]),
        )
