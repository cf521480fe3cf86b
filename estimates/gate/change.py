"""Stage 3, against the baseline: one stability report, computed once, from which every check reads its metric.

Keys that elapsed or advanced with a rolling domain are in none of these numbers. When no key can be compared, a check
cannot be evaluated, and that blocks: nothing is known about such a version.
"""

from __future__ import annotations

from estimates.columns import NUMERIC_ROLES
from estimates.errors import InvalidError
from estimates.gate.case import Case, Measure, Skip
from estimates.gate.verdict import Offender
from estimates.stability.report import ColumnReport, IntervalReport, ScalarReport


def removed_keys(case: Case) -> Measure:
    """Protects from keys that vanish. Metric: removed keys as a share of the baseline's.

    Warn above 0.5 %, block above 2 %. Source: gate.md 21 (a starting point), stability.md K1.
    """
    keys = case.report.keys
    offenders = [Offender(key, None, "removed") for key in keys.removed_keys]
    message = f"{keys.removed} of {keys.n_from} keys of the baseline gone"
    return Measure(keys.removed_share, keys.n_from, message, offending=keys.removed, offenders=offenders)


def added_keys(case: Case) -> Measure:
    """Protects from keys that appear unexpectedly. Metric: added keys as a share of the baseline's.

    Warn above 5 %, block above 20 %. Source: gate.md 22 (a starting point), stability.md K1.
    """
    keys = case.report.keys
    offenders = [Offender(key, None, "added") for key in keys.added_keys]
    message = f"{keys.added} of {keys.n_to} keys new, the baseline has {keys.n_from}"
    return Measure(keys.added_share, keys.n_to, message, offending=keys.added, offenders=offenders)


def finite_to_null(case: Case) -> Measure:
    """Protects from estimates that were there and are not any more. Metric: cells that were finite and are not.

    Block above 0. Source: gate.md 23, stability.md K2.
    """
    n = _common(case)
    lost: dict[str, int] = {}
    offenders: list[Offender] = []
    for name, column in case.report.columns.items():
        into = column.kinds.get("finite", {})
        lost[name] = sum(times for kind, times in into.items() if kind not in ("finite", "absent"))
        offenders += [Offender(key, name, "no estimate; the baseline has one") for key in column.kind_loss_keys]
    value = sum(lost.values())
    columns = ", ".join(f"{times} in {name}" for name, times in lost.items() if times)
    message = f"estimates that the baseline has and this version has not: {columns or 'none'}"
    return Measure(value, n, message, offending=value, offenders=offenders)


def unchanged(case: Case) -> Measure:
    """Protects from a stale copy published as new. Metric: common keys with anything different. Warn below 1.

    Give it `block = 1` when every version must bring something new. Source: gate.md 24, stability.md K3.
    """
    n = _common(case)
    share = case.report.keys.identical_share
    assert share is not None, "there are common keys"
    changed = round(n * (1 - share))
    return Measure(changed, n, f"{changed} of {n} common keys with anything different from the baseline")


def p95_change(case: Case) -> Measure | Skip:
    """Protects from estimates that jump as a whole. Metric: 95 % quantile of the relative change r, worst column.

    Warn above 0.10, block above 0.25. Source: gate.md 26 (a starting point), stability.md S3.
    """
    scalars = _scalars(case)
    if not scalars:
        return Skip("no_numeric_estimates")
    quantiles = {name: _p95(name, scalar) for name, _, scalar in scalars}
    value, worst, column = max(((quantiles[name], name, column) for name, column, _ in scalars), key=lambda x: x[0])
    limit = case.limit("p95_change")
    wild = sorted(
        (-change.r, change.key, name, change)
        for name, _, scalar in scalars
        for change in scalar.top
        if change.r is not None and change.r > limit
    )
    offenders = [
        Offender(key, name, f"{change.a:.6g} -> {change.b:.6g}, r = {-r:.3g}") for r, key, name, change in wild
    ]
    count = sum((scalar.r_above or {}).get(f"{limit:g}", 0) for _, _, scalar in scalars)
    message = f"95 % of the keys moved by r <= {value:.3g} in {worst}"
    return _of_column(value, column, message, offenders, max(count, len(offenders)))


def extreme_move(case: Case) -> Measure | Skip:
    """Protects from single wild keys that no quantile shows. Metric: largest z, the point's move in old half widths.

    Warn above 10. Source: gate.md 26 (a starting point), stability.md I1.
    """
    intervals = [interval for interval in case.report.intervals if interval.point]
    if not intervals:
        return Skip("not_in_contract")
    comparable = [interval for interval in intervals if interval.n]
    if not comparable:
        raise InvalidError("no_comparable_keys", "no_comparable_keys: no interval is finite in both versions")
    found = [(_largest(interval), interval) for interval in comparable]
    value, worst = max(found, key=lambda item: item[0])
    offenders = [
        Offender(
            top.key, interval.point, f"moved by {top.z:.3g} half widths of its {100 * interval.level:g} % interval"
        )
        for _, interval in sorted(found, key=lambda item: -item[0])
        for top in interval.z_top
        if top.z > case.limit("extreme_move")
    ]
    message = (
        f"the largest move of {worst.point} is {value:.3g} half widths of its old {100 * worst.level:g} % interval"
    )
    return Measure(value, worst.n, message, worst.coverage or 0.0, offending=len(offenders), offenders=offenders)


def sign_flips(case: Case) -> Measure | Skip:
    """Protects from sign errors. Metric: share of keys whose estimate changed sign, worst column.

    Warn above 1 %, block above 5 %. Source: gate.md 28 (a starting point), stability.md S5.
    """
    flipped = [(scalar.sign_flip_share, name, column, scalar) for name, column, scalar in _scalars(case)]
    if not flipped:
        return Skip("no_numeric_estimates")
    flipped.sort(key=lambda item: (-item[0], item[1]))
    value, worst, column, _ = flipped[0]
    offenders = [Offender(key, name, "changed sign") for _, name, _, scalar in flipped for key in scalar.sign_flip_keys]
    count = sum(round(share * of.n) for share, _, of, _ in flipped)
    message = f"{round(value * column.n)} of {column.n} keys with another sign in {worst}"
    return _of_column(value, column, message, offenders, count)


def _common(case: Case) -> int:
    n = case.report.keys.common
    if n == 0:
        raise InvalidError("no_comparable_keys", "no_comparable_keys: no key is in both versions")
    return n


def _scalars(case: Case) -> list[tuple[str, ColumnReport, ScalarReport]]:
    """The numeric estimate columns that can be compared; it is an error when there are some and none can."""
    _common(case)
    roles = {name: column.role for name, column in case.contract.columns.items()}
    numeric = [(name, column) for name, column in case.report.columns.items() if roles[name] in NUMERIC_ROLES]
    found = [(name, column, column.scalar) for name, column in numeric if column.scalar is not None]
    if numeric and not found:
        raise InvalidError("no_comparable_keys", "no_comparable_keys: no estimate is finite in both versions")
    return found


def _p95(name: str, scalar: ScalarReport) -> float:
    if scalar.r is not None:
        return scalar.r.p95
    if scalar.zero_share == 1:  # all zero before and after: there is no scale, and nothing moved
        return 0.0
    raise InvalidError(
        "degenerate_scale", f"degenerate_scale: {name} is 0 for every key of the baseline; set scale_floor"
    )


def _largest(interval: IntervalReport) -> float:
    if interval.z is not None:
        return interval.z.max
    reason = interval.reasons.get("z", "unknown")
    raise InvalidError(reason, f"{reason}: moves of {interval.point} cannot be put in half widths of its interval")


def _of_column(value: float, column: ColumnReport, message: str, offenders: list[Offender], count: int) -> Measure:
    return Measure(value, column.n, message, column.coverage or 0.0, offending=count, offenders=offenders)
