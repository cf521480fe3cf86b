"""A store in a bucket that nobody can delete from: it works, and a sweep says what happened."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

import estimates_migrations
from estimates.store.store import Store
from estimates.store.sweep import sweep
from estimates.store.verify import verify
from tests.builders import define, publish
from tests.jobs.cli.calls import ok
from tests.s3_locks import let_all_write, locked_bucket
from tests.s3_server import READER_KEY, READER_SECRET, S3Server

pytestmark = pytest.mark.slow


@pytest.fixture
def catalog_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty catalog, named in the environment as its cache is."""
    url = f"sqlite:///{tmp_path / 'catalog.db'}"
    estimates_migrations.upgrade(url)
    monkeypatch.setenv("ESTIMATES_CATALOG", url)
    monkeypatch.setenv("ESTIMATES_CACHE", str(tmp_path / "cache"))
    return url


@pytest.fixture(params=["s3", pytest.param("ceph", marks=pytest.mark.stack)])
def locked(
    request: pytest.FixtureRequest,
    catalog_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Store]:
    """A store in a bucket with Object Lock and a default retention, two of its versions past
    theirs.
    """
    s3: S3Server = request.getfixturevalue(request.param)
    environment = s3.environment() | {"AWS_CHECKSUM_ALGORITHM": "SHA256"}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    root = f"s3://{locked_bucket(s3, f'l{uuid.uuid4().hex[:12]}')}/store"
    store = Store(root, catalog=catalog_url, cache=tmp_path / "cache")
    fill(store)
    yield store
    store.catalog.engine.dispose()


def fill(store: Store) -> None:
    """Three versions, of which retention keeps the newest."""
    define(store, more="[retention]\nkeep_versions = 1\n")
    for number in range(3):
        publish(store, f"run {number}", 100 + number, day=number)


@pytest.mark.one_part
def test_a_sweep_of_a_locked_bucket_says_what_stays(locked: Store) -> None:
    """Object Lock hides what a sweep deletes and keeps it; the sweep does its work and says so, and
    the store is whole.
    """
    shown = ok("sweep", "--store", locked.root).text
    assert "version 1 expired" in shown
    assert "this bucket keeps versions" in " ".join(shown.split())
    assert verify(locked) == []
    assert len(locked.objects.names("trash")) == 4
    assert publish(locked, "again", 100.0, day=4).version == 4
    assert verify(locked) == []
    assert sweep(locked).refused == ()


@pytest.mark.one_part
def test_a_sweep_goes_on_after_a_refusal(
    s3: S3Server, catalog_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the storage lets nothing be deleted each refusal is named and the sweep ends well; it
    is tried again without another copy, and the same content can be published meanwhile.
    """
    bucket = s3.bucket()
    let_all_write(s3, bucket)
    for name, value in s3.environment(READER_KEY, READER_SECRET).items():
        monkeypatch.setenv(name, value)
    store = Store(f"s3://{bucket}/store", catalog=catalog_url, cache=tmp_path / "cache")
    fill(store)
    swept = sweep(store)
    assert [number for _, number in swept.expired] == [1, 2]
    assert (swept.deleted, swept.parts, len(swept.refused)) == ((), (), 4)
    assert all("AccessDenied" in message for _, message in swept.refused)
    copies = store.objects.names("trash")
    assert "stays, and the next sweep tries again" in ok("sweep", "--store", store.root).text
    assert store.objects.names("trash") == copies
    assert publish(store, "again", 100.0, day=4).version == 4
    assert verify(store) == []
    for name, value in s3.environment().items():
        monkeypatch.setenv(name, value)
    allowed = Store(store.root, catalog=catalog_url, cache=tmp_path / "cache")
    swept = sweep(allowed)
    assert (swept.refused, len(swept.deleted)) == ((), 2)
    assert verify(allowed) == []
    for opened in (store, allowed):
        opened.catalog.engine.dispose()
