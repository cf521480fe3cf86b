"""Verify, sweep, copies and SQL: damage is found and named, what is needed stays."""

from __future__ import annotations

import polars as pl
import pytest

from estimates.errors import CorruptError
from estimates.lookup import read_file_writing
from estimates.storage import snapshot
from estimates.store.store import Store
from estimates.store.sweep import sweep, verify
from tests.builders import SET, code_of, define, promoted, publish
from tests.invariants import check_all


def test_a_sweep_keeps_what_latest_names(store: Store) -> None:
    """The newest version that passed stays readable, although retention keeps one version and that
    one was refused.
    """
    define(store, more="[retention]\nkeep_versions = 1\n")
    for number, level in enumerate((100.0, 100.1), 1):
        publish(store, f"good {number}", level)
        store.judge(SET, number)
    publish(store, "bad", 900.0)
    assert store.judge(SET, 3).blocks
    assert sweep(store).expired == ((SET, 1),)
    assert store[SET].get("AAPL", "2024-06-03", ref="latest").body["version"] == 2
    check_all(store)


def test_verify_does_not_take_a_sweep_for_damage(local_store: Store) -> None:
    """A version that expires while verify looks at its files is no fault."""
    define(local_store)
    promoted(local_store, "first", 100.0)
    promoted(local_store, "second", 100.1)
    first = local_store.resolve(SET, 1)
    gone: list[str] = []

    def give_up_the_first(_what: str, _total: int) -> None:
        if not gone:
            local_store.catalog.expire(first, actor="test", reason="test")
            gone.extend(i for _, i in sweep(local_store).deleted)

    assert verify(local_store, give_up_the_first) == []
    assert gone == [first.snapshot_id]


def test_verify_repairs_a_damaged_copy(local_store: Store) -> None:
    """A copy of the catalog that was altered is written again as the catalog has it."""
    define(local_store)
    promoted(local_store, "run")
    names = local_store.objects.names(f"sets/{SET}/events")
    before = {name: local_store.objects.get(name) for name in names}
    local_store.objects.put(names[0], b"rubbish")
    local_store.objects.delete(names[-1])
    assert verify(local_store) == []
    assert {name: local_store.objects.get(name) for name in names} == before


def test_sql_reads_only_what_matches_its_digest(local_store: Store) -> None:
    """SQL over an altered Parquet file is an error that names the file, also when it was good a
    moment ago.
    """
    define(local_store)
    version = promoted(local_store, "run")
    query = f'SELECT sum(value) FROM "{SET}"'
    good = local_store.sql(query).item()
    assert local_store.sql(query).item() == good
    name = snapshot.parquet_name(SET, version.snapshot_id)
    frame = local_store.frame(version)
    other = snapshot.prepare(
        frame.with_columns(value=-frame["value"]), local_store.contract(SET).shape()
    )
    local_store.objects.put(name, other.parquet)
    with pytest.raises(CorruptError, match=r"estimates\.parquet") as caught:
        local_store.sql(query)
    assert caught.value.code == "file_damaged"


def test_sql_refuses_a_ref_that_names_nothing(store: Store) -> None:
    """A ref that does not exist is an error in SQL too, never an empty table."""
    define(store)
    promoted(store, "run")
    assert code_of(lambda: store.sql(f"SELECT * FROM \"{SET}_at\"('nonsense')")) == "bad_query"
    assert code_of(lambda: store.sql(f"SELECT * FROM \"{SET}_at\"('2')")) == "bad_query"
    assert store.sql(f"SELECT * FROM \"{SET}_at\"('1')").height == 6


def test_a_read_file_that_says_other_numbers_is_not_promoted(
    local_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Check 43 compares reads by key with the cells themselves, not with the encoder that wrote the
    read file.
    """
    define(local_store)
    publish(local_store, "run")
    monkeypatch.setattr(read_file_writing, "json_pieces", lambda *_: [pl.lit('{"value":0}')])
    assert code_of(lambda: local_store.promote(SET, 1, reason="first")) == "read_differs"
    assert code_of(lambda: local_store.resolve(SET)) == "nothing_promoted"
