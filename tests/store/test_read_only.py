"""A store of another user, or on a read-only disk: all that reads works, and what would write
refuses, with an exit code that does not say to try again.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from estimates.catalog.engine import reading
from estimates.catalog.read_only import engine_that_reads
from estimates.errors import UnavailableError
from estimates.store.open_store import catalog_url
from estimates.store.store import Store
from tests.builders import SET, code_of, define, frame, make_store, promoted, publish, source
from tests.ports import free_port
from tests.waiting import until

PROJECT = Path(__file__).parents[2]
NOBODY = 65534


def _may_run_python() -> bool:
    """Whether another user may: not one whose Python is in a home that is closed to others."""
    if os.getuid() != 0:
        return True
    try:
        return (
            subprocess.run([sys.executable, "-c", ""], user=NOBODY, cwd="/", check=False).returncode
            == 0
        )
    except PermissionError:
        return False


another_user = pytest.mark.skipif(not _may_run_python(), reason="no other user may run this Python")
KEY = ("AAPL", "2024-06-03")
READS: list[list[object]] = [
    ["status"],
    ["versions", SET],
    ["get", SET, *KEY],
    ["history", SET, *KEY],
    ["explain", SET, *KEY],
    ["diff", SET, 1, 2],
    ["stability", SET],
    ["log", SET],
    ["runs", SET],
    ["score", SET],
    ["verify"],
    ["audit"],
    ["gate", "policy", SET],
    ["gate", SET, 3],
    ["sweep", "--dry-run"],
    ["init"],
]
WRITES: list[list[object]] = [
    ["promote", SET, 3, "--reason", "test"],
    ["rollback", SET, "--reason", "test"],
    ["waive", SET, "hard_bounds", "--version", 3, "--reason", "test", "--until", "2100-01-01"],
    ["sweep"],
    ["migrate"],
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with two versions that were promoted and a candidate, closed."""
    root = tmp_path_factory.mktemp("made") / "store"
    store = make_store(root)
    define(store)
    promoted(store, "first")
    promoted(store, "second", 101.0, day=1)
    publish(store, "third", 102.0, day=2)
    store.judge(SET, 3)
    store.catalog.engine.dispose()
    shutil.rmtree(root / "cache")
    return root


@pytest.fixture
def root(made: Path) -> Iterator[Path]:
    """A copy of it that only its owner may write, on a path that others may walk."""
    # not in a folder of pytest, which each new session closes to others
    folder = Path(tempfile.mkdtemp(prefix="read-only-"))
    folder.chmod(0o755)
    root = folder / "store"
    shutil.copytree(made, root)
    (folder / "contract.toml").write_text(source())
    frame(103.0).write_parquet(folder / "fourth.parquet")
    (folder / "backups").mkdir()
    (folder / "backups").chmod(0o777)
    yield root
    _permit(root, 0o755, 0o644)
    shutil.rmtree(folder)


def _permit(root: Path, folders: int, files: int) -> None:
    for folder, _, names in os.walk(root, topdown=folders & 0o200 == 0):
        for name in names:
            (Path(folder) / name).chmod(files)
        Path(folder).chmod(folders)


@contextmanager
def only_readable(root: Path) -> Iterator[dict[str, Any]]:
    """How a process is started that may only read a store: as another user where this one may do
    that, else without the permission to write.
    """
    if os.getuid() == 0:
        _permit(root, 0o755, 0o644)
        yield {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    else:
        _permit(root, 0o555, 0o444)
        yield {}


def run_all(
    root: Path, commands: list[list[object]], *, before: tuple[str, ...] = (), **how: Any
) -> list[list[Any]]:
    """[exit code, error code, output] of commands in a process without a home of its own."""
    done = subprocess.run(
        [*before, sys.executable, "-m", "tests.store.read_only_child"],
        input=json.dumps([[*command, "--store", str(root)] for command in commands]).encode(),
        env=os.environ | {"PYTHONPATH": str(PROJECT), "HOME": "/nonexistent"},
        cwd="/",
        stdout=subprocess.PIPE,
        check=True,
        **how,
    )
    return json.loads(done.stdout)


def content(root: Path) -> dict[str, bytes]:
    """Every file of a store."""
    return {
        str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


def assert_reads_and_refuses(root: Path, **how: Any) -> None:
    """All that reads succeeds, all that writes is `read_only` with exit code 2, and nothing is
    written.
    """
    fourth = ["publish", SET, root.parent / "fourth.parquet", "--through", "2024-01-05T00:00:00Z"]
    define_it = ["define", root.parent / "contract.toml"]
    writes = [*WRITES, list(map(str, fourth)), list(map(str, define_it))]
    reads = [*READS, ["backup", str(root.parent / "backups" / "of-store")]]
    before = content(root)
    answers = run_all(root, [*reads, *writes], **how)
    for command, (code, error, _) in zip([*reads, *writes], answers, strict=True):
        expected = (0, None) if command in reads else (2, "read_only")
        assert (code, error) == expected, command
    assert content(root) == before


@another_user
@pytest.mark.slow
def test_a_store_that_nobody_else_may_read(root: Path) -> None:
    """Reading is refused with one sentence, and exit code 2: trying again does not help."""
    with only_readable(root) as how:
        if not how:
            pytest.skip("this process cannot be another user")
        _permit(root, 0o700, 0o644)
        [[code, error, _]] = run_all(root, [["status"]], **how)
        assert (code, error) == (2, "catalog_refused")


@pytest.mark.skipif(os.getuid() != 0, reason="only root may be another user")
def test_a_catalog_that_nobody_else_may_read(root: Path) -> None:
    """Where the folder is open, and the file and SQLite's log are not, it is a refusal too."""
    catalog = root / "catalog.db"
    Path(f"{catalog}-wal").write_bytes(b"some")
    for file in root.glob("catalog.db*"):
        file.chmod(0o600)
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        assert code_of(lambda: Store(root)) == "catalog_refused"
    finally:
        os.setresuid(0, 0, 0)


@contextmanager
def left_by_a_crash(root: Path, *, with_index: bool) -> Iterator[None]:
    """The catalog as a writer that was killed leaves it: its last move is in the log alone."""
    writer = (
        "import os, sys\nfrom estimates.store.store import Store\n"
        "Store(sys.argv[1]).promote('closes', 3, reason='test')\nos._exit(0)\n"
    )
    subprocess.run([sys.executable, "-c", writer, str(root)], check=True, cwd=PROJECT)
    assert (root / "catalog.db-wal").stat().st_size > 0
    if not with_index:
        (root / "catalog.db-shm").unlink()
    yield


@another_user
@pytest.mark.slow
def test_a_store_of_another_user(root: Path) -> None:
    """Closed by its owner, so that there is no log of SQLite's."""
    with only_readable(root) as how:
        assert_reads_and_refuses(root, **how)


@another_user
@pytest.mark.slow
@pytest.mark.parametrize("with_index", [False, pytest.param(True, marks=pytest.mark.stack)])
def test_a_store_that_a_crash_left(root: Path, with_index: bool) -> None:
    """What only SQLite's log holds is read too, with the index of the log and without."""
    with left_by_a_crash(root, with_index=with_index), only_readable(root) as how:
        before = content(root)
        [[code, _, out]] = run_all(root, [["get", SET, *KEY]], **how)
        assert (code, json.loads(out)["version"]) == (0, 3)
        assert content(root) == before


@pytest.mark.slow
def test_a_store_on_a_read_only_disk(root: Path) -> None:
    """Even for root, whom no permission stops."""
    mounted = f'mount --bind {root} {root} && mount -o remount,bind,ro {root} && exec "$@"'
    before = ("unshare", "--mount", "sh", "-c", mounted, "sh")
    if shutil.which("unshare") is None or subprocess.run([*before, "true"], check=False).returncode:
        pytest.skip("this process may not mount")
    assert_reads_and_refuses(root, before=before)


@another_user
@pytest.mark.slow
def test_a_service_of_another_user_follows(root: Path) -> None:
    """It answers, and sees what the owner promotes meanwhile, whoever has the catalog open."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/v1/sets/{SET}/estimates/AAPL/2024-06-03"

    def version() -> int:
        try:
            with urllib.request.urlopen(url, timeout=60) as response:
                return json.load(response)["version"]
        except OSError:
            return 0

    command = ("serve", "--port", str(port), "--store", str(root))
    with (
        only_readable(root) as how,
        subprocess.Popen(
            [sys.executable, "-m", "estimates_jobs.cli", *command],
            env=os.environ | {"PYTHONPATH": str(PROJECT), "HOME": "/nonexistent"},
            cwd="/",
            stdout=subprocess.DEVNULL,
            **how,
        ) as service,
    ):
        try:
            until(lambda: version() == 2)
            if os.getuid() == 0:
                store = Store(root)
                store.promote(SET, 3, reason="test")
                until(lambda: version() == 3)
                store.rollback(SET, reason="test")
                store.catalog.engine.dispose()
                until(lambda: version() == 2)
        finally:
            service.send_signal(signal.SIGTERM)


def test_what_is_written_meanwhile_is_noticed(root: Path) -> None:
    """A reading without locks that somebody wrote under is said to be none."""
    engine = engine_that_reads(catalog_url(root))

    def read_while_it_is_written() -> None:
        with reading(engine) as tx:
            assert tx.exec_driver_sql("SELECT last_event FROM log").scalar() == 9
            with closing(sqlite3.connect(root / "catalog.db")) as writer:
                writer.execute("UPDATE log SET last_at = last_at + 1")
                writer.commit()

    with pytest.raises(UnavailableError) as caught:
        read_while_it_is_written()
    assert caught.value.code == "catalog"


def test_a_private_copy_follows(root: Path) -> None:
    """Where only copies can be read, each reading sees what was committed before it."""
    with left_by_a_crash(root, with_index=False):
        (root / "catalog.db-shm").mkdir()  # no index can be had
        engine = engine_that_reads(catalog_url(root))
        events = []
        for _ in range(2):
            with reading(engine) as tx:
                events.append(tx.exec_driver_sql("SELECT last_event FROM log").scalar())
        first, second = events
        assert first == second
        assert (first or 0) > 9
        assert sorted(path.name for path in root.glob("catalog.db*")) == [
            "catalog.db",
            "catalog.db-shm",
            "catalog.db-wal",
        ]
