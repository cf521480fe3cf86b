"""What became of the runs of a batch, printed: a line each as it is done, then the counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from estimates.contract.contract import Contract
from estimates.render import wording
from estimates_jobs.cli.interface.command import Options
from estimates_jobs.cli.interface.failures import ANSWER_IS_NO, DAMAGED
from estimates_jobs.cli.output import cells, terminal
from estimates_jobs.cli.output.progress import Announce
from estimates_jobs.run.batch import BatchRun

_INPUT_IS_WRONG = 2


def show_each(
    options: Options,
    contract: Contract,
    runs: Iterable[BatchRun],
    announce: Announce,
    *,
    stops: bool,
) -> list[BatchRun]:
    """Print each run as it is done; gives them all.

    announce  what shows the steps of each
    stops     none after the first that is failed, rejected or refused
    """
    done: list[BatchRun] = []
    for run in runs:
        announce("")
        done.append(run)
        if not options.json:
            _show(run, contract)
        if stops and run.status in ("failed", "rejected", "refused"):
            break
    return done


def show_batch(
    options: Options, contract: Contract, done: list[BatchRun], what: str, warnings: list[str]
) -> int:
    """Print the counts; returns the exit code: 4 when a job failed, 2 when one was rejected, else 1
    when the gate refused one. `what` was gone through: table, moment.
    """
    counts = _counts(done, what)
    if options.json:
        terminal.json({"set": contract.name, "runs": done, "counts": counts, "warnings": warnings})
    else:
        terminal.line(_summary(contract.name, counts, what), "bold")
        _show_elapsed(done)
        _show_behind(done)
        if counts["published"] and contract.gate.promote == "manual":
            terminal.line(
                "the contract leaves promotion to a person: "
                f"estimates promote {'SET' if contract.family else contract.name} VERSION "
                "--reason …"
            )
    if "failed" in counts:
        return DAMAGED
    return _INPUT_IS_WRONG if counts["rejected"] else ANSWER_IS_NO if counts["refused"] else 0


def _show(run: BatchRun, contract: Contract) -> None:
    number = "" if run.version is None else f"version {run.version}"
    through = "" if run.data_through is None else cells.instant(run.data_through)
    status = f"{run.status} before" if run.is_repeated else run.status
    is_expected = run.status == "published" and (run.is_behind or contract.gate.promote == "manual")
    own, table = "", run.table
    if contract.family is not None:  # paths of a hub name the model twice
        own = run.set.removeprefix(f"{contract.name}.") + "  "
        table = PurePosixPath(table).name
    because = run.message or (None if is_expected else run.not_promoted_because)
    terminal.line(f"{own}{number:<11} {status:<10} {through:<17}  {table}")
    if because:
        terminal.line(f"  {because}" + (f"  [{run.error}]" if run.error else ""))
    for warning in run.warnings:
        terminal.line(f"  warning: {warning}")


def _counts(runs: Sequence[BatchRun], what: str) -> dict[str, int]:
    new = [run for run in runs if not run.is_repeated]
    by_status = {
        status: sum(run.status == status for run in new)
        for status in ("promoted", "published", "refused", "rejected")
    }
    failed = sum(run.status == "failed" for run in new)
    if failed:  # only a job can
        by_status["failed"] = failed
    return {f"{what}s": len(runs), **by_status, "repeated": len(runs) - len(new)}


def _summary(name: str, counts: dict[str, int], what: str) -> str:
    words_of = {
        "promoted": "promoted",
        "published": "published and not promoted",
        "refused": "refused by the gate",
        "rejected": "rejected, nothing stored",
        "failed": "failed",
        "repeated": "done before",
    }
    parts = [f"{counts[key]:,} {words}" for key, words in words_of.items() if counts.get(key)]
    return f"{name}: {wording.count(counts[f'{what}s'], what)}: {', '.join(parts) or 'none'}"


def _show_behind(runs: Sequence[BatchRun]) -> None:
    """Which versions are no newer than what production serves."""
    behind = [run.version for run in runs if run.is_behind and run.status == "published"]
    if behind:
        terminal.line(
            f"{wording.count(len(behind), 'version')} saw older data than production, which stays "
            f"where it is: read by number, such as --ref {behind[-1]}"
        )


def _show_elapsed(runs: Sequence[BatchRun]) -> None:
    """How many keys have no time left when the data of their table end."""
    late = [run for run in runs if run.elapsed]
    if late:
        elapsed = sum(run.elapsed for run in late)
        rows = sum(run.rows or 0 for run in late)
        terminal.line(
            f"elapsed: {elapsed:,} of {wording.count(rows, 'key')} of "
            f"{wording.count(len(late), 'table')}: the target is not after --through, so "
            "that they are neither compared nor scored"
        )
