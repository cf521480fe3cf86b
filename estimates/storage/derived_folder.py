"""A bounded folder of files of this machine that are made again when they are missing."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from estimates.storage.whole_file import write_whole

_SWEEP_EVERY = 100  # files written by this process


class DerivedFolder:
    """Files by name; threads and processes may share the folder.

    most_bytes, most_files  what it holds at most, about; those with the oldest times go
    A file is there as a whole or not at all. One that cannot be written only costs the time to make
    it again.

    keeps  asked once a file is there whether it may stay: one that was made before something was
           erased may not
    """

    def __init__(self, folder: Path, most_bytes: int, most_files: int | None = None) -> None:
        self.folder = folder
        self.keeps: Callable[[], bool] = lambda: True
        self._most_bytes = most_bytes
        self._most_files = most_files
        self._written = 0

    def write(self, name: str, *content: Any) -> None:
        """Keep a file of some buffers, one after the other, if that is possible."""
        try:
            write_whole(self.folder / name, *content)
        except OSError:
            return
        if not self.keeps():
            with suppress(OSError):
                (self.folder / name).unlink(missing_ok=True)
        if self._written % _SWEEP_EVERY == 0:
            self._sweep()
        self._written += 1

    def clear(self) -> None:
        """Remove all files; raises OSError where one cannot be removed."""
        with suppress(FileNotFoundError):
            for entry in os.scandir(self.folder):
                with suppress(FileNotFoundError):
                    os.unlink(entry.path)

    def _sweep(self) -> None:
        """Remove the oldest files beyond the limits; in time also what killed processes left."""
        with suppress(OSError):
            files = sorted(
                (stat.st_mtime, stat.st_size, entry.path)
                for entry in os.scandir(self.folder)
                for stat in [entry.stat()]
            )
            number, size = len(files), sum(of_file for _, of_file, _ in files)
            for _, of_file, path in files:
                if size <= self._most_bytes and number <= (self._most_files or number):
                    break
                with suppress(OSError):
                    os.unlink(path)
                number, size = number - 1, size - of_file
