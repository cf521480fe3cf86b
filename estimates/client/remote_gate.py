"""Judging a frame where it is, by what a service says: contract, baseline and listed keys are its,
the work is ours.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Literal

import polars as pl

from estimates import instants
from estimates.accuracy.actuals import read_actuals
from estimates.catalog.records import Event, Provenance
from estimates.catalog.ref import Ref
from estimates.client.messages import Plan
from estimates.client.set_requests import Questions, SetDetail
from estimates.compare.frozen_versions import last_in_production
from estimates.compare.series_report import MOVES_JUDGED, production_moves, promoted_material
from estimates.contract.contract import Contract, FileDomain
from estimates.errors import EstimatesError, NotFoundError
from estimates.gate.candidate import Candidate
from estimates.gate.evaluation import evaluate
from estimates.gate.offender_table import Offenders
from estimates.gate.production_history import FEWEST_MOVES, ProductionHistory
from estimates.gate.verdict import Verdict


def judgement(
    asked: Questions,
    frame: pl.DataFrame,
    provenance: Provenance,
    against: Ref,
    judged_at: datetime | None,
    actuals: pl.DataFrame | None,
    offenders: Offenders | None,
) -> Plan[Callable[[], Verdict]]:
    """What `Store.judge_frame` does, up to the judgement itself, which is left to the caller: it
    may take a while.

    Raises NotFoundError (`unknown_set`, `unknown_version`, `unknown_alias`, `expired`),
    CorruptError (`file_damaged`), and those of `read_actuals`.
    """
    newest = yield from asked.detail()
    keys = yield from _listed_keys(asked, newest.contract)
    baseline, reason = yield from _baseline(asked, newest, keys, against)
    return partial(
        evaluate,
        newest.contract,
        Candidate(frame, None, provenance, domain_keys=keys),
        baseline,
        judged_at=judged_at or instants.now(),
        contract_revision=newest.contract_revision,
        baseline_reason=reason,
        history=None if baseline is None else (yield from _history(asked, newest)),
        actuals=None if actuals is None else read_actuals(actuals, newest.contract),
        offenders=offenders,
    )


def _listed_keys(asked: Questions, contract: Contract) -> Plan[pl.DataFrame | None]:
    if not isinstance(contract.domain, FileDomain):
        return None
    return _table((yield from asked.parquet(f"/domains/{contract.domain.digest}")))


def _baseline(
    asked: Questions, newest: SetDetail, keys: pl.DataFrame | None, against: Ref
) -> Plan[tuple[Candidate | None, Literal["first_version", "other_shape"] | None]]:
    """What a candidate is compared with, or why it is compared with nothing."""
    try:
        version = yield from asked.resolve(against, None)
    except NotFoundError as error:
        if error.code != "nothing_promoted":
            raise
        return None, "first_version"
    if version.shape != newest.shape:
        return None, "other_shape"
    baseline = Candidate(
        _table((yield from asked.parquet(f"/versions/{version.version}/data"))),
        newest.contract.shape(),
        version.provenance,
        version=version.version,
        snapshot_id=version.snapshot_id,
        published_at=version.released_at or version.published_at,
        mlflow_run=version.mlflow_run,
        rows=version.rows,
        domain_keys=keys,
    )
    return baseline, None


def _history(asked: Questions, newest: SetDetail) -> Plan[ProductionHistory]:
    """What the promoted versions say: asked now, for checks ask later, when there is no plan that
    could go on.
    """
    shares: dict[str, list[float]] = {}
    events = yield from asked.events()
    if production_moves(events) > FEWEST_MOVES:
        shares = promoted_material((yield from asked.stability(MOVES_JUDGED, None)))
    after = newest.contract.stability.frozen_after
    frames: list[pl.DataFrame] | EstimatesError = []
    if after is not None:
        try:
            frames = yield from _last_frames(asked, events, newest.shape, after - 1)
        except EstimatesError as error:
            frames = error

    def last(_count: int) -> list[pl.DataFrame]:
        if isinstance(frames, EstimatesError):
            raise frames  # the check's error, and not the end of the judgement
        return frames

    return ProductionHistory(lambda: shares, last)


def _last_frames(
    asked: Questions, events: list[Event], shape: int, count: int
) -> Plan[list[pl.DataFrame]]:
    versions = yield from asked.versions()
    frames: list[pl.DataFrame] = []
    for version in last_in_production(events, versions, shape, count):
        if version.expired_at is not None:
            raise NotFoundError(
                "expired",
                f"{asked.name}: version {version.version} has expired; its files are gone",
            )
        frames.append(_table((yield from asked.parquet(f"/versions/{version.version}/data"))))
    return frames


def _table(content: bytes) -> pl.DataFrame:
    return pl.read_parquet(io.BytesIO(content))
