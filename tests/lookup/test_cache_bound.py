"""The cache of a machine has a bound: twice the read files of what production points to."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest

from estimates.contract.contract_file import parse_contract
from estimates.store.store import Store
from estimates.store.sweep import sweep
from tests.builders import make_store, provenance
from tests.s3_server import S3Server

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("small_parts")]
SOURCE = 'name = "scores"\n[key.customer]\ntype = "string"\n[columns.score]\n'
KEYS = [f"c{number:04}" for number in range(200)]
VERSIONS = 8


def bytes_of(folder: Path, pattern: str) -> int:
    """The bytes of the files of a pattern in a folder."""
    return sum(path.stat().st_size for path in folder.glob(pattern))


def rows_of(number: int, changed: list[str]) -> pl.DataFrame:
    """A score a key, of which those of some keys are a little larger in each version."""
    scores = [100.0 + at for at in range(len(KEYS))]
    for key in changed:
        scores[KEYS.index(key)] += number / 1000
    return pl.DataFrame({"customer": KEYS, "score": scores})


def promote(store: Store, number: int, changed: list[str]) -> None:
    """Publish the next version and promote it."""
    store.publish("scores", rows_of(number, changed), provenance(f"run-{number}", number))
    store.promote("scores", number, reason="test")


@pytest.fixture
def bucket(s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store in a bucket with one set."""
    for name, value in s3.environment().items():
        monkeypatch.setenv(name, value)
    url = f"sqlite:///{tmp_path / 'catalog.db'}"
    store = make_store(f"s3://{s3.bucket()}/x", url, cache=tmp_path / "writer")
    store.define(parse_contract(SOURCE), SOURCE)
    return store


def test_many_promoted_versions_leave_two(bucket: Store, tmp_path: Path) -> None:
    """Neither who promotes versions that differ everywhere nor who reads all of each holds more;
    what is removed while it is read is read on.
    """
    reader = Store(bucket.root, catalog=str(bucket.catalog.engine.url), cache=tmp_path / "reader")
    first = None
    for number in range(1, VERSIONS + 1):
        promote(bucket, number, KEYS)
        assert reader["scores"].scan(limit=200).body["total"] == 200
        version = reader.resolve("scores")
        reader.lookups.open_all(version)
        first = first or reader.lookups.opened(version)
        sizes = [path.stat().st_size for path in reader.lookups.paths(version)]
        for cache in (tmp_path / "reader", tmp_path / "writer"):
            assert sum(sizes) <= bytes_of(cache, "*.lookup") <= 2 * sum(sizes)
    old = reader["scores"].get(KEYS[0], ref=1)  # from the bucket again
    assert old["score"] == pytest.approx(100.001)
    assert len(list((tmp_path / "reader" / "manifests").iterdir())) == VERSIONS
    bucket.catalog.expire(bucket.resolve("scores", 1), actor="ada", reason="old")
    sweep(reader)
    assert len(list((tmp_path / "reader" / "manifests").iterdir())) == VERSIONS - 1


def test_each_set_has_a_bound_of_its_own(local_store: Store) -> None:
    """Reading many versions of a small set leaves no more than two of its own, whatever a large one
    may have, and takes nothing from that.
    """
    for name, keys in (("large", KEYS), ("small", KEYS[:30])):
        text = SOURCE.replace("scores", name)
        local_store.define(parse_contract(text), text)
        for number in range(1, 6):
            frame = rows_of(number, KEYS).head(len(keys)).with_columns(pl.col("score") + len(keys))
            local_store.publish(name, frame, provenance(f"{name}-{number}", number))
    lookups, cache = local_store.lookups, local_store.cache

    def read(name: str, number: int) -> int:
        """Open a version; gives the bytes of its read files."""
        version = local_store.resolve(name, number)
        lookups.open_all(version)
        return sum(path.stat().st_size for path in lookups.paths(version))

    large = [read("large", number) for number in (4, 5)][-1]
    before = bytes_of(cache, "*.lookup")
    assert before <= 2 * large
    small = [read("small", number) for number in range(1, 6)][-1]
    assert small < bytes_of(cache, "*.lookup") - before <= 2 * small
    local_store.cache_bound.trim(local_store.view())
    assert before < bytes_of(cache, "*.lookup") <= before + 2 * small
    for note in cache.glob("*.set"):
        assert note.with_suffix(".lookup").exists()


def test_a_mapped_file_is_read_on(local_store: Store) -> None:
    """Who has a file open when it is removed goes on; who opens it later makes it again."""
    local_store.define(parse_contract(SOURCE), SOURCE)
    version = local_store.publish("scores", rows_of(1, KEYS), provenance("run-1", 1))
    local_store.lookups.open_all(version)
    parts, of = local_store.lookups.parts, local_store.lookups.known.get(version)
    file = parts.open(of, 0)
    before = file.read(range(file.rows))
    local_store.read_files.remove(of.parts[0].sha256)
    assert not os.path.exists(file.path)
    assert file.read(range(file.rows)) == before == parts.open(of, 0).read(range(file.rows))


def test_parts_that_stay_cost_nothing(local_store: Store) -> None:
    """Of a set in which one part of many changes, each version costs that part and its read
    file.
    """
    local_store.define(parse_contract(SOURCE), SOURCE)
    promote(local_store, 1, KEYS)
    folder = Path(local_store.root) / "sets" / "scores"
    files = [sorted(folder.glob(f"{of}/**/*.*")) for of in ("parts", "reads")]
    parts = len(files[0])
    assert parts == len(files[1]) > 4
    for number in range(2, 12):
        promote(local_store, number, [KEYS[120]])
    for of, before in zip(("parts", "reads"), files, strict=True):
        after = sorted(folder.glob(f"{of}/**/*.*"))
        assert len(after) == 2 * parts + 9  # the first change is one of all
        written = bytes_of(folder, f"{of}/**/*.*")
        assert written < 2.5 * sum(path.stat().st_size for path in before) * (1 + 9 / parts)
    reader = Store(local_store.root)
    history = reader["scores"].history(KEYS[7]).body["history"]
    assert len({entry["estimate"]["score"] for entry in history}) == 2
    assert reader.read_files.count == 2  # a part that versions share is opened once
    assert not list(reader.cache.glob("*.lookup"))


def test_a_file_that_another_process_removed_comes_into_the_bucket(bucket: Store) -> None:
    """Two publishers share a cache, and one trims what the other has just made."""
    parts = bucket.lookups.parts
    parts.on_added = lambda added: parts.files.path(added.digest).unlink()
    promote(bucket, 1, KEYS)
    of = bucket.lookups.known.get(bucket.resolve("scores"))
    assert parts.stored.left("scores") == {part.sha256 for part in of.parts}
    assert not any(parts.files.path(part.sha256).exists() for part in of.parts)
