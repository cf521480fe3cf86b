"""What a failure of the database means, by its own words and numbers."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError, DBAPIError, IntegrityError, OperationalError

from estimates.catalog.database_errors import database_error, first_line, is_refusal
from estimates.errors import MAKE_ROOM


class SaidError(Exception):
    """What a driver of PostgreSQL raises."""

    def __init__(self, text: str, state: str | None = None) -> None:
        super().__init__(text)
        self.sqlstate = state


POSTGRESQL = sa.create_engine("postgresql+psycopg://ann:hidden@127.0.0.1/estimates")


def postgresql(
    text: str, state: str | None = None, kind: type[DatabaseError] = OperationalError
) -> tuple[str, str] | None:
    """The class and the code of the error for what PostgreSQL said."""
    error = database_error(POSTGRESQL, kind("SELECT 1", {}, SaidError(text, state)))
    assert error is None or "hidden" not in error.message
    return None if error is None else (type(error).__name__, error.code)


AWAY, DAMAGED = ("UnavailableError", "catalog"), ("CorruptError", "catalog_damaged")
REFUSED = ("RefusedError", "catalog_refused")


@pytest.mark.parametrize(
    ("text", "state", "expected"),
    [
        ("FATAL: password authentication failed", "28P01", REFUSED),
        ("FATAL: no pg_hba.conf entry", None, REFUSED),
        ('FATAL: database "x" does not exist', "3D000", REFUSED),
        ("permission denied for table events", "42501", REFUSED),
        ("cannot execute INSERT in a read-only transaction", "25006", REFUSED),
        ("FATAL: the database system is starting up", None, AWAY),
        ("FATAL: sorry, too many clients already", None, AWAY),
        ("connection refused", None, AWAY),
        ("terminating connection due to administrator command", "57P01", AWAY),
        ("could not extend file: No space left on device", "53100", AWAY),
        ('relation "events" does not exist', "42P01", DAMAGED),
        ("'utf-8' codec: Could not decode to UTF-8 column", None, DAMAGED),
    ],
)
def test_of_postgresql(text: str, state: str | None, expected: tuple[str, str]) -> None:
    """Passing troubles are tried again, refusals are for whoever may change settings."""
    assert postgresql(text, state) == expected


def test_a_full_disk_says_what_to_do_first() -> None:
    """To try again is of no use before there is room."""
    full = SaidError("could not extend file: No space left on device", "53100")
    error = database_error(POSTGRESQL, OperationalError("INSERT", {}, full))
    assert error is not None
    assert MAKE_ROOM in error.message


def test_classes_count_where_the_words_say_nothing() -> None:
    """Damaged pages, abandoned transactions; a fault of the program is none of ours."""
    assert postgresql("invalid page", "XX001", sa.exc.InternalError) == DAMAGED
    assert postgresql("idle-in-transaction timeout", "25P03", sa.exc.InternalError) == AWAY
    assert postgresql("duplicate key", "23505", IntegrityError) is None
    assert postgresql('relation "alembic_version" does not exist', "42P01", IntegrityError) is None


def sqlite(path: Path | str, code: int, text: str = "it failed") -> tuple[str, str] | None:
    """The same for SQLite's number."""
    cause = sqlite3.OperationalError(text)
    cause.sqlite_errorcode = code  # type: ignore
    engine = sa.create_engine(f"sqlite:///{path}")
    error = database_error(engine, OperationalError("SELECT 1", {}, cause))
    return None if error is None else (type(error).__name__, error.code)


def test_of_sqlite(tmp_path: Path) -> None:
    """A full disk may get room; a file that is not there may come back."""
    file = tmp_path / "catalog.db"
    file.touch()
    assert sqlite(file, sqlite3.SQLITE_FULL) == AWAY
    assert sqlite(file, sqlite3.SQLITE_BUSY) == AWAY
    assert sqlite(file, sqlite3.SQLITE_PERM) == REFUSED
    assert sqlite(file, sqlite3.SQLITE_AUTH) == REFUSED
    assert sqlite(tmp_path / "none.db", sqlite3.SQLITE_CANTOPEN) == AWAY
    assert sqlite(file, sqlite3.SQLITE_ERROR, "no such table: events") == DAMAGED
    lost = sqlite(file, sqlite3.SQLITE_ERROR, "no such table: alembic_version")
    assert lost == AWAY


def test_what_is_no_database_is_damage(tmp_path: Path) -> None:
    """SQLite's own word for it; the remedy is to rebuild the catalog."""
    engine = sa.create_engine(f"sqlite:///{tmp_path}/catalog.db")
    cause = sqlite3.DatabaseError("file is not a database")
    error = database_error(engine, DatabaseError("SELECT 1", {}, cause))
    assert error is not None
    assert (type(error).__name__, error.code) == DAMAGED
    assert "estimates recover" in error.message


def test_a_refusal_stays_one_until_somebody_acts() -> None:
    """Extended numbers count by their class."""

    def refusal(code: int) -> bool:
        cause = sqlite3.OperationalError("x")
        cause.sqlite_errorcode = code  # type: ignore
        return is_refusal(DBAPIError("SELECT 1", {}, cause))

    assert refusal(sqlite3.SQLITE_READONLY)
    assert refusal(sqlite3.SQLITE_READONLY_DIRECTORY)
    assert not refusal(sqlite3.SQLITE_BUSY)


def test_the_first_line_is_what_the_database_said() -> None:
    """Without the statement; something is said where it said nothing."""
    assert first_line(DBAPIError("SELECT 1", {}, SaidError("a\nb"))) == "a"
    assert first_line(DBAPIError("SELECT 1", {}, SaidError(""))) == "no reason given"
