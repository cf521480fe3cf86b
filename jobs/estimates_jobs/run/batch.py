"""Many versions of one set in one process, the oldest first: how a history comes into a store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from estimates import instants
from estimates.catalog.records import Run, RunStatus
from estimates.errors import ConflictError, EstimatesError, GateError, InvalidError, NotFoundError
from estimates.store.store import Store
from estimates_jobs.run import runner
from estimates_jobs.tables.dated_tables import DatedTable, filled
from estimates_jobs.tables.table_files import with_timezone
from estimates_jobs.tables.text_options import TextOptions

# What is wrong with one table; anything else would be wrong with the next one, too.
_OF_ONE_TABLE = (InvalidError, ConflictError, GateError, NotFoundError)


class BatchRun(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one table of a batch.

    is_repeated  an earlier batch had published it; nothing was done now
    status       also `rejected` (it cannot be read or does not conform; nothing was stored)
    not_promoted_because  a sentence; None when production pointed to the version
    error, message        of what was rejected
    """

    table: str
    run_id: str
    status: RunStatus
    data_through: datetime | None = None
    version: int | None = None
    rows: int | None = None
    is_repeated: bool = False
    not_promoted_because: str | None = None
    error: str | None = None
    message: str | None = None
    warnings: tuple[str, ...] = ()


def publish_tables(
    store: Store,
    name: str,
    tables: Iterable[DatedTable],
    *,
    through: str,
    released_at: str | None = None,
    timezone: str | None = None,
    options: TextOptions,
    progress: runner.Progress = lambda step: None,
) -> Iterator[BatchRun]:
    """Publish, judge, promote and track each table as it is asked for.

    through, released_at  texts with `{date}` in them, which is the table's
    A run is named by set, moment and content, so that a batch that was stopped goes on where it
    stopped and does nothing twice. A table that is rejected is a result like another one. Raises
    UnavailableError, RefusedError, CorruptError: run the batch again when that is mended.
    """
    for table in tables:
        yield _published(store, name, table, through, released_at, timezone, options, progress)


def _published(
    store: Store,
    name: str,
    table: DatedTable,
    through: str,
    released_at: str | None,
    timezone: str | None,
    options: TextOptions,
    progress: runner.Progress,
) -> BatchRun:
    run_id = f"{name}-{filled(through, table.when)}"
    try:
        content = table.read()
        run_id += f"-{content.digest[:12]}"
        known = store.catalog.run(run_id)
        if known is not None and known.step == "done":
            return _repeated(table, known)
        data_through = runner.through_of(known, filled(through, table.when))
        claimed = released_at and filled(released_at, table.when)
        frame, provenance = runner.candidate_of(
            with_timezone(store.contract(name), timezone),
            table.name,
            content,
            run_id,
            data_through,
            options,
        )
        del content  # the frame is a copy; a table of a long history may be large
        outcome, _ = runner.publish_file(
            store,
            name,
            frame,
            provenance,
            released_at=instants.instant_of(claimed or None),
            progress=lambda step: progress(f"{table.name}: {step}"),
        )
    except _OF_ONE_TABLE as error:
        return _rejected(table, run_id, error)
    return BatchRun(
        table=table.name,
        run_id=run_id,
        status=outcome.status,
        data_through=outcome.data_through,
        version=outcome.version,
        rows=outcome.rows,
        not_promoted_because=outcome.not_promoted_because,
        warnings=outcome.warnings,
    )


def _repeated(table: DatedTable, run: Run) -> BatchRun:
    return BatchRun(
        table=table.name,
        run_id=run.run_id,
        status=run.status,
        data_through=run.data_through,
        version=run.version,
        is_repeated=True,
    )


def _rejected(table: DatedTable, run_id: str, error: EstimatesError) -> BatchRun:
    return BatchRun(
        table=table.name, run_id=run_id, status="rejected", error=error.code, message=error.message
    )
