"""What is known of a log while its migration can still be refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from estimates.catalog.catalog import Catalog
from estimates.catalog.migrated_log import MigratedLog
from estimates.store.open_store import catalog_url
from estimates_migrations import current, upgrade
from tests.frozen.make_format1 import FOLDER


def test_it_is_the_log_that_the_migration_makes(tmp_path: Path) -> None:
    """Its end, its links and what it has files of; what a check raises leaves the catalog as it
    was, and what it lets pass has the same end.
    """
    url = catalog_url(shutil.copytree(FOLDER / "store", tmp_path / "store"))
    before, seen = current(url), list[object]()

    def look(log: MigratedLog) -> None:
        head = log.head()
        assert log.is_new
        assert (log.last_event(), log.digest_of(log.last_event())) == (head.last_event, head.digest)
        assert log.digest_of(head.last_event + 1) is None
        assert {name for name, _snapshot in log.snapshots()} == {"churn", "closes"}
        seen.append((head.last_event, head.digest))

    def refuse(log: MigratedLog) -> None:
        look(log)
        raise ValueError("refused")

    with pytest.raises(ValueError, match="refused"):
        upgrade(url, check=refuse)
    assert current(url) == before
    upgrade(url, check=look)
    catalog = Catalog(url)
    head = catalog.head()
    catalog.engine.dispose()
    assert seen == [(head.last_event, head.digest)] * 2
    upgrade(url, check=lambda log: seen.append(log.is_new))
    assert seen[-1] is False
