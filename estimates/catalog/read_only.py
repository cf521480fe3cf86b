"""A SQLite catalog that this process may read and not write: of another user, or on a read-only
disk; and one whose disk is full, until it is not.
"""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from estimates.errors import FULL

_ATTEMPTS = 5
# What SQLite says where it cannot have the index of the write-ahead log beside the database.
_NO_INDEX = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)
# What it says where there is no room for that index.
_NO_ROOM = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE)
# Size and time of the last change of the database and of its log.
_Marks = tuple[tuple[int, int] | None, ...]


def is_read_only(url: str | sa.URL) -> bool:
    """Whether a URL names a SQLite file that is there, and that this process may not write."""
    path = _path(url)
    if path is None:
        return False
    try:
        if not path.exists():
            return False
    except PermissionError:
        return True
    except OSError:  # such as a name that is too long: there is nothing, as SQLite will say
        return False
    return not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))


def engine_that_reads(url: str) -> sa.Engine:
    """An engine on such a file: each connection sees the catalog as it is when it begins."""
    path = _path(url)
    assert path is not None
    opening = _Opening(path)
    return sa.create_engine(url, creator=opening.connect, poolclass=sa.NullPool)


def has_no_room(url: str | sa.URL, error: BaseException | None) -> bool:
    """Whether SQLite failed because the catalog's disk, or a quota, is used up.

    Where a folder takes no further file, because all that there may be are there, it says only that
    it cannot open one.
    """
    code, path = getattr(error, "sqlite_errorcode", 0), _path(url)
    if code & 0xFF != sqlite3.SQLITE_CANTOPEN or path is None:
        return code in _NO_ROOM
    try:
        tempfile.TemporaryFile(dir=path.parent).close()
    except OSError as failed:
        return failed.errno in FULL
    return False


def connect_or_read(url: str, configure: Callable[[sqlite3.Connection], None]) -> Any:
    """A listener of `do_connect`, which opens and configures a catalog that may be written; where
    its disk is full, which keeps SQLite from reading too, a connection that only reads.
    """
    path = _path(url)
    opening = None if path is None else _Opening(path)

    def connect(_dialect: Any, _record: Any, arguments: Any, options: Any) -> sqlite3.Connection:
        connection = sqlite3.connect(*arguments, **options)
        try:
            configure(connection)
            connection.execute("SELECT count(*) FROM sqlite_master")
        except sqlite3.OperationalError as error:
            connection.close()
            has_content = path is not None and path.exists() and path.stat().st_size
            if opening is None or not has_content or not has_no_room(url, error):
                raise
            return opening.connect()
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    return connect


class Changed(sqlite3.OperationalError):
    """Somebody wrote while a connection without locks was reading."""


class _Connection(sqlite3.Connection):
    """A connection, and what may not change while it has no locks."""

    unlocked: Path | None = None
    marks: _Marks = ()

    def commit(self) -> None:
        """The end of a transaction that only read; raises Changed."""
        super().commit()
        if self.unlocked is not None and _marks(self.unlocked) != self.marks:
            raise Changed("the catalog was written while it was read")


class _Opening:
    """Opens a catalog for reading, in the first of three ways that its files allow.

    With SQLite's locks, where the index of its log is there; without, where no log holds anything;
    else a private copy of database and log.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._copy: tempfile.TemporaryDirectory[str] | None = None
        self._copied: _Marks = ()

    def connect(self) -> sqlite3.Connection:
        """A new connection; raises what sqlite3 raises."""
        for _ in range(_ATTEMPTS):
            try:
                return _opened(self.path, "mode=ro&readonly_shm=1")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF not in _NO_INDEX:
                    raise
            marks = _marks(self.path)
            if marks[1] is None or marks[1][0] == 0:
                connection = _opened(self.path, "mode=ro&immutable=1")
                connection.unlocked, connection.marks = self.path, marks
                return connection
            if self._is_copied(marks):
                assert self._copy is not None
                return _opened(Path(self._copy.name) / self.path.name, "mode=rw")
        raise Changed("the catalog is being written too often to be copied")

    def _is_copied(self, marks: _Marks) -> bool:
        """Whether there is a private copy of the catalog as the marks say, made now if need be."""
        if self._copy is not None and self._copied == marks:
            return True
        self._copy = tempfile.TemporaryDirectory(prefix="estimates-catalog-")
        for file in (self.path, _log(self.path)):
            try:
                shutil.copyfile(file, Path(self._copy.name) / file.name)
            except FileNotFoundError:
                return False
            except PermissionError:
                refused = sqlite3.OperationalError("unable to open database file")
                refused.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
                raise refused from None
        self._copied = marks
        return _marks(self.path) == marks


def _opened(path: Path, how: str) -> _Connection:
    """A connection that has read something, so that it is known to work."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{how}",
        uri=True,
        factory=_Connection,
        check_same_thread=False,
        timeout=1,
    )
    try:
        connection.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _marks(path: Path) -> _Marks:
    return tuple(_mark(file) for file in (path, _log(path)))


def _mark(file: Path) -> tuple[int, int] | None:
    try:
        stat = file.stat()
    except (FileNotFoundError, PermissionError):  # which SQLite will say
        return None
    return stat.st_size, stat.st_mtime_ns


def _log(path: Path) -> Path:
    """SQLite's write-ahead log of a database."""
    return path.with_name(f"{path.name}-wal")


def _path(url: str | sa.URL) -> Path | None:
    parts = sa.make_url(url)
    if parts.get_backend_name() != "sqlite" or not parts.database or parts.database == ":memory:":
        return None
    return Path(parts.database)
