"""`estimates rollback`: take production back one step."""

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
from estimates_jobs.cli.interface.decisions import record_if_reachable
from estimates_jobs.cli.interface.notifying import notifying
from estimates_jobs.cli.output.alias_moves import show_move


@command(
    'estimates rollback sp500-close --reason "prices of 9 December were wrong"',
    'estimates rollback sp500-close --to 3 --reason "back to the last one we trust"',
)
@set_argument
@reason_option
@click.option(
    "--to",
    type=int,
    metavar="VERSION",
    help="Back to this version. Default: the newest good one before.",
)
@alias_option
@deciding_options
def rollback(options: Options, set_name: str, reason: str, to: int | None, alias: str) -> None:
    """Take production back to the newest version it held before that was not itself rolled back.
    Needs no verdict.

    The same command again, where its answer was lost, is done once; further back goes another
    reason. The alias is then held: no run promotes anything until a person does. The MLflow run of
    the version that production leaves says so (tag `rolled_back`); `estimates track` catches up
    where MLflow is away.
    """
    store = options.open()
    known = store.view().last_event
    with notifying(options, store):
        moved = store.rollback(set_name, reason=reason, to=to, alias=alias)
        show_move(options, moved, known)
    record_if_reachable(store, set_name)
