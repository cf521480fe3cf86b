"""`estimates migrate`: bring a catalog to this program's schema."""

from __future__ import annotations

import functools
from pathlib import Path

import click

from estimates.errors import NotFoundError
from estimates.settings import Settings
from estimates.storage.objects import Objects
from estimates.store.identity import check_migrated, check_not_lost
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

    A catalog that does not belong to the store stays as it is.
    Programs of the release before go on beside those of this one until --finish.
    Estimates and manifests are never migrated: every format that was ever written stays readable.
    """
    import estimates_migrations
    from estimates.catalog import schema

    settings = options.settings()
    url, before = _existing_catalog(settings)
    objects = Objects(settings.store)
    check = functools.partial(check_migrated, objects)
    estimates_migrations.upgrade(url, finish=finish, check=check)
    store = open_store(settings)
    store.check_identity()
    store.notify_and_copy()
    after = estimates_migrations.current(url)
    if options.json:
        terminal.json({"store": settings.store, "from": before, "to": after})
    elif before == after:
        terminal.line(f"nothing to do: the catalog has schema revision {after}")
    else:
        terminal.line(f"catalog migrated from schema revision {before} to {after}")
    if schema.BESIDE in (after or "") and not options.json:
        terminal.line(
            "programs of the release before can use it, too; once none runs any more: "
            "`estimates migrate --finish`"
        )


def _existing_catalog(settings: Settings) -> tuple[str, str]:
    """The catalog's URL and the revision of its schema; raises NotFoundError (`no_store`) where no
    store was ever made.
    """
    import estimates_migrations

    url = catalog_url(settings.store, settings.catalog)
    is_there = settings.catalog is not None or (Path(settings.store) / "catalog.db").exists()
    revision = estimates_migrations.current(url) if is_there else None
    if revision is None:  # no file, or one or a database that is empty
        check_not_lost(settings.store)
        raise NotFoundError(
            "no_store",
            f"there is no catalog of a store at {settings.store}",
            remedy="make one with `estimates init`",
        )
    return url, revision
