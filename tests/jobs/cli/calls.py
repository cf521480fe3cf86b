"""Calls of the command line: through its `main` in this process, or as a process of its own."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

from estimates_jobs.cli.entry import run


class Called(NamedTuple):
    """Exit code, standard output and standard error of a command."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        """Standard output as text."""
        return self.out.decode()

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, Any]:
        """The error object that `--format json` writes to standard error, after its notes."""
        return json.loads(self.err.splitlines()[-1])["error"]


def call(*arguments: object) -> Called:
    """Run a command in this process."""
    out, err = (
        io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2)
    )
    with redirect_stdout(out), redirect_stderr(err):
        code = run([str(argument) for argument in arguments])
    return Called(code, out.buffer.getvalue(), err.buffer.getvalue().decode())


def call_process(
    *arguments: object, cwd: Path | None = None, stdin: str = "", **environment: str
) -> Called:
    """Run a command as its own process."""
    source = str(Path(__file__).parents[3])
    done = subprocess.run(
        [sys.executable, "-m", "estimates_jobs.cli", *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": source} | environment,
        cwd=cwd,
        input=stdin.encode(),
        capture_output=True,
        check=False,
    )
    return Called(done.returncode, done.stdout, done.stderr.decode())


def ok(*arguments: object) -> Called:
    """Run a command in this process; it must succeed."""
    called = call(*arguments)
    assert called.code == 0, called.err
    return called
