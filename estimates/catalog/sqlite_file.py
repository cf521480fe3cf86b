"""Connections follow the file of a SQLite catalog that is replaced while a process has it open."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.exc import DisconnectionError

_FILE = "file"  # what a connection's record says of the file that it opened
_FRESH = "fresh"  # it was opened since it was used last


class FileId(NamedTuple):
    """Which file a catalog is, and what it was when it was looked at: one that is written over in
    place keeps its number.
    """

    device: int
    inode: int
    size: int
    written_ns: int

    def is_same(self, other: FileId | None) -> bool:
        """Whether it is the same file, whatever was written into it."""
        return other is not None and self[:2] == other[:2]


_HIDDEN = FileId(0, 0, 0, 0)


def follow_file(engine: sa.Engine) -> None:
    """Have each use of an engine's connections ask whether its file is still the one at the path.

    A connection to another one is opened again, and so is one to a file that was written since:
    what was copied over it shows only to who reads it from the start. Without a file the use fails
    as an unreachable database does: SQLite would make an empty one.
    """
    if engine.url.database in (None, "", ":memory:"):
        return
    opened = False

    @sa.event.listens_for(engine, "do_connect")
    def note(_dialect: Any, record: Any, _arguments: Any, _options: Any) -> None:
        # Before it is opened: one that is replaced meanwhile is opened again.
        record.info[_FILE] = file_of(engine)
        if opened and record.info[_FILE] is None:
            raise sqlite3.OperationalError("its file is gone")

    @sa.event.listens_for(engine, "connect")
    def note_new(_connection: Any, record: Any) -> None:
        nonlocal opened
        opened = True
        if record.info[_FILE] is None:
            record.info[_FILE] = file_of(engine)
        record.info[_FRESH] = True

    @sa.event.listens_for(engine, "checkout")
    def compare(_connection: Any, record: Any, _proxy: Any) -> None:
        present = file_of(engine)
        is_fresh = record.info.pop(_FRESH, False)  # others may write all the while
        if present is None:
            raise _of_no_file(engine, is_fresh)
        if present != record.info[_FILE] and not (is_fresh and present.is_same(record.info[_FILE])):
            raise DisconnectionError("the file was replaced")


def _of_no_file(engine: sa.Engine, is_fresh: bool) -> sqlite3.OperationalError:
    """What is wrong where a connection's file is not there, or empty: what SQLite writes when it
    opens a new one does not arrive, and it does not say why.
    """
    if is_fresh and Path(engine.url.database or "").exists():
        failed = sqlite3.OperationalError("its file stays empty")
        failed.sqlite_errorcode = sqlite3.SQLITE_IOERR
        return failed
    return sqlite3.OperationalError("its file is gone")


def file_of(engine: sa.Engine) -> FileId | None:
    """What a SQLite catalog's file is at this moment; None where there is none, or nothing in it
    yet, and for PostgreSQL.
    """
    if engine.dialect.name != "sqlite" or not engine.url.database:
        return None
    try:
        stat = Path(engine.url.database).stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError:  # SQLite will say so
        return _HIDDEN
    known = FileId(stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns)
    return known if stat.st_size else None


def has_other_names(url: sa.URL) -> bool:
    """Whether a SQLite catalog's file is in another folder, too."""
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return False
    try:
        return Path(url.database).stat().st_nlink > 1
    except OSError:  # which SQLite will say
        return False
