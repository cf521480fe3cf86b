"""Backups from a bucket, with the catalog in PostgreSQL, and into one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import polars as pl
import pytest

import estimates_migrations
from estimates.storage.objects import PIECE, Objects
from estimates.store.backup import backup
from estimates.store.erase import erase
from estimates.store.identity import NAME, Identity, check_outside_stores
from estimates.store.repair import repair
from estimates.store.restore import restore
from estimates.store.store import Store
from estimates.store.verify import verify
from tests.builders import SET, TARGETS, code_of, define, make_store, promoted
from tests.conftest import PostgreSQL
from tests.s3_server import S3Server
from tests.store.catalog_rows import rows
from tests.store.erased_person import NUMBERS, PERSON, fill

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _reached(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in s3.environment().items():
        monkeypatch.setenv(name, value)


@pytest.mark.one_part
def test_round_the_world(s3: S3Server, postgresql: PostgreSQL, tmp_path: Path) -> None:
    """Folder and SQLite, to a bucket, to another bucket and PostgreSQL, to a folder: the same rows
    and files; an emptied bucket comes back from its backup.
    """
    store = make_store(tmp_path / "store")
    define(store)
    for number in range(3):
        promoted(store, f"run {number}", 100 + number / 10)
    first = Objects(f"s3://{s3.bucket()}/first")
    assert backup(store, first).files.copied == 6
    assert backup(store, first).files.there == 6
    root = f"s3://{s3.bucket()}/second"
    with postgresql.database("template0") as url:
        restore(first, Objects(root), url, estimates_migrations.upgrade)
        moved = Store(root, catalog=url, cache=tmp_path / "cache", actor="tester")
        assert verify(moved) == []
        for name in moved.objects.names(""):
            moved.objects.delete(name)
        assert code_of(lambda: promoted(moved, "lost", 101.0)) == "other_store"
        assert len(repair(moved, first).mended) == 17
        assert verify(moved) == []
        promoted(moved, "after", 101.0)
        (tmp_path / "second").mkdir()
        backup(moved, Objects(str(tmp_path / "second")))
        new = tmp_path / "new"
        new.mkdir()
        catalog = f"sqlite:///{new / 'catalog.db'}"
        copied = Objects(str(tmp_path / "second"))
        restore(copied, Objects(str(new)), catalog, estimates_migrations.upgrade)
        came_back = Store(new)
        assert rows(came_back)["versions"] == rows(moved)["versions"]
        assert verify(came_back) == []
        assert came_back[SET].get("AAPL", "2024-06-03")["value"] == 101.03
        for opened in (store, moved, came_back):
            opened.catalog.engine.dispose()


def test_large_objects_go_in_pieces(s3: S3Server, tmp_path: Path) -> None:
    """What does not fit one request comes back as it was; what is not ended gets no name."""
    bucket, folder = Objects(f"s3://{s3.bucket()}"), Objects(str(tmp_path))
    content = bytes(range(256)) * (3 * PIECE // 256 + 1)
    folder.put("large", content)
    bucket.put_pieces("large", folder.pieces("large"))
    folder.put_pieces("again", bucket.pieces("large"))
    assert (tmp_path / "again").read_bytes() == content
    assert bucket.sizes("") == {"large": len(content)}

    def broken() -> Iterator[bytes]:
        yield from folder.pieces("large")
        raise KeyboardInterrupt

    for objects in (bucket, folder):
        with pytest.raises(KeyboardInterrupt):
            objects.put_pieces("broken", broken())
    assert not bucket.exists("broken")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again", "large"]


def test_a_bucket_gives_up_a_key(s3: S3Server, postgresql: PostgreSQL, tmp_path: Path) -> None:
    """Erased from a bucket with PostgreSQL, a key answers so on every machine, no object has its
    numbers, and a backup made before is brought to the same.
    """
    with postgresql.database() as url:
        store = make_store(f"s3://{s3.bucket()}/x", url, cache=tmp_path / "one")
        fill(store)
        kept = Objects(f"s3://{s3.bucket()}/kept")
        backup(store, kept)
        other = Store(store.root, catalog=url, cache=tmp_path / "other")
        assert other[SET].get(PERSON, TARGETS[0])["value"] == 4711.625
        erase(store, SET, [(PERSON,)], reason="request 7")
        assert code_of(lambda: other[SET].get(PERSON, TARGETS[0])) == "erased"
        assert other[SET].frame(1).height == 4
        backup(store, kept)
        for objects in (store.objects, kept):
            parts = [name for name in objects.names("sets") if name.endswith(".parquet")]
            assert parts
            for part in parts:
                tickers = pl.read_parquet(objects.get(part))["ticker"]
                assert PERSON not in tickers.to_list()
            copies = b"".join(map(objects.get, objects.names("log")))
            assert not [number for number in NUMBERS if number in copies]
        assert verify(store) == []
        for opened in (store, other):
            opened.catalog.engine.dispose()


def test_no_store_is_made_below_one_in_a_bucket(s3: S3Server) -> None:
    """Its sweep would take the files of the inner one; beside it there is room."""
    bucket = s3.bucket()
    outer = Objects(f"s3://{bucket}/outer")
    outer.put(NAME, msgspec.json.encode(Identity(1, "a", datetime.now(UTC))))
    for inner in ("outer/sets/closes", "outer/new/"):
        assert code_of(lambda at=inner: check_outside_stores(f"s3://{bucket}/{at}")) == "bad_store"
    for beside in ("outer2", "outer", ""):
        check_outside_stores(f"s3://{bucket}/{beside}")
