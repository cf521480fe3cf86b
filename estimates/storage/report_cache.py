"""Reports kept in the cache of this machine: each is computed once, by whoever asks first, and
shared by all.
"""

import hashlib
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from estimates.storage.file_lock import file_lock

MAX_FILES = 20_000
MAX_BYTES = 256 * 1024 * 1024
_SWEEP_EVERY = 100  # files kept by this process
_DIGEST = 16  # bytes


class ReportCache:
    """Reports as bytes, by a name that says all they depend on; threads and processes may share the
    folder.

    A file is there as a whole or not at all, and one that is damaged is as good as none. The folder
    holds MAX_FILES and MAX_BYTES at most, about; the oldest ones go. One that cannot be written
    only costs the time to compute again.

    keeps  asked once a report is there whether it may stay: one that was computed before something
           was erased may not
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.keeps: Callable[[], bool] = lambda: True
        self._written = 0

    def get(self, name: str) -> bytes | None:
        """The report of that name; None when it is not kept or damaged."""
        try:
            # a series opens hundreds: no Path for each
            with open(f"{self.folder}/{name}", "rb", buffering=0) as file:
                content = file.readall()
        except OSError:
            return None
        body = content[_DIGEST:]
        return body if content[:_DIGEST] == _digest(name, body) else None

    def get_or_make(self, name: str, make: Callable[[], bytes]) -> bytes:
        """The report of that name, made and kept when it is not there; raises what `make` raises.

        Who asks while somebody else makes it, in whatever process, waits for that.
        """
        report = self.get(name)
        if report is not None:
            return report
        with file_lock(self.folder / f"{name}.lock"):
            report = self.get(name)
            if report is None:
                report = make()
                self.put(name, report)
            return report

    def clear(self) -> None:
        """Remove all reports."""
        with suppress(FileNotFoundError):
            for entry in os.scandir(self.folder):
                with suppress(FileNotFoundError):
                    os.unlink(entry.path)

    def put(self, name: str, body: bytes) -> None:
        """Keep a report, if that is possible."""
        new = self.folder / f"{name}.{secrets.token_hex(4)}.new"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            new.write_bytes(_digest(name, body) + body)
            new.replace(self.folder / name)
        except OSError:
            with suppress(OSError):
                new.unlink(missing_ok=True)
            return
        if not self.keeps():
            with suppress(OSError):
                (self.folder / name).unlink(missing_ok=True)
        if self._written % _SWEEP_EVERY == 0:
            _sweep(self.folder)
        self._written += 1


def _digest(name: str, body: bytes) -> bytes:
    """Of the name too: a file that was moved or copied is no report of its new name."""
    digest = hashlib.blake2b(name.encode(), digest_size=_DIGEST)
    digest.update(body)
    return digest.digest()


def _sweep(folder: Path) -> None:
    """Remove the oldest files beyond the limits; in time also what killed processes left."""
    with suppress(OSError):
        files = [
            (entry.stat().st_mtime, entry.stat().st_size, entry.path)
            for entry in os.scandir(folder)
        ]
        number, size = len(files), sum(size for _, size, _ in files)
        for _, bytes_freed, path in sorted(files):
            if number <= MAX_FILES and size <= MAX_BYTES:
                break
            with suppress(OSError):
                os.unlink(path)
            number, size = number - 1, size - bytes_freed
