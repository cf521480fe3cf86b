"""Run a command, turn what it raises into one line and an exit code."""

from __future__ import annotations

import os
import traceback
import warnings
from collections.abc import Sequence
from typing import Any

import click

from estimates.redaction import redacted
from estimates_jobs.cli.commands import cli
from estimates_jobs.cli.interface.command import Options
from estimates_jobs.cli.interface.failures import INTERRUPTED, TERMINATED, failure_of, in_utf8
from estimates_jobs.cli.interface.interruption import Terminated, words
from estimates_jobs.cli.output.notices import notice

# Addresses that a command tells of what it did: found to be no text then, they would end it after
# a version was made.
_ADDRESSES = ("ESTIMATES_NOTIFY", "MLFLOW_TRACKING_URI", "OPENLINEAGE_URL")


def run(arguments: Sequence[str]) -> int:
    """Run one command; returns its exit code (see `failures`)."""
    options = Options()
    warnings.showwarning = _shown_by(warnings.showwarning)
    if any("://" in argument for argument in arguments):  # few name a database
        from estimates_jobs.tables.database_tables import without_password

        arguments = [without_password(argument) for argument in arguments]
    try:
        _check_utf8(arguments)
        code = cli.main(list(arguments), prog_name="estimates", standalone_mode=False, obj=options)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return 2
    except click.exceptions.Abort as abort:
        notice(words(abort.__cause__))
        return TERMINATED if isinstance(abort.__cause__, Terminated) else INTERRUPTED
    except Exception as error:
        if options.debug or "--debug" in arguments:
            notice(redacted(traceback.format_exc()))
        failure = failure_of(error)
        # the arguments may be too wrong for click to have come to `--format`
        as_json = options.json or "=--format=json=" in f"={'='.join(arguments)}="
        notice(failure.json() if as_json else failure.text())
        return failure.exit
    return code if isinstance(code, int) else 0


def _check_utf8(arguments: Sequence[str]) -> None:
    """Raises click.UsageError for a name, or an address in the environment, that neither JSON nor a
    record of the store can hold.
    """
    for argument in arguments:
        if in_utf8(argument) != argument:
            raise click.UsageError(
                f"{argument} is no UTF-8: give the file or folder another name, or a link to it"
            )
    for name in _ADDRESSES:
        value = os.environ.get(name, "")
        if in_utf8(value) != value:
            raise click.UsageError(f"{name} is no UTF-8: write the address anew, or unset it")


def _shown_by(others: Any) -> Any:
    """Show a warning of ours, which ends with its code, as a line for people; others as they are
    shown.
    """

    def show(message: Warning | str, *about: Any) -> None:
        if str(message).endswith("[signatures_unchecked]"):
            notice(f"warning: {message}")
        else:
            others(message, *about)

    return show
