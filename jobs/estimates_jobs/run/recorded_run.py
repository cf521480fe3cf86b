"""A run on record: its row in the catalog, its log, its record in MLflow, however it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

from estimates.catalog.run_record import Run, RunStep
from estimates.errors import EstimatesError, InvalidError, RefusedError, UnavailableError
from estimates.redaction import redacted
from estimates.store.publish import OnStep, Publication
from estimates.store.store import Store
from estimates_jobs.run.job_function import JobError
from estimates_jobs.run.run_log import RunLog
from estimates_jobs.tracking.lineage_events import tell_end, tell_start

Progress = Callable[[str], None]
# The steps that a run's row remembers when they begin, to be resumed there.
_STEPS: tuple[RunStep, ...] = ("compute", "publish", "judge", "promote")


def track_run(
    store: Store, run: Run, publication: Publication | None = None
) -> tuple[str | None, tuple[str, ...]]:
    """Record a run in MLflow, last: an MLflow that is away never loses or delays a version."""
    try:
        from estimates_jobs.tracking.record import record

        return record(store, run.run_id, publication), ()
    except ModuleNotFoundError:
        return None, ("not tracked: mlflow is not installed; pip install 'estimates-store[jobs]'",)
    except (UnavailableError, RefusedError) as error:
        return None, (f"not tracked: {error.message}",)


@contextmanager
def recorded(
    store: Store, name: str, log: RunLog, data_through: datetime, progress: Progress
) -> Iterator[tuple[Run, OnStep]]:
    """Gives the run as it was, and what is called before each step. A run that does not come to its
    end is a row that says why, a log that says where, and a failed run in MLflow; of one that was
    interrupted MLflow learns from `estimates track`.
    """
    run_id = log.run_id
    run = store.catalog.begin_run(run_id, name, data_through)

    def on_step(step: str, version: int | None) -> None:
        progress(step)
        log.add("step", step)
        for known in _STEPS:
            if known == step:
                store.catalog.update_run(run_id, step=known, version=version)

    tell_start(store, run)
    try:
        yield run, on_step
        log.add("step", "done")
        log.keep()
    except KeyboardInterrupt:  # nobody waits for MLflow then; `estimates track` catches up
        log.add("error", "interrupted [interrupted]")
        log.keep()
        with suppress(EstimatesError):  # a catalog that is away holds nobody up
            store.catalog.update_run(
                run_id,
                status="failed",
                error="interrupted",
                message="ended by Ctrl-C or SIGTERM; the same run_id goes on",
                finished=True,
            )
        raise
    except Exception as error:
        log.add_error(error)
        log.keep()
        row = store.catalog.run(run_id)
        is_rejected = isinstance(error, InvalidError) and row is not None and row.step == "publish"
        is_ours = isinstance(error, EstimatesError | JobError)
        message = redacted(str(error))
        store.catalog.update_run(
            run_id,
            status="rejected" if is_rejected else "failed",
            error=error.code if is_ours else "unexpected",
            message=message if is_ours else f"{type(error).__name__}: {message}",
            finished=True,
        )
        progress("track")
        track_run(store, run)
        tell_end(store, run, None, message)
        raise
