"""`estimates publish`: a version from a table that was computed elsewhere."""

from __future__ import annotations

import click

from estimates import instants
from estimates_jobs.cli.interface.command import Options, command, notify_option, set_argument
from estimates_jobs.cli.output.run_outcome import (
    reporting_run,
    run_id_option,
    show_outcome,
    through_option,
)
from estimates_jobs.run import runner


@command(
    "estimates publish churn scores.csv",
    "estimates publish churn scores.parquet --through 2026-11-20 --run-id weekly-47",
    "estimates publish churn old.csv --through 2025-03-01 --released-at 2025-03-02T06:00:00Z   "
    "# a history",
)
@set_argument
@click.argument("file", metavar="FILE")
@through_option
@run_id_option
@click.option(
    "--released-at",
    metavar="TIME",
    help="Of a history older than the store: when this was released, a claim that only "
    "clock=released believes.",
)
@notify_option
def publish(
    options: Options,
    set_name: str,
    file: str,
    through: str | None,
    run_id: str | None,
    released_at: str | None,
) -> int:
    """Publish a CSV, Parquet or Arrow table that was computed elsewhere: a version, its verdict,
    its promotion.

    Columns may come in any order; types are the contract's, so that "01" stays "01". What cannot be
    read back by key (missing columns, wrong types, null or duplicate keys, NaN) is rejected and
    nothing is stored. Exits 1 when the gate refuses the version.
    """
    claimed = instants.instant_of(released_at)
    store = options.open()
    run_id = run_id or runner.new_run_id()
    with reporting_run(options, store, run_id) as (warnings, announce):
        frame, provenance = runner.read_candidate(
            store, set_name, file, data_through=through, run_id=run_id
        )
        outcome, verdict = runner.publish_file(
            store, set_name, frame, provenance, released_at=claimed, progress=announce
        )
    return show_outcome(options, outcome, verdict, warnings)
