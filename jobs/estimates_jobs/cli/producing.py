"""Commands that make versions: run, publish, track."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click
import msgspec

from estimates import instants
from estimates.errors import EstimatesError
from estimates.gate.pages.verdict_text import render_text
from estimates.store.store import Store
from estimates_jobs.cli import show
from estimates_jobs.cli.command import Options, command, notify_option
from estimates_jobs.cli.failures import ANSWER_IS_NO
from estimates_jobs.cli.notifying import notifying
from estimates_jobs.run import runner
from estimates_jobs.tracking.record import track as track_runs

_through = click.option(
    "--through",
    metavar="TIME",
    help="The last moment of input data: a time, or a date for all of it. Default: now.",
)
_run_id = click.option(
    "--run-id",
    metavar="TEXT",
    help="The scheduler's name of this run; again, it resumes. Default: made and printed.",
)


@command(
    "run",
    examples=(
        "estimates run sp500-close",
        "estimates run sp500-close --through 2022-12-16 --run-id daily-2022-12-16",
        "estimates run sp500-close --through 2022-12-16 --check-lookahead",
    ),
)
@click.argument("set_name", metavar="SET")
@_through
@_run_id
@click.option(
    "--check-lookahead",
    is_flag=True,
    help="Run again with all later data corrupted; demand the same output.",
)
@notify_option
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
    with (
        notifying(options, store) as unsent,
        _named(options, run_id),
        show.progress(quiet=options.json) as say,
    ):
        outcome = runner.run(
            store,
            set_name,
            data_through=through,
            run_id=run_id,
            check_lookahead=check_lookahead,
            progress=say,
        )
    return _show_outcome(options, store, outcome, unsent)


@command(
    "publish",
    examples=(
        "estimates publish churn scores.csv",
        "estimates publish churn scores.parquet --through 2026-11-20 --run-id weekly-47",
        "estimates publish churn old.csv --through 2025-03-01 --released-at 2025-03-02T06:00:00Z   "
        "# a history",
    ),
)
@click.argument("set_name", metavar="SET")
@click.argument("file", metavar="FILE")
@_through
@_run_id
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
    with (
        notifying(options, store) as unsent,
        _named(options, run_id),
        show.progress(quiet=options.json) as say,
    ):
        frame, provenance = runner.read_candidate(
            store, set_name, file, data_through=through, run_id=run_id
        )
        outcome = runner.publish_file(
            store, set_name, frame, provenance, released_at=claimed, progress=say
        )
    return _show_outcome(options, store, outcome, unsent)


@command("track", examples=("estimates track", "estimates track sp500-close"))
@click.argument("set_name", metavar="[SET]", required=False)
def track(options: Options, set_name: str | None) -> None:
    """Record in MLflow every run and all scores not recorded yet, of one set or of all. Runs do
    this themselves.

    Needed only after MLflow was unreachable: versions are published and promoted all the same.
    Exits 3 while it is.
    """
    tracked = track_runs(options.open(), set_name)
    if options.json:
        show.value({"tracked": tracked})
    elif tracked:
        rows: list[list[show.Cell]] = [
            [one.set, one.what, one.run_id, one.version, one.mlflow_run] for one in tracked
        ]
        show.table(["set", "what", "run", "version", "MLflow run"], rows)
    else:
        show.line("nothing to catch up with: every run and all scores are recorded")


@contextmanager
def _named(options: Options, run_id: str) -> Iterator[None]:
    """Whoever has to run it again learns its name, from JSON too."""
    if not options.json:
        click.echo(f"run {run_id}", err=True)
    try:
        yield
    except EstimatesError as error:
        error.details["run_id"] = run_id
        raise


def _show_outcome(
    options: Options, store: Store, outcome: runner.Outcome, unsent: list[str]
) -> int:
    refused = outcome.status == "refused"
    if options.json:
        show.value(msgspec.structs.replace(outcome, warnings=outcome.warnings + tuple(unsent)))
        return ANSWER_IS_NO if refused else 0
    verdict = store.verdict(outcome.set, outcome.version)
    if verdict is not None:
        show.page(render_text(verdict))
        show.line()
    through = show.when(outcome.data_through)
    show.line(
        f"{outcome.set} version {outcome.version}: {outcome.rows} estimates, data through "
        f"{through}",
        "bold",
    )
    production = "promoted: production points to it"
    mlflow = (
        "not recorded; later: estimates track"
        if outcome.mlflow_run is None
        else f"run {outcome.mlflow_run}"
    )
    show.facts(
        [
            (
                "production",
                production if outcome.promoted else f"not promoted: {outcome.not_promoted_because}",
            ),
            ("MLflow", mlflow),
            *(("warning", warning) for warning in outcome.warnings),
        ]
    )
    return ANSWER_IS_NO if refused else 0
