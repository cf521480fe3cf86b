"""Partial updates: the version is that of all rows, and only the touched parts are written."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.contract.contract_file import parse_contract
from estimates.storage import parts, snapshot
from estimates.store.partial_update import Changes
from estimates.store.store import Store
from tests.builders import code_of, make_store, provenance
from tests.invariants import check_all

SOURCE = 'name = "scores"\n[key.customer]\ntype = "string"\n[columns.score]\n'
CONTRACT = parse_contract(SOURCE)
KEYS = [f"c{number:04}" for number in range(300)]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store with a set of some ten parts, none published yet."""
    monkeypatch.setattr(parts, "LEAST_ROWS", 20)
    monkeypatch.setattr(parts, "MOST_ROWS", 40)
    monkeypatch.setattr(parts, "ENDS_ONE_IN", 10)
    store = make_store(tmp_path / "store")
    store.define(CONTRACT, SOURCE)
    return store


def rows_of(scores: dict[str, float]) -> pl.DataFrame:
    """A row a key."""
    schema = {"customer": pl.String, "score": pl.Float64}
    return pl.DataFrame(list(scores.items()), schema, orient="row")


def keys_of(keys: list[str]) -> pl.DataFrame:
    """The key column alone."""
    return pl.DataFrame({"customer": keys}, {"customer": pl.String})


@given(data=st.data())
def test_a_partial_update_is_the_whole(store: Store, data: st.DataObject) -> None:
    """Whatever is changed, added and removed, the snapshot is that of all rows published at once,
    and nothing is written twice.
    """
    before = dict.fromkeys(
        data.draw(st.sets(st.sampled_from(KEYS), min_size=data.draw(st.sampled_from([1, 250])))),
        1.0,
    )
    changed = data.draw(st.dictionaries(st.sampled_from(KEYS), st.floats(2, 9), max_size=12))
    ranges = data.draw(st.integers(0, 250))
    removable = sorted(before.keys() - changed.keys())
    removed = data.draw(st.sets(st.sampled_from(removable))) if removable else set()
    if ranges > 200:  # whole parts go, or all of them
        removed = set(removable[: 3 * (ranges - 180)])
    run = str(len(store["scores"].versions()))
    first = store.publish("scores", rows_of(before), provenance(f"{run} before"))
    after = {**before, **changed}
    for key in removed:
        del after[key]
    changes = Changes(first.version, keys_of(sorted(removed)))
    version = store.publish("scores", rows_of(changed), provenance(f"{run} after"), changes=changes)
    encoded = snapshot.encode_parts(rows_of(after).sort("customer"), CONTRACT.shape())
    manifest = snapshot.manifest_of(CONTRACT.shape(), tuple(part for part, _ in encoded))
    assert store.manifests.get("scores", version.snapshot_id) == manifest
    assert store.frame(version).equals(rows_of(after).sort("customer"))


def test_untouched_parts_are_not_read(store: Store) -> None:
    """A change of one key reads and writes one part; a damaged one elsewhere is no hindrance, and
    what is in between is shared.
    """
    first = store.publish("scores", rows_of(dict.fromkeys(KEYS, 1.0)), provenance("a"))
    names = set(store.objects.names("sets/scores/parts"))
    last = store.manifests.get("scores", first.snapshot_id).parts[-1]
    path = Path(store.root) / snapshot.part_name("scores", last.sha256)
    content = path.read_bytes()
    path.write_bytes(b"damaged")
    changes = Changes(1)
    version = store.publish("scores", rows_of({"c0001": 5.0}), provenance("b"), changes=changes)
    path.write_bytes(content)
    assert len(set(store.objects.names("sets/scores/parts")) - names) == 1
    event = store.view().set("scores").events[-1]
    assert (event.version, event.details["changes_of"]) == (version.version, 1)
    check_all(store)


def test_what_cannot_be_a_change_is_refused(store: Store) -> None:
    """Keys to remove that are not there, or that have a row, stop it; nothing is published."""
    store.publish("scores", rows_of(dict.fromkeys(KEYS, 1.0)), provenance("a"))

    def update(changed: dict[str, float], removed: list[str], against: int = 1) -> str | None:
        changes = Changes(against, keys_of(removed))
        return code_of(
            lambda: store.publish("scores", rows_of(changed), provenance("b"), changes=changes)
        )

    assert update({}, ["nobody"]) == "unknown_keys"
    assert update({"c0001": 2.0}, ["c0001"]) == "removed_and_given"
    assert update({}, [], against=7) == "unknown_version"
    other = SOURCE.replace("[columns.score]", '[columns.score]\nunit = "EUR"')
    store.define(parse_contract(other), other)
    assert update({"c0001": 2.0}, []) == "other_shape"
    assert len(store["scores"].versions()) == 1
