"""Making a store where there is none."""

from __future__ import annotations

from pathlib import Path

from estimates.errors import InvalidError, NotFoundError
from estimates.settings import Settings
from estimates.store.open_store import catalog_url
from estimates_jobs.cli.interface.command import open_store


def make_store(settings: Settings) -> bool:
    """Make the store unless it is there; says whether it was made.

    Raises UnavailableError, InvalidError; CorruptError (`catalog_lost`, `other_store`) for a folder
    or bucket that holds the sets of another catalog.
    """
    try:
        open_store(settings)
    except NotFoundError as error:
        if error.code != "no_store":
            raise
        import estimates_migrations

        if "://" not in settings.store:
            make_folder(Path(settings.store))
        estimates_migrations.upgrade(catalog_url(settings.store, settings.catalog))
        open_store(settings).check_identity()
        return True
    return False


def make_folder(folder: Path) -> None:
    """Make a folder unless it is there; raises InvalidError (`bad_store`)."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidError(
            "bad_store",
            f"{folder}: no folder can be made there: {error.strerror or error}",
            remedy="name a folder that you may write to with --store",
        ) from None
