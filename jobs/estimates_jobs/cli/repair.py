"""`estimates repair`: mend missing and damaged files."""

from __future__ import annotations

import click

from estimates.catalog.database_errors import AWAY, REBUILD
from estimates.errors import CorruptError, NotFoundError
from estimates.render.wording import count
from estimates.storage.objects import Objects
from estimates.store.backup import is_used
from estimates.store.log_repair import Repaired
from estimates.store.repair import repair as repair_store
from estimates.store.repair import repair_root
from estimates_jobs.cli.interface.command import Options, command
from estimates_jobs.cli.interface.failures import DAMAGED
from estimates_jobs.cli.output import fault_table, progress, terminal


@command(
    "estimates repair",
    "estimates repair --from /mnt/backup/estimates",
    "estimates repair --from s3://replica/estimates --format json | jq .left",
)
@click.option(
    "--from",
    "place",
    metavar="FOLDER-OR-URL",
    help="A backup, or another folder or bucket with files of this store.",
)
def repair(options: Options, place: str | None) -> int:
    """Mend what can be proven: copies of the log from the catalog or a backup, files of versions
    from a backup or a replica, each by its digest. Damaged read files are discarded.

    No good file is written; a damaged one is moved to the trash. The catalog is not touched: what
    is wrong there is mended by `estimates recover`. Where the catalog is lost, mends what that
    needs. Exits 4 when anything is wrong still.
    """
    source = None if place is None else Objects(place)
    with progress.bar(0, quiet=options.json) as advance:
        repaired, is_lost = _repaired(options, source, advance)
    if options.json:
        terminal.json(repaired)
        return DAMAGED if repaired.left or is_lost else 0
    for file in repaired.mended:
        terminal.line(f"mended {file.file}, by {file.by}")
    for name in repaired.discarded:
        terminal.line(f"discarded {name}, a read file, which is made again when it is needed")
    if repaired.left:
        fault_table.show(repaired.left)
    terminal.line(
        f"{count(len(repaired.mended), 'file')} mended, {count(len(repaired.left), 'fault')} left"
    )
    if is_lost:
        terminal.line("next: estimates recover, since the catalog is lost")
    elif repaired.left:
        terminal.line(_advice(repaired, place))
    return DAMAGED if repaired.left or is_lost else 0


def _repaired(
    options: Options, source: Objects | None, advance: progress.Advance
) -> tuple[Repaired, bool]:
    """What was done, and whether the catalog is lost. Raises NotFoundError (`no_backup`) for a
    source that has nothing to take.
    """
    if source is not None and not is_used(source):
        raise NotFoundError(
            "no_backup",
            f"{source.root} holds no backup and no files of a store",
            remedy="name a place that does",
        )
    try:
        store = options.open()
    except CorruptError as error:
        if error.code not in ("catalog_lost", "catalog_damaged") or source is None:
            raise
        return repair_root(Objects(options.settings().store), source, advance), True
    return repair_store(store, source, advance), False


def _advice(repaired: Repaired, place: str | None) -> str:
    if any(fault.code == "catalog_behind" for fault in repaired.left):
        return f"next: {AWAY}, then `estimates repair --from {place}` and `estimates recover`"
    in_catalog = ("alias_", "record_", "event_", "chain_")
    if any(fault.code.startswith(in_catalog) for fault in repaired.left):
        return f"next: {REBUILD}"
    if place is None:
        return "next: estimates repair --from a backup, or another folder or bucket"
    return "next: estimates repair --from another backup"
