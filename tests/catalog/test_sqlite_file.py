"""Connections follow the file at the path, not the one they opened."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from estimates.catalog.sqlite_file import FileId, file_of, follow_file, has_other_names


def engine_of(path: Path) -> sa.Engine:
    """An engine that follows its file."""
    engine = sa.create_engine(f"sqlite:///{path}")
    follow_file(engine)
    return engine


def write(path: Path, value: int) -> None:
    """A database whose one row says a value."""
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as tx:
        tx.execute(sa.text("CREATE TABLE t (v INTEGER)"))
        tx.execute(sa.text(f"INSERT INTO t VALUES ({value})"))
    engine.dispose()


def read(engine: sa.Engine) -> int | None:
    """What the row says now."""
    with engine.connect() as connection:
        return connection.execute(sa.text("SELECT v FROM t")).scalar()


def test_a_file_that_is_replaced_is_read(tmp_path: Path) -> None:
    """Put in its place or written over: the next use sees it."""
    path, other = tmp_path / "a.db", tmp_path / "b.db"
    write(path, 1)
    write(other, 2)
    engine = engine_of(path)
    assert read(engine) == 1
    os.replace(other, path)
    assert read(engine) == 2
    write(other, 3)
    shutil.copyfile(other, path)
    assert read(engine) == 3


def test_a_file_that_is_gone_is_no_empty_one(tmp_path: Path) -> None:
    """The use fails as that of a database that is away; it comes back with the file."""
    path = tmp_path / "a.db"
    write(path, 1)
    engine = engine_of(path)
    assert read(engine) == 1
    path.rename(tmp_path / "away.db")
    with pytest.raises(OperationalError, match="its file is gone"):
        read(engine)
    assert not path.exists()
    (tmp_path / "away.db").rename(path)
    assert read(engine) == 1


def test_what_a_file_is(tmp_path: Path) -> None:
    """Its number, size and time; an empty one is none yet."""
    path = tmp_path / "a.db"
    engine = sa.create_engine(f"sqlite:///{path}")
    assert file_of(engine) is None
    path.touch()
    assert file_of(engine) is None
    write(path, 1)
    known = file_of(engine)
    assert known is not None
    assert known.size == path.stat().st_size
    assert file_of(sa.create_engine("sqlite://")) is None
    assert file_of(sa.create_engine("postgresql+psycopg://h/d")) is None
    assert known.is_same(FileId(known.device, known.inode, 0, 0))
    assert not known.is_same(FileId(known.device, known.inode + 1, known.size, known.written_ns))
    assert not known.is_same(None)


def test_a_file_of_two_folders_is_noticed(tmp_path: Path) -> None:
    """A hard link of a catalog is another store that writes it."""
    path = tmp_path / "a.db"
    url = sa.make_url(f"sqlite:///{path}")
    assert not has_other_names(url)
    write(path, 1)
    assert not has_other_names(url)
    os.link(path, tmp_path / "b.db")
    assert has_other_names(url)
    assert not has_other_names(sa.make_url("sqlite://"))
    assert not has_other_names(sa.make_url("postgresql+psycopg://h/d"))
