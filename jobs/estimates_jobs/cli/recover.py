"""`estimates recover`: rebuild a lost catalog from the log."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

import click
import msgspec

from estimates.catalog.catalog import Catalog
from estimates.render.wording import count
from estimates.storage.objects import Objects
from estimates.store.identity import check_no_backup
from estimates.store.open_store import catalog_url
from estimates.store.recover import (
    ANOTHER_NAME,
    GivenUp,
    LogFiles,
    Recovered,
    after_end,
    check_unused,
    give_name,
    give_up_end,
    rebuild,
    sound_log,
)
from estimates_jobs.cli.interface.command import Options, command
from estimates_jobs.cli.output import cells, progress, terminal
from estimates_jobs.cli.output.event_text import event_text

_SHOWN = 20  # events that are given up


def _id(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    if not re.fullmatch("[0-9a-fA-F]{32}", value):
        raise click.BadParameter(f"{value} is not 32 hexadecimal digits")
    return value.lower()


@command(
    "estimates recover --store ./estimates-store",
    "estimates recover --until 9 --dry-run",
    "estimates recover --until 9",
)
@click.option(
    "--until",
    type=click.IntRange(min=1),
    metavar="EVENT",
    help="Rebuild up to this event and give up the copies after it, which go to the trash: for a "
    "log with a gap, or with another log's copies, that no backup can mend.",
)
@click.option(
    "--store-id",
    metavar="ID",
    callback=_id,
    help="Which store it is, where store.json is lost with the catalog: 32 hexadecimal digits, "
    "which `estimates audit` said, `store` of `head` in GET /v1/sets, and the tag `store` of each "
    "run in MLflow.",
)
@click.option("--dry-run", is_flag=True, help="Only check the log, and list what is given up.")
def recover(options: Options, until: int | None, store_id: str | None, dry_run: bool) -> None:
    """Rebuild a lost catalog from the copies of the log that lie beside the snapshots.

    Each copy is checked against the chain before anything is written. A catalog that holds events
    is never overwritten: move it away first. Says what no log can tell.
    """
    import estimates_migrations

    settings = options.settings()
    objects, url = Objects(settings.store), catalog_url(settings.store, settings.catalog)

    check_no_backup(objects)
    with progress.bar(1, quiet=options.json) as advance:
        checking = functools.partial(advance, "checking the log")
        log = sound_log(objects, until, checking, store_id=store_id)
        given_up = after_end(log)
        made = None
        if not dry_run:
            check_unused(url)
            if store_id is not None:
                give_name(objects, store_id)
            give_up_end(log, given_up)
            estimates_migrations.upgrade(url)
            made = rebuild(log, Catalog(url), functools.partial(advance, "writing the catalog"))
    if made is None:
        _show_plan(options, log, given_up)
    elif options.json:
        terminal.json(msgspec.structs.replace(made, given_up=given_up))
    else:
        _show(settings.store, made, given_up)
        if store_id is not None:
            terminal.line(f"if the id is not the right one: {ANOTHER_NAME}")


def _show_plan(options: Options, log: LogFiles, given_up: Sequence[GivenUp]) -> None:
    if options.json:
        terminal.json({"store": log.store_id, "events": log.events, "given_up": given_up})
        return
    if given_up:
        _show_given_up(given_up, "would be given up")
    whole = count(log.events, "event")
    terminal.line(f"the catalog would be rebuilt from {whole}; nothing is written with --dry-run")


def _show(store: str, made: Recovered, given_up: Sequence[GivenUp]) -> None:
    if given_up:
        _show_given_up(given_up, "given up: the copies are in the trash for a week")
    terminal.line(
        f"rebuilt the catalog of {store} from {count(made.events, 'event')}: "
        f"{count(made.sets, 'set')}, {count(made.versions, 'version')}"
    )
    terminal.line("what no log tells:")
    for sentence in made.unknown:
        terminal.line(f"- {sentence}")
    if made.unnamed:
        terminal.line(
            f"{count(made.unnamed, 'snapshot')} in sets/ that no event names: of runs that "
            "did not finish, or the end of the log is lost. A backup may know it: move the catalog "
            "away again, then `estimates repair --from BACKUP` and `estimates recover`"
        )
    terminal.line("next: estimates verify")


def _show_given_up(given_up: Sequence[GivenUp], what: str) -> None:
    """A row an event, the newest ones left out where they are many."""
    terminal.records([_row(lost) for lost in given_up[:_SHOWN]], optional=["set", "who", "why"])
    if len(given_up) > _SHOWN:
        terminal.line(f"and {len(given_up) - _SHOWN:,} more; --format json lists all")
    terminal.line(f"{count(len(given_up), 'event')} {what}")
    for event in (lost.event for lost in given_up):
        if event is not None and event.kind == "erased":
            terminal.line(
                f"event {event.id} erased keys of {event.set}: versions that had them are read by "
                "what it says alone; without it they need the files of a backup from before it"
            )


def _row(lost: GivenUp) -> dict[str, cells.Cell]:
    event = lost.event
    return {
        "event": lost.id,
        "when": None if event is None else cells.instant(event.at),
        "set": None if event is None else event.set,
        "what": "its copy cannot be read" if event is None else event_text(event),
        "who": None if event is None else event.who,
        "why": None if event is None else event.reason,
    }
