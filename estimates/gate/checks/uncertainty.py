"""Stage 3, uncertainty: points against their old intervals, widths, quantile functions."""

from __future__ import annotations

import math
from typing import NamedTuple

import polars as pl

from estimates.contract.columns import key_text
from estimates.errors import InvalidError
from estimates.gate import changed_rows
from estimates.gate.check import Measure, Skip
from estimates.gate.evaluation_context import Case
from estimates.gate.from_report import intervals, number, of_interval, told
from estimates.gate.verdict import Offender
from estimates.stability.report import IntervalReport

_NEW = "\0new"  # not printable, so no column of a contract ends with it


def z_beyond_one(case: Case) -> Measure | Skip:
    """Protects from points that left what was called certain.

    Metric: share of keys whose point moved by more than one old half width. The worst interval
    counts. Warn above 20 %, block above 45 %. Source: gate.md 29, stability.md I1; limits from the
    example's replay.
    """
    found = intervals(case, with_point=True)
    if not found:
        return Skip("not_in_contract")
    why = "moves cannot be put in half widths of the interval"
    shares = [(number(one.z_gt1_share, one.reasons, "z_gt1_share", why), one) for one in found]
    value, worst = max(shares, key=lambda item: item[0])
    message = f"{round(value * worst.n)} of {worst.n} points moved by more than half the width of their {told(worst)}"
    lots = [lot for share, one in shares if share for lot in changed_rows.beyond_one(case, one)]
    return of_interval(value, worst, message, lots=lots)


def outside_old_interval(case: Case) -> Measure | Skip:
    """Protects from points that the last version called improbable.

    Metric: share of keys whose point lies outside its old interval. The worst interval counts. Warn
    above 20 %, block above 45 %. Source: gate.md 30, stability.md I2; limits from the example's
    replay.
    """
    found = intervals(case, with_point=True)
    if not found:
        return Skip("not_in_contract")
    shares = [
        (number(one.new_outside_old, one.reasons, "new_outside_old", "no point"), one)
        for one in found
    ]
    value, worst = max(shares, key=lambda item: item[0])
    message = f"{round(value * worst.n)} of {worst.n} points outside the old {told(worst)}"
    return of_interval(
        value,
        worst,
        message,
        lots=[lot for share, one in shares if share for lot in changed_rows.outside(case, one)],
    )


def width_change(case: Case) -> Measure | Skip:
    """Protects from intervals that suddenly say more or less: wide ones hide errors, narrow ones
    promise too much.

    Metric: median ratio of new to old width, or its inverse, whichever is above 1, worst interval.
    Where the set has a target, widths of the same target step are compared, the interval for
    tomorrow with what was the interval for tomorrow, and pairs of quantiles count as intervals.
    Warn above 1.10, block above 1.15. Source: gate.md 31, stability.md I4; limits from the
    example's replay.
    """
    pairs = _same_step(case)
    found = _spans(case, pairs)
    if not found:
        return Skip("not_in_contract")
    value, worst = max(
        ((math.exp(abs(span.change)), span) for span in found), key=lambda item: item[0]
    )
    limit = case.limit("width_change")
    offenders = [
        Offender(None, span.lower, f"the {span.told} is {math.exp(span.change):.3g} times as wide")
        for span in sorted(found, key=lambda span: -abs(span.change))
        if math.exp(abs(span.change)) > limit
    ]
    message = (
        f"the median width of the {worst.told} is {math.exp(worst.change):.3g} times the old one"
    )
    return Measure(value, worst.n, message, worst.coverage, offenders)


def series_width(case: Case) -> Measure | Skip:
    """Protects from intervals of a single series that suddenly say more or less, which no median
    over all keys shows.

    Metric: median ratio of new to old width of the series (all parts of the key but the target)
    that changed most, or its inverse, at the same target steps. Warn above 1.5, block above 2.
    Source: gate.md 31; limits from the example's replay.
    """
    pairs, ends = _same_step(case), _ends(case)
    series = [name for name in case.key if name != case.contract.target]
    if pairs is None or not series or not ends:
        return Skip("not_in_contract")
    found: list[tuple[float, str, str, float]] = []
    for told_as, lower, upper in ends:
        for *parts, change in (
            _ratios(pairs, lower, upper).group_by(series).agg(pl.col("change").median()).iter_rows()
        ):
            if change is not None:
                found.append(
                    (math.exp(abs(change)), told_as, "/".join(map(key_text, parts)), change)
                )
    if not found:
        raise InvalidError(
            "no_comparable_keys", "no_comparable_keys: no interval is finite in both versions"
        )
    found.sort(key=lambda item: (-item[0], *item[1:]))
    limit = case.limit("series_width")
    offenders = [
        Offender(None, None, f"{which}: its {told_as} is {math.exp(change):.3g} times as wide")
        for value, told_as, which, change in found
        if value > limit
    ]
    value, told_as, which, change = found[0]
    message = f"the {told_as} of {which} is {math.exp(change):.3g} times as wide"
    return Measure(value, len(found), message, offenders=offenders)


def quantile_change(case: Case) -> Measure | Skip:
    """Protects from predictive distributions that jump.

    Metric: 95 % quantile over the keys of the mean quantile change in units of the old IQR. The
    worst point counts. Warn above 0.75, block above 1.25. Source: gate.md 32, stability.md Q2;
    limits from the example's replay.
    """
    found = [one for one in case.report.quantiles if one.n]
    if not case.report.quantiles:
        return Skip("not_in_contract")
    if not found:
        number(
            None,
            case.report.quantiles[0].reasons,
            "move",
            "no quantile function is whole in both versions",
        )
    moves = [
        (
            number(
                None if one.move is None else one.move.p95,
                one.reasons,
                "move",
                "quantiles have no scale",
            ),
            i,
        )
        for i, one in enumerate(found)
    ]
    value, i = max(moves)
    worst = found[i]
    of = f" of {worst.point}" if worst.point else ""
    message = (
        f"for 95 % of the keys the quantiles{of} moved by at most {value:.3g} of their old IQR"
    )
    limit = case.limit("quantile_change")
    lots = [
        lot
        for one in found
        if one.move is not None and one.move.max > limit
        for lot in changed_rows.reshaped(case, one, limit)
    ]
    return Measure(value, worst.n, message, worst.coverage or 0.0, lots=lots)


class _Span(NamedTuple):
    """An interval, or a pair of quantiles, and the median of the logarithm of its new to its old
    width.
    """

    told: str
    lower: str
    change: float
    n: int
    coverage: float


def _spans(case: Case, pairs: pl.DataFrame | None) -> list[_Span]:
    """Every interval with its change of width; raises InvalidError when there are some and none can
    be compared.
    """
    if pairs is None:
        return [
            _Span(
                told(one),
                one.lower,
                _median_change(one),
                one.n,
                one.coverage or 0.0,
            )
            for one in intervals(case, with_point=False)
        ]
    found: list[_Span] = []
    for told_as, lower, upper in _ends(case):
        changes = _ratios(pairs, lower, upper)["change"]
        median = changes.median()
        if isinstance(median, float):
            found.append(
                _Span(told_as, lower, median, len(changes), len(changes) / max(pairs.height, 1))
            )
    if _ends(case) and not found:
        raise InvalidError(
            "no_comparable_keys", "no_comparable_keys: no interval is finite in both versions"
        )
    return found


def _median_change(one: IntervalReport) -> float:
    spread = one.width_change
    return number(
        None if spread is None else spread.p50, one.reasons, "width_change", "widths have no scale"
    )


def _ends(case: Case) -> list[tuple[str, str, str]]:
    """What each interval or pair of quantiles is called, and its ends."""
    found = [
        (
            f"{100 * one.level:g} % interval{f' of {one.point}' if one.point else ''}",
            one.lower,
            one.upper,
        )
        for one in case.contract.intervals()
    ]
    quantiles = [
        (name, one) for name, one in case.contract.columns.items() if one.quantile is not None
    ]
    return found + [
        (f"range from {low} to {high}", low, high)
        for low, one in quantiles
        for high, other in quantiles
        if one.quantile is not None
        and other.quantile is not None
        and one.quantile < 0.5
        and abs(one.quantile + other.quantile - 1) < 1e-9
        and case.contract.point_of(one) == case.contract.point_of(other)
    ]


def _same_step(case: Case) -> pl.DataFrame | None:
    """Both versions side by side, targets matched by their place among those of their version; None
    without steps.

    Also None where one of them has more targets: then places say nothing.
    """
    target = case.contract.target
    if target is None:
        return None
    before, now = (
        frame.with_columns(pl.col(target).rank("dense").alias(target))
        for frame in (case.before, case.frame)
    )
    return (
        before.join(now, on=case.key, suffix=_NEW)
        if before[target].max() == now[target].max()
        else None
    )


def _ratios(pairs: pl.DataFrame, lower: str, upper: str) -> pl.DataFrame:
    """The pairs whose widths can be compared, with `change`, the logarithm of new to old width."""
    new, old = pl.col(upper + _NEW) - pl.col(lower + _NEW), pl.col(upper) - pl.col(lower)
    return pairs.with_columns((new / old).log().alias("change")).filter(
        pl.col("change").is_finite()
    )
