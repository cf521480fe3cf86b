"""`estimates retire`: a set takes no new versions, and is left out of lists."""

from __future__ import annotations

from estimates_jobs.cli.interface.command import (
    Options,
    command,
    deciding_options,
    reason_option,
    set_argument,
)
from estimates_jobs.cli.interface.notifying import notifying
from estimates_jobs.cli.output import terminal


@command('estimates retire sp500-close --reason "replaced by sp500-close-v2"')
@set_argument
@reason_option
@deciding_options
def retire(options: Options, set_name: str, reason: str) -> None:
    """Retire a set that nobody updates any more: it takes no new versions, and status, the list of
    sets and the desk leave it out.

    Nothing is deleted: every version answers as before, marked as retired. `estimates unretire`
    takes it into use again.
    """
    store = options.open()
    with notifying(options, store):
        event = store.retire(set_name, reason=reason)
        if options.json:
            terminal.json(event)
            return
        terminal.line(f"{set_name} is retired: it takes no new versions and answers as before")
        terminal.line(f'back again: estimates unretire {set_name} --reason "…"')
