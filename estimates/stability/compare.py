"""Put the report together: align the keys, then every family of metrics for every column."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl

from estimates.columns import NUMERIC_ROLES
from estimates.contract import Contract
from estimates.stability import interval, label, scalar
from estimates.stability.align import Alignment, align, key_texts
from estimates.stability.deltas import deltas
from estimates.stability.groups import breakdown
from estimates.stability.headline import headline
from estimates.stability.pair import Pair
from estimates.stability.report import ColumnReport, KeysReport, Report

_KEYS = 100


def diff(
    a: pl.DataFrame,
    b: pl.DataFrame,
    contract: Contract,
    *,
    through_a: datetime | None = None,
    through_b: datetime | None = None,
    name_a: str | int = "A",
    name_b: str | int = "B",
    identical: bool = False,
) -> Report:
    """What changed from frame `a`, the baseline, to frame `b`, both of one contract.

    through_a, through_b  the versions' data_through: with a dated target, what elapsed and advanced is taken out
    name_a, name_b        how the report calls them
    identical             the two snapshots are known to have the same content

    The same input gives the same report, to the bit. Raises InvalidError: `columns`, `column_type`, `null_key`,
    `duplicate_key`.
    """
    found = align(a, b, contract, through_a, through_b)
    pair = Pair(found)
    keys = _keys(found, identical)
    identical = identical or (keys.identical_share == 1 and keys.common == found.a.height == found.b.height)
    columns = {name: _column(pair, contract, name) for name in contract.judged}
    return Report(
        set=contract.name,
        from_=name_a,
        to=name_b,
        identical=identical,
        headline=headline(keys, columns, identical),
        keys=keys,
        columns=columns,
        intervals=[
            interval.measure(pair, contract, ends, _scale(columns, ends.point)) for ends in contract.intervals()
        ],
        rtol=contract.stability.rtol,
        atol=contract.stability.atol,
    )


def _keys(found: Alignment, identical: bool) -> KeysReport:
    common, added, removed = found.common, len(found.added), len(found.removed)
    n_from, n_to, either = common + removed, common + added, common + added + removed
    same = None if not common else 1.0 if identical else scalar.share(found.identical())
    return KeysReport(
        n_from=n_from,
        n_to=n_to,
        common=common,
        added=added,
        removed=removed,
        elapsed=None if found.elapsed is None else len(found.elapsed),
        advanced=None if found.advanced is None else len(found.advanced),
        added_share=added / max(n_from, 1),
        removed_share=removed / max(n_from, 1),
        key_jaccard=common / either if either else 1.0,
        identical_share=same,
        added_keys=key_texts(found.b, found.key, found.added[:_KEYS]),
        removed_keys=key_texts(found.a, found.key, found.removed[:_KEYS]),
        reason=None if common else "no_comparable_keys",
    )


def _column(pair: Pair, contract: Contract, name: str) -> ColumnReport:
    found, column = pair.found, contract.columns[name]
    old, new = pair.common(name)
    common, n = found.common, int((old.finite & new.finite).sum())
    lost = np.flatnonzero(old.finite & ~new.finite)
    gained = int((new.finite & ~old.finite).sum())
    moved = (
        deltas(found, name, old, new, column.scale_floor, contract.stability)
        if column.role in NUMERIC_ROLES and n
        else None
    )
    return ColumnReport(
        role=column.role,
        unit=column.unit,
        n=n,
        coverage=n / common if common else None,
        kinds=pair.transitions(name, old, new),
        kind_loss_share=len(lost) / common if common else None,
        kind_gain_share=gained / common if common else None,
        kind_loss_keys=found.keys(lost[:_KEYS]),
        reason=None if moved is not None or (column.role == "label" and common) else "no_comparable_keys",
        scalar=None if moved is None else scalar.measure(found, moved),
        label=label.measure(found, name) if column.role == "label" and common else None,
        groups={} if moved is None else {by: breakdown(found.old(by), moved) for by in contract.stability.groups},
        horizons=[] if moved is None or found.horizon is None else breakdown(found.horizon, moved),
    )


def _scale(columns: dict[str, ColumnReport], point: str) -> float | None:
    measured = columns[point].scalar if point else None
    return measured.scale_floor if measured is not None else None
