"""`estimates site`: the desk's pages of sets as files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click

from estimates.errors import FULL
from estimates_jobs.cli.interface.command import Options, command
from estimates_jobs.cli.interface.server import hand_down
from estimates_jobs.cli.output import terminal

_SITE = "estimates_api.desk.site"  # by name: jobs never import the api


@command(
    "estimates site sp500-close -o pages     # then open pages/index.html",
    "estimates site sp500-close churn -o pages --store ./estimates-store",
)
@click.argument("set_names", metavar="SET...", nargs=-1, required=True)
@click.option(
    "--output", "-o", metavar="FOLDER", required=True, help="Where to write; made if it is new."
)
def site(options: Options, set_names: tuple[str, ...], output: str) -> None:
    """Write the desk's pages of sets as files that link each other, for CI or a host of pages.

    Versions, verdicts, comparisons, stability, accuracy and some keys are there, at most 1,000
    pages; forms and the answers for programs are not.
    """
    store = options.open()
    for name in set_names:
        store.view().set(name)
    _make_folder(output)
    hand_down(options.settings())
    program = [sys.executable, "-m", _SITE, output, *set_names]
    done = subprocess.run(program, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(done.returncode)
    files = int(done.stdout)
    if options.json:
        terminal.json({"folder": output, "index": "index.html", "files": files})
    else:
        terminal.line(f"{files} files in {output}; open index.html")


def _make_folder(output: str) -> None:
    """Raises click.BadParameter for a place where no folder can be."""
    reason = "is a URL or empty" if not output or "://" in output else None
    try:
        if reason is None:
            Path(output).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        if error.errno in FULL:
            raise
        reason = error.strerror or str(error)
    if reason is not None:
        raise click.BadParameter(
            f"{output}: no folder can be made there: {reason}", param_hint="--output"
        )
