"""A process that works on a store is killed, again and again, at any step and at any time; then the
same command is given once more.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

from estimates.store.store import Store
from estimates.store.verify import verify
from tests.soak.outcome import Outcome
from tests.store.crash_checks import (
    WORKS,
    Run,
    check_completed,
    check_killed,
    killing,
    stores_to_kill,
)

_IN_A_ROW = 6  # kills of one store before it may complete
WHOLE = "whole, and completed by the same command"
MEANING = {"run": "run: publish, judge, promote", "tidy": "rollback, expire, sweep"} | {
    "waived": "waive, promote, unwaive"
}


def kills(folder: Path, times: int, chance: random.Random) -> Iterator[Outcome]:
    """Kill each kind of work in turn; raises AssertionError for what is half-done."""
    stores = stores_to_kill(folder)
    with killing() as run:
        steps = {work: _whole(run, stores[work][0], folder, work) for work in WORKS}
        number = 0
        while number < times:
            work = WORKS[number % len(WORKS)]
            before, answers = stores[work]
            root = folder / "killed"
            shutil.rmtree(root, ignore_errors=True)
            shutil.copytree(before, root)
            died: list[Outcome] = []
            for _ in range(_IN_A_ROW):
                total, seconds = steps[work]
                at_step = chance.random() < 0.5
                kill = (
                    {"kill_before": chance.randint(1, total)}
                    if at_step
                    else {"kill_after_s": chance.uniform(0, 1.2 * seconds)}
                )
                killed = run(root, work, **kill)
                if killed["signal"] is None:
                    break
                number += 1
                place = "before a write, flush or commit" if at_step else "at a random moment"
                died.append(Outcome(f"kill -9 {place}: {MEANING[work]}", WHOLE))
                _look(root)
            check_killed(root, work, answers)
            assert run(root, work)["code"] == 0
            check_completed(root, work, answers)
            yield from died


def _look(root: Path) -> None:
    store = Store(root)
    assert verify(store) == []
    store.catalog.engine.dispose()


def _whole(run: Run, before: Path, folder: Path, work: str) -> tuple[int, float]:
    """How many steps the work takes when nobody kills it, and how long."""
    shutil.copytree(before, folder / f"whole-{work}")
    whole = run(folder / f"whole-{work}", work)
    assert whole["code"] == 0
    return whole["steps"], whole["seconds"]
