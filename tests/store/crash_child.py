"""A process that does the work of a run and is killed on the way: test_crash.py starts it with
`python -m tests.store.crash_child`.

It imports everything once, then forks for each line of its input: {"root", "work", "kill_before",
"kill_after_s"}. It answers each line with {"signal", "code", "steps", "seconds"}: the signal that
ended the child or its exit code, the steps it counted and the time it took. A step is a write,
rename, delete or writing commit, or the flushes that follow one another: between two of those
nothing differs that a kill could leave behind. Each step ends where the next begins.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import mlflow  # noqa: F401 - imported before the fork
import obstore
import polars as pl
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from estimates.store.store import Store
from estimates.store.sweep import sweep
from estimates_jobs.run.context import Context
from estimates_jobs.run.runner import run as run_job
from tests.builders import SET, define, frame


def compute(context: Context) -> pl.DataFrame:
    """The job of the whole run."""
    return frame(101.0)


def whole_run(root: Path) -> None:
    """All that `estimates run` does, MLflow being away."""
    store = Store(root, actor="child")
    define(
        store,
        more='[job]\nfunction = "tests.store.crash_child:compute"\n[gate]\npromote = "automatic"\n',
    )
    outcome, _ = run_job(store, SET, data_through="2024-01-03", run_id="crashing")
    assert outcome.promoted, outcome


def tidy(root: Path) -> None:
    """Take the promoted version back, give up the newest one, delete files that nobody needs."""
    store = Store(root, actor="child")
    if not store.view().set(SET).aliases["production"].held:
        store.rollback(SET, reason="bad")
    newest = store.resolve(SET, 3)
    if newest.expired_at is None:
        store.catalog.expire(newest, actor="child", reason="test")
    sweep(store, grace=timedelta(0))


def waived(root: Path) -> None:
    """Except the newest version from what it fails, promote it, take the waiver back."""
    store = Store(root, actor="child")
    view = store.view().set(SET)
    if not any(event.kind == "waived" for event in view.events):
        store.waive(SET, "hard_bounds", 2, reason="test", until="2100-01-01")
    if view.aliases["production"].version == 1:
        store.promote(SET, 2, reason="test")
    for waiver in store.view().set(SET).waivers:
        store.unwaive(SET, waiver.id, reason="test")


WORK: dict[str, Callable[[Path], None]] = {"run": whole_run, "tidy": tidy, "waived": waived}


class Counter:
    """Counts steps, and kills this process before the one asked for."""

    def __init__(self, kill_before: int | None) -> None:
        self.kill_before = kill_before
        self.steps = 0
        self.writing = False
        self.last = ""

    def step(self, name: str = "") -> None:
        """One step is about to happen."""
        if name == self.last == "fsync":
            return
        self.last = name
        self.steps += 1
        if self.steps == self.kill_before:
            os.kill(os.getpid(), signal.SIGKILL)

    def count(self, owner: Any, name: str) -> None:
        """Make each call of a function a step."""
        function = getattr(owner, name)

        def counted(*args: Any, **kwargs: Any) -> Any:
            if name != "do_commit" or self.writing:
                self.step(name)
            return function(*args, **kwargs)

        setattr(owner, name, counted)

    def install(self) -> None:
        """Count the steps of this process."""
        for owner, name in (
            (obstore, "delete"),
            (obstore, "rename"),
            (os, "fsync"),
            (os, "link"),
            (os, "replace"),
            (os, "unlink"),
        ):
            self.count(owner, name)
        sa.event.listen(sa.Engine, "begin", self._begin)
        self.count(SQLiteDialect_pysqlite, "do_commit")

    def _begin(self, connection: sa.Connection) -> None:
        self.writing = bool(connection.get_execution_options().get("write"))


def child(command: dict[str, Any], answer: int) -> None:
    """The work of one command; tells how many steps it took."""
    counter = Counter(command.get("kill_before"))
    counter.install()
    WORK[command["work"]](Path(command["root"]))
    counter.step()
    os.write(answer, str(counter.steps).encode())


def run(command: dict[str, Any]) -> dict[str, Any]:
    """Fork, wait, and say how it ended."""
    reading, writing = os.pipe()
    started = time.monotonic()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.close(reading)
            child(command, writing)
            code = 0
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        finally:
            os._exit(code)
    os.close(writing)
    if command.get("kill_after_s") is not None:
        time.sleep(command["kill_after_s"])
        os.kill(pid, signal.SIGKILL)
    steps = os.read(reading, 100)
    os.close(reading)
    status = os.waitpid(pid, 0)[1]
    seconds = time.monotonic() - started
    killed = os.WIFSIGNALED(status)
    return {
        "signal": os.WTERMSIG(status) if killed else None,
        "code": None if killed else os.WEXITSTATUS(status),
        "steps": int(steps or 0),
        "seconds": seconds,
    }


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)
