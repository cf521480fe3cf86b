"""`estimates remove-alias`: an alias names nothing any more."""

from __future__ import annotations

import click

from estimates_jobs.cli.interface.command import (
    Options,
    command,
    deciding_options,
    set_argument,
)
from estimates_jobs.cli.interface.notifying import notifying
from estimates_jobs.cli.output.alias_moves import show_move


@command(
    "estimates remove-alias sp500-close staging",
    'estimates remove-alias sp500-close production --reason "the feed is not ours any more"',
)
@set_argument
@click.argument("alias")
@click.option(
    "--reason", metavar="TEXT", help="Why; it is kept in the log. `production` needs one."
)
@deciding_options
def remove_alias(options: Options, set_name: str, alias: str, reason: str | None) -> None:
    """Take an alias away. What it named stays, and `--as-of` still says what it meant before.

    It comes back when a person promotes a version to it; no run does that by itself. Removing
    `production` leaves its readers without an answer.
    """
    store = options.open()
    with notifying(options, store):
        show_move(options, store.remove_alias(set_name, alias, reason=reason))
