"""Check `outside_old_interval`: few points leave their old interval."""

from __future__ import annotations

from estimates.gate import changed_rows
from estimates.gate.check import Check
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.from_report import (
    comparable_intervals,
    interval_measure,
    interval_name,
    required,
)
from estimates.gate.measure import Measure, Skip


def _largest_share_outside(context: EvaluationContext) -> Measure | Skip:
    intervals = comparable_intervals(context, with_point=True)
    if not intervals:
        return Skip("not_in_contract")
    shares = [
        (
            required(interval.new_outside_old, interval.reasons, "new_outside_old", "no point"),
            interval,
        )
        for interval in intervals
    ]
    value, worst = max(shares, key=lambda item: item[0])
    name = interval_name(worst.level, worst.point)
    message = f"{round(value * worst.n)} of {worst.n} points outside the old {name}"
    groups = [
        group
        for share, interval in shares
        if share
        for group in changed_rows.outside_old_interval(context, interval)
    ]
    return interval_measure(value, worst, message, groups)


CHECK = Check(
    number=30,
    name="outside_old_interval",
    title="Few points leave their old interval",
    stage=3,
    measure=_largest_share_outside,
    purpose="points that the last version called improbable",
    metric="share of keys whose point lies outside its old interval",
    source="stability.md I2; limits from the example's replay",
    unit="share",
    warn=0.20,
    block=0.45,
)
