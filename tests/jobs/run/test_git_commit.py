"""The commit that a job's code is at."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from estimates_jobs.run.git_commit import commit_of


def git(folder: Path, *words: str) -> str:
    """What git answers."""
    who = ["-c", "user.name=ann", "-c", "user.email=ann@example.org"]
    command = ["git", "-C", str(folder), *who, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_commit(tmp_path: Path) -> None:
    """With a + behind it once a tracked file differs; files that nobody tracks do not count."""
    git(tmp_path, "init", "-q")
    assert commit_of(tmp_path) is None
    (tmp_path / "job.py").write_text("1")
    git(tmp_path, "add", "job.py")
    git(tmp_path, "commit", "-qm", "a job")
    commit = git(tmp_path, "rev-parse", "HEAD")
    (tmp_path / "data.csv").write_text("a")
    assert commit_of(tmp_path) == commit
    (tmp_path / "job.py").write_text("2")
    assert commit_of(tmp_path) == f"{commit}+"


def test_no_repository_and_no_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is said, and nothing fails."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert commit_of(tmp_path) is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commit_of(tmp_path) is None
