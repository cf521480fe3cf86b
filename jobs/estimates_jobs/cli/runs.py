"""`estimates runs`: the runs of a set."""

from __future__ import annotations

from estimates.catalog.records import Run
from estimates_jobs.cli.interface.command import Options, command, set_argument
from estimates_jobs.cli.output import cells, terminal


@command(
    "estimates runs sp500-close",
    "estimates runs sp500-close --format json | jq '.runs[0]'",
)
@set_argument
def runs(options: Options, set_name: str) -> None:
    """The runs of a set, newest first, failed ones too: what became of each, and where a broken one
    would go on.
    """
    all_runs = options.open().runs(set_name)
    if options.json:
        terminal.json({"set": set_name, "runs": all_runs})
    elif all_runs:
        terminal.records([_row(run) for run in all_runs])
    else:
        terminal.line(f"{set_name} has no runs yet")


def _row(run: Run) -> dict[str, cells.Cell]:
    message = " ".join((run.message or "").split())
    return {
        "run": run.run_id,
        "status": run.status,
        "started": cells.instant(run.started_at),
        "took": "" if run.finished_at is None else cells.duration(run.finished_at - run.started_at),
        "data through": cells.instant(run.data_through),
        "version": run.version,
        "next step": "" if run.step == "done" else run.step,
        "what happened": f"{message} [{run.error}]" if run.error else message,
    }
