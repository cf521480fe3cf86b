"""Killing a process that works on a store, and what must hold then and after the same command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from estimates.store.store import Store
from estimates.store.sweep import sweep
from estimates.store.verify import verify
from tests.builders import SET, make_store, promoted, publish
from tests.builders import define as define_set
from tests.invariants import Answers, check_all

PROJECT = Path(__file__).parents[2]
WORKS = ("run", "tidy", "waived")
Run = Callable[..., dict[str, Any]]


@contextmanager
def killing() -> Iterator[Run]:
    """Runs a command in a child process of a process that has imported everything already."""
    command = [sys.executable, "-m", "tests.store.crash_child"]
    away = os.environ | {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}
    with subprocess.Popen(
        command, cwd=PROJECT, env=away, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        stdin, stdout = server.stdin, server.stdout

        def runs(root: Path, work: str, **kill: float) -> dict[str, Any]:
            print(json.dumps({"root": str(root), "work": work, **kill}), file=stdin, flush=True)
            return json.loads(stdout.readline())

        yield runs
        stdin.close()


def stores_to_kill(folder: Path) -> dict[str, tuple[Path, Answers]]:
    """For each kind of work a store to begin with, to be copied, and what its versions answer."""
    made: dict[str, tuple[Path, Answers]] = {}
    for work in WORKS:
        root = folder / work
        store = make_store(root)
        define_set(store)
        promoted(store, "first", 499.9 if work == "waived" else 100.0)
        if work == "waived":
            publish(store, "blocked", 500.1)
        if work == "tidy":
            promoted(store, "second", 101.0, day=1)
            publish(store, "third", 102.0, day=2)
            orphan = f"sets/{SET}/snapshots/{'0' * 64}"
            store.objects.put(f"{orphan}/estimates.parquet", b"left by a crash")
            (root / orphan / "manifest.json#1").write_bytes(b"so is this")
        made[work] = root, check_all(store)
        store.catalog.engine.dispose()
    return made


def check_killed(root: Path, work: str, answers: Answers) -> None:
    """What must hold right after a kill."""
    store = Store(root)
    check_all(store, answers)
    assert len(store.view().set(SET).versions) in ((3,) if work == "tidy" else (1, 2))
    assert store.resolve(SET).version in (1, 2)
    store.catalog.engine.dispose()


def check_completed(root: Path, work: str, answers: Answers) -> None:
    """What must hold when the same command was given again."""
    store = Store(root)
    check_all(store, answers)
    assert verify(store) == []
    view = store.view().set(SET)
    if work == "run":
        [run] = store.runs(SET)
        assert (run.run_id, run.status, run.step, run.version) == (
            "crashing",
            "promoted",
            "track",
            2,
        )
        assert [version.provenance.run_id for version in view.versions] == ["first", "crashing"]
        assert store.resolve(SET).version == 2
        assert [event.kind for event in view.events].count("published") == 2
        sweep(store, grace=timedelta(0))
    elif work == "waived":
        assert [store.state(version) for version in view.versions] == ["superseded", "production"]
        assert view.waivers == []
        kinds = [event.kind for event in view.events]
        assert (kinds.count("waived"), kinds.count("unwaived")) == (1, 1)
    else:
        assert [store.state(version) for version in view.versions] == [
            "production",
            "rolled_back",
            "expired",
        ]
        assert view.aliases["production"].held
        assert [event.kind for event in view.events].count("rolled_back") == 1
    stored = {name.split("/")[3] for name in store.objects.names(f"sets/{SET}/snapshots")}
    assert stored == {
        version.snapshot_id for version in view.versions if version.expired_at is None
    }
    check_all(store, answers)
    store.catalog.engine.dispose()
