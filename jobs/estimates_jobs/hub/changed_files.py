"""What a request changes: the files of a hub's git repository that differ from where its branch
began.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Literal, NamedTuple

from estimates.errors import InvalidError

Change = Literal["added", "modified", "deleted"]
_CHANGES: dict[str, Change] = {"A": "added", "D": "deleted"}


class ChangedFile(NamedTuple):
    """A file of a request; path from the hub's folder, or beginning with `../` outside of it."""

    path: str
    change: Change


def changed_files(folder: Path, since: str) -> list[ChangedFile]:
    """The files that differ from the last commit that the branch shares with `since`, those that
    are not committed too, by path; a renamed file is one deleted and one added.

    Raises InvalidError: `no_repository` (not in a git repository, or no git), `unknown_ref` (git
    does not know `since`, or no commit is shared).
    """
    _git(folder, "rev-parse", "--git-dir", code="no_repository")
    if since.startswith("-") or not _is_commit(folder, since):
        raise InvalidError(
            "unknown_ref",
            f"git knows no commit {since!r}",
            remedy="name the branch that the request goes to, such as origin/main, and fetch it: "
            "git fetch origin main",
        )
    base = _git(
        folder,
        "merge-base",
        since,
        "HEAD",
        code="unknown_ref",
        remedy="fetch the whole history: git fetch --unshallow (fetch-depth: 0 in GitHub Actions)",
    ).strip()
    changes: dict[str, Change] = {}
    named = _git(folder, "diff", "--name-status", "--no-renames", "-z", base).split("\0")
    for status, path in zip(named[::2], named[1::2], strict=False):
        changes[path] = _CHANGES.get(status[:1], "modified")
    everywhere = ("--full-name", "-z", ":/")  # also outside of the hub's folder
    new = _git(folder, "ls-files", "--others", "--exclude-standard", *everywhere)
    for path in filter(None, new.split("\0")):
        changes[path] = "added"
    prefix = _git(folder, "rev-parse", "--show-prefix").strip()
    return [
        ChangedFile(_from(prefix, path), change) for path, change in sorted(changes.items()) if path
    ]


def _from(prefix: str, path: str) -> str:
    return path.removeprefix(prefix) if path.startswith(prefix) else f"../{path}"


def _is_commit(folder: Path, ref: str) -> bool:
    words = ["git", "-C", str(folder), "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}"]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


def _git(folder: Path, *words: str, code: str = "no_repository", remedy: str | None = None) -> str:
    """What git answers; paths are not quoted."""
    command = ["git", "-C", str(folder), *words]
    try:
        done = subprocess.run(command, capture_output=True, check=True)
    except FileNotFoundError:
        raise InvalidError(
            "no_repository", "there is no git on this machine", remedy="install git"
        ) from None
    except subprocess.CalledProcessError as error:
        lines = error.stderr.decode(errors="replace").strip().splitlines()
        raise InvalidError(
            code,
            f"{folder}: git {words[0]}: {lines[-1] if lines else 'no answer'}",
            remedy=remedy or "name a hub in a git repository with --hub",
        ) from None
    return done.stdout.decode("utf-8", "surrogateescape")
