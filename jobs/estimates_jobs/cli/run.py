"""`estimates run`: run a set's job and publish what it computes."""

from __future__ import annotations

import click

from estimates import instants
from estimates.store.store import Store
from estimates_jobs.cli.interface.command import (
    Options,
    command,
    deciding_options,
    set_argument,
)
from estimates_jobs.cli.interface.interruption import interruptible
from estimates_jobs.cli.interface.notifying import notifying
from estimates_jobs.cli.output import progress
from estimates_jobs.cli.output.batch_outcome import show_batch, show_each
from estimates_jobs.cli.output.run_outcome import (
    reporting_run,
    run_id_option,
    show_outcome,
    through_option,
)
from estimates_jobs.run import runner
from estimates_jobs.run.batch import moments_between, run_moments


@command(
    "estimates run sp500-close",
    "estimates run sp500-close --through 2022-12-16 --run-id daily-2022-12-16",
    "estimates run sp500-close --through 2022-12-16 --check-lookahead",
    "estimates run sp500-close --from 2022-12-01 --to 2022-12-16 --every 1d    # a history",
)
@set_argument
@through_option
@run_id_option
@click.option(
    "--check-lookahead",
    is_flag=True,
    help="Run again with all later data corrupted; demand the same output.",
)
@click.option(
    "--from",
    "first",
    metavar="TIME",
    help="Back-fill: a run for each moment from this one on, a date for all of it.",
)
@click.option(
    "--to",
    "last",
    metavar="TIME",
    help="With --from: the last moment.  [default: as far as the data go]",
)
@click.option(
    "--every",
    metavar="DURATION",
    help="With --from: time from one moment to the next, such as 1d.  [default: the contract's "
    "cadence]",
)
@click.option(
    "--stop-on-failure",
    is_flag=True,
    help="With --from: make none after the first that is failed, rejected or refused.",
)
@deciding_options
def run(
    options: Options,
    set_name: str,
    through: str | None,
    run_id: str | None,
    check_lookahead: bool,
    first: str | None,
    last: str | None,
    every: str | None,
    stop_on_failure: bool,
) -> int:
    """Run a set's job with the data up to a moment, publish what it computes, judge it, promote it,
    record it.

    The same --run-id again goes on at the first step that is not done and never makes a second
    version. Exits 1 when the gate refuses the version: it stays readable by number, and production
    stays where it was.

    With --from there is a run for each moment, the oldest first, a line for each as it is done. The
    same command again does what is left. Exits 4 when the job failed for one, 2 when one was
    rejected, else 1 when the gate refused one.
    """
    store = options.open()
    if first is not None:
        if through or run_id or check_lookahead:
            raise click.UsageError(
                "--through, --run-id and --check-lookahead are for one run; --from names its runs "
                "itself"
            )
        return _back_fill(options, store, set_name, first, last, every, stop_on_failure)
    if last or every or stop_on_failure:
        raise click.UsageError("--to, --every and --stop-on-failure go with --from")
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


def _back_fill(
    options: Options,
    store: Store,
    set_name: str,
    first: str,
    last: str | None,
    every: str | None,
    stops: bool,
) -> int:
    contract = store.contract(set_name)
    every = every or contract.freshness.cadence
    if every is None:
        raise click.UsageError("give --every, such as --every 1d: the contract has no cadence")
    try:
        step = instants.duration(every)
    except ValueError as error:
        raise click.UsageError(f"--every {error}") from None
    if not step:
        raise click.UsageError("--every must be longer than 0")
    moments = moments_between(contract, first, last, step)
    with (
        interruptible("the same command goes on where it stopped"),
        notifying(options, store) as warnings,
        progress.steps(quiet=options.json) as announce,
    ):
        runs = run_moments(store, set_name, moments, announce)
        done = show_each(options, contract, runs, announce, stops=stops)
    return show_batch(options, contract, done, "moment", warnings)
