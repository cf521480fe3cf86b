"""`estimates token list`: the tokens that were made."""

from __future__ import annotations

import click

from estimates import instants
from estimates_jobs.cli.interface.command import Options, command
from estimates_jobs.cli.output import terminal
from estimates_jobs.cli.output.token_table import token_cells, token_json


@command("estimates token list", "estimates token list --all")
@click.option("--all", "also_ended", is_flag=True, help="Revoked and expired ones, too.")
def list(options: Options, also_ended: bool) -> None:  # noqa: A001 the command's name
    """The tokens that may be used, and what each may read; never their secrets."""
    now = instants.now()
    tokens = [
        token for token in options.open().tokens() if also_ended or token.state(now) == "valid"
    ]
    if options.json:
        terminal.json({"tokens": [token_json(token) for token in tokens]})
    elif tokens:
        terminal.records([token_cells(token) for token in tokens])
    else:
        terminal.line("there is no token; make one with `estimates token create NAME`")
