"""`estimates recover`: rebuild a lost catalog from the log."""

from __future__ import annotations

import functools

from estimates.catalog.catalog import Catalog
from estimates.render.wording import count
from estimates.storage.objects import Objects
from estimates.store.identity import check_no_backup
from estimates.store.open_store import catalog_url
from estimates.store.recover import find_log, rebuild
from estimates_jobs.cli.interface.command import Options, command
from estimates_jobs.cli.output import progress, terminal


@command("estimates recover --store ./estimates-store")
def recover(options: Options) -> None:
    """Rebuild a lost catalog from the copies of the log that lie beside the snapshots.

    Each copy is checked against the chain before anything is written. A catalog that holds events
    is never overwritten: move it away first. Says what no log can tell.
    """
    import estimates_migrations

    settings = options.settings()
    objects, url = Objects(settings.store), catalog_url(settings.store, settings.catalog)

    check_no_backup(objects)
    with progress.bar(1, quiet=options.json) as advance:
        log = find_log(objects)
        for entry in log.entries():
            advance("checking the log", entry.event.id, log.events)
        estimates_migrations.upgrade(url)
        recovered = rebuild(log, Catalog(url), functools.partial(advance, "writing the catalog"))
    if options.json:
        terminal.json(recovered)
        return
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
