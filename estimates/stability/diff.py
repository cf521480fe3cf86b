"""Put the report together: align the keys, then every family of metrics for every column."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import msgspec
import numpy as np
import polars as pl

from estimates.contract.columns import NUMERIC_ROLES, Column
from estimates.contract.contract import Contract
from estimates.stability import (
    cuts,
    drift,
    interval,
    labels,
    probabilities,
    quantiles,
    ranks,
    scalar,
)
from estimates.stability.aligned import AlignedVersions, align_versions
from estimates.stability.alignment import Alignment, key_texts
from estimates.stability.deltas import Deltas, deltas
from estimates.stability.family_reports import ProbabilityReport, QuantileReport
from estimates.stability.groups import breakdown
from estimates.stability.headline import headline
from estimates.stability.kernels.blocks import run_parallel
from estimates.stability.report import (
    ColumnReport,
    IntervalReport,
    KeysReport,
    Report,
    ScalarReport,
)
from estimates.stability.value_kinds import ColumnValues, all_finite

_KEYS = 100
_RANKED = ("point", "score")
# the others are measured together, as intervals and quantile functions
_DRIFT = ("point", "score", "probability")


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
    headline_only: bool = False,
) -> Report:
    """What changed from frame `a`, the baseline, to frame `b`, both of one contract.

    through_a, through_b  the versions' data_through: with a dated target, what elapsed and advanced
                          is taken out; `same_horizon` needs both
    name_a, name_b        how the report calls them
    identical             the two snapshots are known to have the same content
    headline_only         keys, kinds, and the numbers of `scalar` and `label` alone, which is
                          several times faster

    The same input gives the same report, to the bit. Raises InvalidError: `columns`, `column_type`,
    `null_key`, `duplicate_key`, `bad_pairing`.
    """
    pair = align_versions(a, b, contract, through_a, through_b)
    return report_of(pair, (name_a, name_b), identical=identical, headline_only=headline_only)


def report_of(
    pair: AlignedVersions,
    names: tuple[str | int, str | int],
    *,
    identical: bool = False,
    headline_only: bool = False,
) -> Report:
    """The report of two frames that are row beside row already; arguments as of `diff`."""
    alignment, contract = pair.alignment, pair.contract
    identical = identical and pair.steady
    keys = _keys(alignment, identical, 0 if headline_only else _KEYS)
    identical = identical or (
        keys.identical_share == 1 and keys.common == alignment.a.height == alignment.b.height
    )
    columns, intervals, functions, vectors = _measured(pair, headline_only)
    report = _report(contract, names, keys, identical, headline_only)
    return msgspec.structs.replace(
        report,
        headline=headline(keys, columns, identical, intervals, functions, vectors),
        columns=columns,
        intervals=intervals,
        quantiles=functions,
        probabilities=vectors,
    )


def unchanged(
    contract: Contract, rows: int, names: tuple[str | int, str | int], *, headline_only: bool
) -> Report:
    """What `diff` says of a snapshot of so many rows and itself, without its columns and intervals:
    nothing is read, because nothing can have changed.

    Every change in these would be 0 and every share of equal rows 1. Not for contracts with a dated
    target: which of their keys have elapsed stands in the rows.
    """
    return _report(contract, names, _counted(rows, 0, 0, 1.0), True, headline_only)


def _report(
    contract: Contract,
    names: tuple[str | int, str | int],
    keys: KeysReport,
    identical: bool,
    headline_only: bool,
) -> Report:
    """The report without its columns."""
    return Report(
        set=contract.name,
        from_=names[0],
        to=names[1],
        identical=identical,
        headline=headline(keys, {}, identical=True),
        keys=keys,
        columns={},
        intervals=[],
        rtol=contract.stability.rtol,
        atol=contract.stability.atol,
        pairing=contract.stability.pairing,
        headline_only=headline_only,
    )


def _measured(
    pair: AlignedVersions, headline_only: bool
) -> tuple[
    dict[str, ColumnReport], list[IntervalReport], list[QuantileReport], ProbabilityReport | None
]:
    """What there is to say of each column, interval and quantile function, and of the
    probabilities; side by side.
    """
    contract, rows = pair.contract, pair.alignment.common
    names = list(contract.judged)
    tasks: list[Callable[[], Any]] = [partial(_column, pair, name, headline_only) for name in names]
    if headline_only:
        return dict(zip(names, run_parallel(tasks, rows), strict=True)), [], [], None
    # sorted once, before threads ask for them at the same time
    for by in contract.stability.groups:
        pair.grouping(by)
    _ = pair.horizons
    tasks += [partial(interval.measure, pair, ends) for ends in contract.intervals()]
    tasks += [partial(quantiles.measure, pair), partial(probabilities.measure, pair)]
    *measured, functions, vectors = run_parallel(tasks, rows)
    return dict(zip(names, measured, strict=False)), measured[len(names) :], functions, vectors


def _keys(alignment: Alignment, identical: bool, named: int) -> KeysReport:
    same = 1.0 if identical or not alignment.common else scalar.share(alignment.identical())
    counted = _counted(alignment.common, len(alignment.added), len(alignment.removed), same)
    return msgspec.structs.replace(
        counted,
        elapsed=None if alignment.elapsed is None else len(alignment.elapsed),
        advanced=None if alignment.advanced is None else len(alignment.advanced),
        added_keys=key_texts(alignment.b, alignment.key, alignment.added[:named]),
        removed_keys=key_texts(alignment.a, alignment.key, alignment.removed[:named]),
    )


def _counted(common: int, added: int, removed: int, identical_share: float) -> KeysReport:
    n_from, n_to, either = common + removed, common + added, common + added + removed
    return KeysReport(
        n_from=n_from,
        n_to=n_to,
        common=common,
        added=added,
        removed=removed,
        elapsed=None,
        advanced=None,
        added_share=added / max(n_from, 1),
        removed_share=removed / max(n_from, 1),
        key_jaccard=common / either if either else 1.0,
        identical_share=identical_share if common else None,
        added_keys=[],
        removed_keys=[],
        reason=None if common else "no_comparable_keys",
    )


def _column(pair: AlignedVersions, name: str, headline_only: bool) -> ColumnReport:
    alignment, contract = pair.alignment, pair.contract
    column = contract.columns[name]
    old, new = pair.common(name)
    common, both = alignment.common, all_finite((old, new))
    n, lost, gained = common, np.empty(0, dtype=np.intp), 0
    if both is not None:
        n, lost = len(both), np.flatnonzero(old.finite & ~new.finite)
        gained = int((new.finite & ~old.finite).sum())
    report = ColumnReport(
        role=column.role,
        unit=column.unit,
        n=n,
        coverage=n / common if common else None,
        kinds=pair.transitions(name, old, new),
        kind_loss_share=len(lost) / common if common else None,
        kind_gain_share=gained / common if common else None,
        kind_loss_keys=alignment.keys(lost[: 0 if headline_only else _KEYS]),
    )
    measures: dict[str, Callable[[], object]] = {}
    if column.role == "label" and common:
        measures["label"] = lambda: labels.measure(alignment, name, headline_only)
    elif column.role in NUMERIC_ROLES and n:
        moves = deltas(alignment, name, old, new, pair.scale(name), contract.stability)
        measures["scalar"] = lambda: _scalar(pair, column, moves, headline_only)
        if not headline_only:
            measures |= _families(pair, column, old, new, moves)
    else:
        return msgspec.structs.replace(report, reason="no_comparable_keys")
    measured = run_parallel(list(measures.values()), n)
    return msgspec.structs.replace(report, **dict(zip(measures, measured, strict=True)))


def _scalar(
    pair: AlignedVersions, column: Column, moves: Deltas, headline_only: bool
) -> ScalarReport:
    step = None if column.step is None else pair.all_old(column.step).take(pair.alignment.rows_a)
    return scalar.measure(pair.alignment, moves, step, headline_only)


def _families(
    pair: AlignedVersions, column: Column, old: ColumnValues, new: ColumnValues, moves: Deltas
) -> dict[str, Callable[[], object]]:
    """What measures the groups, horizons, ranks, drift and cut-offs of a number."""
    policy, horizons = pair.contract.stability, pair.horizons
    measures: dict[str, Callable[[], object]] = {
        "groups": lambda: {by: breakdown(pair.grouping(by), moves) for by in policy.groups},
        "cuts": lambda: [cuts.measure(pair.alignment, moves, cut) for cut in column.cuts],
    }
    if horizons is not None:
        measures["horizons"] = lambda: breakdown(horizons, moves)
    if column.role in _DRIFT:
        order = ranks.rank_both(moves.a, moves.b)
        measures["drift"] = lambda: drift.measure(old, new, moves.scale, order)
        if column.role in _RANKED:
            measures["ranks"] = lambda: ranks.measure(
                pair.alignment, moves, order, policy.top_k, policy.rank_groups
            )
    return measures
