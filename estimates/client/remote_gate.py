"""Judging a frame where it is, by what a service says: contract, baseline and listed keys are the
service's, the work is done here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Literal

from estimates import instants
from estimates.catalog.records import Event, Provenance
from estimates.catalog.ref import PRODUCTION, Ref
from estimates.client.comparison_requests import stability
from estimates.client.plans import Computation, Plan
from estimates.client.reading_requests import SetDetail, detail, resolve, versions
from estimates.client.service_requests import events_of_set
from estimates.client.set_requests import SetRequests
from estimates.compare.series_report import MOVES_JUDGED, production_moves, promoted_material
from estimates.contract.contract import Contract
from estimates.contract.domain import FileDomain
from estimates.errors import EstimatesError, NotFoundError
from estimates.extras import needs

if TYPE_CHECKING:
    import polars as pl

    from estimates.gate.candidate import Candidate
    from estimates.gate.fresh_start import FreshStart
    from estimates.gate.offender_table import Offenders
    from estimates.gate.production_history import ProductionHistory
    from estimates.gate.verdict import Verdict


def judge_frame(
    requests: SetRequests,
    frame: pl.DataFrame,
    provenance: Provenance,
    *,
    against: Ref = PRODUCTION,
    functions: bool = True,
    judged_at: datetime | None = None,
    actuals: pl.DataFrame | None = None,
    offenders: Offenders | None = None,
) -> Plan[Verdict]:
    """Judge a frame before it is published, here, by the service's contract and against one of its
    versions.

    The verdict is the one that `Store.judge_frame` gives, byte for byte; nothing is stored.
    Raises NotFoundError (`unknown_set`, `unknown_version`, `unknown_alias`, `expired`),
    CorruptError (`file_damaged`), and those of `read_actuals`.
    """
    with needs("store"):
        from estimates.accuracy.actuals import read_actuals
        from estimates.gate.candidate import Candidate
        from estimates.gate.evaluation import evaluate

    newest = yield from detail(requests)
    keys = yield from _listed_keys(requests, newest.contract)
    baseline, reason = yield from _baseline(requests, newest, keys, against, provenance)
    evaluation = partial(
        evaluate,
        newest.contract,
        Candidate(frame, None, provenance, domain_keys=keys),
        baseline,
        judged_at=judged_at or instants.now(),
        contract_revision=newest.contract_revision,
        baseline_reason=reason,
        history=None if baseline is None else (yield from _history(requests, newest)),
        actuals=None if actuals is None else read_actuals(actuals, newest.contract),
        offenders=offenders,
        functions=functions,
    )
    return (yield Computation(evaluation))


def _listed_keys(requests: SetRequests, contract: Contract) -> Plan[pl.DataFrame | None]:
    if not isinstance(contract.domain, FileDomain):
        return None
    return _frame([(yield from requests.parquet(f"/domains/{contract.domain.digest}"))])


def _baseline(
    requests: SetRequests,
    newest: SetDetail,
    keys: pl.DataFrame | None,
    against: Ref,
    made: Provenance,
) -> Plan[tuple[Candidate | None, Literal["first_version", "other_shape"] | FreshStart | None]]:
    """What a candidate is compared with, or why it is compared with nothing."""
    from estimates.gate.candidate import Candidate
    from estimates.gate.fresh_start import fresh_start

    try:
        version = yield from resolve(requests, against)
    except NotFoundError as error:
        if error.code != "nothing_promoted":
            raise
        return None, "first_version"
    if version.shape != newest.shape:
        return None, "other_shape"
    gate = newest.contract.gate
    if gate.longest_gap or gate.seasons:
        ends = [other.data_through for other in (yield from versions(requests))]
        through = version.provenance.data_through, made.data_through
        if (anew := fresh_start(gate, *through, ends)) is not None:
            return None, anew
    baseline = Candidate(
        _frame((yield from requests.rows(version.version))),
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


def _history(requests: SetRequests, newest: SetDetail) -> Plan[ProductionHistory]:
    """What the promoted versions say. It is requested now: checks read it later, when no plan could
    go on.
    """
    from estimates.gate.production_history import FEWEST_MOVES, ProductionHistory

    shares: dict[str, list[float]] = {}
    events, _ = yield from events_of_set(requests.service, requests.name)
    if production_moves(events) > FEWEST_MOVES:
        shares = promoted_material((yield from stability(requests, MOVES_JUDGED)))
    after = newest.contract.stability.frozen_after
    frames: list[pl.DataFrame] | EstimatesError = []
    if after is not None:
        try:
            frames = yield from _last_frames(requests, events, newest.shape, after - 1)
        except EstimatesError as error:
            frames = error

    def last(_count: int) -> list[pl.DataFrame]:
        if isinstance(frames, EstimatesError):
            raise frames  # the check's error, and not the end of the judgement
        return frames

    return ProductionHistory(lambda: shares, last)


def _last_frames(
    requests: SetRequests, events: Sequence[Event], shape: int, count: int
) -> Plan[list[pl.DataFrame]]:
    from estimates.compare.frozen_versions import last_in_production

    known = yield from versions(requests)
    frames: list[pl.DataFrame] = []
    for version in last_in_production(events, known, shape, count):
        content = yield from requests.rows(version.version)
        frames.append(_frame(content))
    return frames


def _frame(parts: Sequence[bytes]) -> pl.DataFrame:
    import polars as pl

    return pl.concat([pl.read_parquet(part) for part in parts])
