"""The commit of git that a job's code is at."""

from __future__ import annotations

import subprocess
from pathlib import Path

_GIT_S = 10  # how long git may take


def commit_of(folder: Path) -> str | None:
    """The commit of git that a folder is at, with `+` behind it where tracked files differ from
    it; None where it is in no repository, or git is not installed.
    """
    commit = _git(folder, "rev-parse", "HEAD")
    changed = _git(folder, "status", "--porcelain", "-uno")
    return None if not commit else commit + ("+" if changed else "")


def _git(folder: Path, *words: str) -> str | None:
    command = ["git", "-C", str(folder), *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_GIT_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
