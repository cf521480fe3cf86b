from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.catalog.at import At
from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError
from estimates.reading.key_values import KeyValues, key_values
from estimates.store.store import Store
from tests.builders import make_store, provenance

NAMES = ["a", "a b", "aa", "ab", "b/", "Ä", "日本", "%41", "a" * 50]
HOURS = [-3, 0, 1, 10, 11, 100, 2, 20]
SOURCE = """\
name = "many"
[key.name]
type = "string"
[key.hour]
type = "integer"
[key.at]
type = "timestamp"
[columns.x]
"""
TIMES = ["2026-11-24T16:00:00Z", "2026-11-24T16:00:00.5Z", "2026-11-24T16:00:01Z"]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A set with every combination of names, hours and times."""
    store = make_store(tmp_path_factory.mktemp("keys") / "store")
    store.define(parse_contract(SOURCE), SOURCE)
    frame = (
        pl.DataFrame({"name": NAMES})
        .join(pl.DataFrame({"hour": HOURS}), how="cross")
        .join(pl.DataFrame({"at": TIMES}), how="cross")
        .with_columns(pl.col("at").str.to_datetime(time_zone="UTC"), x=1.0)
    )
    store.publish("many", frame, provenance("one"))
    return store


def values(store: Store, *parts: object, begins: str = "", limit: int = 20) -> KeyValues:
    """The values in the one version."""
    reader = store.reader()
    return key_values(reader.of(reader.resolve("many", At(1))), parts, begins, limit)


@given(st.sampled_from(["", "a", "aa", "a b", "b", "Ä", "日", "%", "x", "a" * 49]))
def test_names_that_begin_so_are_found(store: Store, begins: str) -> None:
    """The values are those that begin with the text, in order, with how many rows each has."""
    answer = values(store, begins=begins)
    expected = sorted(name for name in NAMES if name.startswith(begins))
    assert [value.value for value in answer.values] == expected
    assert {value.n for value in answer.values} <= {len(HOURS) * len(TIMES)}
    assert not answer.more


def test_numbers_are_found_by_their_digits(store: Store) -> None:
    """Integers lie in the order of their size, and are found by how they are written."""
    assert [v.value for v in values(store, "aa", begins="1").values] == ["1", "10", "11", "100"]
    assert [v.value for v in values(store, "aa").values] == [str(h) for h in sorted(HOURS)]


def test_times_are_in_their_own_order(store: Store) -> None:
    """Times with and without parts of a second."""
    answer = values(store, "aa", 10)
    assert (answer.column, [v.n for v in answer.values]) == ("at", [1, 1, 1])
    assert [v.value[:19] for v in answer.values] == [t[:19] for t in TIMES]


def test_so_many_and_no_more(store: Store) -> None:
    """`limit` cuts, and `more` says so."""
    answer = values(store, limit=2)
    assert (len(answer.values), answer.more) == (2, True)
    with pytest.raises(InvalidError, match="limit 0"):
        values(store, limit=0)
    with pytest.raises(InvalidError, match="no column of the key"):
        values(store, "aa", 1, "2026-11-24T16:00:00Z")


def test_a_part_without_rows_has_no_values(store: Store, tmp_path: Path) -> None:
    """Nothing is under a part that no key has."""
    assert values(store, "zz").values == []
