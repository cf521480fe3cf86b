"""Whatever changes in a row of the catalog that events determine: `verify` names it, and no reader
is answered as if nothing were wrong.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from estimates.catalog.at import At
from estimates.catalog.catalog import Catalog
from estimates.errors import CorruptError, EstimatesError
from estimates.store.erase import erase
from estimates.store.store import Store
from tests.api.served import ODD, ODD_KEYS, fill
from tests.builders import SET

pytestmark = pytest.mark.slow

TABLES = (
    *("log", "contracts", "versions", "aliases", "events", "verdicts", "scores", "waivers"),
    *("holds", "erasures"),
)
# What no event determines, and no reader sees.
WORKING = {("log", "one"), ("log", "chained_later"), ("log", "store_id"), ("scores", "tracked")}


@pytest.fixture
def catalog(local_store: Store) -> Path:
    """The SQLite file of a store with something of each kind."""
    fill(local_store)
    number = len(local_store.view().set(SET).versions)
    ended = local_store.waive(SET, "hard_bounds", 1, reason="test", until="2100-01-01")
    local_store.unwaive(SET, ended.id, reason="test")
    local_store.waive(SET, "hard_bounds", number, reason="test", until="2100-01-01")
    local_store.hold(SET, number, reason="test")
    erase(local_store, ODD, [(ODD_KEYS[0],)], reason="test")
    local_store.catalog.engine.dispose()
    return Path(local_store.root) / "catalog.db"


def answers(catalog: Catalog) -> list[Any]:
    """What readers may ask of a catalog: refs now and at each moment, states, verdicts, what is in
    force.
    """
    view = catalog.view()
    heard: list[Any] = []
    for name, of_set in view.sets.items():
        moments = [None, *(event.at for event in of_set.events)]
        for at in [At(ref, moment) for ref in ("production", "latest") for moment in moments]:
            try:
                heard.append(view.resolve(name, at).version)
            except CorruptError:
                raise
            except EstimatesError as error:
                heard.append(error.code)
        for version in of_set.versions:
            heard += [version, view.state(version), catalog.verdict(name, version.version)]
        heard += [of_set.waivers, of_set.holds, of_set.contracts, of_set.erasures]
    return heard


def changes(file: Path) -> Iterator[tuple[str, str, str, tuple[Any, ...]]]:
    """Table, column, statement and its values: each column of the last row of each table, and of
    the first event, altered, and each of these rows deleted.
    """
    with closing(sqlite3.connect(file)) as connection:
        for table in TABLES:
            columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]
            rows = connection.execute(f'SELECT rowid, * FROM "{table}"').fetchall()
            assert rows, table
            for key, *cells in {rows[-1], rows[0] if table == "events" else rows[-1]}:
                yield table, "", f'DELETE FROM "{table}" WHERE rowid = ?', (key,)
                for column, cell in zip(columns, cells, strict=True):
                    update = f'UPDATE "{table}" SET "{column}" = ? WHERE rowid = ?'
                    yield table, column, update, (altered(cell), key)


def altered(cell: Any) -> Any:
    """A cell of the same kind with one bit more or less."""
    if cell is None or isinstance(cell, int):
        return (cell or 0) ^ 1
    return cell[:-1] + chr(ord(cell[-1]) ^ 1)


def test_no_altered_row_goes_unnoticed(catalog: Path, tmp_path: Path) -> None:
    """Each change is a fault, and an error or the same answer to each reader."""
    opened = Catalog(f"sqlite:///{catalog}")
    expected, tried = answers(opened), 0
    assert opened.audit() == []
    opened.engine.dispose()
    changed = tmp_path / "changed.db"
    for table, column, statement, values in changes(catalog):
        shutil.copy(catalog, changed)
        with closing(sqlite3.connect(changed)) as connection:
            try:
                connection.execute(statement, values)
            except sqlite3.IntegrityError:
                continue
            connection.commit()
        tried += 1
        opened = Catalog(f"sqlite:///{changed}")
        what = (table, column, values)
        with suppress(CorruptError):  # the row of the log is gone: told by its error
            assert opened.audit() != [] or (table, column) in WORKING, what
        with suppress(CorruptError):
            assert answers(opened) == expected, what
        opened.engine.dispose()
    assert tried > 70
