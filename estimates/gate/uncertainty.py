"""Stage 3, uncertainty: points against their old intervals, widths, quantile functions."""

from __future__ import annotations

import math

from estimates.gate.case import Case
from estimates.gate.check import Measure, Skip
from estimates.gate.compared import intervals, number, of_interval, told
from estimates.gate.verdict import Offender


def z_beyond_one(case: Case) -> Measure | Skip:
    """Protects from points that left what was called certain.

    Metric: share of keys whose point moved by more than one old half width. The worst interval counts. Warn
    above 10 %, block above 30 %. Source: gate.md 29 (a starting point), stability.md I1.
    """
    found = intervals(case, with_point=True)
    if not found:
        return Skip("not_in_contract")
    why = "moves cannot be put in half widths of the interval"
    shares = [(number(one.z_gt1_share, one.reasons, "z_gt1_share", why), one) for one in found]
    value, worst = max(shares, key=lambda item: item[0])
    offenders = [
        Offender(top.key, one.point, f"moved by {top.z:.3g} half widths of its {told(one)}")
        for _, one in sorted(shares, key=lambda item: -item[0])
        for top in one.z_top
        if top.z > 1
    ]
    count = sum(round(share * one.n) for share, one in shares)
    message = f"{round(value * worst.n)} of {worst.n} points moved by more than half the width of their {told(worst)}"
    return _counted(of_interval(value, worst, message, offenders), count)


def outside_old_interval(case: Case) -> Measure | Skip:
    """Protects from points that the last version called improbable.

    Metric: share of keys whose point lies outside its old interval. The worst interval counts. Warn above 10 %,
    block above 30 %. Source: gate.md 30 (a starting point), stability.md I2.
    """
    found = intervals(case, with_point=True)
    if not found:
        return Skip("not_in_contract")
    shares = [(number(one.new_outside_old, one.reasons, "new_outside_old", "no point"), one) for one in found]
    value, worst = max(shares, key=lambda item: item[0])
    message = f"{round(value * worst.n)} of {worst.n} points outside the old {told(worst)}"
    return of_interval(value, worst, message)


def width_change(case: Case) -> Measure | Skip:
    """Protects from intervals that suddenly say more or less: wide ones hide errors, narrow ones promise too much.

    Metric: median ratio of new to old width, or its inverse, whichever is above 1, worst interval. Warn above
    1.25, block above 2. Source: gate.md 31 (a starting point), stability.md I4.
    """
    found = intervals(case, with_point=False)
    if not found:
        return Skip("not_in_contract")
    ratios: list[tuple[float, float, int]] = []
    for i, one in enumerate(found):
        spread = one.width_change
        change = number(None if spread is None else spread.p50, one.reasons, "width_change", "widths have no scale")
        ratios.append((abs(change), change, i))
    size, change, i = max(ratios)
    message = f"the median width of the {told(found[i])} is {math.exp(change):.3g} times the old one"
    offenders = [
        Offender(None, found[j].lower, f"the {told(found[j])} is {math.exp(other):.3g} times as wide")
        for much, other, j in sorted(ratios, reverse=True)
        if math.exp(much) > case.limit("width_change")
    ]
    return of_interval(math.exp(size), found[i], message, offenders)


def quantile_change(case: Case) -> Measure | Skip:
    """Protects from predictive distributions that jump.

    Metric: 95 % quantile over the keys of the mean quantile change in units of the old IQR. The worst point
    counts. Warn above 0.5, block above 1. Source: gate.md 32 (a starting point), stability.md Q2.
    """
    found = [one for one in case.report.quantiles if one.n]
    if not case.report.quantiles:
        return Skip("not_in_contract")
    if not found:
        number(None, case.report.quantiles[0].reasons, "move", "no quantile function is whole in both versions")
    moves = [
        (number(None if one.move is None else one.move.p95, one.reasons, "move", "quantiles have no scale"), i)
        for i, one in enumerate(found)
    ]
    value, i = max(moves)
    worst = found[i]
    of = f" of {worst.point}" if worst.point else ""
    message = f"for 95 % of the keys the quantiles{of} moved by at most {value:.3g} of their old IQR"
    return Measure(value, worst.n, message, worst.coverage or 0.0)


def _counted(found: Measure, offending: int) -> Measure:
    return Measure(
        found.value, found.n, found.message, found.coverage, max(offending, len(found.offenders)), found.offenders
    )
