"""An S3 server or a PostgreSQL that takes connections and says nothing: every command ends within a
stated time, nothing is half-written, and the same command succeeds once it answers again.
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from estimates.catalog import postgresql as bounds
from estimates.catalog.engine import writing
from estimates.errors import UnavailableError
from estimates.store.verify import verify
from tests.bucket_store import BucketStore, Ended
from tests.builders import SET, code_of, define, frame, make_store, promoted, provenance, publish
from tests.conftest import PostgreSQL
from tests.invariants import check_all
from tests.mlflow_tables import AddMlflow
from tests.ports import free_ports
from tests.s3_server import S3Server
from tests.waiting import until

pytestmark = pytest.mark.slow
KEY = ("BRK/B", "2024-06-03")
# docs/many-machines.md: a command ends within this time, beside what it takes where all answer.
WITHIN_S = 45
SOON_S = 8  # less than any wait for a bucket or a catalog that hangs
LOOKUP = f"/v1/sets/{SET}/estimates/AAPL/2024-06-03"
READS = (("get", SET, *KEY), ("diff", SET, 1, 2), ("verify",))
SWEEP = ("sweep",)
LOOKS = (("status",), ("log", SET))


@pytest.fixture
def bucket(
    s3: S3Server, postgresql: PostgreSQL, tmp_path: Path, add_mlflow: AddMlflow
) -> Iterator[BucketStore]:
    """A store with two versions, the first of them in production, and a third one as a file."""
    add_mlflow(tmp_path)
    with postgresql.database() as catalog:
        made = BucketStore(f"s3://{s3.bucket()}/estimates", catalog, s3, tmp_path)
        with made.opened() as store:
            define(store)
            promoted(store, "first")
            publish(store, "second", 101.0, day=1)
            store.judge(SET, 2)
        frame(102.0).write_parquet(tmp_path / "third.parquet")
        yield made


def publishing(bucket: BucketStore) -> tuple[object, ...]:
    """The command that publishes the third version."""
    file = bucket.folder / "third.parquet"
    return ("publish", SET, file, "--run-id", "third", "--through", "2024-01-04T21:00:00Z")


PROMOTE = ("promote", SET, 2, "--reason", "test")


def assert_unavailable(ended: list[Ended], code: str) -> None:
    """All say the same: try again."""
    for command in ended:
        assert (command.exit, command.code) == (3, code), command


def assert_done(ended: list[Ended], before: list[Ended]) -> None:
    """All succeeded, and did not take much less than when they were refused."""
    for command, refused in zip(ended, before, strict=True):
        assert command.exit == 0, command
        assert refused.seconds < WITHIN_S + command.seconds, refused


@pytest.mark.parametrize("count", [1, pytest.param(6, marks=pytest.mark.stack)])
def test_an_s3_server_that_hangs(count: int, bucket: BucketStore) -> None:
    """Commands that need the bucket exit 3 with `storage` in time, those that do not need it
    succeed, and the same commands succeed afterwards.
    """
    commands = (publishing(bucket), *READS, PROMOTE, SWEEP)[:count]
    with bucket.s3.hanging():
        *hung, status, log = bucket.run_all(*commands, *LOOKS)
    assert_unavailable(hung, "storage")
    assert (status.exit, log.exit) == (0, 0)
    with bucket.opened("looking") as store:
        check_all(store)
        assert store.resolve(SET).version == 1
        assert len(store[SET].versions()) == 2
    assert_done(bucket.run_all(*commands), hung)
    with bucket.opened("looking") as store:
        assert verify(store) == []


@pytest.mark.one_part
@pytest.mark.parametrize("count", [1, pytest.param(8, marks=pytest.mark.stack)])
def test_a_postgresql_that_hangs(count: int, bucket: BucketStore, postgresql: PostgreSQL) -> None:
    """Every command exits 3 with `catalog` in time, and succeeds afterwards."""
    commands = (publishing(bucket), *READS, PROMOTE, SWEEP, *LOOKS)[:count]
    with postgresql.hanging():
        hung = bucket.run_all(*commands)
    assert_unavailable(hung, "catalog")
    assert_done(bucket.run_all(*commands), hung)
    with bucket.opened("looking") as store:
        check_all(store)
        assert verify(store) == []


def test_a_postgresql_that_hangs_on_the_way(
    bucket: BucketStore, postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that was good and falls silent is given up; the same store goes on later."""
    monkeypatch.setattr(bounds, "SILENCE_S", 1)
    monkeypatch.setattr(bounds, "CONNECT_S", 2)
    with bucket.opened() as store:
        before = store.view().last_event
        with postgresql.hanging():
            started = time.monotonic()
            with pytest.raises(UnavailableError) as caught:
                store.refresh()
            assert time.monotonic() - started < bounds.STATEMENT_S
        assert caught.value.code == "catalog"
        assert store.refresh().last_event == before
        publish(store, "third", 102.0, day=2)


@pytest.mark.stack
def test_an_s3_server_that_hangs_between_two_files(bucket: BucketStore) -> None:
    """A publish whose server falls silent after the first file leaves no version, and the same
    publish succeeds.
    """
    with bucket.opened() as store:
        create = store.objects.put_if_absent
        with pytest.MonkeyPatch.context() as patch:

            def hanging_after(name: str, content: bytes) -> bool:
                with bucket.s3.hanging():
                    return create(name, content)

            patch.setattr(store.objects, "put_if_absent", hanging_after)
            with pytest.raises(UnavailableError) as caught:
                store.publish(SET, frame(102.0), provenance("third", 2))
        assert caught.value.code == "storage"
        assert len(store[SET].versions()) == 2
        check_all(store)
        store.publish(SET, frame(102.0), provenance("third", 2))
        check_all(store)
        assert verify(store) == []


def test_a_service_goes_on_while_both_hang(bucket: BucketStore, postgresql: PostgreSQL) -> None:
    """It answers health and lookups from what it has at once, and follows again afterwards; one
    that is started meanwhile ends with 3.
    """
    port, other = free_ports(2)
    url = f"http://127.0.0.1:{port}"
    with bucket.start("serve", "--port", port) as service:
        try:
            until(lambda: _get(f"{url}/health/ready") is not None)
            with bucket.s3.hanging(), postgresql.hanging():
                for path in ("/health/live", "/health/ready", LOOKUP):
                    assert _get(url + path) is not None, path
                [started] = bucket.run_all(("serve", "--port", other))
                assert (started.exit, started.code) == (3, "catalog")
            with bucket.opened("second") as store:
                store.promote(SET, 2, reason="test")
            until(lambda: _version(url) == 2)
        finally:
            service.terminate()


def _get(url: str) -> bytes | None:
    try:
        with urllib.request.urlopen(url, timeout=SOON_S) as response:
            return response.read()
    except (OSError, urllib.error.URLError):
        return None


def _version(url: str) -> int:
    answer = _get(url + LOOKUP)
    return 0 if answer is None else json.loads(answer)["version"]


def test_a_writer_that_holds_the_lock(
    postgresql: PostgreSQL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another writer waits for it for a while and is told to try again."""
    monkeypatch.setattr(bounds, "LOCK_S", 1)
    with postgresql.database() as url:
        store = make_store(tmp_path / "store", url)
        with writing(store.catalog.engine):
            assert code_of(lambda: define(store)) == "catalog"
        define(store)
        store.catalog.engine.dispose()


def test_a_writer_that_does_nothing_loses_the_lock(
    postgresql: PostgreSQL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another one goes on, and what the first has done is not committed."""
    monkeypatch.setattr(bounds, "ABANDONED_S", 1)
    with postgresql.database() as url:
        store = make_store(tmp_path / "store", url)

        def hold() -> None:
            with writing(store.catalog.engine):
                until(lambda: code_of(lambda: define(store)) is None)

        with pytest.raises(UnavailableError):
            hold()
        assert len(store.view().sets) == 1
        store.catalog.engine.dispose()
