"""`estimates track`: record in MLflow what could not be recorded before."""

from __future__ import annotations

from estimates_jobs.cli.interface.command import (
    Options,
    clock_is_right_option,
    command,
    optional_set_argument,
)
from estimates_jobs.cli.output import cells, terminal
from estimates_jobs.tracking.record import track as track_runs


@command("estimates track", "estimates track sp500-close")
@optional_set_argument
@clock_is_right_option
def track(options: Options, set_name: str | None) -> None:
    """Record in MLflow every run and all scores not recorded yet, of one set or of all. Runs do
    this themselves.

    Needed only after MLflow was unreachable: versions are published and promoted all the same.
    Exits 3 while it is.
    """
    tracked = track_runs(options.open(), set_name)
    if options.json:
        terminal.json({"tracked": tracked})
    elif tracked:
        rows: list[list[cells.Cell]] = [
            [row.set, row.what, row.run_id, row.version, row.mlflow_run] for row in tracked
        ]
        terminal.table(["set", "what", "run", "version", "MLflow run"], rows)
    else:
        terminal.line("nothing to catch up with: every run and all scores are recorded")
