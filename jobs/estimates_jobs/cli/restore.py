"""`estimates restore`: make a store of a backup."""

from __future__ import annotations

import time
from pathlib import Path

import click

from estimates import instants
from estimates.render.wording import count
from estimates.storage.objects import Objects
from estimates.store.identity import check_outside_stores
from estimates.store.open_store import catalog_url
from estimates.store.restore import check_apart, find_backup
from estimates.store.restore import restore as restore_store
from estimates_jobs.cli.interface.command import Options, command
from estimates_jobs.cli.interface.failures import DAMAGED
from estimates_jobs.cli.interface.new_store import make_folder
from estimates_jobs.cli.output import fault_table, progress, terminal
from estimates_jobs.cli.output.bytes_text import size


@command(
    "estimates restore /mnt/backup/estimates --store ./new-store",
    "ESTIMATES_CATALOG=postgresql://db/new estimates restore s3://backups/estimates --store "
    "s3://bucket/new",
)
@click.argument("place", metavar="FOLDER-OR-URL")
@click.option(
    "--without-damaged",
    is_flag=True,
    help="Restore all the rest where files of the backup are damaged.",
)
def restore(options: Options, place: str, without_damaged: bool) -> int:
    """Make a store of a backup, in an empty folder or bucket and with an empty catalog.

    Each file is checked against its digest while it is copied, the log against its chain, and the
    catalog is rebuilt from the log. Nothing is restored over what is there, and until all is done
    the place is no store. A restore that was interrupted is gone on with.
    """
    import estimates_migrations

    settings = options.settings()
    started = time.monotonic()
    url = catalog_url(settings.store, settings.catalog)
    source = Objects(place)
    check_apart(place, settings.store)
    check_outside_stores(settings.store)
    if not without_damaged:
        find_backup(source)
    if "://" not in settings.store:
        make_folder(Path(settings.store))
    with progress.bar(0, quiet=options.json) as advance:
        done = restore_store(
            source,
            Objects(settings.store),
            url,
            estimates_migrations.upgrade,
            without_damaged=without_damaged,
            progress=advance,
        )
    if options.json:
        terminal.json({"store": settings.store, "restored": done})
        return DAMAGED if done.missing else 0
    files, seconds = done.files, time.monotonic() - started
    terminal.line(
        f"restored {settings.store} as of event {done.head.event:,} at "
        f"{instants.text(done.head.at)}: {count(done.sets, 'set')}, "
        f"{count(done.versions, 'version')}"
    )
    terminal.line(
        f"copied {count(files.copied, 'file')} ({size(files.copied_bytes)}) in {seconds:,.1f} s; "
        f"{count(files.there, 'file')} there already"
    )
    if done.missing:
        fault_table.show(done.missing)
    terminal.line("what no backup has:")
    for sentence in done.unknown:
        terminal.line(f"- {sentence}")
    terminal.line("next: estimates verify")
    return DAMAGED if done.missing else 0
