"""Power is lost at any moment of publish, judge, promote, rollback and sweep: whatever the disk
kept of what was not flushed, committed versions survive and nothing half-written is visible.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from estimates.store.store import Store
from estimates.store.verify import verify
from tests.builders import SET, define, make_store, promoted, publish
from tests.invariants import Answers, check_all
from tests.store.disk_trace import CALLS, Trace, write_files

pytestmark = pytest.mark.slow
PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Trace, Answers]:
    """The steps of the work, and what the version that was there before answers."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed: apt-get install strace")
    folder = tmp_path_factory.mktemp("power")
    root, trace = folder / "store", folder / "trace"
    store = make_store(root)
    define(store)
    promoted(store, "first")
    answers = check_all(store)
    store.catalog.engine.dispose()
    shutil.copytree(root, folder / "before")
    command = (
        *("strace", "-f", "-qq", "-xx", "-s", "10000000", "-e", f"trace={CALLS}"),
        *("--seccomp-bpf", "-o", str(trace), sys.executable, "-m", "tests.store.power_child"),
        *(str(root), str(folder / "acknowledged")),
    )
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    if done.returncode and "PTRACE" in done.stderr:
        pytest.skip("this process may not trace another one")
    assert done.returncode == 0, done.stderr
    with open(trace, encoding="ascii") as lines:
        return Trace(lines, folder / "before", root, folder / "acknowledged"), answers


def test_the_trace_is_the_whole_of_what_was_done(
    recorded: tuple[Trace, Answers], tmp_path: Path
) -> None:
    """Replayed to its end it gives a store with all that the work did."""
    trace, answers = recorded
    write_files(trace.files(next(trace.states(len(trace.steps)))), tmp_path / "store")
    store = Store(tmp_path / "store")
    check_all(store, answers)
    kinds = [event.kind for event in store.view().set(SET).events]
    assert kinds[-4:] == ["promoted", "published", "rolled_back", "expired"]
    assert store.catalog.last_event() == trace.said(len(trace.steps))
    assert verify(store) == []
    store.catalog.engine.dispose()


@pytest.mark.parametrize("stride", [97, pytest.param(1, marks=pytest.mark.stack)])
def test_whatever_the_disk_kept(
    recorded: tuple[Trace, Answers], tmp_path: Path, stride: int
) -> None:
    """Every state that a disk may be in, or a part of them: what was acknowledged is there and
    whole, what was not is there as a whole or not at all, and verify finds nothing wrong.
    """
    trace, answers = recorded
    states = {
        state[1:]: (end, state)
        for end in range(1, len(trace.steps) + 1)  # the latest moment counts
        for state in trace.states(end)
    }
    chosen = list(states.values())[::stride]
    for number, (end, state) in enumerate(chosen):
        write_files(trace.files(state), tmp_path / "store")
        try:
            _check(tmp_path / "store", answers, trace.said(end), number)
        except BaseException as error:
            raise AssertionError(f"power lost before step {end}, kept: {state.what}") from error
    assert len(chosen) >= 20


def _check(root: Path, answers: Answers, acknowledged: int, number: int) -> None:
    """Look at a store; all invariants in every fourth, a new version in every twelfth."""
    store = Store(root)
    try:
        assert store.catalog.last_event() >= acknowledged
        assert verify(store) == []
        if number % 4 == 0:
            check_all(store, answers)
        if number % 12 == 0:
            publish(store, "afterwards", 103.0, day=3)
            check_all(store, answers)
            assert verify(store) == []
    finally:
        store.catalog.engine.dispose()
