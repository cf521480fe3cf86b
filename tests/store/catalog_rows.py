"""What a catalog holds, row for row; losing and rebuilding it."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

import estimates_migrations
from estimates.catalog.catalog import Catalog
from estimates.storage.objects import Objects
from estimates.store.open_store import catalog_url
from estimates.store.recover import find_log, rebuild
from estimates.store.store import Store

TABLES = (
    "contracts",
    "versions",
    "aliases",
    "events",
    "verdicts",
    "scores",
    "waivers",
    "holds",
    "erasures",
)


def rows(store: Store) -> dict[str, list[str]]:
    """Everything that events determine, as the database holds it."""
    content: dict[str, list[str]] = {}
    with store.catalog.engine.connect() as connection:
        for table in TABLES:
            of_table = connection.execute(sa.text(f"SELECT * FROM {table}"))
            content[table] = sorted(map(str, of_table))
        log = sa.text("SELECT last_event, last_at, head, store_id FROM log")
        content["log"] = [str(connection.execute(log).one())]
    return content


def lose_catalog(store: Store) -> None:
    """Delete the SQLite files of a store."""
    store.catalog.engine.dispose()
    for path in Path(store.root).glob("catalog.db*"):
        path.unlink()


def recovered(root: str) -> Store:
    """The store with a catalog that was rebuilt."""
    log = find_log(Objects(root))
    estimates_migrations.upgrade(catalog_url(root))
    catalog = Catalog(catalog_url(root))
    rebuild(log, catalog)
    catalog.engine.dispose()
    return Store(root, actor="tester")
