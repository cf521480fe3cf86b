"""`estimates recover`: rebuild a lost catalog from the log."""

from __future__ import annotations

from estimates.catalog.catalog import Catalog
from estimates.storage.objects import Objects
from estimates.store.open_store import catalog_url
from estimates.store.recover import read_log, write_log
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

    def report_progress(event: int, total: int) -> None:
        advance("reading the log", event, total)

    with progress.bar(1, quiet=options.json) as advance:
        log = read_log(objects, report_progress)
    estimates_migrations.upgrade(url)
    recovered = write_log(log, Catalog(url))
    if options.json:
        terminal.json(recovered)
        return
    terminal.line(
        f"rebuilt the catalog of {settings.store} from {recovered.events:,} events: "
        f"{recovered.sets:,} sets, {recovered.versions:,} versions"
    )
    terminal.line("what no log tells:")
    for sentence in recovered.unknown:
        terminal.line(f"- {sentence}")
    terminal.line("next: estimates verify")
