"""Many versions of one set in one process, the oldest first: how a history comes into a store, from
tables or from the set's own job.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from estimates import instants
from estimates.catalog.run_record import Run, RunStatus
from estimates.contract.contract import Contract
from estimates.contract.domain import RollingDomain
from estimates.errors import ConflictError, EstimatesError, GateError, InvalidError, NotFoundError
from estimates.render.wording import count
from estimates.store.members import check_member, set_of_member
from estimates.store.store import Store
from estimates_jobs.run import runner
from estimates_jobs.run.calendars import calendar_of
from estimates_jobs.run.context import data_reach
from estimates_jobs.run.elapsed_keys import elapsed_keys
from estimates_jobs.run.job_function import JobError
from estimates_jobs.run.run_moment import through_of
from estimates_jobs.tables.dated_tables import DatedTable, filled
from estimates_jobs.tables.family_tables import by_member, hub_details
from estimates_jobs.tables.table_files import Table, with_timezone
from estimates_jobs.tables.text_options import TextOptions

# What is wrong with one table; anything else would be wrong with the next one, too.
_OF_ONE_TABLE = (InvalidError, ConflictError, GateError, NotFoundError)
_NAMED = 5  # members that a note names


class BatchRun(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one table of a batch, or of one moment of a back-fill, whose `table` is its
    time.

    run_id       None where no run began
    is_repeated  an earlier batch had published it; nothing was done now
    status       also `rejected` (it cannot be read or does not conform; nothing was stored), and of
                 a back-fill `failed` (the job raised something)
    elapsed      keys whose target is not after `data_through`
    is_behind    production saw newer data, as of most of a back-fill
    not_promoted_because  a sentence; None when production pointed to the version
    error, message        of what was rejected
    """

    set: str
    table: str
    run_id: str | None
    status: RunStatus
    data_through: datetime | None = None
    version: int | None = None
    rows: int | None = None
    elapsed: int = 0
    is_repeated: bool = False
    is_behind: bool = False
    not_promoted_because: str | None = None
    error: str | None = None
    message: str | None = None
    warnings: tuple[str, ...] = ()


class Plan(NamedTuple):
    """How the tables of a batch are published.

    through, released_at  texts with `{date}` in them, which is the table's
    timezone              of times without one, in place of the contract's
    """

    through: str
    released_at: str | None
    timezone: str | None
    options: TextOptions
    progress: runner.Progress = lambda step: None


def publish_tables(
    store: Store, name: str, tables: Iterable[DatedTable], plan: Plan
) -> Iterator[BatchRun]:
    """Publish, judge, promote and track each table as it is asked for; of a family, what each of
    its members has in the table.

    A run is named by set, moment and content, so that a batch that was stopped goes on where it
    stopped and does nothing twice. A table that is rejected is a result like another one. Raises
    UnavailableError, RefusedError, CorruptError: run the batch again when that is mended.
    """
    family = store.contract(name).family
    passed_over: Counter[str] = Counter()
    for table in tables:
        try:
            content = table.read()
            members = [(None, content)] if family is None else by_member(content, table, family.by)
        except _OF_ONE_TABLE as error:
            yield _rejected(name, table, None, error)
            continue
        del content
        for member, rows in members:
            run = _published(store, name, member, table, rows, plan)
            store.read_files.close()
            if run.error == "no_rows" and member is not None and rows.frame.height:
                # it answers other questions
                passed_over[member] += 1
            else:
                yield run
    if passed_over:
        plan.options.note(_without_rows(name, passed_over))


def _without_rows(name: str, tables: Counter[str]) -> str:
    """How many tables of which members had no rows of a family; those with the most first."""
    shown = ", ".join(f"{member} ({n:,})" for member, n in tables.most_common(_NAMED))
    more = f" and {count(len(tables) - _NAMED, 'more member')}" if len(tables) > _NAMED else ""
    return f"passed over {count(tables.total(), 'table')} without rows of {name}: {shown}{more}"


def run_moments(
    store: Store,
    name: str,
    moments: Sequence[datetime],
    progress: runner.Progress = lambda step: None,
) -> Iterator[BatchRun]:
    """Run a set's job with the data up to each moment, the oldest first, as it is asked for.

    A run is named by set and moment, so that a back-fill that was stopped goes on where it stopped
    and does nothing twice. A moment that fails is a result like another one. Raises
    UnavailableError, RefusedError, CorruptError; InvalidError (`no_job`) of a set without one.
    """
    for number, moment in enumerate(moments, start=1):
        text = instants.text(moment)
        run_id = f"{name}-{text}"
        known = store.catalog.run(run_id)
        if known is not None and known.step == "done":
            yield _repeated(text, known)
            continue
        where = f"{number} of {len(moments)}, {text}"
        try:
            outcome, _ = runner.run(
                store,
                name,
                data_through=moment,
                run_id=run_id,
                progress=lambda step, where=where: progress(f"{where}: {step}"),
            )
        except (*_OF_ONE_TABLE, JobError) as error:
            if error.code == "no_job":
                raise
            yield _unsuccessful(name, text, run_id, error)
        else:
            yield _done(store, outcome, text)
        store.read_files.close()


def moments_between(
    contract: Contract, first: str, last: str | None, every: timedelta
) -> list[datetime]:
    """The moments of a back-fill: each `every` after the first up to the last, by default as far as
    the data go; of dates each the end of its day, on an exchange the closes, each once.

    Raises InvalidError: `bad_time`, `future`, and `no_moments` where there is none.
    """
    is_day = len(first) == 10 and not every % timedelta(days=1)
    start = instants.parse_through(first)
    end = data_reach(contract) if last is None else instants.parse_through(last)
    if end > instants.now():
        raise InvalidError(
            "future",
            f"--to {last} lies in the future: no data are known then",
            remedy="end it today, or leave --to out to go as far as the data",
        )
    rolling = contract.domain if isinstance(contract.domain, RollingDomain) else None
    calendar = calendar_of(rolling.calendar) if rolling else None
    moments: dict[datetime, None] = {}
    moment = start
    while moment <= end or (is_day and moment.date() == end.date()):
        at = min(moment, end) if is_day else moment
        moments[calendar.origin(at) if calendar else at] = None
        moment += every
    if not moments:
        raise InvalidError(
            "no_moments",
            f"there is no moment from {first} to {instants.text(end)}",
            remedy="write an earlier --from",
        )
    return list(moments)


def _published(
    store: Store, name: str, member: str | None, table: DatedTable, content: Table, plan: Plan
) -> BatchRun:
    own, run_id = name, None
    try:
        # before runs are looked up, which know the set and not whose it is
        own = name if member is None else check_member(store, name, member)
        through = filled(plan.through, table.when)
        run_id = f"{own}-{through}-{content.digest[:12]}"
        known = store.catalog.run(run_id)
        if known is not None and known.step == "done":
            return _repeated(table.name, known)
        # by the family's contract, whose columns and rows are the member's
        frame, provenance = runner.candidate_of(
            with_timezone(store.contract(name), plan.timezone),
            table.name,
            content,
            run_id,
            through_of(known, through),
            plan.options,
        )
        del content  # the frame is a copy; a table of a long history may be large
        elapsed = elapsed_keys(frame, store.contract(name), provenance.data_through)
        released_at = plan.released_at and filled(plan.released_at, table.when)
        if member is not None:
            set_of_member(store, name, member, hub_details(table.name, member))
        outcome, _ = runner.publish_file(
            store,
            own,
            frame,
            provenance,
            released_at=instants.instant_of(released_at or None),
            progress=lambda step: plan.progress(f"{table.name}: {step}"),
        )
    except _OF_ONE_TABLE as error:
        return _rejected(own, table, run_id, error)
    return _done(store, outcome, table.name, elapsed)


def _done(store: Store, outcome: runner.Outcome, table: str, elapsed: int = 0) -> BatchRun:
    production = store.view().set(outcome.set).production
    is_behind = production is not None and outcome.data_through < production.data_through
    return BatchRun(
        set=outcome.set,
        table=table,
        run_id=outcome.run_id,
        status=outcome.status,
        data_through=outcome.data_through,
        version=outcome.version,
        rows=outcome.rows,
        elapsed=elapsed,
        is_behind=is_behind,
        not_promoted_because=outcome.not_promoted_because,
        warnings=outcome.warnings,
    )


def _repeated(table: str, run: Run) -> BatchRun:
    return BatchRun(
        set=run.set,
        table=table,
        run_id=run.run_id,
        status=run.status,
        data_through=run.data_through,
        version=run.version,
        is_repeated=True,
    )


def _unsuccessful(own: str, table: str, run_id: str, error: EstimatesError | JobError) -> BatchRun:
    return BatchRun(
        set=own,
        table=table,
        run_id=run_id,
        status="failed" if isinstance(error, JobError) else "rejected",
        error=error.code,
        message=str(error),
    )


def _rejected(own: str, table: DatedTable, run_id: str | None, error: EstimatesError) -> BatchRun:
    return BatchRun(
        set=own,
        table=table.name,
        run_id=run_id,
        status="rejected",
        error=error.code,
        message=error.message,
    )
