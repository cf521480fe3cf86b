"""Run a command, turn what it raises into one line and an exit code."""

from __future__ import annotations

import traceback
from collections.abc import Sequence

import click

from estimates_jobs.cli.commands import cli
from estimates_jobs.cli.interface.command import Options
from estimates_jobs.cli.interface.failures import INTERRUPTED, Failure, failure_of


def run(arguments: Sequence[str]) -> int:
    """Run one command; returns its exit code (see `failures`)."""
    options = Options()
    try:
        code = cli.main(list(arguments), prog_name="estimates", standalone_mode=False, obj=options)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help() if error.ctx else "", err=True)
        return 2
    except click.exceptions.Abort:
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except Exception as error:
        if options.debug or "--debug" in arguments:
            traceback.print_exc()
        return _report(failure_of(error), json=_wants_json(options, arguments))
    return code if isinstance(code, int) else 0


def _report(failure: Failure, *, json: bool) -> int:
    click.echo(failure.json() if json else failure.text(), err=True)
    return failure.exit


def _wants_json(options: Options, arguments: Sequence[str]) -> bool:
    """Whether JSON was asked for, also where the arguments are too wrong for click to have come to
    `--format`.
    """
    pairs = zip(arguments, [*arguments[1:], ""], strict=True)
    return options.format == "json" or any(
        f"{a}={b}" == "--format=json" or a == "--format=json" for a, b in pairs
    )
