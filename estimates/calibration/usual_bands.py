"""Bands of what is usual in a set: of each metric the values that its promoted versions showed.

A limit says how bad a value may be; a band also says how good. Estimates that hardly move any more,
or half of the keys, break no limit: they are a job that stands still. Of the values of all moves
from one promoted version to the next

    low   = 1 % quantile − half its distance from the median
    high  = 99 % quantile + half its distance from the median

the smallest and the largest value counting as their neighbours, so that a single wild one moves no
band. Both ends are at least a tenth of the median away from it, are rounded outward to three
digits, and stay where values can be. The half and the tenth are choices, not results.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

import msgspec
import numpy as np

from estimates.calibration.backtest_report import Backtest, Metric
from estimates.calibration.proposal import Band, Proposal
from estimates.contract.contract import Contract
from estimates.contract.gate_policy import CheckPolicy
from estimates.gate.check import Check
from estimates.gate.policy import checks_of
from estimates.gate.production_history import FEWEST_MOVES
from estimates.gate.registry import CHECKS
from estimates.render.digits import rounded

_QUANTILE = 0.99
_MARGIN = 0.5
_LEAST = 0.1  # of the median
_DIGITS = 3


def usual_band(check: Check, values: Sequence[float]) -> Band | None:
    """The band of a metric by its values; None for fewer than 20, or where nothing ever moved."""
    if len(values) < FEWEST_MOVES:
        return None
    ordered = sorted(values)
    kept = [*ordered[1:2], *ordered[1:-1], *ordered[-2:-1]]
    low, median, high = np.quantile(kept, [1 - _QUANTILE, 0.5, _QUANTILE]).tolist()
    if low == high == 0:
        return None
    least_margin = _LEAST * abs(median)
    ends = (
        median - max((1 + _MARGIN) * (median - low), least_margin),
        median + max((1 + _MARGIN) * (high - median), least_margin),
    )
    least = -math.inf if low < 0 else 0.0
    # what is worse below, shares aside, is a correlation
    most = 1.0 if check.unit == "share" or check.worse == "below" else math.inf
    return max(_outward(ends[0], down=True), least), min(_outward(ends[1], down=False), most)


def with_bands(
    proposals: Sequence[Proposal], report: Backtest, contract: Contract, moves: Collection[int]
) -> list[Proposal]:
    """The same with the band of each metric of two versions, those without any limit among them."""
    by_name = {proposal.name: proposal for proposal in proposals}
    for check in CHECKS:
        entry = contract.gate.checks.get(check.name, CheckPolicy())
        if check.stage != 3 or check.unit in ("count", "seconds") or entry.off is not None:
            continue
        values = metric_values(report.metric(check.name), moves)
        proposal = by_name.get(check.name) or _without_limits(check, values)
        band = usual_band(check, values)
        if band is not None:
            by_name[check.name] = msgspec.structs.replace(
                proposal, usual=entry.usual, new_usual=band, reason=None
            )
    return [by_name[check.name] for check in checks_of(contract) if check.name in by_name]


def metric_values(metric: Metric, moves: Collection[int]) -> list[float]:
    """What a check said of these versions, from the smallest on."""
    return sorted(
        point.value for point in metric.points if point.version in moves and point.value is not None
    )


def _without_limits(check: Check, values: Sequence[float]) -> Proposal:
    """A check that has no limit to adjust, only a band."""
    return Proposal(
        number=check.number,
        name=check.name,
        unit=check.unit,
        worse=check.worse,
        n=len(values),
        median=rounded(float(np.median(values))) if values else None,
        q99=None,
        noise=None,
        warn=None,
        block=None,
        new_warn=None,
        new_block=None,
    )


def _outward(end: float, *, down: bool) -> float:
    """Three significant digits, rounded away from the band."""
    if end == 0:
        return 0.0
    unit = 10.0 ** (math.floor(math.log10(abs(end))) - _DIGITS + 1)
    steps = round(end / unit, 6)
    return float(f"{(math.floor(steps) if down else math.ceil(steps)) * unit:.{_DIGITS}g}")
