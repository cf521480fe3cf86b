"""A disk that fills up, turns read-only, fails, is gone or is slow at any step of `publish`: what
the command says, and whether the same command succeeds once the disk is well again.

The system's own answers are made by strace, at the n-th write, flush or change of a name and all
that follow; a full disk is a small file system in memory.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from estimates.store.store import Store
from estimates.store.verify import verify
from tests.builders import SET, define, frame, make_store, promoted
from tests.invariants import Answers, check_all
from tests.mlflow_tables import make_tables
from tests.soak.outcome import Outcome

PROJECT = Path(__file__).parents[2]
# What a program asks of a disk when it writes; reading, and pipes to other threads, are left alone.
CALLS = "pwrite64,fsync,fdatasync,ftruncate,rename,renameat,renameat2,link,linkat,unlink,mkdir"
FAULTS = {
    "a read-only disk": "error=EROFS",
    "a full disk": "error=ENOSPC",
    "a disk whose quota is used up": "error=EDQUOT",
    "a disk that takes no larger file": "error=EFBIG",
    "a failing disk": "error=EIO",
    "a disk that is gone": "error=ENODEV",
    "a slow disk": "delay_enter=20000",
}
COMPLETED = "published"
TRY_AGAIN = "exit code 3, nothing half-written; the same command succeeds afterwards"
CHANGE = "exit code 2, nothing half-written; the same command succeeds afterwards"


def can_trace() -> bool:
    """Whether strace is installed and may trace."""
    if shutil.which("strace") is None:
        return False
    tried = subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, check=False)
    return tried.returncode == 0


def can_mount() -> bool:
    """Whether this process may mount a file system of its own."""
    if shutil.which("unshare") is None:
        return False
    there = "mount -t tmpfs none /mnt"
    tried = subprocess.run(["unshare", "--mount", "sh", "-c", there], check=False)
    return tried.returncode == 0


def disks(
    folder: Path, steps: Iterable[int], faults: Iterable[str] = tuple(FAULTS)
) -> Iterator[Outcome]:
    """Each fault from each of the steps on; raises AssertionError for what is half-written."""
    before, answers = _before(folder)
    for step in steps:
        for fault in faults:
            how = f"inject={CALLS}:{FAULTS[fault]}:when={step}+"
            traced = ("strace", "-f", "-qq", "--seccomp-bpf", "-o", "/dev/null")
            traced += ("-e", f"trace={CALLS}", "-e", how)
            yield _publish(folder, before, answers, f"{fault}, from a step of publish on", traced)


def small_disks(folder: Path, sizes: Iterable[int]) -> Iterator[Outcome]:
    """A file system with so many KiB left."""
    before, answers = _before(folder)
    for size in sizes:
        mounted = (
            f"mount -t tmpfs -o size=$(($(du -sk {folder}/store | cut -f1) + {size}))k none "
            f"{folder}/disk && cp -a {folder}/store/. {folder}/disk/ && "
            f'{{ "$@"; code=$?; rm -rf {folder}/store; cp -a {folder}/disk {folder}/store; '
            "exit $code; }"
        )
        (folder / "disk").mkdir(exist_ok=True)
        how = ("unshare", "--mount", "sh", "-c", mounted, "sh")
        yield _publish(folder, before, answers, "a disk that fills up during publish", how, "disk")


def _before(folder: Path) -> tuple[Path, Answers]:
    before = folder / "before"
    if not before.exists():
        store = make_store(before)
        define(store)
        promoted(store, "first")
        store.catalog.engine.dispose()
        make_tables(before)  # by MLflow's client, whose steps are none of ours
        frame(101.0).write_parquet(folder / "second.parquet")
    store = Store(before)
    answers = check_all(store)
    store.catalog.engine.dispose()
    return before, answers


def _publish(
    folder: Path,
    before: Path,
    answers: Answers,
    fault: str,
    how: tuple[str, ...],
    at: str = "store",
) -> Outcome:
    root = folder / "store"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(before, root)
    code, said = _run(folder, how, folder / at)
    assert code in (0, 2, 3), (fault, how, said)
    store = Store(root)
    check_all(store, answers)
    assert verify(store) == [], (fault, how)
    versions = len(store[SET].versions())
    assert versions == 2 or (code != 0 and versions == 1), (fault, how, said)
    store.catalog.engine.dispose()
    again, message = _run(folder, (), root)
    assert again == 0, (fault, how, message)
    store = Store(root)
    check_all(store, answers)
    assert verify(store) == []
    assert len(store[SET].versions()) == 2
    store.catalog.engine.dispose()
    return Outcome(fault, {0: COMPLETED, 2: CHANGE, 3: TRY_AGAIN}[code], f"{how}: {said}")


def _run(folder: Path, how: tuple[str, ...], root: Path) -> tuple[int, str]:
    """Exit code and error of `estimates publish`."""
    publish = ("publish", SET, str(folder / "second.parquet"), "--run-id", "second")
    through = ("--through", "2024-01-02T21:00:00Z", "--store", str(root), "--format", "json")
    done = subprocess.run(
        [*how, sys.executable, "-m", "estimates_jobs.cli", *publish, *through],
        env=os.environ | {"PYTHONPATH": str(PROJECT), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=folder,
        capture_output=True,
        check=False,
    )
    return done.returncode, done.stderr.decode()[-600:]
