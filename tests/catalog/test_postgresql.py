"""Databases and poolers that are set up in other ways than ours."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from estimates.catalog import audit, schema
from estimates.catalog import catalog as catalog_module
from estimates.catalog.engine import make_engine, reading, writing
from estimates.catalog.event_log import COUNTER
from estimates.catalog.rows import read_rows
from estimates.errors import CorruptError
from tests.builders import code_of, define, make_store
from tests.conftest import PostgreSQL
from tests.waiting import until

WAITING = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")


@pytest.mark.slow
def test_writers_wait_for_each_other_whatever_the_default_is(postgresql: PostgreSQL) -> None:
    """In a database whose transactions are serializable by default a writer goes on with what the
    one before it left.
    """
    with postgresql.database() as url:
        name = sa.make_url(url).database
        first, second = make_engine(url), make_engine(url)
        _run(first, f"ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'")
        first.dispose()

        def count() -> None:
            with reading(second) as tx:
                tx.execute(COUNTER)
            with writing(second) as tx:  # in the same session
                seen.append(tx.execute(COUNTER).one()[0])

        seen: list[int] = []
        with ThreadPoolExecutor(1) as other:
            with writing(first) as tx:
                waiting = other.submit(count)
                until(lambda: tx.execute(WAITING).scalar_one() > 0)
                tx.execute(schema.log.update().values(last_event=7))
            waiting.result()
        assert seen == [7]
        with writing(first) as tx:
            tx.execute(schema.log.update().values(last_event=0))
        _run(first, f"ALTER DATABASE {name} RESET default_transaction_isolation")
        first.dispose()
        second.dispose()


@pytest.mark.slow
def test_nothing_is_prepared_in_a_session(postgresql: PostgreSQL) -> None:
    """A pooler gives each transaction to another session, which knows no statement of this one."""
    with postgresql.database() as url:
        engine = make_engine(url)
        with reading(engine) as tx:
            for _ in range(10):
                tx.execute(COUNTER)
            prepared = tx.execute(sa.text("SELECT count(*) FROM pg_prepared_statements"))
            assert prepared.scalar_one() == 0
        engine.dispose()


def test_a_connection_that_ends_is_no_damage(
    postgresql: PostgreSQL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that dies while a catalog is audited says nothing of any row."""
    with postgresql.database() as url:
        store = make_store(tmp_path / "store", url)
        define(store)
        other = make_engine(url)

        def cut(tx: sa.Connection, *of: Any, **more: Any) -> Iterator[Any]:
            monkeypatch.undo()
            pid = tx.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
            _run(other, f"SELECT pg_terminate_backend({pid})")
            return read_rows(tx, *of, **more)

        for name in ("audit_chain", "audit_rows", "audit_law"):
            kept = [of for of in ("audit_chain", "audit_rows", "audit_law") if of != name]
            for skipped in kept:
                monkeypatch.setattr(catalog_module, skipped, lambda *_: [])
            monkeypatch.setattr(audit, "read_rows", cut)
            assert code_of(store.catalog.audit) == "catalog"
        assert store.catalog.audit() == []
        other.dispose()
        store.catalog.engine.dispose()


def test_pages_that_are_damaged_are_told(postgresql: PostgreSQL) -> None:
    """What PostgreSQL says of them is no fault of the program."""
    with postgresql.database() as url:
        engine = make_engine(url)
        raised = "DO $$ BEGIN RAISE 'invalid page in block 7' USING ERRCODE = 'XX001'; END $$"
        with pytest.raises(CorruptError, match="invalid page") as caught, reading(engine) as tx:
            tx.execute(sa.text(raised))
        assert caught.value.code == "catalog_damaged"
        engine.dispose()


def _run(engine: sa.Engine, statement: str) -> None:
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(sa.text(statement))
