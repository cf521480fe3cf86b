"""Check `updated_share`: as many keys moved as a new version of this set moves."""

from estimates.gate.check import Check, Measure, Skip
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.from_report import common_keys
from estimates.stability.report import ColumnReport


def _largest_share(context: EvaluationContext) -> Measure:
    """No default limits: how many keys move is the set's own. The column that moved most counts."""
    common_keys(context)
    columns = [
        (moved, name, column)
        for name, column in context.report.columns.items()
        if (moved := _moved(column)) is not None
    ]
    if not columns:
        raise Skip("no_numeric_estimates")
    value, name, column = max(columns, key=lambda entry: (entry[0], entry[1]))
    message = f"{round(value * column.n)} of {column.n} keys have another {name}"
    return Measure(value, column.n, message, column.coverage)


def _moved(column: ColumnReport) -> float | None:
    """The share of its keys whose value is another one, beyond the column's tolerance."""
    if column.scalar is not None:
        return 1 - column.scalar.zero_share
    return None if column.label is None else column.label.churn


CHECK = Check(
    number=24,
    name="updated_share",
    title="As many keys moved as usual",
    stage=3,
    measure=_largest_share,
    purpose="a job that updated only some keys, or touched all where few should move",
    metric="share of keys with another value, beyond the column's tolerance, of the column that "
    "moved most",
    unit="share",
    worse="below",
    by_key=False,
)
