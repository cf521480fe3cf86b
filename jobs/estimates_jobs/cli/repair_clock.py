"""`estimates repair-clock`: make times right again after a clock was ahead."""

from __future__ import annotations

import click

from estimates_jobs.cli.interface.command import Options, command, reason_option
from estimates_jobs.cli.output import cells, terminal


@command(
    'estimates repair-clock 57 --reason "build-3 was 400 days ahead"      # 57: see estimates log'
)
@click.argument("event", metavar="EVENT", type=int)
@reason_option
def repair_clock(options: Options, event: int, reason: str) -> None:
    """Make times right again after events were recorded by a clock that was ahead.

    EVENT is the first event of them; `estimates log` shows it. From the repair on they count as
    having happened just before it, and what comes later has the time of the clock. Nothing recorded
    is changed: the repair is an event, with who, when and why. Needs a clock that is right now.
    """
    repaired = options.open().repair_clock(event, reason=reason)
    if options.json:
        terminal.json(repaired)
        return
    count = repaired.id - event
    terminal.line(
        f"{count} event{'s' if count != 1 else ''} from {event} on count as before "
        f"{cells.instant(repaired.at)}, the time of event {repaired.id}"
    )
