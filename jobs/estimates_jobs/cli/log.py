"""`estimates log`: who moved what, when and why."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click
import msgspec

from estimates import instants
from estimates.catalog.records import Event
from estimates.errors import InvalidError
from estimates.store.store import Store
from estimates_jobs.cli.interface.command import Options, command, optional_set_argument
from estimates_jobs.cli.output import cells, terminal
from estimates_jobs.cli.output.event_text import event_text

if TYPE_CHECKING:
    from estimates.client import Client


_LIMIT = 50
_LOOK_S = 1.0  # between two looks of --follow


class Since(click.ParamType[datetime]):
    """A time, a date for its beginning, or a duration such as `2d` before now."""

    name = "time"

    def convert(self, value: Any, param: Any, ctx: Any) -> datetime:
        """The moment that a text names; fails as click's types do."""
        text = str(value)
        with suppress(ValueError):
            return instants.now() - instants.duration(text)
        try:
            return instants.parse(text if "T" in text else f"{text}T00:00:00Z")
        except InvalidError as error:
            message = error.message.replace(f"{text}T00:00:00Z", text)
            self.fail(f"{message}; or write a day, or a duration such as 2d", param, ctx)


@command(
    "estimates log sp500-close",
    "estimates log --since 2d                     # all sets, the last two days",
    "estimates log --follow                       # and what happens from now on",
    "estimates log --limit 0 --format json | jq '.events[].kind'",
    forms=("csv",),
)
@optional_set_argument
@click.option(
    "--since", type=Since(), metavar="TIME", help="Not before this; also a duration such as 2d."
)
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=_LIMIT,
    show_default=True,
    help="Events at most, the newest; 0: all.",
)
@click.option("--follow", is_flag=True, help="Go on, oldest first, until interrupted.")
def log(
    options: Options, set_name: str | None, since: datetime | None, limit: int, follow: bool
) -> None:
    """Who moved what, when and why: the events of a set, or of all sets, newest first. Nothing is
    ever removed.

    With --follow the events come oldest first and go on as they happen, in JSON one a line.
    """
    source = options.open_to_read()
    newest = _newest(source) if follow else 0  # before the events are read: none is passed over
    events = [e for e in _events(source, set_name) if since is None or e.at >= since]
    shown = events[-limit:] if limit else events
    if follow:
        _follow(options, source, set_name, shown, max([newest, *(e.id for e in events)]))
    elif options.json:
        terminal.json({"events": shown[::-1]})
    elif options.csv:
        rows = [msgspec.structs.asdict(event) for event in reversed(shown)]
        terminal.csv(rows, no_formulas=options.no_formulas)
    elif shown:
        terminal.records([_row(event) for event in reversed(shown)], optional=["event", "set"])
        if len(shown) < len(events):
            terminal.line(f"{len(events) - len(shown):,} older events; --limit 0 shows all")
    else:
        terminal.line("nothing has happened yet" if since is None else "nothing happened since")


def _follow(
    options: Options, source: Store | Client, set_name: str | None, shown: list[Event], last: int
) -> None:
    """Print events and then those that come after `last`, until interrupted."""
    while True:
        for event in shown:
            if options.json:
                terminal.body(msgspec.json.encode(event) + b"\n")
            else:
                row = _row(event)
                terminal.line("  ".join(str(cell) for cell in row.values() if cell is not None))
        time.sleep(_LOOK_S)
        shown, last = _later(source, set_name, last)


def _newest(source: Store | Client) -> int:
    """Id of the newest event."""
    return source.view().last_event if isinstance(source, Store) else source.head().event


def _later(source: Store | Client, set_name: str | None, after: int) -> tuple[list[Event], int]:
    """Events after one, and up to which all were looked at: a page may have none of the set."""
    if isinstance(source, Store):
        page = list(source.view().events(set_name, after))
    else:
        page = source.events(after=after)
    last = page[-1].id if page else after
    return [event for event in page if set_name in (None, event.set)], last


def _row(event: Event) -> dict[str, cells.Cell]:
    return {
        "event": event.id,
        "when": cells.instant(event.at),
        "set": event.set,
        "what": event_text(event),
        "who": event.who,
        "why": event.reason,
    }


def _events(source: Store | Client, set_name: str | None) -> list[Event]:
    """The events of a set or of all, in order; raises NotFoundError (`unknown_set`)."""
    if isinstance(source, Store):
        return list(source.view().events(set_name))
    if set_name is not None:
        source[set_name].versions()  # raises where there is no such set
    events: list[Event] = []
    while page := source.events(after=events[-1].id if events else 0):
        events += page
    return [event for event in events if set_name in (None, event.set)]
