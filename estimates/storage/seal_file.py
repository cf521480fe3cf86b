"""The seal of a log, kept on this machine: up to which event signatures were checked here.

Whoever could write it could make others believe what nobody signed. So it lies where this user
alone writes, never in the store's own folder, and counts only as a file of this user.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from functools import cached_property
from pathlib import Path

import msgspec

from estimates.catalog.seal import FORM, Seal
from estimates.settings import default_cache
from estimates.storage.whole_file import write_whole

NAME = "checked.json"
_MOST_BYTES = 4096
# Neither a link is followed nor a pipe waited for.
_AS_FILE = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


class SealFile:
    """One log's seal; a file that is missing, damaged or another user's is none.

    cache   of this machine; where it lies in the store's folder, another one is used
    folder  the store's, None for a bucket; root: where the store is
    """

    def __init__(self, cache: Path, folder: Path | None, root: str) -> None:
        self._cache, self._folder, self._root = cache, folder, root

    @cached_property
    def _path(self) -> Path:
        cache, folder = self._cache, self._folder
        if folder is not None and cache.resolve().is_relative_to(folder.resolve()):
            cache = default_cache(None, self._root)
        return cache / NAME

    def read(self) -> Seal | None:
        """The newest seal, if there is one that can be relied on."""
        try:
            descriptor = os.open(self._path, os.O_RDONLY | _AS_FILE)
            with os.fdopen(descriptor, "rb") as file:
                if not _is_own(os.fstat(descriptor)):
                    return None
                seal = msgspec.json.decode(file.read(_MOST_BYTES), type=Seal)
        except (OSError, msgspec.MsgspecError, ValueError):
            return None
        return seal if seal.form == FORM else None

    def write(self, seal: Seal) -> None:
        """Keep a seal, if that is possible."""
        with suppress(OSError):
            write_whole(self._path, msgspec.json.encode(seal), mode=0o600)


def _is_own(status: os.stat_result) -> bool:
    """Whether a file is this user's, and nobody else may write it."""
    if os.name != "posix":
        return True
    is_private = not stat.S_IMODE(status.st_mode) & 0o022
    return stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid() and is_private
