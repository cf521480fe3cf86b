"""Stage 3, numbers: how far estimates moved, as a whole and singly, and whether they changed their
sign.
"""

from __future__ import annotations

from estimates.errors import InvalidError
from estimates.gate import changed_rows
from estimates.gate.check import Measure, Skip
from estimates.gate.evaluation_context import Case
from estimates.gate.from_report import central, intervals, of_column, of_interval, scalars
from estimates.gate.verdict import Offender
from estimates.stability.report import IntervalReport, ScalarReport


def p95_change(case: Case) -> Measure | Skip:
    """Protects from estimates that jump as a whole. Metric: 95 % quantile of the relative change r,
    worst column.

    Ends of intervals are left to checks of their own. Warn above 0.15, block above 0.25. Source:
    gate.md 26, stability.md S3; limits from the example's replay.
    """
    found = central(case)
    if not found:
        return Skip("no_numeric_estimates")
    quantiles = {name: _p95(name, scalar) for name, _, scalar in found}
    value, worst, column = max(
        ((quantiles[name], name, column) for name, column, _ in found), key=lambda x: x[0]
    )
    limit = case.limit("p95_change")
    wild = [name for name, _, scalar in found if scalar.r is not None and scalar.r.max > limit]
    message = f"95 % of the keys moved by r <= {value:.3g} in {worst}"
    return of_column(
        value,
        column,
        message,
        lots=[lot for name in wild for lot in changed_rows.far(case, name, limit)],
    )


def extreme_move(case: Case) -> Measure | Skip:
    """Protects from single wild keys that no quantile shows. Metric: largest z, the point's move in
    old half widths.

    Warn above 4, block above 6. Source: gate.md 26, stability.md I1; limits from the example's
    replay.
    """
    comparable = intervals(case, with_point=True)
    if not comparable:
        return Skip("not_in_contract")
    found = [(_largest(interval), interval) for interval in comparable]
    value, worst = max(found, key=lambda item: item[0])
    limit = case.limit("extreme_move")
    lots = [
        lot
        for largest, one in found
        if largest > limit
        for lot in changed_rows.beyond(case, one, limit)
    ]
    message = (
        f"the largest move of {worst.point} is {value:.3g} half widths of its old "
        f"{100 * worst.level:g} % interval"
    )
    return of_interval(value, worst, message, lots=lots)


def jumps(case: Case) -> Measure | Skip:
    """Protects from wrong units, signs and keys in a few rows, which no quantile shows, with and
    without intervals.

    Metric: share of keys that moved by more than a factor of 3 or changed sign (r > 1), and by more
    than a tenth of the column's median size, worst column. Warn above 0.1 %, block above 0.4 %.
    Source: gate.md 26, stability.md S3.
    """
    found = scalars(case)
    if not found:
        return Skip("no_numeric_estimates")
    lots = {
        name: changed_rows.jumped(case, name) if (one.r_above or {}).get("1") else []
        for name, _, one in found
    }
    shares = [
        (sum(lot.count for lot in lots[name]) / column.n, name, column) for name, column, _ in found
    ]
    value, worst, column = max(shares, key=lambda item: item[:2])
    message = (
        f"{round(value * column.n)} of {column.n} keys moved by more than a factor of 3 or changed "
        f"sign in {worst}"
    )
    return of_column(value, column, message, lots=[lot for some in lots.values() for lot in some])


def median_shift(case: Case) -> Measure | Skip:
    """Protects from estimates that all moved the same way: a unit, a currency, a bias.

    Metric: size of the median of the signed change g, worst column. Warn above 0.03, block above
    0.05. Source: gate.md 27, stability.md S4; limits from the example's replay.
    """
    found = central(case)
    if not found:
        return Skip("no_numeric_estimates")
    shifts = [(_median(name, scalar), name, column) for name, column, scalar in found]
    value, worst, column = max(shifts, key=lambda item: (abs(item[0]), item[1]))
    offenders = [
        Offender(
            None, name, f"half of the keys moved by g {'<=' if shift < 0 else '>='} {shift:.3g}"
        )
        for shift, name, _ in sorted(shifts, key=lambda item: (-abs(item[0]), item[1]))
        if abs(shift) > case.limit("median_shift")
    ]
    message = f"the median change g of {worst} is {value:.3g}"
    return of_column(abs(value), column, message, offenders)


def sign_flips(case: Case) -> Measure | Skip:
    """Protects from sign errors. Metric: share of keys whose estimate changed sign, worst column.

    Warn above 1 %, block above 5 %. Source: gate.md 28 (a starting point), stability.md S5.
    """
    found = [(scalar.sign_flip_share, name, column) for name, column, scalar in scalars(case)]
    if not found:
        return Skip("no_numeric_estimates")
    value, worst, column = min(found, key=lambda item: (-item[0], item[1]))
    message = f"{round(value * column.n)} of {column.n} keys with another sign in {worst}"
    lots = [lot for share, name, _ in found if share for lot in changed_rows.flipped(case, name)]
    return of_column(value, column, message, lots=lots)


def _p95(name: str, scalar: ScalarReport) -> float:
    if scalar.r is not None:
        return scalar.r.p95
    if scalar.zero_share == 1:  # all zero before and after: there is no scale, and nothing moved
        return 0.0
    raise InvalidError(
        "degenerate_scale",
        f"degenerate_scale: {name} is 0 for every key of the baseline; set scale_floor",
    )


def _median(name: str, scalar: ScalarReport) -> float:
    if scalar.g is not None:
        return scalar.g.p50
    return _p95(name, scalar)  # 0 where all is zero before and after, else an error that says why


def _largest(interval: IntervalReport) -> float:
    if interval.z is not None:
        return interval.z.max
    reason = interval.reasons.get("z", "unknown")
    raise InvalidError(
        reason, f"{reason}: moves of {interval.point} cannot be put in half widths of its interval"
    )
