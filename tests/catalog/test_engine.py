"""Engines on a catalog: which URLs, and what may be written."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from estimates.catalog.engine import check_writable, make_engine, reading, writing
from tests.builders import code_of, make_store


@pytest.fixture
def url(tmp_path: Path) -> str:
    """The URL of a catalog without sets."""
    make_store(tmp_path / "store").catalog.engine.dispose()
    return f"sqlite:///{tmp_path / 'store' / 'catalog.db'}"


@pytest.mark.parametrize("url", ["mysql://host/db", "catalog.db", "", "sqlite:/catalog.db"])
def test_no_url_of_a_catalog(url: str) -> None:
    """Neither SQLite nor PostgreSQL."""
    assert code_of(lambda: make_engine(url)) == "bad_catalog"


def test_what_is_written_is_whole(url: str) -> None:
    """An error takes back all of a transaction."""
    engine = make_engine(url)

    def fail() -> None:
        with writing(engine) as tx:
            tx.execute(sa.text("UPDATE log SET last_event = 7"))
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    with reading(engine) as tx:
        assert tx.execute(sa.text("SELECT last_event FROM log")).scalar() == 0
    engine.dispose()


def test_a_copy_that_is_no_copy(url: str, tmp_path: Path) -> None:
    """A second name of one file would have a log of its own: neither is written."""
    check_writable(sa.make_url(url))
    os.link(tmp_path / "store" / "catalog.db", tmp_path / "other.db")
    assert code_of(lambda: check_writable(sa.make_url(url))) == "catalog_refused"


def test_a_file_that_is_no_catalog(tmp_path: Path) -> None:
    """Of another program, and one that is no database at all."""
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("CREATE TABLE t (x)")
    (tmp_path / "text.db").write_text("hello " * 1000)
    for name in ("other.db", "text.db"):
        engine = make_engine(f"sqlite:///{tmp_path / name}")

        def read(engine: sa.Engine = engine) -> None:
            with reading(engine) as tx:
                tx.execute(sa.text("SELECT last_event FROM log"))

        assert code_of(read) == "catalog_damaged"
        engine.dispose()
