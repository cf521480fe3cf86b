"""Put the report together: align the keys, then every family of metrics for every column."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import msgspec
import numpy as np
import polars as pl

from estimates.contract.contract import Contract
from estimates.contract.roles import CENTRAL, NUMERIC_ROLES, RANKED, ROLES
from estimates.stability import (
    carried,
    cuts,
    drift,
    interval,
    labels,
    probabilities,
    quantiles,
    ranks,
    scalar,
    totals,
)
from estimates.stability.aligned import AlignedVersions, align_versions
from estimates.stability.alignment import key_texts
from estimates.stability.deltas import Deltas, deltas
from estimates.stability.family_reports import ProbabilityReport, QuantileReport, SchemaReport
from estimates.stability.groups import breakdown
from estimates.stability.headline import headline
from estimates.stability.kernels.blocks import run_parallel
from estimates.stability.kernels.memory import memory_used_again
from estimates.stability.near_keys import near_keys
from estimates.stability.ranking import rank_both
from estimates.stability.report import (
    ColumnReport,
    IntervalReport,
    KeysReport,
    Report,
    ScalarReport,
)
from estimates.stability.shared_order import shared_order, shared_ties, shifts_of_shared
from estimates.stability.shared_rows import SharedRows
from estimates.stability.value_kinds import ColumnValues, all_finite

_KEYS = 100
_MANY = 1 << 23  # rows of which one column at a time is held as numbers


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
    schema: SchemaReport | None = None,
) -> Report:
    """What changed from frame `a`, the baseline, to frame `b`, both of one contract.

    through_a, through_b  the versions' data_through: with a dated target, what elapsed and advanced
                          is taken out; `same_horizon` needs both
    name_a, name_b        how the report calls them
    identical             the two snapshots are known to have the same content
    headline_only         keys, kinds, and the numbers of `scalar` and `label` alone, which is
                          several times faster
    schema                what `schema_changes` said, for two tables that were not made under one
                          contract

    The same input gives the same report, to the bit. Raises InvalidError: `columns`, `column_type`,
    `null_key`, `duplicate_key`, `bad_pairing`.
    """
    pair = align_versions(a, b, contract, through_a, through_b)
    return report_of(
        pair,
        name_a=name_a,
        name_b=name_b,
        identical=identical,
        headline_only=headline_only,
        schema=schema,
    )


@memory_used_again()
def report_of(
    pair: AlignedVersions,
    *,
    name_a: str | int = "A",
    name_b: str | int = "B",
    identical: bool = False,
    headline_only: bool = False,
    schema: SchemaReport | None = None,
) -> Report:
    """The report of two frames that are row beside row already; arguments as of `diff`."""
    alignment, contract = pair.alignment, pair.contract
    identical = identical and pair.steady
    keys = _keys(pair, identical, 0 if headline_only else _KEYS)
    identical = identical or (
        keys.identical_share == 1 and alignment.common == alignment.a.height == alignment.b.height
    )
    columns, intervals, functions, vectors = _measured(pair, headline_only)
    attributes = {} if headline_only else carried.measure(pair, identical=identical)
    return Report(
        set=contract.name,
        from_=name_a,
        to=name_b,
        identical=identical,
        headline=headline(keys, columns, identical, intervals, functions, vectors, attributes),
        keys=keys,
        columns=columns,
        intervals=intervals,
        rtol=contract.stability.rtol,
        atol=contract.stability.atol,
        pairing=contract.stability.pairing,
        headline_only=headline_only,
        quantiles=functions,
        probabilities=vectors,
        schema=schema,
        carried=attributes,
    )


def _measured(
    pair: AlignedVersions, headline_only: bool
) -> tuple[
    dict[str, ColumnReport], list[IntervalReport], list[QuantileReport], ProbabilityReport | None
]:
    """What there is to say of each column, interval and quantile function, and of the
    probabilities; side by side.
    """
    contract, rows = pair.contract, pair.common_rows
    names = list(contract.judged)
    tasks: list[Callable[[], Any]] = [partial(_column, pair, name, headline_only) for name in names]
    if headline_only:
        return dict(zip(names, run_parallel(tasks, rows), strict=True)), [], [], None
    pair.sort_groups(contract.stability.groups)
    if pair.alignment.common > _MANY and not _are_measured_together(contract):
        return {name: _column_alone(pair, name) for name in names}, [], [], None
    tasks += [partial(interval.measure, pair, ends) for ends in contract.all_intervals()]
    tasks += [partial(quantiles.measure, pair), partial(probabilities.measure, pair)]
    *measured, functions, vectors = run_parallel(tasks, rows)
    return dict(zip(names, measured, strict=False)), measured[len(names) :], functions, vectors


def _are_measured_together(contract: Contract) -> bool:
    """Whether some columns are measured together, as intervals, quantiles or probabilities."""
    return not all(ROLES[contract.columns[name].role].is_alone for name in contract.judged)


def _column_alone(pair: AlignedVersions, name: str) -> ColumnReport:
    """The report of a column of many rows, whose numbers then make room for those of the next."""
    report = _column(pair, name, headline_only=False)
    pair.forget(name)
    return report


def _keys(pair: AlignedVersions, identical: bool, named: int) -> KeysReport:
    alignment, common = pair.alignment, pair.common_rows
    added, removed = len(alignment.added), len(alignment.removed)
    n_from, n_to, either = common + removed, common + added, common + added + removed
    same = None if not common else 1.0
    if common and not identical:
        differ = alignment.common - int(np.count_nonzero(alignment.identical()))
        same = (common - differ) / common
    return KeysReport(
        n_from=n_from,
        n_to=n_to,
        common=common,
        added=added,
        removed=removed,
        elapsed=None if alignment.elapsed is None else len(alignment.elapsed),
        advanced=None if alignment.advanced is None else len(alignment.advanced),
        added_share=added / max(n_from, 1),
        removed_share=removed / max(n_from, 1),
        key_jaccard=common / either if either else 1.0,
        identical_share=same,
        added_keys=key_texts(alignment.b, alignment.key, alignment.added[:named]),
        removed_keys=key_texts(alignment.a, alignment.key, alignment.removed[:named]),
        reason=None if common else "no_comparable_keys",
        near=(near_keys(alignment) if named else None) or msgspec.UNSET,
        new_targets=None if alignment.elapsed is None else _new_targets(pair),
    )


def _new_targets(pair: AlignedVersions) -> int:
    """Of the added keys those whose target the other version does not have at all."""
    alignment, target = pair.alignment, pair.contract.target
    if target is None or not len(alignment.added):
        return 0
    added = alignment.b[target].gather(alignment.added)
    return int((~added.is_in(alignment.a[target].unique().implode())).sum())


def _column(pair: AlignedVersions, name: str, headline_only: bool) -> ColumnReport:
    alignment, contract = pair.alignment, pair.contract
    column = contract.columns[name]
    old, new = pair.common(name)
    common, both = pair.common_rows, all_finite((old, new))
    n, lost, gained = alignment.common, np.empty(0, dtype=np.intp), 0
    if both is not None:
        n, lost = len(both), np.flatnonzero(old.finite & ~new.finite)
        gained = int((new.finite & ~old.finite).sum())
    if pair.shared is not None:
        n += len(pair.shared.columns[name].runs)
    column_deltas = (
        deltas(alignment, name, old, new, pair.scale(name), contract.stability)
        if column.role in NUMERIC_ROLES and n
        else None
    )
    report = ColumnReport(
        role=column.role,
        unit=column.unit,
        n=n,
        coverage=n / common if common else None,
        kinds=pair.transitions(name, old, new),
        kind_loss_share=len(lost) / common if common else None,
        kind_gain_share=gained / common if common else None,
        kind_loss_keys=alignment.keys(lost[: 0 if headline_only else _KEYS]),
        reason=None
        if column_deltas is not None or (column.role == "label" and common)
        else "no_comparable_keys",
        scalar=None if column_deltas is None else _scalar(pair, name, column_deltas, headline_only),
        label=labels.measure(alignment, name, headline_only)
        if column.role == "label" and common
        else None,
    )
    if column_deltas is None or headline_only:
        return report
    if pair.shared is not None:
        return _with_order(report, pair, name, pair.shared, column_deltas)
    whole = _with_families(report, pair, name, old, new, column_deltas)
    return msgspec.structs.replace(whole, totals=totals.measure(pair, name, column_deltas))


def _scalar(
    pair: AlignedVersions, name: str, column_deltas: Deltas, headline_only: bool
) -> ScalarReport:
    by, alignment = pair.contract.columns[name].step, pair.alignment
    step, shared = None if by is None else pair.all_old(by).take(alignment.rows_a), None
    if pair.shared is not None:
        n, positions = len(column_deltas), column_deltas.positions
        layout = pair.shared.layout(alignment, name, positions, n)
        shared = layout, pair.shared.columns[name]
    points = pair.contract.percentage_points(name)
    return scalar.measure(alignment, column_deltas, step, headline_only, shared, points)


def _with_order(
    report: ColumnReport, pair: AlignedVersions, name: str, shared: SharedRows, moves: Deltas
) -> ColumnReport:
    """The report of a number with its ranks and drift, where versions share rows.

    Raises NeedsAllRows where these cannot be had without them.
    """
    values, (old, new) = shared.columns[name], pair.common(name)
    layout = shared.layout(pair.alignment, name, moves.positions, len(moves))
    order = shared_order(moves, values, layout)
    sides = pair.all_old(name), pair.all_new(name)
    ties = shared_ties(order, shared.ties.get(("a", name)), *sides, moves)
    shared.ties["a", name], compared, shared.ties["b", name] = ties[0], ties[1:3], ties[3]
    policy = pair.contract.stability
    changed = drift.changed_rows(old, new)
    shifts = shifts_of_shared(values, old, new, shared.kinds(name), changed)
    return msgspec.structs.replace(
        report,
        ranks=ranks.measure_shared(
            pair.alignment, moves, order, (compared[0], compared[1]), policy.top_k
        ),
        drift=drift.drift_report(shifts, moves.scale),
        groups={},
        cuts=[],
    )


def _with_families(
    report: ColumnReport,
    pair: AlignedVersions,
    name: str,
    old: ColumnValues,
    new: ColumnValues,
    column_deltas: Deltas,
) -> ColumnReport:
    """The report of a number with its groups, horizons, ranks, drift and cut-offs."""
    column, policy = pair.contract.columns[name], pair.contract.stability
    points = pair.contract.percentage_points(name)
    measures: dict[str, Callable[[], object]] = {
        "groups": lambda: {
            by: breakdown(pair.grouping(by), column_deltas, points) for by in policy.groups
        },
        "cuts": lambda: [cuts.measure(pair.alignment, column_deltas, cut) for cut in column.cuts],
    }
    horizons = pair.horizons
    if horizons is not None:
        measures["horizons"] = lambda: breakdown(horizons, column_deltas, points)
    if column.role in CENTRAL:
        ordered = rank_both(column_deltas.column_a, column_deltas.column_b)
        measures["drift"] = lambda: drift.measure(old, new, column_deltas.scale, ordered)
        if column.role in RANKED:
            measures["ranks"] = lambda: ranks.measure(
                pair.alignment, column_deltas, ordered, policy.top_k, policy.rank_groups
            )
    reports = run_parallel(list(measures.values()), len(column_deltas))
    return msgspec.structs.replace(report, **dict(zip(measures, reports, strict=True)))
