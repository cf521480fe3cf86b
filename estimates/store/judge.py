"""A version or a file of a store before the gate: what it is compared with, and what the set's past
says.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import polars as pl

from estimates.accuracy.actuals import read_actuals
from estimates.catalog.at import At
from estimates.catalog.records import ContractRevision, Provenance, Version, Waiver
from estimates.catalog.ref import PRODUCTION, Ref
from estimates.catalog.view import SetView, View
from estimates.compare.frozen_versions import last_in_production
from estimates.compare.series_report import MOVES_JUDGED, production_moves, promoted_material
from estimates.errors import CorruptError, NotFoundError
from estimates.gate.candidate import Candidate
from estimates.gate.evaluation import evaluate
from estimates.gate.offender_table import Offenders
from estimates.gate.production_history import FEWEST_MOVES, ProductionHistory
from estimates.gate.verdict import Verdict
from estimates.storage import snapshot
from estimates.store.open_store import OpenStore


def judge(
    store: OpenStore,
    view: View,
    name: str,
    candidate: Candidate,
    *,
    judged_at: datetime,
    against: Ref = PRODUCTION,
    actuals: pl.DataFrame | None = None,
    waivers: Sequence[Waiver] = (),
    offenders: Offenders | None = None,
) -> Verdict:
    """The verdict on a candidate at a moment of the catalog, by the newest contract; nothing is
    stored.

    against  the version it is compared with; see `Store.judge` for the rest
    """
    found = view.set(name)
    revision = found.contracts[-1]
    baseline, reason = _baseline(store, view, revision, against, candidate.version)
    return evaluate(
        found.contract,
        candidate,
        baseline,
        judged_at=judged_at,
        contract_revision=revision.revision,
        baseline_reason=reason,
        waivers=waivers,
        history=_history(store, found, revision.shape),
        actuals=None if actuals is None else read_actuals(actuals, found.contract),
        offenders=offenders,
    )


def judge_frame(
    store: OpenStore,
    name: str,
    frame: pl.DataFrame,
    provenance: Provenance,
    *,
    against: Ref = PRODUCTION,
    judged_at: datetime | None = None,
    actuals: pl.DataFrame | None = None,
    offenders: Offenders | None = None,
) -> Verdict:
    """Judge a frame before it is published; see `Store.judge_frame`."""
    candidate = Candidate(frame, None, provenance, domain_keys=store.domain_keys(name))
    view = store.view()
    return judge(
        store,
        view,
        name,
        candidate,
        against=against,
        judged_at=judged_at or view.present,
        actuals=actuals,
        offenders=offenders,
    )


def stored_candidate(store: OpenStore, version: Version) -> Candidate:
    """A stored version as the gate sees it, with whatever is wrong with its files."""
    candidate = Candidate(
        None,
        None,
        version.provenance,
        version=version.version,
        snapshot_id=version.snapshot_id,
        # an imported version is judged as of the time it was released
        published_at=version.released_at or version.published_at,
        mlflow_run=version.mlflow_run,
        domain_keys=store.domain_keys(version.set),
    )
    stage = "manifest"
    try:
        manifest = snapshot.read_manifest(store.objects, version.set, version.snapshot_id)
        candidate.shape, candidate.rows, stage = manifest.shape, manifest.rows, "content"
        content = snapshot.read_parquet(store.objects, version.set, manifest)
        stage = "parquet"
        candidate.frame = pl.read_parquet(io.BytesIO(content))
    except (CorruptError, pl.exceptions.PolarsError) as error:
        candidate.faults[stage] = str(error)
    return candidate


def _baseline(
    store: OpenStore, view: View, revision: ContractRevision, against: Ref, judged: int | None
) -> tuple[Candidate | None, Literal["first_version", "in_production", "other_shape"] | None]:
    """What a candidate is compared with, or why it is compared with nothing: not with itself
    either.
    """
    try:
        version = store.reader(view).resolve(revision.set, At(against))
    except NotFoundError as error:
        if error.code != "nothing_promoted":
            raise
        return None, "first_version"
    if version.version == judged:
        return None, "in_production"
    if version.shape != revision.shape:
        return None, "other_shape"
    return stored_candidate(store, version), None


def _history(store: OpenStore, view: SetView, shape: int) -> ProductionHistory:
    """What the set's promoted versions say; nothing is read before a check asks."""

    def material_shares() -> dict[str, list[float]]:
        if production_moves(view.events) <= FEWEST_MOVES:
            return {}  # too few to say what is usual: no need to compare them
        return promoted_material(store.stability(view.contract.name, MOVES_JUDGED))

    def frames(count: int) -> list[pl.DataFrame]:
        return [
            store.frame(version)
            for version in last_in_production(view.events, view.versions, shape, count)
        ]

    return ProductionHistory(material_shares, frames)
