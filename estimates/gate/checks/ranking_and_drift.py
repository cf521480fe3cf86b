"""Stage 3, order and distribution: ranks, the top, where movement concentrates, drift, and the
worst group.
"""

from __future__ import annotations

from estimates.gate import changed_rows
from estimates.gate.check import Measure, Skip
from estimates.gate.evaluation_context import Case
from estimates.gate.from_report import common, number, of_column, scalars
from estimates.gate.verdict import Offender
from estimates.stability.family_reports import RankReport
from estimates.stability.report import ColumnReport

_FEW = 30  # keys of a group below which it is not held to anything
_DRIFT_KEYS = 1000  # keys below which PSI is chance
_TOP_SHARE_KEYS = 100  # below, 1 % of the keys is less than one key


def rank_order(case: Case) -> Measure | Skip:
    """Protects from estimates that were shuffled among keys, which no distribution shows.

    Metric: smallest Spearman correlation of old and new values. Warn below 0.95, block below 0.80.
    Source: gate.md 34 (a starting point), stability.md S9.
    """
    found = _ranked(case)
    if isinstance(found, Skip):
        return found
    told = [(name, column, ranks) for name, column, ranks in found if ranks.spearman is not None]
    if not told:
        return Skip(next(iter(found[0][2].reasons.values()), "too_few_keys"))
    value, worst, column, ranks = min(
        ((one.spearman or 0.0, name, col, one) for name, col, one in told), key=lambda x: x[:2]
    )
    keys = changed_rows.keys_of(case, [move.key for move in ranks.top])
    offenders = [
        Offender(key, worst, f"rank {move.a:g} -> {move.b:g}")
        for key, move in zip(keys, ranks.top, strict=True)
    ]
    return of_column(value, column, f"Spearman's correlation of {worst} is {value:.4g}", offenders)


def top_overlap(case: Case) -> Measure | Skip:
    """Protects from a top that is exchanged: what people act on first.

    Metric: smallest share of the old top k that is in the new one. k is the contract's
    stability.top_k; sets with fewer than 2 k keys are left out. Warn below 80 %. Source: gate.md 34
    (a starting point), stability.md S9.
    """
    found = _ranked(case)
    if isinstance(found, Skip):
        return found
    told = [
        one for one in found if one[2].top_k_overlap is not None and one[1].n >= 2 * one[2].top_k
    ]
    if not told:
        return Skip("too_few_keys")
    value, worst, column, ranks = min(
        ((one.top_k_overlap or 0.0, name, col, one) for name, col, one in told), key=lambda x: x[:2]
    )
    message = (
        f"{round(value * ranks.top_k)} of the old top {ranks.top_k} of {worst} are in the new one"
    )
    return of_column(value, column, message)


def concentration(case: Case) -> Measure | Skip:
    """Protects from a few keys that go wild while the rest stands still.

    Metric: share of all movement that is in the 1 % of the keys that moved most. The worst column
    counts; sets with fewer than 100 keys are left out. Warn above 50 %. Source: gate.md 35 (a
    starting point), stability.md S7.
    """
    numeric = scalars(case)
    if not numeric:
        return Skip("no_numeric_estimates")
    found = [
        (scalar.top_share, name, column, scalar)
        for name, column, scalar in numeric
        if scalar.top_share is not None
    ]
    if not found:
        return Skip("no_move")
    found = [one for one in found if one[2].n >= _TOP_SHARE_KEYS]
    if not found:
        return Skip("fewer_than_100_keys")
    value, worst, column, scalar = max(found, key=lambda item: item[:2])
    keys = changed_rows.keys_of(case, [change.key for change in scalar.top])
    offenders = [
        Offender(key, worst, f"{change.a:.6g} -> {change.b:.6g}")
        for key, change in zip(keys, scalar.top, strict=True)
    ]
    message = f"1 % of the keys carry {100 * value:.3g} % of the movement of {worst}"
    return of_column(
        value, column, message, offenders if value > case.limit("concentration") else []
    )


def psi(case: Case) -> Measure | Skip:
    """Protects from a distribution that drifts as a whole.

    Metric: largest population stability index over the deciles of the baseline. Warn above 0.10
    (the convention), never block; without a warning below 1,000 keys. Source: gate.md 36,
    stability.md S10.
    """
    common(case)
    found = [
        (column.drift.psi, name, column)
        for name, column in case.report.columns.items()
        if column.drift is not None and column.drift.psi is not None
    ]
    if not found:
        return Skip("no_numeric_estimates")
    value, worst, column = max(found, key=lambda item: item[:2])
    measured = of_column(value, column, f"PSI of {worst} is {value:.3g}")
    return Skip("fewer_than_1000_keys") if column.n < _DRIFT_KEYS else measured


def worst_group_change(case: Case) -> Measure | Skip:
    """Protects from a group that jumps unseen in the whole.

    Metric: largest 95 % quantile of r of a group of at least 30 keys. Groups are those of the
    contract's stability.groups. Warn above 0.20. Source: gate.md 37, stability.md S3.
    """
    if not case.contract.stability.groups:
        return Skip("not_in_contract")
    groups = [
        (group.p95, f"{by} {group.value}", name, column)
        for name, column, _ in scalars(case)
        for by, values in column.groups.items()
        for group in values
        if group.n >= _FEW and not group.pooled and group.p95 is not None
    ]
    if not groups:
        return Skip("fewer_than_30_keys")
    groups.sort(key=lambda item: (-item[0], item[1:3]))
    value, group, worst, column = groups[0]
    offenders = [
        Offender(None, name, f"{which}: 95 % of its keys moved by r <= {p95:.3g}")
        for p95, which, name, _ in groups
        if p95 > case.limit("worst_group_change")
    ]
    message = f"in {group} 95 % of the keys moved by r <= {value:.3g} in {worst}"
    return of_column(value, column, message, offenders)


def worst_group_z(case: Case) -> Measure | Skip:
    """Protects from a group whose points leave their intervals unseen in the whole.

    Metric: largest share of keys with z above 1 in a group of at least 30 keys. Groups are those of
    the contract's stability.groups. Warn above 20 %. Source: gate.md 37, stability.md I1.
    """
    if not case.contract.stability.groups or not any(
        one.point for one in case.contract.intervals()
    ):
        return Skip("not_in_contract")
    common(case)
    groups = [
        (group.z_gt1_share, f"{by} {group.value}", one)
        for one in case.report.intervals
        for by, values in one.groups.items()
        for group in values
        if group.n >= _FEW and not group.pooled
    ]
    if not groups:
        return Skip("fewer_than_30_keys")
    groups.sort(key=lambda item: (-item[0], item[1]))
    value, group, worst = groups[0]
    offenders = [
        Offender(
            None,
            one.point,
            f"{which}: {100 * share:.3g} % of its points moved by more than a half width",
        )
        for share, which, one in groups
        if share > case.limit("worst_group_z")
    ]
    message = f"in {group} {100 * value:.3g} % of the points of {worst.point} moved by more than a half width"
    return Measure(value, worst.n, message, worst.coverage or 0.0, offenders)


def _ranked(case: Case) -> list[tuple[str, ColumnReport, RankReport]] | Skip:
    common(case)
    found = [
        (name, one, one.ranks) for name, one in case.report.columns.items() if one.ranks is not None
    ]
    ranked = [
        name for name, column in case.contract.columns.items() if column.role in ("point", "score")
    ]
    if not ranked:
        return Skip("no_numeric_estimates")
    number(
        0.0 if found else None,
        {"ranks": "no_comparable_keys"},
        "ranks",
        "no estimate is finite in both versions",
    )
    return found
