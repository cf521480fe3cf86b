"""`estimates log`: who moved what, when and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estimates.catalog.records import Event
from estimates.render.wording import count
from estimates.store.store import Store
from estimates_jobs.cli.interface.command import Options, command, optional_set_argument
from estimates_jobs.cli.output import cells, terminal

if TYPE_CHECKING:
    from estimates.client import Client


@command(
    "estimates log sp500-close",
    "estimates log --format json | jq '.events[].kind'",
)
@optional_set_argument
def log(options: Options, set_name: str | None) -> None:
    """Who moved what, when and why: every event of a set, or of all sets, oldest first. Nothing is
    ever removed.
    """
    events = _events(options.open_to_read(), set_name)
    if options.json:
        terminal.json({"events": events})
    elif events:
        terminal.records([_row(event) for event in events])
    else:
        terminal.line("nothing has happened yet")


def _row(event: Event) -> dict[str, cells.Cell]:
    return {
        "event": event.id,
        "when": cells.instant(event.at),
        "set": event.set,
        "what": _describe(event),
        "who": event.actor,
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


def _describe(event: Event) -> str:
    """What happened, in a few words."""
    details = event.details
    version = "all versions" if event.version is None else f"version {event.version}"
    match event.kind:
        case "defined":
            return f"contract revision {details['revision']}, shape {details['shape']}"
        case "judged":
            blocks = ", blocks" if event.blocks else ""
            return f"{version} judged: {details['outcome']}{blocks}"
        case "promoted" | "rolled_back":
            before = "" if event.from_version is None else f"{event.from_version} "
            suffix = ", held" if event.kind == "rolled_back" else ""
            how = " automatically" if event.automatic else suffix
            return f"{event.alias} {before}→ {event.version}{how}"
        case "alias_removed":
            return f"{event.alias} removed, it was {event.from_version}"
        case "retired":
            return "retired: no new versions"
        case "unretired":
            return "in use again"
        case "published" if "released_at" in details:
            return f"{version} published, claimed release {details['released_at']}"
        case "tracked":
            return f"{version} recorded in MLflow"
        case "waived":
            keys = details["keys"]
            of_keys = "" if keys is None else f" for {count(keys, 'key')}"
            return f"{version}: {details['check']} waived until {details['until']}{of_keys}"
        case "unwaived":
            return f"{version}: waiver {details['waiver']} of {details['check']} taken back"
        case "hold_placed":
            return f"{version}: legal hold placed"
        case "hold_released":
            return f"{version}: legal hold {details['hold']} released"
        case "clock_repaired":
            return f"clock repaired: events from {details['first']} on count as before this one"
        case "erased":
            return f"{count(details['keys'], 'key')} erased from {version}"
        case "scored":
            return f"{version} scored on {details['keys']:,} keys"
        case "regraded":
            return f"{version} regraded: {details['grade'].replace('_', ' ')}"
    return f"{version} {event.kind}"
