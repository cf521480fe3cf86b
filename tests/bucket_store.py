"""A store in a bucket of a real S3 server with its catalog in PostgreSQL, as several machines use
it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from estimates.store.store import Store
from tests.s3_server import S3Server

PROJECT = Path(__file__).parents[1]


class Ended(NamedTuple):
    """How a command ended: exit code, stable code of its error, message, seconds it took."""

    exit: int
    code: str | None
    message: str
    seconds: float


class BucketStore(NamedTuple):
    """Where a store in a bucket is: its URL, its catalog's URL, the server, a folder for caches."""

    root: str
    catalog: str
    s3: S3Server
    folder: Path

    def environment(self, machine: str = "first") -> dict[str, str]:
        """The variables of one machine."""
        return self.s3.environment() | {
            "ESTIMATES_STORE": self.root,
            "ESTIMATES_CATALOG": self.catalog,
            "ESTIMATES_CACHE": str(self.folder / machine),
            "ESTIMATES_ACTOR": machine,
            "MLFLOW_TRACKING_URI": f"sqlite:///{self.folder / 'mlflow.db'}",
        }

    @contextmanager
    def opened(self, machine: str = "first") -> Iterator[Store]:
        """The store as a process of a machine opens it."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.environment(machine).items():
                patch.setenv(name, value)
            store = Store(
                self.root, catalog=self.catalog, cache=self.folder / machine, actor=machine
            )
            try:
                yield store
            finally:
                store.catalog.engine.dispose()

    def start(self, *arguments: object, machine: str = "first") -> subprocess.Popen[bytes]:
        """A command of a machine, running."""
        return subprocess.Popen(
            [sys.executable, "-m", "estimates_jobs.cli", *map(str, arguments), "--format", "json"],
            env=os.environ | {"PYTHONPATH": str(PROJECT)} | self.environment(machine),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self.folder,
        )

    def run_all(self, *commands: tuple[object, ...], machine: str = "second") -> list[Ended]:
        """Run commands of a machine side by side; how each ended, in order."""
        started = time.monotonic()
        running = [self.start(*command, machine=machine) for command in commands]
        return [_ended(process, started) for process in running]


def _ended(process: subprocess.Popen[bytes], started: float) -> Ended:
    _, err = process.communicate(timeout=120)
    seconds = time.monotonic() - started
    for line in err.decode().splitlines():
        if line.startswith('{"error"'):
            error = json.loads(line)["error"]
            return Ended(process.returncode, error["code"], error["message"], seconds)
    return Ended(process.returncode, None, err.decode(), seconds)
