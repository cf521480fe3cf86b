"""Run what takes longer than CI should, and write proof/stack.md: `just test-stack`.

These are the tests marked `stack`: doubled suites, other engines, every extra in an environment of
its own.
"""

from __future__ import annotations

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


def page(revision: str, closing: str) -> str:
    """The page: which revision was tested, on what, and how it ended."""
    return (
        "# The long tests\n\n"
        "`just test-stack` runs the tests marked `stack` and writes this page.\n\n"
        f"- revision: {revision}\n"
        f"- Python {platform.python_version()} on {platform.system()}\n"
        f"- {closing}\n"
    )


def main() -> int:
    """Run them, show them as they go, write the page; returns pytest's exit code."""
    revision = output_of("git", "rev-parse", "HEAD")
    if output_of("git", "status", "--porcelain"):
        revision += " and changes"
    command = [sys.executable, "-m", "pytest", "-n", "2", "-m", "stack"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        closing = ""
        for line in run.stdout:
            print(line, end="", flush=True)
            closing = line.strip() or closing
    PAGE.write_text(page(revision, closing.strip("= ")), encoding="utf-8")
    return run.returncode


if __name__ == "__main__":
    sys.exit(main())
