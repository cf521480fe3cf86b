"""`estimates backup`: copy a store to another place while writers run."""

from __future__ import annotations

from pathlib import Path

import click

from estimates import instants
from estimates.errors import InvalidError
from estimates.render.wording import count
from estimates.storage.objects import Objects
from estimates.store.backup import NOT_KEPT, check_outside
from estimates.store.backup import backup as backup_store
from estimates.store.identity import store_around
from estimates_jobs.cli.interface.command import Options, command
from estimates_jobs.cli.interface.failures import DAMAGED
from estimates_jobs.cli.interface.new_store import make_folder
from estimates_jobs.cli.output import fault_table, progress, terminal
from estimates_jobs.cli.output.bytes_text import size


@command(
    "estimates backup /mnt/backup/estimates",
    "estimates backup s3://backups/estimates --format json",
    "estimates backup /mnt/backup/estimates --reread",
)
@click.argument("place", metavar="FOLDER-OR-URL")
@click.option(
    "--reread", is_flag=True, help="Read what is there already, too; replace what is damaged."
)
def backup(options: Options, place: str, reread: bool) -> int:
    """Copy all that the store's log makes readable to another folder or bucket.

    Writers may go on meanwhile. What is there already is not copied again, and one that was
    interrupted is gone on with; until it is done the place is the backup that it was before. Each
    file is checked against its digest on the way: exits 4, when all the rest is copied, if any of
    the store is damaged.
    """
    store = options.open()
    check_outside(store, place)
    _check_elsewhere(place)
    if "://" not in place:
        make_folder(Path(place))
    with progress.bar(0, quiet=options.json) as advance:
        done = backup_store(store, Objects(place), reread=reread, progress=advance)
    if options.json:
        terminal.json(
            {"backup": place, "head": done.head, "files": done.files, "events": done.events}
            | {"not_kept": NOT_KEPT, "faults": done.faults}
        )
        return DAMAGED if done.faults else 0
    head, files = done.head, done.files
    terminal.line(
        f"copied {count(files.copied, 'file')} ({size(files.copied_bytes)}) and "
        f"{count(done.events, 'event')}; {count(files.there, 'file')} ({size(files.there_bytes)}) "
        "there already"
    )
    if head.event:
        terminal.line(f"{place} is whole up to event {head.event:,} at {instants.text(head.at)}")
        terminal.line(f"head {head.event}:{head.digest}")
    else:
        terminal.line("nothing happened in the store yet, so there is nothing to restore from here")
    if done.faults:
        fault_table.show(done.faults)
        terminal.line(
            f"{count(len(done.faults), 'fault')} of the store: what is damaged was not copied; "
            "next: estimates repair --from a replica or a backup that has it; this one only mends "
            "what it had before"
        )
    return DAMAGED if done.faults else 0


def _check_elsewhere(place: str) -> None:
    """Raises InvalidError (`bad_backup`) for a place inside of another store or its backup."""
    outer = store_around(place)
    if outer is not None:
        raise InvalidError(
            "bad_backup",
            f"{place} lies in the store or backup {outer}: nothing is copied into one",
            remedy="name a place outside of it",
        )
