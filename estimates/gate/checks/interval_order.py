"""Stage 2, uncertainty that contradicts itself: ends out of order, widths of zero, quantiles that
cross.
"""

from __future__ import annotations

import polars as pl

from estimates.contract.contract import Interval
from estimates.gate.cells import Rule, by_column, count, is_nan, total
from estimates.gate.check import Measure, Skip
from estimates.gate.evaluation_context import Case

_TOLERANCE = 1e-9  # of the largest quantile of the row, in size


def interval_order(case: Case) -> Measure | Skip:
    """Protects from swapped or torn intervals: lower <= point <= upper, and never one end without
    the other.

    Metric: intervals out of order. Block above 0. Source: gate.md 12, stability.md I0.
    """
    rules = [_order(case, interval) for interval in case.contract.intervals()]
    return total(case, rules, "intervals out of order") if rules else Skip("not_in_contract")


def nested_intervals(case: Case) -> Measure | Skip:
    """Protects from intervals under the name of another level: one of a higher level contains every
    lower one.

    Metric: intervals that reach beyond one of a higher level of the same point. Block above 0.
    Source: gate.md 12.
    """
    rules = [
        Rule(
            inner.lower,
            (pl.col(inner.lower) < pl.col(outer.lower))
            | (pl.col(inner.upper) > pl.col(outer.upper)),
            f"beyond the {100 * outer.level:g} % interval",
            (outer.lower, inner.lower, inner.upper, outer.upper),
        )
        for inner in case.contract.intervals()
        for outer in case.contract.intervals()
        if inner.point == outer.point and inner.level < outer.level
    ]
    return (
        total(case, rules, "intervals beyond one of a higher level")
        if rules
        else Skip("not_in_contract")
    )


def equal_intervals(case: Case) -> Measure | Skip:
    """Protects from one level's ends in the columns of another.

    Metric: share of intervals that are the same as one of another level of the same point.
    Intervals without width are left to `zero_width`. Block above 2 %. Source: gate.md 12.
    """
    pairs = [
        (inner, outer)
        for inner in case.contract.intervals()
        for outer in case.contract.intervals()
        if inner.point == outer.point and inner.level < outer.level
    ]
    if not pairs:
        return Skip("not_in_contract")
    rules = [
        Rule(
            inner.lower,
            (pl.col(inner.lower) == pl.col(outer.lower))
            & (pl.col(inner.upper) == pl.col(outer.upper))
            & (pl.col(inner.lower) < pl.col(inner.upper)),
            f"the same as the {100 * outer.level:g} % interval",
            (inner.lower, inner.upper),
        )
        for inner, outer in pairs
    ]
    counts, lots = count(case, rules)
    broken, n = sum(counts), case.frame.height * len(pairs)
    message = f"of {n} intervals the same as one of another level: {by_column(rules, counts)}"
    return Measure(broken / max(n, 1), n, message, lots=lots)


def zero_width(case: Case) -> Measure | Skip:
    """Protects from certainty nobody has. Metric: share of intervals with lower = upper. Warn above
    0.1 %, block above 2 %.

    Intervals with a missing end are not counted. Source: gate.md 12.
    """
    intervals = case.contract.intervals()
    if not intervals:
        return Skip("not_in_contract")
    rules = [
        Rule(i.lower, pl.col(i.lower) == pl.col(i.upper), "no width", (i.lower, i.upper))
        for i in intervals
    ]
    counts, lots = count(case, rules)
    ends = [~pl.any_horizontal(pl.col(i.lower, i.upper).is_null()) for i in intervals]
    n = sum(case.frame.select(there.sum().alias(str(i)) for i, there in enumerate(ends)).row(0))
    broken = sum(counts)
    return Measure(
        broken / max(n, 1),
        n,
        f"of {n} intervals without width: {by_column(rules, counts)}",
        n / max(case.frame.height * len(intervals), 1),
        lots=lots,
    )


def quantile_crossing(case: Case) -> Measure | Skip:
    """Protects from distributions that run backwards: a quantile below one of a smaller level.

    Tolerance 1e-9 of the row's largest quantile in size. Metric: crossings. Block above 0. Source:
    gate.md 13, stability.md Q4.
    """
    rules: list[Rule] = []
    for names in _grids(case):
        size = pl.max_horizontal(pl.col(names).abs())
        for i, name in enumerate(names[1:], start=1):
            crossed = pl.col(name) < pl.max_horizontal(names[:i]) - _TOLERANCE * size
            rules.append(
                Rule(
                    name,
                    crossed | is_nan(case.frame, name),
                    "below a smaller quantile",
                    tuple(names),
                )
            )
    return total(case, rules, "quantiles that cross") if rules else Skip("not_in_contract")


def _order(case: Case, interval: Interval) -> Rule:
    lower, upper = pl.col(interval.lower), pl.col(interval.upper)
    broken = (lower > upper).fill_null(False) | (lower.is_null() != upper.is_null())
    shown = (interval.lower, interval.upper)
    if interval.point:
        point = pl.col(interval.point)
        broken |= (lower > point).fill_null(False) | (point > upper).fill_null(False)
        shown = (interval.lower, interval.point, interval.upper)
    for name in shown:
        broken |= is_nan(case.frame, name).fill_null(False)
    return Rule(interval.lower, broken, "out of order", shown)


def _grids(case: Case) -> list[list[str]]:
    """The quantile columns of each point, by level."""
    grids: dict[str, list[tuple[float, str]]] = {}
    for name, column in case.contract.columns.items():
        if column.quantile is not None:
            grids.setdefault(case.contract.point_of(column), []).append((column.quantile, name))
    return [[name for _, name in sorted(grid)] for grid in grids.values()]
