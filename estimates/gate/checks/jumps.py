"""Check `jumps`: no key moves by a factor of three or changes its sign."""

from estimates.gate.changed_rows import jumped
from estimates.gate.check import Check, Measure, Skip
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.from_report import (
    numeric_columns,
)


def _largest_share_of_jumps(context: EvaluationContext) -> Measure:
    columns = numeric_columns(context)
    if not columns:
        raise Skip("no_numeric_estimates")
    groups = {
        column.name: jumped(context, column.name)
        for column in columns
        if (column.metrics.r_above or {}).get("1")
    }
    shares = [
        (groups[column.name].count / column.report.n if column.name in groups else 0.0, column)
        for column in columns
    ]
    value, (name, report, _) = max(shares)
    message = (
        f"{round(value * report.n)} of {report.n} keys moved by more than a factor of 3 or "
        f"changed sign in {name}"
    )
    rows = list(groups.values())
    return Measure(value, report.n, message, report.coverage, offender_groups=rows)


CHECK = Check(
    number=26,
    name="jumps",
    title="No key moves by a factor of three",
    stage=3,
    measure=_largest_share_of_jumps,
    purpose="wrong units, signs and keys in a few rows, which no quantile shows, with and "
    "without intervals",
    metric="share of keys that moved by more than a factor of 3 or changed sign (r > 1), and "
    "by more than a tenth of the column's median size, worst column",
    turned_on_by="intervals: columns of role lower and upper",
    source="stability.md S3",
    unit="share",
    warn=0.001,
    block=0.004,
)
