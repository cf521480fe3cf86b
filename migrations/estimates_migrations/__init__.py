"""The catalog's schema, forward only; `upgrade` is the one way in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from estimates.catalog import schema
from estimates.catalog.engine import check_writable, make_engine, reading
from estimates.catalog.migrated_log import MigratedLog
from estimates.errors import RefusedError

FOLDER = Path(__file__).parent


def configuration(url: str, folder: Path = FOLDER) -> Config:
    """Alembic's configuration for a catalog URL, without an ini file."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("version_locations", str(folder / "versions"))
    config.set_main_option("path_separator", "newline")
    config.attributes["url"] = url
    return config


def upgrade(
    url: str,
    folder: Path = FOLDER,
    *,
    finish: bool = False,
    check: Callable[[MigratedLog], None] = lambda _log: None,
) -> None:
    """Bring a catalog to the newest revision, in one transaction, or leave it as it was.

    Where the newest release takes something away, only to the half that adds, which programs of
    the release before can use too; `finish` goes on to the other half. A new catalog has both.
    A SQLite file is made when there is none.

    check  called before it is committed; what it raises leaves the catalog as it was
    Raises RefusedError (`schema_revision`,
    `catalog_refused`, `read_only`), UnavailableError (`catalog`), InvalidError (`bad_catalog`),
    CorruptError (`catalog_damaged`).
    """
    config = configuration(url, folder)
    config.attributes["check"] = check
    scripts = list(ScriptDirectory.from_config(config).walk_revisions())
    known = {script.revision for script in scripts}
    revision = current(url)
    if revision is not None and revision not in known:
        raise RefusedError(
            "schema_revision",
            f"the catalog has schema revision {revision}, which this program is too old to know",
            remedy="use the newest version of the program",
        )
    check_writable(sa.make_url(url))
    newest, before = (str(script.revision) for script in scripts[:2])
    in_use = revision not in (None, newest)
    halved = in_use and not finish and before.startswith(f"{newest}{schema.BESIDE}")
    command.upgrade(config, before if halved else newest)


def current(url: str) -> str | None:
    """The revision a catalog has; None for an empty database."""
    from alembic.migration import MigrationContext

    engine = make_engine(url)
    try:
        with reading(engine) as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()
