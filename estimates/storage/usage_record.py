"""Who read which sets: bounded counts a day, in files of this machine.

A service counts what it answers and never writes to its store. Its record is that of a replica: a
folder of this machine's cache, with a file a day. Records of other replicas lie beside it once they
were pulled.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

import msgspec

from estimates import instants
from estimates.errors import InvalidError
from estimates.storage.file_lock import file_lock
from estimates.storage.usage_days import Counts, UsageDay, added
from estimates.storage.whole_file import write_whole

FOLDER = "usage"
_OWN = "replica"
_NAME = re.compile(r"[0-9a-f]{16}")


class UsageRecord:
    """The records that are kept in a cache.

    days  for how long
    """

    def __init__(self, cache: Path, days: int = 400) -> None:
        self.folder = cache / FOLDER
        self._days = days

    def add(self, counts: Counts) -> None:
        """Add to today's file of this replica; processes take turns. Raises OSError."""
        now = instants.now()
        with file_lock(self.folder / "lock"):
            replica = self._own()
            known = _read(self._path(replica, now.date()))
            reads = () if known is None else known.reads
            self._write(UsageDay(replica, now.date(), added(reads, counts, now)))
            if known is None:  # a day has begun
                self._forget(now.date() - timedelta(days=self._days))

    def take(self, day: UsageDay) -> None:
        """Keep a day of another replica, in place of what is known of it.

        Raises OSError, InvalidError (`bad_usage`).
        """
        if not _NAME.fullmatch(day.replica):
            raise InvalidError(
                "bad_usage",
                f"a record is of a replica {day.replica!r}",
                remedy="pull from a service or a cache folder of `estimates`",
            )
        self._write(day)

    def read(self, since: date = date.min) -> Iterator[UsageDay]:
        """The days from one on, of all replicas; what cannot be read is left out."""
        for path in sorted(self.folder.glob("*/*.json")):
            day = _read(path) if path.stem >= since.isoformat() else None
            if day is not None:
                yield day

    def _own(self) -> str:
        """The name of this replica, made once."""
        path = self.folder / _OWN
        with suppress(FileNotFoundError, UnicodeDecodeError):
            name = path.read_text()
            if _NAME.fullmatch(name):
                return name
        path.parent.mkdir(parents=True, exist_ok=True)
        name = secrets.token_hex(8)
        path.write_text(name)
        return name

    def _path(self, replica: str, day: date) -> Path:
        return self.folder / replica / f"{day.isoformat()}.json"

    def _write(self, day: UsageDay) -> None:
        write_whole(self._path(day.replica, day.day), msgspec.json.encode(day), mode=0o600)

    def _forget(self, before: date) -> None:
        for path in self.folder.glob("*/*"):
            if path.stem[:10] < before.isoformat():
                path.unlink(missing_ok=True)


def _read(path: Path) -> UsageDay | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=UsageDay)
    except (OSError, msgspec.MsgspecError):
        return None
