"""The distributions that a lock pins."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

_PIN = re.compile(
    r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)(?: ; (?P<marker>.*?))?(?: \\)?$"
)
_HASH = re.compile(r"    --hash=sha256:([0-9a-f]{64})")
_NEEDED_BY = re.compile(r"    #(?: via)? +([A-Za-z0-9._-]+)(?: \(pyproject\.toml\))?$")


class Locked(NamedTuple):
    """A distribution in one version.

    marker     where it is installed; "" for everywhere
    hashes     SHA-256 of its files, sorted
    needed_by  names of the distributions that need it
    """

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]
    needed_by: tuple[str, ...]


def read_lock(lock: Path) -> list[Locked]:
    """All distributions of a lock that `uv pip compile --generate-hashes` wrote, in its order."""
    locked: list[Locked] = []
    for line in lock.read_text(encoding="utf-8").splitlines():
        pin, file, needed = (pattern.match(line) for pattern in (_PIN, _HASH, _NEEDED_BY))
        if pin is not None:
            locked.append(Locked(pin["name"], pin["version"], pin["marker"] or "", (), ()))
        elif file is not None:
            last = locked[-1]
            locked[-1] = last._replace(hashes=tuple(sorted((*last.hashes, file[1]))))
        elif needed is not None and locked and needed[1] not in ("via", "-c", "-r"):
            last = locked[-1]
            locked[-1] = last._replace(needed_by=(*last.needed_by, needed[1]))
    return locked


def together(locks: Iterable[Path]) -> list[Locked]:
    """What stands in any of some locks, sorted, each version once."""
    pinned = {(each.name, each.version): each for lock in locks for each in read_lock(lock)}
    return [pinned[key] for key in sorted(pinned)]
