"""Check `jumps`: no key moves by a factor of three or changes its sign."""

from __future__ import annotations

from estimates.gate.changed_rows import jumped
from estimates.gate.check import Check
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.from_report import column_measure, numeric_columns
from estimates.gate.measure import Measure, Skip


def _largest_share_of_jumps(context: EvaluationContext) -> Measure | Skip:
    columns = numeric_columns(context)
    if not columns:
        return Skip("no_numeric_estimates")
    groups = {
        column.name: jumped(context, column.name) if (column.scalar.r_above or {}).get("1") else []
        for column in columns
    }
    shares = [
        (sum(group.count for group in groups[column.name]) / column.report.n, column)
        for column in columns
    ]
    value, (name, report, _) = max(shares, key=lambda item: (item[0], item[1].name))
    message = (
        f"{round(value * report.n)} of {report.n} keys moved by more than a factor of 3 or "
        f"changed sign in {name}"
    )
    every_group = [group for column_groups in groups.values() for group in column_groups]
    return column_measure(value, report, message, offender_groups=every_group)


CHECK = Check(
    number=26,
    name="jumps",
    title="No key moves by a factor of three",
    stage=3,
    measure=_largest_share_of_jumps,
    purpose="wrong units, signs and keys in a few rows, which no quantile shows, with and without "
    "intervals",
    metric="share of keys that moved by more than a factor of 3 or changed sign (r > 1), and by "
    "more than a tenth of the column's median size, worst column",
    source="stability.md S3",
    unit="share",
    warn=0.001,
    block=0.004,
)
