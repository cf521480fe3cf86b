"""A version or a file of a store before the gate: what it is compared with, and what the set's past
says.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Literal, NamedTuple, TypedDict, Unpack

import polars as pl

from estimates.accuracy.actuals import read_actuals
from estimates.catalog.at import At
from estimates.catalog.records import Provenance, Version, Waiver
from estimates.catalog.ref import PRODUCTION, Ref
from estimates.catalog.set_view import SetView
from estimates.catalog.view import View
from estimates.compare.frozen_versions import last_in_production
from estimates.compare.queries import DiffQuery
from estimates.compare.series_report import MOVES_JUDGED, production_moves, promoted_material
from estimates.contract.contract import Contract
from estimates.errors import CorruptError, EstimatesError, NotFoundError
from estimates.gate.candidate import Candidate
from estimates.gate.evaluation import evaluate
from estimates.gate.fresh_start import FreshStart, fresh_start
from estimates.gate.offender_table import Offenders
from estimates.gate.production_history import FEWEST_MOVES, ProductionHistory
from estimates.gate.verdict import Verdict, render_json
from estimates.stability.report import Report
from estimates.storage import snapshot
from estimates.store.erased_rows import erased_rows
from estimates.store.open_store import OpenStore

if TYPE_CHECKING:  # loaded where versions are compared
    from estimates.compare.shared_versions import SharedVersions


_NoBaseline = Literal["first_version", "in_production", "other_shape", "older_data"]


class Judgement(NamedTuple):
    """A verdict, with what it was reached from where that is at hand.

    report     the candidate against the baseline; None where no check asked for it
    candidate  what was judged, its rows decoded; None for a verdict of an earlier time
    shared     candidate and baseline, where they share parts; the candidate then has no rows
    """

    verdict: Verdict
    report: Report | None = None
    candidate: Candidate | None = None
    shared: SharedVersions | None = None


class JudgeOptions(TypedDict, total=False):
    """How a candidate is judged.

    judged_at  the moment of the judgement; default: now
    actuals    what was observed, for the checks of stage 4; see `actuals.read_actuals` for its
               form and errors
    offenders  takes every offender; the verdict names the first 100 of each check
    promoting  of a version: it shall be served, so that it is compared with production also where
               production saw newer data
    """

    promoting: bool
    judged_at: datetime | None
    actuals: pl.DataFrame | None
    offenders: Offenders | None


def judge(
    store: OpenStore,
    version: Version,
    candidate: Candidate | None = None,
    rows: pl.DataFrame | None = None,
    /,
    **options: Unpack[JudgeOptions],
) -> Judgement:
    """Judge a stored version against what production points to now, and keep the verdict. One with
    older data than production, as of a back-fill, has no baseline: the days between would count
    as changes.

    candidate  the version as it was read before; default: it is read and verified here
    rows       what was just published as this version: its files are read and verified, but what is
               in them is not held a second time
    See `Store.judge` for the rest.
    """
    view = store.view()
    set_view = view.set(version.set)
    waivers = set_view.waivers_of(version)
    judged = candidate or version
    judgement = _evaluate(store, view, version.set, judged, options, waivers=waivers, rows=rows)
    verdict = judgement.verdict
    event = store.catalog.judged(
        version,
        verdict.blocks,
        render_json(verdict),
        verdict.outcome,
        actor=store.actor,
        actuals=verdict.actuals,
    )
    store.notify_and_copy(event)
    _keep_report(store, set_view.contract, version, judgement, set_view.last_content)
    return judgement


def _keep_report(
    store: OpenStore, contract: Contract, version: Version, judgement: Judgement, content_seen: int
) -> None:
    """Who asks for the diff with the baseline gets the report that the checks looked at."""
    baseline, report = judgement.verdict.baseline, judgement.report
    if report is None or baseline is None or baseline.version is None:
        return
    if store.view().set(version.set).last_content != content_seen:
        return  # it may say what was erased since
    with suppress(EstimatesError):  # the verdict stands, whatever became of the baseline since
        comparison = store.compare(version.set, DiffQuery(baseline.version, version.version))
        if comparison.contract == contract:
            comparison.keep(store.reports, report)


def stored_judgement(store: OpenStore, version: Version) -> Judgement | None:
    """The newest verdict of a version; None when it was never judged."""
    verdict = store.verdict(version.set, version.version)
    return None if verdict is None else Judgement(verdict)


def offending(store: OpenStore, version: Version, offenders: Offenders) -> None:
    """Take everything that speaks against a stored version now; no verdict is kept."""
    view = store.view()
    waivers = view.set(version.set).waivers_of(version)
    _evaluate(store, view, version.set, version, {"offenders": offenders}, waivers=waivers)


def judge_frame(
    store: OpenStore,
    name: str,
    frame: pl.DataFrame,
    provenance: Provenance,
    *,
    against: Ref = PRODUCTION,
    functions: bool = True,
    **options: Unpack[JudgeOptions],
) -> Verdict:
    """Judge a frame before it is published; nothing is stored.

    against    the version it is compared with
    functions  False: no code that the contract names is loaded, and its checks are skipped. A
               version's own verdict, by which it is promoted, is never without them.
    Raises NotFoundError (`unknown_version`, `unknown_alias`, `expired`).
    """
    candidate = Candidate(
        frame,
        None,
        provenance,
        domain_keys=store.domain_keys(name),
        of_erased=erased_rows(store.view(), name),
    )
    judgement = _evaluate(
        store, store.view(), name, candidate, options, against=against, functions=functions
    )
    return judgement.verdict


def _evaluate(
    store: OpenStore,
    view: View,
    name: str,
    judged: Candidate | Version,
    options: JudgeOptions,
    *,
    against: Ref = PRODUCTION,
    waivers: Sequence[Waiver] = (),
    rows: pl.DataFrame | None = None,
    functions: bool = True,
) -> Judgement:
    """Evaluate a candidate at a moment of the catalog, by the newest contract; nothing is
    stored.

    judged  a version is read as far as it has to be
    rows    see `judge`
    """
    set_view = view.set(name)
    revision, actuals = set_view.contracts[-1], options.get("actuals")
    is_promoted = options.get("promoting", False)
    before, reason = _baseline(store, view, set_view, against, judged, promoting=is_promoted)
    candidate, baseline, shared = _read(store, set_view.contract, judged, before, rows)
    reports: list[Report] = []
    verdict = evaluate(
        set_view.contract,
        candidate,
        baseline,
        judged_at=options.get("judged_at") or view.present,
        contract_revision=revision.revision,
        baseline_reason=reason,
        waivers=waivers,
        history=_history(store, set_view, revision.shape, baseline),
        actuals=None if actuals is None else read_actuals(actuals, set_view.contract),
        offenders=options.get("offenders"),
        on_report=reports.append,
        shared=shared,
        functions=functions,
    )
    return Judgement(verdict, reports[0] if reports else None, candidate, shared)


def _read(
    store: OpenStore,
    contract: Contract,
    judged: Candidate | Version,
    before: Version | None,
    rows: pl.DataFrame | None,
) -> tuple[Candidate, Candidate | None, SharedVersions | None]:
    """Candidate and baseline with their rows; or without, and what they share."""
    if isinstance(judged, Version):
        shared = None if before is None else _shared(store, contract, before, judged)
        if shared is not None and before is not None:
            return _unread(store, judged), _unread(store, before), shared
        judged = stored_candidate(store, judged, rows)
    if before is None:
        return judged, None, None
    baseline = stored_candidate(store, before)
    baseline.frame = _with_same_keys(baseline.frame, judged.frame, list(contract.key))
    return judged, baseline, None


def _with_same_keys(
    frame: pl.DataFrame | None, other: pl.DataFrame | None, key: list[str]
) -> pl.DataFrame | None:
    """A frame whose keys are those of another one, where they are equal: held once."""
    if frame is None or other is None or not {*key}.issubset({*frame.columns} & {*other.columns}):
        return frame
    keys = other.select(key)
    if keys.schema != frame.select(key).schema or not keys.equals(frame.select(key)):
        return frame
    return frame.with_columns(keys)


def _shared(
    store: OpenStore, contract: Contract, before: Version, version: Version
) -> SharedVersions | None:
    """What two versions share, where the gate can do without it; None too where something is wrong
    with their files, which reading them as a whole will say.
    """
    from estimates.stability.shared_rows import NeedsAllRows, can_leave_out

    if not can_leave_out(contract):
        return None
    try:
        shared = store.version_rows().shared(before, version)
        if shared is not None:
            shared.pair(contract)
    except (EstimatesError, NeedsAllRows, pl.exceptions.PolarsError):
        return None
    return shared


def stored_candidate(
    store: OpenStore, version: Version, rows: pl.DataFrame | None = None
) -> Candidate:
    """A stored version as the gate sees it, with whatever is wrong with its files; `rows` as of
    `judge`.
    """
    candidate = _of_record(store, version)
    stage = "manifest"
    try:
        with store.unexpired(version):
            manifest = snapshot.read_manifest(
                store.objects, version.set, version.snapshot_id
            ).through(store.replaced(version.set))
            candidate.shape, candidate.rows = manifest.shape, manifest.rows
            frames: list[pl.DataFrame] = []
            start = 0
            for part in manifest.content():
                stage = "content"
                name = manifest.name_of(version.set, part)
                content = snapshot.read_part(store.objects, name, part)
                stage = "parquet"
                stored = pl.read_parquet(content)
                if rows is not None:
                    same = rows.slice(start, stored.height)
                    if same.schema == stored.schema and same.equals(stored):
                        stored = same
                    else:
                        rows = None
                frames.append(stored)
                start += stored.height
        # a column in one piece is not copied
        whole = rows is not None and rows.height == start
        candidate.frame = rows if whole else pl.concat(frames, rechunk=True)
    except (CorruptError, pl.exceptions.PolarsError) as error:
        # a verdict is read by many: the file's name, and not where the store lies
        candidate.faults[stage] = str(error).replace(f"{store.root}/", "")
    return candidate


def _of_record(store: OpenStore, version: Version) -> Candidate:
    """What the catalog says of a version."""
    return Candidate(
        None,
        None,
        version.provenance,
        version=version.version,
        snapshot_id=version.snapshot_id,
        # an imported version is judged as of the time it was released
        published_at=version.released_at or version.published_at,
        mlflow_run=version.mlflow_run,
        domain_keys=store.domain_keys(version.set),
        of_erased=erased_rows(store.view(), version.set),
    )


def _unread(store: OpenStore, version: Version) -> Candidate:
    """A stored version without its rows."""
    manifest = store.manifests.get(version.set, version.snapshot_id)
    candidate = _of_record(store, version)
    candidate.shape, candidate.rows = manifest.shape, manifest.rows
    return candidate


def _baseline(
    store: OpenStore,
    view: View,
    set_view: SetView,
    against: Ref,
    judged: Candidate | Version,
    *,
    promoting: bool,
) -> tuple[Version | None, _NoBaseline | FreshStart | None]:
    """What a candidate is compared with, or why it is compared with nothing: not with itself
    either.
    """
    revision = set_view.contracts[-1]
    try:
        version = store.reader(view).resolve(revision.set, At(against))
    except NotFoundError as error:
        if error.code != "nothing_promoted":
            raise
        return None, "first_version"
    if version.version == judged.version:
        return None, "in_production"
    if version.shape != revision.shape:
        return None, "other_shape"
    if isinstance(judged, Version) and not promoting and judged.is_behind(version):
        return None, "older_data"
    if judged.provenance is not None:
        through = version.provenance.data_through, judged.provenance.data_through
        anew = fresh_start(set_view.contract.gate, *through, set_view.data_ends)
        if anew is not None:
            return None, anew
    return version, None


def _history(
    store: OpenStore, view: SetView, shape: int, baseline: Candidate | None
) -> ProductionHistory:
    """What the set's promoted versions say; nothing is read before a check asks."""

    def material_shares() -> dict[str, list[float]]:
        if production_moves(view.events) <= FEWEST_MOVES:
            return {}  # too few to say what is usual: no need to compare them
        return promoted_material(store.stability(view.contract.name, MOVES_JUDGED))

    def frame(version: Version) -> pl.DataFrame:
        if baseline is None or baseline.version != version.version or baseline.frame is None:
            return store.frame(version)
        return baseline.frame

    def frames(count: int) -> list[pl.DataFrame]:
        return [
            frame(version)
            for version in last_in_production(view.events, view.versions, shape, count)
        ]

    return ProductionHistory(material_shares, frames)
