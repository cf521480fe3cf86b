"""What a failure of the database means: try again, change settings, or repair."""

import os
import re
import sqlite3

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError, DBAPIError

from estimates.catalog.read_only import has_no_room, is_read_only
from estimates.errors import (
    LOOK_AT_DISK,
    MAKE_ROOM,
    CorruptError,
    EstimatesError,
    RefusedError,
    UnavailableError,
)

# What to do with a catalog that is no good.
AWAY = "move the catalog away (`catalog.db*` where it is SQLite in the store's folder)"
REBUILD = f"{AWAY}, then rebuild it with `estimates recover`"
# Classes of SQLSTATE: the login fails, there is no such database, no privilege, or read-only.
_NO_PRIVILEGE = "42501"
_REFUSED_STATES = ("28", "3D", _NO_PRIVILEGE, "25006")
_DISK_FULL = "53100"
_ABANDONED = "25P03"  # a transaction in which a program did nothing for too long was ended
_DAMAGED = "XX"  # pages that do not match their checksums, indexes that lead nowhere
# What PostgreSQL says before there is a session has no SQLSTATE.
_PASSING = re.compile(
    r"starting up|shutting down|in recovery mode|not yet accepting|too many|"
    r"connection slots|terminating connection|the database system is"
)

# Of an empty database the schema is missing as a whole, which is no damage.
_NO_TABLE = re.compile(r"no such table: (?!alembic_)|relation \"(?!alembic_)\w+\" does not exist")


def database_error(engine: sa.Engine, error: DatabaseError) -> EstimatesError | None:
    """The error to raise for what the database said; None for a fault of the program.

    CorruptError (`catalog_damaged`), RefusedError (`catalog_refused`), UnavailableError
    (`catalog`).
    """
    where = engine.url.render_as_string(hide_password=True)
    cause = first_line(error)
    if "decode to UTF-8" in str(error):
        return CorruptError(
            "catalog_damaged",
            f"the catalog holds bytes that are no text: {cause}",
            remedy="see `estimates verify`",
        )
    if _NO_TABLE.search(cause):
        return CorruptError(
            "catalog_damaged",
            f"catalog {where}: {cause}: a table of it is lost",
            remedy=(
                "bring a backup of the catalog back, "
                "or move it away and rebuild it with `estimates recover`"
            ),
        )
    if _state(error) == _NO_PRIVILEGE:
        return RefusedError(
            "catalog_refused",
            f"catalog {where} does not let {engine.url.username} do this: {cause}",
            remedy="use a role that may write this set (docs/security.md)",
        )
    if _is_full(engine, error):
        return UnavailableError(
            "catalog",
            f"catalog {where} cannot be written, its disk is full: {cause}",
            remedy=MAKE_ROOM,
        )
    if _sqlite_code(error) == sqlite3.SQLITE_IOERR:
        return UnavailableError(
            "catalog", f"catalog {where}: its disk failed: {cause}", remedy=LOOK_AT_DISK
        )
    if is_refusal(error) or _is_forbidden(engine, error):
        return RefusedError(
            "catalog_refused",
            f"catalog {where} refuses: {cause}",
            remedy="change its permissions or ESTIMATES_CATALOG",
        )
    if isinstance(error, sa.exc.OperationalError) or _state(error) == _ABANDONED:
        return UnavailableError(
            "catalog", f"catalog {where} cannot be reached: {cause}", remedy="retry"
        )
    if type(error) is DatabaseError or (_state(error) or "").startswith(_DAMAGED):
        # SQLite's word for a file that is not (or no longer) a database
        return CorruptError("catalog_damaged", f"catalog {where}: {cause}", remedy=REBUILD)
    return None


def is_refusal(error: DBAPIError) -> bool:
    """Whether the same call fails until somebody changes permissions or settings."""
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        return _sqlite_code(error) in (
            sqlite3.SQLITE_PERM,
            sqlite3.SQLITE_READONLY,
            sqlite3.SQLITE_AUTH,
        )
    state = _state(error)
    if state is not None:
        return state.startswith(_REFUSED_STATES)
    return "FATAL:" in str(cause) and not _PASSING.search(str(cause))


def _is_full(engine: sa.Engine, error: DBAPIError) -> bool:
    """Whether the database's disk is full: SQLite says so, or could only open for reading what may
    be written.
    """
    code = getattr(error.orig, "sqlite_errorcode", 0)
    reads_only = code & 0xFF == sqlite3.SQLITE_READONLY and not is_read_only(engine.url)
    return reads_only or has_no_room(engine.url, error.orig) or _state(error) == _DISK_FULL


def _is_forbidden(engine: sa.Engine, error: DBAPIError) -> bool:
    """Whether a SQLite file is there and cannot be opened by this user, or a folder has its name;
    else it may come back.
    """
    path = engine.url.database
    if _sqlite_code(error) != sqlite3.SQLITE_CANTOPEN or not path:
        return False
    folder = os.path.dirname(os.path.abspath(path))
    is_there = os.path.lexists(path) or not os.access(folder, os.X_OK)
    return is_there and (os.path.isdir(path) or not os.access(path, os.R_OK))


def _sqlite_code(error: DBAPIError) -> int:
    """SQLite's primary result code, 0 for another database."""
    return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF


def _state(error: DBAPIError) -> str | None:
    """PostgreSQL's code of what went wrong, where a session was there to have one."""
    return getattr(error.orig, "sqlstate", None)


def first_line(error: DBAPIError) -> str:
    """What the database itself said."""
    return (str(error.orig).splitlines() or ["no reason given"])[0]
