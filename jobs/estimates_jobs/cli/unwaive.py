"""`estimates unwaive`: take a waiver back."""

from __future__ import annotations

import click

from estimates.catalog.at import At
from estimates.catalog.ref import PRODUCTION
from estimates_jobs.cli.interface.command import (
    Options,
    command,
    deciding_options,
    reason_option,
    set_argument,
)
from estimates_jobs.cli.interface.notifying import notifying
from estimates_jobs.cli.output import terminal
from estimates_jobs.cli.output.waiver_table import show_waivers


@command(
    'estimates unwaive sp500-close 31 --reason "it was not the split"      # 31: see estimates log',
)
@set_argument
@click.argument("waiver", metavar="WAIVER", type=int)
@reason_option
@deciding_options
def unwaive(options: Options, set_name: str, waiver: int, reason: str) -> None:
    """Take a waiver back before its end. Its number is that of its event in the log.

    The version is judged again before it is promoted. What was promoted already stays: take that
    back by a rollback.
    """
    store = options.open()
    with notifying(options, store):
        event = store.unwaive(set_name, waiver, reason=reason)
    if options.json:
        terminal.json(event)
        return
    view = store.view()
    assert event.version is not None
    version = view.resolve(set_name, At(event.version))
    terminal.line(f"waiver {waiver} of {event.details['check']} is taken back")
    show_waivers(view, version)
    pointed = view.set(set_name).aliases.get(PRODUCTION)
    if (
        pointed is not None
        and view.resolve(set_name, At(pointed.version)).snapshot_id == version.snapshot_id
    ):
        terminal.line(
            f"production stays version {pointed.version}; back: estimates rollback "
            f'{set_name} --reason "…"'
        )
