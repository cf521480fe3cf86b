"""Runs: compute, publish, judge, promote, track; the writing way, resumed where it stopped.

Every run is a row in the catalog from before its job starts. The same run_id again goes through the
same steps and skips those that are done, so that a run that was killed or could not reach something
is completed by the same command.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from estimates import instants
from estimates.catalog.records import InputDigest, Provenance, Version
from estimates.catalog.release_clock import check_claim
from estimates.catalog.run_record import Run, RunStatus
from estimates.contract.columns import key_text
from estimates.contract.conform import conform
from estimates.contract.contract import Contract
from estimates.errors import InvalidError
from estimates.gate.verdict import Verdict
from estimates.redaction import redacted
from estimates.store.partial_update import Changes
from estimates.store.publish import OnStep, Publication, judge_and_promote, publish_and_promote
from estimates.store.retire import check_not_retired
from estimates.store.store import Store
from estimates_jobs.run.context import Context
from estimates_jobs.run.elapsed_keys import elapsed_keys, elapsed_sentence
from estimates_jobs.run.job_function import Function
from estimates_jobs.run.recorded_run import Progress, recorded, track_run
from estimates_jobs.run.references import with_values
from estimates_jobs.run.run_log import RunLog
from estimates_jobs.run.run_moment import context_of, through_of
from estimates_jobs.tables.plain_text import naming
from estimates_jobs.tables.table_files import Table, read_with_digest, typed, with_timezone
from estimates_jobs.tables.table_words import pinned_word
from estimates_jobs.tables.text_options import TextOptions
from estimates_jobs.tracking.lineage_events import tell_end

_FILE = "file"  # what the one input of a table is called that was computed elsewhere


class Outcome(msgspec.Struct, frozen=True):
    """What became of a run.

    status   published, promoted, or refused by the gate; a run that failed raises instead
    verdict  outcome of the gate: pass, warn, fail, error
    not_promoted_because  a sentence; None when the version was promoted
    mlflow_run  None when MLflow could not be reached; `estimates track` catches up
    warnings    of the job, and why the run is not tracked
    """

    set: str
    run_id: str
    data_through: datetime
    version: int
    rows: int
    status: RunStatus
    verdict: str
    promoted: bool
    not_promoted_because: str | None
    mlflow_run: str | None
    warnings: tuple[str, ...]

    @property
    def tracked(self) -> bool:
        """Whether MLflow has the run."""
        return self.mlflow_run is not None


def run(
    store: Store,
    name: str,
    *,
    data_through: datetime | str | None = None,
    run_id: str | None = None,
    check_lookahead: bool = False,
    released_at: datetime | None = None,
    progress: Progress = lambda step: None,
) -> tuple[Outcome, Verdict]:
    """Run a set's job with the data up to `data_through` and publish what it computes; gives what
    became of the run, and the verdict on its version.

    data_through     a time, also as text, or a date, which stands for all of that day; default:
                     what the run_id had before, else as far as the data go (`data_reach`). On an
                     exchange it becomes the last close.
    check_lookahead  run the job again with everything later corrupted, and publish only if its
                     output is the same
    released_at      of a past that is played again: when the version is claimed to have been
                     released
    Raises InvalidError (`no_job`, `no_variable`, `future`, `bad_released_at`, and what the job's
    inputs, parameters and frame get wrong), JobError (the job raised something), GateError
    (`looks_ahead`), ConflictError (`run_id_reused`, `contract_changed`, `retired`),
    UnavailableError (retry with the same run_id).
    Each leaves a row in `runs` once the run has begun, and no version.
    """
    contract = store.contract(name)
    if contract.job is None:
        raise InvalidError(
            "no_job",
            f"{name}: the contract has no [job]",
            remedy=f"use estimates publish {name} FILE",
        )
    with_values(contract)  # a variable that is missing is said before anything is begun
    store.check_writable("published", name)
    run_id = run_id or new_run_id()
    known = store.catalog.run(run_id)
    if known is None:
        check_not_retired(store.view().set(name))
    context = context_of(store, contract, run_id, known, data_through)
    check_claim(name, released_at, context.data_through)
    log = RunLog(run_id, store.objects)
    with recorded(store, name, log, context.data_through, progress) as (started, on_step):
        version = _published(store, name, run_id)
        if version is None:
            on_step("compute", None)  # what announces it is nothing that the job printed
            with log.listening():
                frame, provenance = _compute(
                    store, contract, context, run_id, check_lookahead, on_step
                )
            publication = publish_and_promote(
                store, name, frame, provenance, released_at=released_at, on_step=on_step
            )
        else:
            publication = judge_and_promote(store, version, on_step)
        return _finish(store, publication, started, on_step)


def publish_file(
    store: Store,
    name: str,
    frame: pl.DataFrame,
    provenance: Provenance,
    *,
    released_at: datetime | None = None,
    changes: Changes | None = None,
    progress: Progress = lambda step: None,
) -> tuple[Outcome, Verdict]:
    """Publish a frame that was computed elsewhere, judge it, promote it if the policy says so,
    track it; gives what became of it, and the verdict.

    released_at  of a history that is older than the store: when the version is claimed to have been
                 released
    changes      the frame has only what differs from another version; a run that published already
                 goes on with its version
    Raises InvalidError (`bad_released_at` before the run begins; see `conform`: nothing is
    published), ConflictError (`run_id_reused`), UnavailableError.
    """
    check_claim(name, released_at, provenance.data_through)
    store.check_writable("published", name)
    run_id, through = provenance.run_id, provenance.data_through
    if store.catalog.run(run_id) is None:  # a refusal is no run that failed
        check_not_retired(store.view().set(name))
    log = RunLog(run_id)
    with recorded(store, name, log, through, progress) as (started, on_step):
        for source in provenance.inputs:
            if source.version is not None:
                store.catalog.pin(run_id, source.name, source.version)
        # production may have moved since, so the same changes would be another version
        version = None if changes is None else _published(store, name, run_id)
        publication = (
            publish_and_promote(
                store,
                name,
                frame,
                provenance,
                released_at=released_at,
                changes=changes,
                on_step=on_step,
            )
            if version is None
            else judge_and_promote(store, version, on_step)
        )
        return _finish(store, publication, started, on_step)


def read_candidate(
    store: Store,
    name: str,
    file: str | Path,
    *,
    data_through: str | None = None,
    run_id: str | None = None,
    timezone: str | None = None,
    options: TextOptions | None = None,
) -> tuple[pl.DataFrame, Provenance]:
    """A file, or what else `read_table` reads, as a frame in the contract's types, with its
    provenance: for `publish_file` and `Store.judge_frame`.

    `data_through` as for `run`; `timezone` of times without one, in place of the contract's;
    `options` say how text is read. Raises InvalidError: `no_file`, `bad_file`, `bad_value`,
    `ambiguous_number`, `bad_time`, `bad_timezone`, `future`.
    """
    run_id, options = run_id or new_run_id(), options or TextOptions()
    contract = with_timezone(store.contract(name), timezone)
    known = store.catalog.run(run_id)
    through = through_of(known, data_through)
    pinned = (known.pins or {}).get(_FILE) if known is not None else None
    table = read_with_digest(file, options, pinned)
    made = candidate_of(contract, str(file), table, run_id, through, options)
    return _noting_elapsed(made, contract, options)


def file_candidate(
    contract: Contract,
    file: str | Path,
    *,
    data_through: str | None = None,
    options: TextOptions | None = None,
    now: datetime | None = None,
) -> tuple[pl.DataFrame, Provenance]:
    """The same without a store, for a file that is only judged, as of `now`: of a run with a name
    of its own.
    """
    through, options = through_of(None, data_through, now), options or TextOptions()
    table = read_with_digest(file, options)
    made = candidate_of(contract, str(file), table, new_run_id(), through, options)
    return _noting_elapsed(made, contract, options)


def _noting_elapsed(
    candidate: tuple[pl.DataFrame, Provenance], contract: Contract, options: TextOptions
) -> tuple[pl.DataFrame, Provenance]:
    """The candidate; how many of its keys elapse at once is noted."""
    frame, provenance = candidate
    elapsed = elapsed_keys(frame, contract, provenance.data_through)
    if elapsed:
        options.note(elapsed_sentence(elapsed, frame.height, provenance.data_through))
    return candidate


def candidate_of(
    contract: Contract,
    source: str,
    table: Table,
    run_id: str,
    data_through: datetime,
    options: TextOptions,
) -> tuple[pl.DataFrame, Provenance]:
    """A table that was read from `source` as a frame in the contract's types, with its provenance;
    raises InvalidError: `bad_value`, `ambiguous_number`, `bad_time`, `output_type`.
    """
    context = Context(contract, data_through)
    with naming(source, options):
        frame = typed(table.frame, contract, options)
    place = source if table.version is None else pinned_word(source)[0]
    digest = InputDigest(_FILE, redacted(place), table.digest, frame.height, table.version)
    return frame, Provenance(
        context.data_through, run_id, inputs=(digest,), targets=_targets(context)
    )


def new_run_id() -> str:
    """A run_id for a run whose scheduler gave none: time and chance."""
    return f"{instants.now():%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


def _compute(
    store: Store, contract: Contract, context: Context, run_id: str, check: bool, on_step: OnStep
) -> tuple[pl.DataFrame, Provenance]:
    """What the job computes, with its provenance."""
    assert contract.job is not None
    function = Function(contract.job.function)
    context.pin_sets()
    frame = function(context)
    warnings: tuple[str, ...] = context.warnings
    if check:
        from estimates_jobs.run.lookahead import check_lookahead  # few runs ask for it

        # a frame that does not conform is rejected
        store.catalog.update_run(run_id, step="publish")
        conform(frame, contract)
        on_step("check look-ahead", None)
        checked = check_lookahead(function, context, frame)
        if not checked.rows:
            warnings += (
                "look-ahead: no input has rows later than data_through, so the check "
                "proves nothing",
            )
    provenance = Provenance(
        data_through=context.data_through,
        run_id=run_id,
        inputs=context.digests,
        targets=_targets(context),
        job=contract.job.function,
        parameters=contract.job.parameters,
        code=function.revision,
        commit=function.commit,
        seed=context.seed,
        warnings=warnings,
    )
    return frame, provenance


def _finish(
    store: Store, publication: Publication, run: Run, on_step: OnStep
) -> tuple[Outcome, Verdict]:
    """Say what became of a run, and record it in MLflow if that was not done before."""
    version, verdict, _, because = publication
    status: RunStatus = (
        "promoted" if because is None else "refused" if verdict.blocks else "published"
    )
    is_done = run.step == "done"
    store.catalog.update_run(
        run.run_id, step="done" if is_done else "track", status=status, finished=True
    )
    on_step("track", None)
    mlflow_run, warnings = (run.mlflow_run, ()) if is_done else track_run(store, run, publication)
    unsent = tell_end(store, run, version)
    warnings += () if unsent is None else (unsent,)
    outcome = Outcome(
        set=version.set,
        run_id=run.run_id,
        data_through=version.data_through,
        version=version.version,
        rows=version.rows,
        status=status,
        verdict=verdict.outcome,
        promoted=because is None,
        not_promoted_because=because,
        mlflow_run=mlflow_run,
        warnings=version.provenance.warnings + _carried_over(version) + warnings,
    )
    return outcome, verdict


def _carried_over(version: Version) -> tuple[str, ...]:
    """Which groups are not the run's."""
    carried = version.provenance.carried_over
    if carried is None:
        return ()
    groups = f"{carried.by} {', '.join(carried.groups)}"
    return (f"{groups} carried over from version {carried.since}; version {carried.of} is refused",)


def _published(store: Store, name: str, run_id: str) -> Version | None:
    """The version that a run published before."""
    versions: list[Version] = store.view().set(name).versions
    return next(
        (version for version in reversed(versions) if version.provenance.run_id == run_id), None
    )


def _targets(context: Context) -> tuple[str, ...]:
    targets: list[Any] = list(context.targets)
    return tuple(key_text(target) for target in targets)
