"""Stage 3, numbers: how far estimates moved, as a whole and singly, and whether they changed their sign."""

from __future__ import annotations

import polars as pl

from estimates.errors import InvalidError
from estimates.gate.case import Case
from estimates.gate.cells import keep, keys
from estimates.gate.check import Measure, Skip
from estimates.gate.compared import central, intervals, of_column, scalars
from estimates.gate.verdict import Offender
from estimates.stability.report import IntervalReport, ScalarReport


def p95_change(case: Case) -> Measure | Skip:
    """Protects from estimates that jump as a whole. Metric: 95 % quantile of the relative change r, worst column.

    Ends of intervals are left to checks of their own. Warn above 0.15, block above 0.25. Source: gate.md 26,
    stability.md S3; limits from the example's replay.
    """
    found = central(case)
    if not found:
        return Skip("no_numeric_estimates")
    quantiles = {name: _p95(name, scalar) for name, _, scalar in found}
    value, worst, column = max(((quantiles[name], name, column) for name, column, _ in found), key=lambda x: x[0])
    limit = case.limit("p95_change")
    wild = sorted(
        (-change.r, change.key, name, change)
        for name, _, scalar in found
        for change in scalar.top
        if change.r is not None and change.r > limit
    )
    offenders = [
        Offender(key, name, f"{change.a:.6g} -> {change.b:.6g}, r = {-r:.3g}") for r, key, name, change in wild
    ]
    count = sum((scalar.r_above or {}).get(f"{limit:g}", 0) for _, _, scalar in found)
    message = f"95 % of the keys moved by r <= {value:.3g} in {worst}"
    return of_column(value, column, message, offenders, max(count, len(offenders)))


def extreme_move(case: Case) -> Measure | Skip:
    """Protects from single wild keys that no quantile shows. Metric: largest z, the point's move in old half widths.

    Warn above 4, block above 6. Source: gate.md 26, stability.md I1; limits from the example's replay.
    """
    comparable = intervals(case, with_point=True)
    if not comparable:
        return Skip("not_in_contract")
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


def jumps(case: Case) -> Measure | Skip:
    """Protects from wrong units, signs and keys in a few rows, which no quantile shows, with and without intervals.

    Metric: share of keys that moved by more than a factor of 3 or changed sign (r > 1), and by more than a tenth of
    the column's median size, worst column. Warn above 0.1 %, block above 0.4 %. Source: gate.md 26, stability.md S3.
    """
    found = scalars(case)
    if not found:
        return Skip("no_numeric_estimates")
    rows = [
        (_jumped(case, name) if (one.r_above or {}).get("1") else None, name, column) for name, column, one in found
    ]
    shares = [(0.0 if jumped is None else jumped.height / column.n, name, column) for jumped, name, column in rows]
    value, worst, column = max(shares, key=lambda item: item[:2])
    offenders = [
        Offender(key, name, f"{old:.6g} -> {new:.6g}")
        for jumped, name, _ in rows
        if jumped is not None
        for key, (old, new) in zip(keys(jumped, case.key), jumped.select("old", "new").rows(), strict=False)
    ]
    for jumped, name, _ in rows:
        if jumped is not None:
            keep(case, jumped, name, pl.format("{} -> {}", "old", "new"))
    count = sum(jumped.height for jumped, _, _ in rows if jumped is not None)
    message = (
        f"{round(value * column.n)} of {column.n} keys moved by more than a factor of 3 or changed sign in {worst}"
    )
    return of_column(value, column, message, offenders, count)


def median_shift(case: Case) -> Measure | Skip:
    """Protects from estimates that all moved the same way: a unit, a currency, a bias.

    Metric: size of the median of the signed change g, worst column. Warn above 0.03, block above 0.05.
    Source: gate.md 27, stability.md S4; limits from the example's replay.
    """
    found = central(case)
    if not found:
        return Skip("no_numeric_estimates")
    shifts = [(_median(name, scalar), name, column) for name, column, scalar in found]
    value, worst, column = max(shifts, key=lambda item: (abs(item[0]), item[1]))
    offenders = [
        Offender(None, name, f"half of the keys moved by g {'<=' if shift < 0 else '>='} {shift:.3g}")
        for shift, name, _ in sorted(shifts, key=lambda item: (-abs(item[0]), item[1]))
        if abs(shift) > case.limit("median_shift")
    ]
    message = f"the median change g of {worst} is {value:.3g}"
    return of_column(abs(value), column, message, offenders, len(offenders))


def sign_flips(case: Case) -> Measure | Skip:
    """Protects from sign errors. Metric: share of keys whose estimate changed sign, worst column.

    Warn above 1 %, block above 5 %. Source: gate.md 28 (a starting point), stability.md S5.
    """
    flipped = [(scalar.sign_flip_share, name, column, scalar) for name, column, scalar in scalars(case)]
    if not flipped:
        return Skip("no_numeric_estimates")
    flipped.sort(key=lambda item: (-item[0], item[1]))
    value, worst, column, _ = flipped[0]
    offenders = [Offender(key, name, "changed sign") for _, name, _, scalar in flipped for key in scalar.sign_flip_keys]
    count = sum(round(share * of.n) for share, _, of, _ in flipped)
    message = f"{round(value * column.n)} of {column.n} keys with another sign in {worst}"
    return of_column(value, column, message, offenders, count)


def _jumped(case: Case, name: str) -> pl.DataFrame:
    """The keys with r > 1 that moved by more than a tenth of the median size of the old values, with `old`, `new`."""
    old, new = pl.col("old").cast(pl.Float64), pl.col("new").cast(pl.Float64)
    before = case.before.select(*case.key, old=pl.col(name)).filter(pl.col("old").is_not_null())
    both = case.frame.select(*case.key, new=pl.col(name)).join(before, on=case.key, maintain_order="left")
    typical = before["old"].cast(pl.Float64).abs().median()
    size = (new - old).abs()
    return both.filter((size > (new.abs() + old.abs()) / 2) & (size > 0.1 * pl.lit(typical)))


def _p95(name: str, scalar: ScalarReport) -> float:
    if scalar.r is not None:
        return scalar.r.p95
    if scalar.zero_share == 1:  # all zero before and after: there is no scale, and nothing moved
        return 0.0
    raise InvalidError(
        "degenerate_scale", f"degenerate_scale: {name} is 0 for every key of the baseline; set scale_floor"
    )


def _median(name: str, scalar: ScalarReport) -> float:
    if scalar.g is not None:
        return scalar.g.p50
    return _p95(name, scalar)  # 0 where all is zero before and after, else an error that says why


def _largest(interval: IntervalReport) -> float:
    if interval.z is not None:
        return interval.z.max
    reason = interval.reasons.get("z", "unknown")
    raise InvalidError(reason, f"{reason}: moves of {interval.point} cannot be put in half widths of its interval")
