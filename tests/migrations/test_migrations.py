"""Migrations: they make exactly the schema that the catalog describes, forward only, all or nothing
on both.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import estimates_migrations
from estimates.catalog import engine as engine_module
from estimates.catalog import schema
from estimates.catalog.engine import make_engine
from estimates.errors import RefusedError, UnavailableError
from estimates.store.open_store import catalog_url
from estimates.store.store import Store
from tests.builders import SET, define, promoted
from tests.invariants import check_all

BAD = """\
import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade():
    op.create_table("half_way", sa.Column("id", sa.Integer, primary_key=True))
    op.add_column("aliases", sa.Column("colour", sa.Text))
    op.execute("UPDATE aliases SET held = true")
    op.execute("INSERT INTO half_way VALUES (1), (1)")
"""
GOOD = BAD.replace('    op.execute("INSERT INTO half_way VALUES (1), (1)")\n', "")


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database with nothing in it."""
    if request.param == "sqlite":
        yield catalog_url(tmp_path)
        return
    with request.getfixturevalue("postgresql").database("template0") as url:
        yield url


def inside(url: str) -> dict[str, object]:
    """Everything in a database: tables, columns, indexes, rows."""
    engine = make_engine(url)
    with engine.connect() as connection:
        inspector = sa.inspect(connection)
        tables = sorted(inspector.get_table_names())
        content: dict[str, object] = {
            table: (
                [(column["name"], str(column["type"])) for column in inspector.get_columns(table)],
                sorted(str(index["name"]) for index in inspector.get_indexes(table)),
                sorted(map(str, connection.execute(sa.text(f"SELECT * FROM {table}")))),
            )
            for table in tables
        }
    engine.dispose()
    return content


def with_revision(folder: Path, body: str) -> Path:
    """A copy of the migrations with one more revision."""
    shutil.copytree(
        estimates_migrations.FOLDER / "versions",
        folder / "versions",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    (folder / "versions" / "0008_more.py").write_text(body)
    return folder


def test_migrations_make_the_schema(empty: str) -> None:
    """After an upgrade the database is what catalog.schema describes, to the last index."""
    estimates_migrations.upgrade(empty)
    engine = make_engine(empty)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.METADATA) == []
    engine.dispose()
    newest = estimates_migrations.current(empty) or ""
    assert newest.split(schema.BESIDE)[0] == schema.REVISION


def test_upgrading_twice_changes_nothing(empty: str) -> None:
    """An upgrade of what is new enough leaves it as it is."""
    estimates_migrations.upgrade(empty)
    before = inside(empty)
    estimates_migrations.upgrade(empty)
    assert inside(empty) == before


def test_a_revision_that_fails_half_way_leaves_nothing(empty: str, tmp_path: Path) -> None:
    """A revision whose last statement fails leaves the database exactly as it was."""
    estimates_migrations.upgrade(empty)
    store = Store(tmp_path, catalog=empty)
    define(store)
    promoted(store, "run")
    store.catalog.engine.dispose()
    before = inside(empty)
    with pytest.raises(sa.exc.DBAPIError):
        estimates_migrations.upgrade(empty, with_revision(tmp_path / "bad", BAD))
    assert inside(empty) == before
    check_all(Store(tmp_path, catalog=empty))


def test_a_catalog_that_is_being_written_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A migration that waits for a writer in vain says so as every command does, and changes
    nothing.
    """
    monkeypatch.setattr(engine_module, "_WAIT_S", 0)
    url = catalog_url(tmp_path)
    estimates_migrations.upgrade(url)
    engine = make_engine(url)
    with (
        engine.connect().execution_options(write=True) as writer,
        writer.begin(),
        pytest.raises(UnavailableError, match="database is locked"),
    ):
        estimates_migrations.upgrade(url, with_revision(tmp_path / "newer", GOOD))
    engine.dispose()
    assert estimates_migrations.current(url) == schema.REVISION


def test_from_nothing_a_failing_revision_makes_nothing(empty: str, tmp_path: Path) -> None:
    """All pending revisions are one transaction: when the second fails the first is not there
    either.
    """
    with pytest.raises(sa.exc.DBAPIError):
        estimates_migrations.upgrade(empty, with_revision(tmp_path / "bad", BAD))
    assert inside(empty) == {}


def test_another_revision_is_refused(empty: str, tmp_path: Path) -> None:
    """A program that finds a newer schema refuses with one sentence, the migration too, and touches
    nothing.
    """
    estimates_migrations.upgrade(empty, with_revision(tmp_path / "newer", GOOD))
    before = inside(empty)
    for act in (
        lambda: Store(tmp_path, catalog=empty),
        lambda: estimates_migrations.upgrade(empty),
    ):
        with pytest.raises(RefusedError) as caught:
            act()
        assert caught.value.code == "schema_revision"
        assert "\n" not in caught.value.message
        assert "0008" in caught.value.message
    assert inside(empty) == before


def test_data_survive_an_upgrade(empty: str, tmp_path: Path) -> None:
    """A revision that succeeds keeps what was there."""
    estimates_migrations.upgrade(empty)
    store = Store(tmp_path, catalog=empty)
    define(store)
    promoted(store, "run")
    store.catalog.engine.dispose()
    estimates_migrations.upgrade(empty, with_revision(tmp_path / "newer", GOOD))
    engine = make_engine(empty)
    with engine.connect() as connection:
        rows = connection.execute(sa.text('SELECT "set", alias, version FROM aliases')).all()
    engine.dispose()
    assert [tuple(row) for row in rows] == [(SET, "production", 1)]


ADDS = f"""\
import sqlalchemy as sa
from alembic import op

revision = "0008{schema.BESIDE}{schema.REVISION}"
down_revision = "{schema.REVISION}"


def upgrade():
    op.create_table("later", sa.Column("id", sa.Integer, primary_key=True))
    op.add_column("versions", sa.Column("colour", sa.Text))
"""
TAKES = f"""\
from alembic import op

revision = "0008"
down_revision = "0008{schema.BESIDE}{schema.REVISION}"


def upgrade():
    op.execute("ALTER TABLE versions DROP COLUMN rows")
"""


def test_two_releases_use_a_catalog_until_it_is_finished(empty: str, tmp_path: Path) -> None:
    """The half of a migration that adds leaves this program reading and writing; after the half
    that takes away it refuses, also where it had the catalog open.
    """
    estimates_migrations.upgrade(empty)
    newer = with_revision(tmp_path / "newer", ADDS)
    store = Store(tmp_path, catalog=empty)
    define(store)
    promoted(store, "before")
    estimates_migrations.upgrade(empty, newer)
    promoted(store, "beside", 101.0, day=1)
    (newer / "versions" / "0009_finish.py").write_text(TAKES)
    estimates_migrations.upgrade(empty, newer)
    assert estimates_migrations.current(empty) == f"0008{schema.BESIDE}{schema.REVISION}"
    check_all(Store(tmp_path, catalog=empty))
    following = Store(tmp_path, catalog=empty)
    following.refresh()
    promoted(Store(tmp_path, catalog=empty), "last", 102.0, day=2)
    estimates_migrations.upgrade(empty, newer, finish=True)
    assert estimates_migrations.current(empty) == "0008"
    for act in (following.refresh, lambda: Store(tmp_path, catalog=empty)):
        with pytest.raises(RefusedError, match="0008"):
            act()


def test_a_new_catalog_is_finished(empty: str, tmp_path: Path) -> None:
    """Nobody uses it yet: it gets both halves."""
    newer = with_revision(tmp_path / "newer", ADDS)
    (newer / "versions" / "0009_finish.py").write_text(TAKES)
    estimates_migrations.upgrade(empty, newer)
    assert estimates_migrations.current(empty) == "0008"


def test_revisions_go_forward_only() -> None:
    """One line of revisions; the catalog knows the newest, and none can be taken back."""
    config: Config = estimates_migrations.configuration("sqlite://")
    scripts = list(ScriptDirectory.from_config(config).walk_revisions())
    assert scripts[0].revision.split(schema.BESIDE)[0] == schema.REVISION
    assert [script.down_revision for script in scripts] == [
        script.revision for script in scripts[1:]
    ] + [None]
    assert not [script.path for script in scripts if hasattr(script.module, "downgrade")]
