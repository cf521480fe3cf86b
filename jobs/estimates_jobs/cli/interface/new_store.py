"""Making a store where there is none."""

from __future__ import annotations

from pathlib import Path

from estimates.catalog.catalog import Catalog
from estimates.errors import FULL, InvalidError, NotFoundError
from estimates.settings import Settings
from estimates.storage.objects import Objects
from estimates.storage.storage_errors import storage_error
from estimates.store.identity import check_outside_stores, read_identity, take_name
from estimates.store.open_store import catalog_url
from estimates_jobs.cli.interface.command import open_store


def make_store(settings: Settings) -> bool:
    """Make the store unless it is there; says whether it was made.

    Raises UnavailableError; InvalidError, also for a place inside of a store; CorruptError
    (`catalog_lost`, `other_store`) for a folder or bucket that holds the sets of another catalog.
    """
    try:
        open_store(settings)
    except NotFoundError as error:
        if error.code != "no_store":
            raise
        import estimates_migrations

        check_outside_stores(settings.store)
        if "://" not in settings.store:
            make_folder(Path(settings.store))
        objects, url = Objects(settings.store), catalog_url(settings.store, settings.catalog)
        read_identity(objects)  # a damaged one is said before a catalog is made
        estimates_migrations.upgrade(url)
        take_name(objects, Catalog(url))
        open_store(settings).check_identity()
        return True
    return False


def make_folder(folder: Path) -> None:
    """Make a folder unless it is there; raises InvalidError (`bad_store`), UnavailableError
    (`storage`) where the disk or a quota is used up.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        if error.errno in FULL:
            raise storage_error(str(folder), error) from None
        raise InvalidError(
            "bad_store",
            f"{folder}: no folder can be made there: {error.strerror or error}",
            remedy="name a folder that you may write to",
        ) from None
