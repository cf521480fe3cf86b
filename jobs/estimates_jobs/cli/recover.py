"""`estimates recover`: rebuild a lost catalog from the log."""

from __future__ import annotations

import functools

import click

from estimates.catalog.catalog import Catalog
from estimates.render.wording import count
from estimates.storage.objects import Objects
from estimates.store.identity import check_no_backup
from estimates.store.open_store import catalog_url
from estimates.store.recover import check_unused, give_up_end, rebuild, sound_log
from estimates_jobs.cli.interface.command import Options, command
from estimates_jobs.cli.output import progress, terminal


@command("estimates recover --store ./estimates-store", "estimates recover --until 9")
@click.option(
    "--until",
    type=click.IntRange(min=1),
    metavar="EVENT",
    help="Rebuild up to this event and give up the copies after it, which go to the trash: for a "
    "log with a gap, or with another log's copies, that no backup can mend.",
)
def recover(options: Options, until: int | None) -> None:
    """Rebuild a lost catalog from the copies of the log that lie beside the snapshots.

    Each copy is checked against the chain before anything is written. A catalog that holds events
    is never overwritten: move it away first. Says what no log can tell.
    """
    import estimates_migrations

    settings = options.settings()
    objects, url = Objects(settings.store), catalog_url(settings.store, settings.catalog)

    check_no_backup(objects)
    with progress.bar(1, quiet=options.json) as advance:
        log = sound_log(objects, until, functools.partial(advance, "checking the log"))
        check_unused(url)
        given_up = give_up_end(log)
        estimates_migrations.upgrade(url)
        recovered = rebuild(log, Catalog(url), functools.partial(advance, "writing the catalog"))
    if options.json:
        terminal.json(recovered)
        return
    if given_up:
        terminal.line(
            f"gave up the copies of {count(given_up, 'event')} after {log.events:,}: they are in "
            "the trash for a week, and what they tell of is lost"
        )
    terminal.line(
        f"rebuilt the catalog of {settings.store} from {count(recovered.events, 'event')}: "
        f"{count(recovered.sets, 'set')}, {count(recovered.versions, 'version')}"
    )
    terminal.line("what no log tells:")
    for sentence in recovered.unknown:
        terminal.line(f"- {sentence}")
    if recovered.unnamed:
        terminal.line(
            f"{count(recovered.unnamed, 'snapshot')} in sets/ that no event names: of runs that "
            "did not finish, or the end of the log is lost. A backup may know it: move the catalog "
            "away again, then `estimates repair --from BACKUP` and `estimates recover`"
        )
    terminal.line("next: estimates verify")
