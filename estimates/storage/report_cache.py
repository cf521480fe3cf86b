"""Reports kept in the cache of this machine: each is computed once, by whoever asks first, and
shared by all.
"""

import hashlib
from collections.abc import Callable, Hashable
from pathlib import Path
from threading import Lock
from typing import TypeVar, cast

from cachetools import LRUCache

from estimates.storage.derived_folder import DerivedFolder
from estimates.storage.file_lock import file_lock

MAX_FILES = 20_000
MAX_BYTES = 256 * 1024 * 1024
_DIGEST = 16  # bytes
_REMEMBERED = 8_192  # rows of series; one of 23 columns takes some 6 kB

T = TypeVar("T")


class ReportCache(DerivedFolder):
    """Reports as bytes, by a name that says all they depend on; one that is damaged is as good as
    none.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, MAX_BYTES, MAX_FILES)
        self._remembered: LRUCache[Hashable, object] = LRUCache(_REMEMBERED)
        self._lock = Lock()

    def clear(self) -> None:
        """Remove all files, and what is remembered; raises OSError where one cannot be removed."""
        with self._lock:
            self._remembered.clear()
        super().clear()

    def remembered(self, name: Hashable, make: Callable[[], T], is_whole: Callable[[T], bool]) -> T:
        """What was made of reports before in this process, by a name that says all it depends on;
        else it is made now, and remembered where it is whole.
        """
        with self._lock:
            known = self._remembered.get(name)
        if known is not None:
            return cast("T", known)
        made = make()
        if is_whole(made):
            with self._lock:
                self._remembered[name] = made
        return made

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

    def put(self, name: str, body: bytes) -> None:
        """Keep a report, if that is possible."""
        self.write(name, _digest(name, body), body)


def _digest(name: str, body: bytes) -> bytes:
    """Of the name too: a file that was moved or copied is no report of its new name."""
    digest = hashlib.blake2b(name.encode(), digest_size=_DIGEST)
    digest.update(body)
    return digest.digest()
