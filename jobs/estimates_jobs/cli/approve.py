"""`estimates approve`: say yes to what somebody else asked for."""

from __future__ import annotations

import click

from estimates_jobs.cli.interface.command import (
    Options,
    command,
    deciding_options,
    set_argument,
)
from estimates_jobs.cli.interface.decisions import record_if_reachable
from estimates_jobs.cli.interface.notifying import notifying
from estimates_jobs.cli.output import terminal
from estimates_jobs.cli.output.alias_moves import show_move
from estimates_jobs.cli.output.event_text import event_text


@command(
    "estimates status sp500-close                       # what waits, by its number",
    "estimates approve sp500-close 41",
    'estimates approve sp500-close 41 --reason "looked at the diff with the desk"',
)
@set_argument
@click.argument("request", type=int)
@click.option("--reason", metavar="TEXT", help="What was looked at; it is kept in the log.")
@deciding_options
def approve(options: Options, set_name: str, request: int, reason: str | None) -> None:
    """Approve a promotion, a waiver or a contract that somebody else asked for.

    The last approval that the contract wants (`approvals` under [gate]) does what was asked for, if
    it is lawful still. An approval holds for that alone: where production moved, the policy or the
    waivers changed since, or a week went by, the request is void, and whoever wants it asks again.

    Only who stands under `approvers` may, and neither who asked for it nor who published the
    version. A rollback needs no approval.
    """
    store = options.open()
    with notifying(options, store):
        made = store.approve(set_name, request, reason=reason)
    if options.json:
        terminal.json(made)
    elif made.missing:
        terminal.line(f"request {request} is approved; it takes {made.missing:,} more")
    elif made.event.kind == "promoted":
        show_move(options, made.event)
    else:
        terminal.line(f"{set_name}: {event_text(made.event)}")
    record_if_reachable(store, set_name)
