"""`estimates runs`: the runs of a set or of all, and what happened in one."""

from __future__ import annotations

import click
import msgspec

from estimates.catalog.run_record import Run
from estimates.errors import NotFoundError
from estimates.store.store import Store
from estimates_jobs.cli.interface.command import Options, command, optional_set_argument
from estimates_jobs.cli.output import cells, terminal
from estimates_jobs.run.run_log import LogLine, run_log

_TROUBLE = ("failed", "rejected", "refused")
_COLOURS = {"error": "bold red", "trace": "red", "step": "bold"}


@command(
    "estimates runs                        # of all sets, what went wrong last first",
    "estimates runs sp500-close",
    "estimates runs sp500-close demo-2021-12-16     # its log",
    "estimates runs --format json | jq '.runs[0]'",
    "estimates runs sp500-close --format csv > runs.csv",
    forms=("csv",),
)
@optional_set_argument
@click.argument("run_id", metavar="[RUN]", required=False)
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=50,
    show_default=True,
    help="How many runs of all sets, the newest.",
)
def runs(options: Options, set_name: str | None, run_id: str | None, limit: int) -> None:
    """The runs of a set, newest first, failed ones too: what became of each, and where a broken one
    would go on. Without SET those of all sets, first the sets whose newest run went wrong.

    With RUN its log: steps, what the job printed and logged, and how it failed, with file and line.
    """
    store = options.open()
    if set_name is not None and run_id is not None:
        _show_run(options, store, set_name, run_id)
        return
    all_runs = store.runs(set_name) if set_name else _worst_first(store.runs(limit=limit))
    if options.json:
        terminal.json(({"set": set_name} if set_name else {}) | {"runs": all_runs})
    elif options.csv:
        terminal.csv(map(msgspec.structs.asdict, all_runs), no_formulas=options.no_formulas)
    elif all_runs:
        rows = [_row(run, with_set=set_name is None) for run in all_runs]
        terminal.records(rows, optional=["next step", "took", "data through", "started"])
    else:
        terminal.line(f"{set_name or 'the store'} has no runs yet")


def _worst_first(newest_first: list[Run]) -> list[Run]:
    """The same runs, before all others the newest of each set that went wrong."""
    last = {run.set: run for run in reversed(newest_first)}
    worst = [run for run in newest_first if run is last[run.set] and run.status in _TROUBLE]
    return [*worst, *(run for run in newest_first if run not in worst)]


def _show_run(options: Options, store: Store, set_name: str, run_id: str) -> None:
    run = store.catalog.run(run_id)
    if run is None or run.set != set_name:
        raise NotFoundError(
            "unknown_run",
            f"{set_name} has no run {run_id!r}",
            remedy=f"`estimates runs {set_name}` lists those it has",
        )
    lines = run_log(store.objects, run_id)
    if options.json:
        terminal.json({"run": run, "log": lines})
        return
    if options.csv:
        terminal.csv(map(msgspec.structs.asdict, lines), no_formulas=options.no_formulas)
        return
    terminal.pairs([(name, cell) for name, cell in _row(run, with_set=True).items() if cell != ""])
    terminal.section("log")
    if not lines:
        terminal.line(
            "  nothing is kept: a run of a file has no log, and an erasure takes those of its set"
        )
    for entry in lines:
        terminal.line(f"  {_line(entry, run)}", _COLOURS.get(entry.source))


def _line(entry: LogLine, run: Run) -> str:
    since = f"{(entry.at - run.started_at).total_seconds():8.2f} s"
    return f"{since}  {entry.source:<8} {entry.text}"


def _row(run: Run, *, with_set: bool) -> dict[str, cells.Cell]:
    message = " ".join((run.message or "").split())
    if run.status == "refused" and not message:
        message = f"the gate refused it: estimates gate {run.set} {run.version}"
    own: dict[str, cells.Cell] = {"set": run.set} if with_set else {}
    return own | {
        "run": run.run_id,
        "status": run.status,
        "started": cells.instant(run.started_at),
        "took": "" if run.finished_at is None else cells.duration(run.finished_at - run.started_at),
        "data through": cells.instant(run.data_through),
        "version": run.version,
        "next step": "" if run.step == "done" else run.step,
        "what happened": f"{message} [{run.error}]" if run.error else message,
    }
