"""`estimates token revoke`: a token counts no longer."""

from __future__ import annotations

import click

from estimates_jobs.cli.interface.command import (
    Options,
    clock_is_right_option,
    command,
    reason_option,
)
from estimates_jobs.cli.output import terminal


@command('estimates token revoke 57 --reason "left the team"')
@click.argument("number", metavar="TOKEN", type=int)
@reason_option
@clock_is_right_option
def revoke(options: Options, number: int, reason: str) -> None:
    """Make a token count no longer. TOKEN is its number in `estimates token list`; services notice
    within a second, unless they cannot reach the catalog.
    """
    done = options.open().revoke_token(number, reason=reason)
    if options.json:
        terminal.json(done)
    else:
        terminal.line(f"token {number} is revoked")
