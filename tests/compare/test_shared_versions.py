"""Two versions that share parts, against all of their rows."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from estimates.catalog.records import Version
from estimates.compare.shared_versions import SharedVersions
from estimates.contract.contract_file import parse_contract
from estimates.errors import CorruptError
from estimates.stability.shared_rows import NeedsAllRows
from estimates.storage import parts
from estimates.store.store import Store
from tests.builders import make_store, provenance

SOURCE = """
name = "scores"
[key.customer]
type = "string"
[columns.score]
nullable = true
[columns.count]
type = "integer"
role = "score"
"""
CONTRACT = parse_contract(SOURCE)
GROUPED = parse_contract(
    SOURCE + '[columns.by]\nrole = "attribute"\ntype = "string"\n[stability]\ngroups = ["by"]\n'
)
ROWS = 300
COLUMNS = ["score", "count"]


def rows(start: int = 0) -> pl.DataFrame:
    """Some rows; scores and counts together are those of another row now and then, or null."""
    number = pl.int_range(start, start + ROWS, eager=True)
    return pl.DataFrame(
        {
            "customer": "c" + number.cast(pl.String).str.zfill(4),
            "score": pl.select(
                pl.when(number % 50 != 7).then((number % 140).cast(pl.Float64))
            ).to_series(),
            "count": number % 140,
        }
    )


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store with two versions of ten parts or so: some rows changed, gone and new."""
    for name, value in (("LEAST_ROWS", 20), ("MOST_ROWS", 40), ("ENDS_ONE_IN", 10)):
        monkeypatch.setattr(parts, name, value)
    store = make_store(tmp_path / "store")
    store.define(CONTRACT, SOURCE)
    store.publish("scores", rows(), provenance("1"))
    store.publish("scores", changed(), provenance("2", 1))
    return store


def changed() -> pl.DataFrame:
    """The rows of the second version: one has the values of a row far away, which no other row
    had, one key is gone, one is new.
    """
    moved = pl.col("customer") == "c0100"
    values = {
        "score": pl.when(~moved).then("score"),
        "count": pl.when(moved).then(7).otherwise("count").cast(pl.Int64),
    }
    new = rows(2).filter(customer="c0301")
    return pl.concat([rows().with_columns(**values).filter(pl.col("customer") != "c0105"), new])


def version(store: Store, number: int) -> Version:
    """A version by its number."""
    return store.resolve("scores", number)


def pair(store: Store) -> SharedVersions:
    """What versions 1 and 2 share, read anew."""
    shared = store.version_rows().shared(version(store, 1), version(store, 2))
    assert shared is not None
    return shared


def test_all_rows_are_those_of_both(store: Store) -> None:
    """Numbers of rows, all of them, and those that are not shared: few, and what changed."""
    shared = pair(store)
    assert shared.rows == (300, 300)
    a, b = shared.all_rows()
    assert a.sort("customer").equals(rows())
    assert b.sort("customer").equals(changed())
    own = shared.unshared_rows
    assert all(frame["customer"].is_sorted() for frame in own)
    assert {"c0100", "c0105"} <= {*own[0]["customer"]}
    assert {"c0100", "c0301"} <= {*own[1]["customer"]}
    assert max(frame.height for frame in own) < 150


def test_shared_rows_are_counted_once_and_remembered(store: Store) -> None:
    """How many of them fulfil conditions is read from the cache the next time."""
    rules = [pl.col("score").is_null(), pl.col("count") >= 100]
    shared = pair(store)
    own = shared.unshared_rows[0]
    common = rows().join(own, on="customer", how="anti")
    counts = [common.select(rule.sum()).item() for rule in rules]
    assert shared.count(rules) == counts
    assert shared.count([]) == []
    again = pair(store)
    for file in Path(store.root).glob("sets/scores/parts/*.parquet"):
        file.unlink()
    assert again.count(rules) == counts


@pytest.mark.parametrize("first", ["a", "b"])
def test_rows_that_agree_are_found_without_all(store: Store, first: str) -> None:
    """Rows whose values, not all null, another row has too: those of A and of B, whichever is
    looked at before the other, and from the cache.
    """
    wanted = {}
    for side, frame in (("a", rows()), ("b", changed())):
        some = frame.filter(~pl.all_horizontal(pl.col(COLUMNS).is_null()))
        wanted[side] = some.filter(pl.struct(COLUMNS).is_duplicated()).sort("customer")
    order = ["a", "b"] if first == "a" else ["b", "a"]
    for shared in (pair(store), pair(store)):
        for side in order:
            assert shared.duplicates(side, COLUMNS).equals(wanted[side])


def test_a_pair_is_aligned_without_what_is_shared(store: Store) -> None:
    """Its common rows are all of them; a contract with groups needs the others."""
    shared = pair(store)
    aligned = shared.pair(CONTRACT)
    assert aligned.common_rows == 299
    assert aligned.alignment.common < 150
    assert shared.pair(CONTRACT) is aligned
    with pytest.raises(NeedsAllRows):
        pair(store).pair(GROUPED)


def test_nothing_is_shared_by_one_content_or_two_sets(store: Store) -> None:
    """A version beside itself, and versions of two sets, are read whole."""
    read = store.version_rows()
    assert read.shared(version(store, 1), version(store, 1)) is None
    other = SOURCE.replace('"scores"', '"others"')
    store.define(parse_contract(other), other)
    store.publish("others", rows(), provenance("3"))
    assert read.shared(version(store, 1), store.resolve("others", 1)) is None


def test_a_part_that_is_damaged_is_said(store: Store) -> None:
    """Also where its rows are not read: by its size, before a report leaves it out."""
    pair(store).pair(CONTRACT)  # what is shared has not to be read any more
    shared = pair(store)
    assert all(frame.height for frame in shared.unshared_rows)
    for file in Path(store.root).glob("sets/scores/parts/*.parquet"):
        file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(CorruptError):
        shared.pair(CONTRACT)
