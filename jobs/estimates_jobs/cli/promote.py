"""`estimates promote`: point production at a version."""

from __future__ import annotations

import click

from estimates_jobs.cli.interface.command import (
    Options,
    alias_option,
    command,
    deciding_options,
    reason_option,
    set_argument,
)
from estimates_jobs.cli.interface.notifying import notifying
from estimates_jobs.cli.output.alias_moves import show_move


@command(
    'estimates promote sp500-close 4 --reason "checked with the desk"',
    'estimates promote churn 7 --new-shape --reason "clients are ready for shape 2"',
)
@set_argument
@click.argument("version", type=int)
@reason_option
@alias_option
@click.option("--new-shape", is_flag=True, help="Also to another shape than the alias has now.")
@deciding_options
def promote(
    options: Options, set_name: str, version: int, reason: str, alias: str, new_shape: bool
) -> None:
    """Point production at a version that the gate lets through, and end a hold.

    A verdict that was given against another baseline or policy, or with other waivers than are in
    force, counts for nothing: the version is judged again first. The same command again, where
    its answer was lost, is done once, and says so.
    """
    store = options.open()
    known = store.view().last_event
    with notifying(options, store):
        moved = store.promote(set_name, version, reason=reason, alias=alias, new_shape=new_shape)
        show_move(options, moved, known)
