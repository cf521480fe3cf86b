"""Run what takes longer than CI should, and write proof/stack.md: `just test-stack`.

These are the tests marked `stack` (doubled suites, other engines, every extra in an environment of
its own), and those of the store with snapshots that are cut every few rows.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "proof" / "stack.md"


def output_of(*command: str) -> str:
    """What a command prints; raises CalledProcessError."""
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()


def page(revision: str, closings: list[str]) -> str:
    """The page: which revision was tested, on what, and how it ended."""
    stack, small = closings
    return (
        "# The long tests\n\n"
        "`just test-stack` runs the tests marked `stack`, then those of the store with snapshots "
        "that are cut every few rows, and writes this page.\n\n"
        f"- revision: {revision}\n"
        f"- Python {platform.python_version()} on {platform.system()}\n"
        f"- stack: {stack}\n"
        f"- small parts: {small}\n"
    )


def tested(*words: str, **environment: str) -> tuple[int, str]:
    """Run pytest, showing it as it goes; gives its exit code and its closing line."""
    command = [sys.executable, "-m", "pytest", "-n", "2", *words]
    environment = {**os.environ, **environment}
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environment
    ) as run:
        assert run.stdout is not None
        closing = ""
        for line in run.stdout:
            print(line, end="", flush=True)
            closing = line.strip() or closing
    return run.returncode, closing.strip("= ")


def main() -> int:
    """Run them, write the page; returns the worst exit code of pytest."""
    revision = output_of("git", "rev-parse", "HEAD")
    if output_of("git", "status", "--porcelain"):
        revision += " and changes"
    rooms = ["tests/store", "tests/reading", "tests/lookup", "tests/catalog", "tests/api"]
    runs = [tested("-m", "stack"), tested("-m", "not stack", *rooms, SMALL_PARTS="1")]
    PAGE.write_text(page(revision, [closing for _, closing in runs]), encoding="utf-8")
    return max(code for code, _ in runs)


if __name__ == "__main__":
    sys.exit(main())
