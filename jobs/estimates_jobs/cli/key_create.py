"""`estimates key create`: make a key."""

from __future__ import annotations

from pathlib import Path

import click

from estimates.principals.private_key import create_key
from estimates.settings import default_key
from estimates_jobs.cli.interface.command import Options, command
from estimates_jobs.cli.output import terminal


@command("estimates key create", "estimates key create --key root.pem")
@click.option(
    "--key",
    type=click.Path(path_type=Path),
    help="The file. Default: ESTIMATES_KEY, else ~/.config/estimates/key.pem.",
)
def create(options: Options, key: Path | None) -> None:
    """Make a key in a file that you alone may read, and print its public half.

    Give the public half to whoever has the store's root key; the file goes to nobody.
    """
    path = key or Path(options.settings().key or default_key())
    made = create_key(path)
    if options.json:
        terminal.json({"key": made.public, "file": str(path)})
    else:
        terminal.pairs([("key", made.public), ("file", str(path))])
