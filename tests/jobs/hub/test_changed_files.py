"""What a request changes in a repository."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from estimates_jobs.hub.changed_files import changed_files
from tests.builders import code_of


def git(folder: Path, *words: str) -> None:
    """Run git."""
    who = ["-c", "user.name=ann", "-c", "user.email=ann@example.org"]
    subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True)


def commit(folder: Path) -> None:
    """Commit all that is there."""
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "files")


@pytest.fixture
def hub(tmp_path: Path) -> Path:
    """A hub in a folder of a repository, whose branch `request` began at `main`."""
    folder = tmp_path / "hub"
    folder.mkdir()
    git(tmp_path, "init", "-q", "-b", "main")
    for name in ("kept", "changed", "gone", "moved"):
        (folder / name).write_text(name * 30)
    commit(tmp_path)
    git(tmp_path, "checkout", "-qb", "request")
    return folder


def test_files_of_a_request(hub: Path) -> None:
    """Committed or not; a renamed file is one deleted and one added, others lie outside."""
    (hub / "changed").write_text("2")
    (hub / "gone").unlink()
    commit(hub)
    git(hub, "mv", "moved", "ümoved")
    (hub.parent / "outside").write_text("1")
    assert {*changed_files(hub, "main")} == {
        ("changed", "modified"),
        ("gone", "deleted"),
        ("moved", "deleted"),
        ("ümoved", "added"),
        ("../outside", "added"),
    }


def test_what_main_changed_meanwhile_is_no_change(hub: Path) -> None:
    """The request is looked at from where its branch began."""
    (hub / "new").write_text("1")
    commit(hub)
    git(hub, "checkout", "-q", "main")
    (hub / "kept").write_text("later")
    commit(hub)
    git(hub, "checkout", "-q", "request")
    assert changed_files(hub, "main") == [("new", "added")]


@pytest.mark.parametrize("since", ["nowhere", "--output=x", ""])
def test_no_such_commit(hub: Path, since: str) -> None:
    """An option is none either."""
    assert code_of(lambda: changed_files(hub, since)) == "unknown_ref"


def test_no_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And no git."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert code_of(lambda: changed_files(tmp_path, "main")) == "no_repository"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert code_of(lambda: changed_files(tmp_path, "main")) == "no_repository"


def test_branches_without_a_common_commit(hub: Path) -> None:
    """As after a shallow fetch."""
    git(hub, "checkout", "-q", "--orphan", "other")
    (hub / "kept").write_text("else")
    commit(hub)
    assert code_of(lambda: changed_files(hub, "main")) == "unknown_ref"
