"""What became of a run, printed; the options of the commands that make versions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click
import msgspec

from estimates.errors import EstimatesError
from estimates.gate.pages.verdict_text import render_text
from estimates.gate.verdict import Verdict
from estimates.store.store import Store
from estimates_jobs.cli.interface.command import Options
from estimates_jobs.cli.interface.failures import ANSWER_IS_NO
from estimates_jobs.cli.interface.interruption import interruptible
from estimates_jobs.cli.interface.notifying import notifying
from estimates_jobs.cli.output import cells, progress, terminal
from estimates_jobs.cli.output.notices import notice
from estimates_jobs.run import runner

through_option = click.option(
    "--through",
    metavar="TIME",
    help="The last moment of input data: a time, or a date for all of it. Default: as far as the "
    "newest rows of all inputs with a time go; now for a file.",
)

run_id_option = click.option(
    "--run-id",
    metavar="TEXT",
    help="The scheduler's name of this run; again, it resumes. Default: made and printed.",
)


@contextmanager
def reporting_run(
    options: Options, store: Store, run_id: str
) -> Iterator[tuple[list[str], progress.Announce]]:
    """Tell the receiver and the terminal of a run made inside; gives a list of warnings, and what
    announces a step. Whoever has to repeat the run learns its name, from an error in JSON too.
    """
    goes_on = f"the same command with --run-id {run_id} goes on with this run"
    with interruptible(goes_on), notifying(options, store) as warnings:
        if not options.json:
            notice(f"run {run_id}")
        try:
            with progress.steps(quiet=options.json) as announce:
                yield warnings, announce
        except EstimatesError as error:
            error.details["run_id"] = run_id
            raise


def show_outcome(
    options: Options, outcome: runner.Outcome, verdict: Verdict, warnings: list[str]
) -> int:
    """Print what became of a run; returns the exit code."""
    if options.json:
        outcome = msgspec.structs.replace(outcome, warnings=outcome.warnings + tuple(warnings))
        content = msgspec.json.encode(outcome, enc_hook=str)
        terminal.json(msgspec.Raw(options.with_notes(content)))
    else:
        _show(outcome, verdict)
    return ANSWER_IS_NO if outcome.status == "refused" else 0


def _show(outcome: runner.Outcome, verdict: Verdict) -> None:
    terminal.report(lambda: render_text(verdict))
    terminal.line()
    through = cells.instant(outcome.data_through)
    terminal.line(
        f"{outcome.set} version {outcome.version}: {outcome.rows} estimates, data through "
        f"{through}",
        "bold",
    )
    promoted = "promoted: production points to it"
    refusal = f"not promoted: {outcome.not_promoted_because}"
    recorded = outcome.mlflow_run and f"run {outcome.mlflow_run}"
    terminal.pairs(
        [
            ("production", promoted if outcome.promoted else refusal),
            ("MLflow", recorded or "not recorded; later: estimates track"),
            *(("warning", warning) for warning in outcome.warnings),
        ]
    )
