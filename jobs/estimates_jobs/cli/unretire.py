"""`estimates unretire`: a retired set takes versions again."""

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


@command('estimates unretire sp500-close --reason "the new one is late"')
@set_argument
@reason_option
@deciding_options
def unretire(options: Options, set_name: str, reason: str) -> None:
    """Take a retired set into use again: it takes versions, and lists show it."""
    store = options.open()
    with notifying(options, store):
        event = store.unretire(set_name, reason=reason)
        if options.json:
            terminal.json(event)
            return
        terminal.line(f"{set_name} is in use again")
