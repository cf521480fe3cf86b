"""The process that computes reports: whatever ends it is said, and nothing of it is left."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from estimates import Store
from estimates.errors import UnavailableError
from estimates_api.serving import report_worker
from estimates_api.serving.report_worker import ReportWorker

LIVES, DIES, FAILS = "exec sleep 600", "kill -9 $$", "exit 3"


class Worker(ReportWorker):
    """A worker that is told nothing before its process has ended."""

    def _results(self, process: subprocess.Popen[bytes], work: bytes) -> bytes:
        process.wait()
        return super()._results(process, work)


@pytest.fixture
def doing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Has processes do what a line of shell says, and no report."""

    def do(line: str) -> None:
        script = tmp_path / "python"
        script.write_text(f"#!/bin/sh\n{line}\n")
        script.chmod(0o700)
        monkeypatch.setattr(sys, "executable", str(script))
        monkeypatch.setattr(report_worker, "_LOOK_S", 0.0)

    return do


def worker_of(
    store: Store,
    is_wanted: Callable[[], bool] = lambda: True,
    kind: type[ReportWorker] = ReportWorker,
) -> ReportWorker:
    """A worker of the store."""
    return kind(store.root, store.reports, store.manifests, is_wanted)


def refusal(worker: ReportWorker) -> str:
    """Why there is no report."""
    with pytest.raises(UnavailableError) as raised:
        worker.reports([], "report")
    assert raised.value.code == "report_ended"
    return raised.value.message


@pytest.mark.parametrize("kind", [ReportWorker, Worker])
def test_a_process_that_is_killed_is_told(
    local_store: Store, doing: Callable[[str], None], kind: type[ReportWorker]
) -> None:
    """Also one that was gone before it was told anything, which pipes say twice."""
    doing(DIES)
    worker = worker_of(local_store, kind=kind)
    assert "signal 9 ended" in refusal(worker)
    assert "signal 9 ended" in refusal(worker)  # there is a turn for the next


def test_a_process_that_fails_is_a_fault_of_the_program(
    local_store: Store, doing: Callable[[str], None]
) -> None:
    """Its trace is in the log; asking again would not help."""
    doing(FAILS)
    with pytest.raises(RuntimeError, match="its trace"):
        worker_of(local_store).reports([], "report")


def test_nothing_begins_for_nobody(local_store: Store, doing: Callable[[str], None]) -> None:
    """Whoever waited for the turn may be gone when it comes."""
    doing(FAILS)
    assert "nobody waits" in refusal(worker_of(local_store, lambda: False))


def test_nothing_begins_once_it_is_closed(local_store: Store, doing: Callable[[str], None]) -> None:
    """The service stops."""
    doing(FAILS)
    worker = worker_of(local_store)
    worker.close()
    assert "stopping" in refusal(worker)


def test_what_nobody_waits_for_any_more_is_ended(
    local_store: Store, doing: Callable[[str], None]
) -> None:
    """It would compute for hours, and the next would wait for it."""
    doing(LIVES)
    waiting = iter([True, True])
    assert "signal 9 ended" in refusal(worker_of(local_store, lambda: next(waiting, False)))


def test_closing_ends_a_process_that_just_begins(
    local_store: Store, doing: Callable[[str], None]
) -> None:
    """It was not there yet to be ended, and who waits for it still does."""
    doing(LIVES)
    questions: list[ReportWorker] = []

    def is_wanted() -> bool:
        worker.close()
        questions.append(worker)
        return len(questions) == 1

    worker = worker_of(local_store, is_wanted)
    assert "signal 9 ended" in refusal(worker)
    assert len(questions) == 1
