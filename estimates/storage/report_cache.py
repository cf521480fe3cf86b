"""Reports kept in the cache of this machine: each is computed once, by whoever asks first, and
shared by all.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

from estimates.storage.derived_folder import DerivedFolder
from estimates.storage.file_lock import file_lock

MAX_FILES = 20_000
MAX_BYTES = 256 * 1024 * 1024
_DIGEST = 16  # bytes


class ReportCache(DerivedFolder):
    """Reports as bytes, by a name that says all they depend on; one that is damaged is as good as
    none.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, MAX_BYTES, MAX_FILES)

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
