"""`estimates run`: run a set's job and publish what it computes."""

from __future__ import annotations

import click

from estimates_jobs.cli.interface.command import (
    Options,
    clock_is_right_option,
    command,
    notify_option,
    set_argument,
)
from estimates_jobs.cli.output.run_outcome import (
    reporting_run,
    run_id_option,
    show_outcome,
    through_option,
)
from estimates_jobs.run import runner


@command(
    "estimates run sp500-close",
    "estimates run sp500-close --through 2022-12-16 --run-id daily-2022-12-16",
    "estimates run sp500-close --through 2022-12-16 --check-lookahead",
)
@set_argument
@through_option
@run_id_option
@click.option(
    "--check-lookahead",
    is_flag=True,
    help="Run again with all later data corrupted; demand the same output.",
)
@notify_option
@clock_is_right_option
def run(
    options: Options, set_name: str, through: str | None, run_id: str | None, check_lookahead: bool
) -> int:
    """Run a set's job with the data up to a moment, publish what it computes, judge it, promote it,
    record it.

    The same --run-id again goes on at the first step that is not done and never makes a second
    version. Exits 1 when the gate refuses the version: it stays readable by number, and production
    stays where it was.
    """
    store = options.open()
    run_id = run_id or runner.new_run_id()
    with reporting_run(options, store, run_id) as (warnings, announce):
        outcome, verdict = runner.run(
            store,
            set_name,
            data_through=through,
            run_id=run_id,
            check_lookahead=check_lookahead,
            progress=announce,
        )
    return show_outcome(options, outcome, verdict, warnings)
