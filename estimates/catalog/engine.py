"""One engine for SQLite and PostgreSQL: transactions that begin as they must, errors that say what
to do.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError, DBAPIError, NoResultFound, OperationalError

from estimates import instants
from estimates.catalog import schema
from estimates.catalog.clock import check_agreement, check_pause
from estimates.catalog.database_errors import REBUILD, database_error
from estimates.catalog.read_only import connect_or_read, engine_that_reads, is_read_only
from estimates.catalog.records import Event
from estimates.catalog.sqlite_file import follow_file, has_other_names
from estimates.errors import (
    CorruptError,
    InvalidError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)

_WAIT_S = 30  # how long a writer waits for another one


class OnEngine:
    """What works on one catalog."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        # Called before each write; raises what forbids writing.
        self.before_writing: Callable[[], None] = lambda: None
        # Whether somebody vouches for this machine's clock, or another one does.
        self.clock_is_right = False
        # On whose behalf events are made, as whoever makes them says.
        self.claimed: str | None = None
        # Signs each event where the store has an access record; see `Guard.sign`.
        self.sign: Callable[[sa.Connection, Event, str], str | None] = lambda *_: None

    def check_writable(self) -> None:
        """Raises RefusedError (`read_only`)."""
        check_writable(self.engine.url)

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """The one writing transaction at a time, if this catalog may be written."""
        self.check_writable()
        self.before_writing()
        with writing(self.engine, claimed=self.claimed, sign=self.sign) as tx:
            self._check_clock(tx)
            yield tx

    def check_clock(self) -> None:
        """Compare this machine's clock with the database's where that has one, else with the last
        event; every write does it.

        Raises RefusedError (`clock_differs`, `clock_jump`).
        """
        with reading(self.engine) as tx:
            self._check_clock(tx)

    def _check_clock(self, tx: sa.Connection) -> None:
        if tx.dialect.name != "sqlite":
            check_agreement(tx.execute(sa.func.clock_timestamp()).scalar_one(), "the catalog")
        elif not self.clock_is_right:
            last_event, last_at = tx.execute(
                sa.select(schema.log.c.last_event, schema.log.c.last_at)
            ).one()
            if last_event:
                check_pause(instants.from_micros(last_at))


def check_writable(url: sa.URL) -> None:
    """Raises RefusedError for a SQLite file that this process may not write (`read_only`), or that
    has another name (`catalog_refused`): each name has a log of its own, of which one is lost.
    """
    if is_read_only(url):
        raise RefusedError(
            "read_only",
            f"{url.database} and its folder can be read and not written here: nothing is written",
            remedy="work as the user who owns the store, where its disk is writable",
        )
    if has_other_names(url):
        raise RefusedError(
            "catalog_refused",
            f"{url.database} is also the catalog of a copy (a hard link, as `cp -l` makes): "
            "nothing is written",
            remedy="give it a file of its own: copy it, and move the copy into its place",
        )


def make_engine(url: str, *, patient: bool = False) -> sa.Engine:
    """An engine whose transactions begin explicitly: SQLite's driver would begin them late, and not
    for DDL.

    patient  no limit to how long a statement takes, for migrations
    A bare `postgresql://` URL means the psycopg 3 driver. Raises InvalidError (`bad_catalog`) for
    another database.
    """
    url = re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url)
    if not url.startswith(("sqlite://", "postgresql+psycopg://")):
        raise InvalidError(
            "bad_catalog",
            "the catalog's URL begins with neither sqlite:// nor postgresql://",
            remedy="write sqlite:///FILE or postgresql://USER@HOST/DATABASE into ESTIMATES_CATALOG",
        )
    try:
        if not url.startswith("sqlite"):
            return _postgresql(url, patient)
        if is_read_only(url):
            engine = engine_that_reads(url)
            sa.event.listen(engine, "connect", _begin_explicitly)
        else:
            engine = sa.create_engine(url, connect_args={"timeout": _WAIT_S})
            follow_file(engine)
            sa.event.listen(engine, "do_connect", connect_or_read(url, _configure_sqlite))
            sa.event.listen(engine, "connect", _begin_explicitly)
    except ModuleNotFoundError:
        raise InvalidError(
            "bad_catalog",
            "PostgreSQL needs a driver",
            remedy="pip install 'estimates-store[postgres]'",
        ) from None
    except (sa.exc.ArgumentError, ValueError) as error:
        raise InvalidError(
            "bad_catalog",
            f"the catalog's URL cannot be read: {error}",
            remedy="write sqlite:///FILE or postgresql://USER@HOST/DATABASE into ESTIMATES_CATALOG",
        ) from None
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _postgresql(url: str, patient: bool) -> sa.Engine:
    # whatever the database's default is: a writer who waited for another one's commit goes on with
    # what that left
    engine = sa.create_engine(url, pool_pre_ping=True, isolation_level="READ COMMITTED")
    from estimates.catalog import postgresql  # its driver is an extra

    @sa.event.listens_for(engine, "do_connect")
    def connect(_dialect: Any, _record: Any, arguments: Any, options: Any) -> Any:
        return postgresql.connect(arguments, options)

    @sa.event.listens_for(engine, "connect")
    def limit(connection: Any, _record: object) -> None:
        connection.autocommit = True
        connection.execute(postgresql.limits(patient))
        connection.autocommit = False

    return engine


def _begin_explicitly(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves


def _configure_sqlite(connection: Any) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    write = connection.get_execution_options().get("write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that sees one state of the catalog; raises UnavailableError (`catalog`),
    RefusedError (`catalog_refused`), CorruptError (`catalog_damaged`).
    """
    options = {} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    with (
        reachable(engine),
        engine.connect().execution_options(**options) as connection,
        connection.begin(),
    ):
        yield connection


@contextmanager
def writing(engine: sa.Engine, **options: Any) -> Iterator[sa.Connection]:
    """The one writing transaction at a time: whoever is in it sees all that was committed before.

    options  what the transaction knows of who writes, for `event_log`

    SQLite takes its write lock at BEGIN IMMEDIATE; on PostgreSQL the row of the event counter is
    the lock.
    """
    with (
        reachable(engine),
        engine.connect().execution_options(write=True, **options) as connection,
        connection.begin(),
    ):
        if engine.dialect.name != "sqlite":
            connection.execute(sa.select(schema.log).with_for_update())
        yield connection


@contextmanager
def reachable(engine: sa.Engine) -> Iterator[None]:
    """Whatever the database fails with is what `database_error` says, or `catalog_damaged`."""
    try:
        yield
    except DatabaseError as error:
        meaning = database_error(engine, error)
        if meaning is None:
            raise
        raise meaning from error
    except NoResultFound as error:  # of a row that every catalog has
        where = engine.url.render_as_string(hide_password=True)
        raise CorruptError(
            "catalog_damaged",
            f"catalog {where} lacks the row of its log",
            remedy=REBUILD,
        ) from error


def check_revision(engine: sa.Engine) -> None:
    """Refuse a catalog of another schema revision.

    Raises RefusedError (`schema_revision`), NotFoundError (`no_store`) when there is no catalog
    at all.
    """
    where = engine.url.render_as_string(hide_password=True)
    database = engine.url.database
    if engine.dialect.name == "sqlite" and database and not _is_there(Path(database)):
        raise NotFoundError(
            "no_store",
            f"there is no store at {Path(database).parent}",
            remedy="name its folder with --store or ESTIMATES_STORE, or make one with "
            "`estimates init`",
        )
    try:
        with reading(engine) as connection:
            check_still(connection)
    except UnavailableError as error:
        if isinstance(error.__cause__, OperationalError) and "no such table" in str(
            error.__cause__
        ):
            raise _no_catalog(where) from None
        raise
    except DBAPIError as error:
        if "alembic_version" in str(error):
            raise _no_catalog(where) from None
        raise


def check_still(connection: sa.Connection) -> None:
    """Refuse a catalog that was migrated to what this program does not know.

    Raises RefusedError (`schema_revision`).
    """
    revision = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    if schema.REVISION not in str(revision).split(schema.BESIDE):
        where = connection.engine.url.render_as_string(hide_password=True)
        older = str(revision) < schema.REVISION
        raise RefusedError(
            "schema_revision",
            f"catalog {where} has schema revision {revision} and this program knows "
            f"{schema.REVISION}",
            remedy="run `estimates migrate`" if older else "use a newer version of the program",
        )


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError:  # SQLite will say so
        return True


def _no_catalog(where: str) -> NotFoundError:
    return NotFoundError(
        "no_store", f"{where} holds no catalog", remedy="make one with `estimates init`"
    )
