"""`estimates migrate`: bring a catalog to this program's schema."""

from __future__ import annotations

from pathlib import Path

import click

from estimates.errors import NotFoundError
from estimates.settings import Settings
from estimates.store.identity import check_not_lost
from estimates.store.open_store import catalog_url
from estimates_jobs.cli.interface.command import Options, command, open_store
from estimates_jobs.cli.output import terminal


@command("estimates migrate --store ./estimates-store")
@click.option(
    "--finish",
    is_flag=True,
    help="Take away what only the release before needs, once none of its programs runs.",
)
def migrate(options: Options, finish: bool) -> None:
    """Bring the store's catalog to the schema that this program knows, all at once or not at all.

    Programs of the release before go on beside those of this one until --finish.
    Estimates and manifests are never migrated: every format that was ever written stays readable.
    """
    import estimates_migrations
    from estimates.catalog import schema

    settings = options.settings()
    url = _existing_catalog(settings)
    before = estimates_migrations.current(url)
    estimates_migrations.upgrade(url, finish=finish)
    store = open_store(settings)
    store.check_identity()
    store.notify_and_copy()
    after = estimates_migrations.current(url)
    if options.json:
        terminal.json({"store": settings.store, "from": before, "to": after})
    elif before == after:
        terminal.line(f"nothing to do: the catalog has schema revision {after}")
    else:
        terminal.line(f"catalog migrated from schema revision {before or 'none'} to {after}")
    if schema.BESIDE in (after or "") and not options.json:
        terminal.line(
            "programs of the release before can use it, too; once none runs any more: "
            "`estimates migrate --finish`"
        )


def _existing_catalog(settings: Settings) -> str:
    """The catalog's URL; raises NotFoundError (`no_store`) where no store was ever made."""
    url = catalog_url(settings.store, settings.catalog)
    if settings.catalog is None and not (Path(settings.store) / "catalog.db").exists():
        check_not_lost(settings.store)
        raise NotFoundError(
            "no_store",
            f"there is no store at {settings.store}",
            remedy="make one with `estimates init`",
        )
    return url
