"""`estimates decline`: say no to what somebody asked for, or take it back."""

from __future__ import annotations

import click

from estimates_jobs.cli.interface.command import (
    Options,
    command,
    deciding_options,
    reason_option,
    set_argument,
)
from estimates_jobs.cli.interface.notifying import notifying
from estimates_jobs.cli.output import terminal


@command('estimates decline sp500-close 41 --reason "the prices of XOM are wrong"')
@set_argument
@click.argument("request", type=int)
@reason_option
@deciding_options
def decline(options: Options, set_name: str, request: int, reason: str) -> None:
    """Decline a request for an approval: it cannot be approved any more.

    Who may approve it may decline it, and who asked for it may take it back.
    """
    store = options.open()
    with notifying(options, store):
        event = store.decline(set_name, request, reason=reason)
    if options.json:
        terminal.json(event)
        return
    terminal.line(f"{set_name}: request {request} is declined")
