"""Structs to rows and back, and rows that somebody changed."""

from __future__ import annotations

import msgspec
import pytest
import sqlalchemy as sa

from estimates.catalog import schema
from estimates.catalog.records import ContractRevision, Event, Version
from estimates.catalog.rows import at_its_time, cells_of, matching, read
from estimates.errors import CorruptError
from estimates.store.store import Store
from tests.builders import SET, contract, define, publish
from tests.catalog.histories import event, hour, revision, version


def test_cells_are_plain_values_and_what_follows_from_them() -> None:
    """Fields that are none are JSON; null stays null."""
    cells = cells_of(version(3))
    assert (cells["set"], cells["version"], cells["run_id"]) == (SET, 3, "run-3")
    assert msgspec.json.decode(cells["provenance"])["run_id"] == "run-3"
    assert cells["released_at"] is None
    assert cells_of(revision())["shape_digest"] == contract().shape().digest
    assert cells_of(event(1, "judged", 1, details={"a": 1}))["details"] == '{"a":1}'


def test_rows_are_read_as_they_were_written(local_store: Store) -> None:
    """In the order and number that is wished for."""
    define(local_store)
    made = [publish(local_store, str(n), 100.0 + n) for n in range(3)]
    with local_store.catalog.engine.begin() as tx:
        number = schema.versions.c.version
        assert read(tx, Version, matching(schema.versions, set=SET), number) == made
        newest = read(tx, Version, sa.true(), number.desc(), limit=1)
        assert newest == made[2:]
        assert read(tx, Version, matching(schema.versions, set=SET, version=7)) == []


@pytest.mark.parametrize(
    ("statement", "kind", "named"),
    [
        ("UPDATE versions SET rows = 7", Version, "version 1"),
        ("UPDATE versions SET provenance = '{'", Version, "among its versions"),
        ("UPDATE contracts SET source = 'x'", ContractRevision, "contract 1"),
        ("UPDATE contracts SET body = '{}'", ContractRevision, "contract 1"),
        ("UPDATE events SET details = '[1]'", Event, "among its events"),
    ],
)
def test_a_row_that_somebody_changed_is_damage(
    local_store: Store, statement: str, kind: type[msgspec.Struct], named: str
) -> None:
    """Whether it can be read or not: the message says which one."""
    define(local_store)
    publish(local_store, "first")
    with local_store.catalog.engine.begin() as tx:
        tx.execute(sa.text(statement))
        with pytest.raises(CorruptError) as damaged:
            read(tx, kind, sa.true())
    assert damaged.value.code == "record_damaged"
    assert named in damaged.value.message


def test_times_that_a_repair_changed_count_in_every_field() -> None:
    """Times that no event had stay, and so do records without any."""
    corrected = {hour(1): hour(-1)}
    moved = at_its_time(version(1, expired_at=hour(2)), corrected)
    assert (moved.published_at, moved.expired_at) == (hour(-1), hour(2))
    both = at_its_time(version(2, published_at=hour(1), expired_at=hour(1)), corrected)
    assert (both.published_at, both.expired_at) == (hour(-1), hour(-1))
    assert at_its_time(event(1, "judged", 1), corrected).at == hour(-1)
    same = version(3)
    assert at_its_time(same, corrected) is same
    assert at_its_time(same, {}) is same
