"""What checks of stage 3 take from the stability report: what can be compared, or an error that
says why nothing can.

Keys that elapsed or advanced with a rolling domain are in none of these numbers. When no key can be
compared, a check cannot be evaluated, and that blocks: nothing is known about such a version.
"""

from collections.abc import Mapping
from typing import Generic, NamedTuple, TypeVar

from estimates.contract.contract import Contract
from estimates.contract.roles import CENTRAL, NUMERIC_ROLES, RANKED
from estimates.contract.shape import Interval
from estimates.errors import InvalidError
from estimates.gate.check import Skip
from estimates.gate.evaluation_context import EvaluationContext
from estimates.render.change_text import size
from estimates.stability.family_reports import RankReport
from estimates.stability.label_report import LabelReport
from estimates.stability.report import ColumnReport, IntervalReport, PlainChange, ScalarReport

T = TypeVar("T")
HALF_WIDTH = "half width: half of upper − lower, of the interval that the baseline has"
WIDE = 0.8  # the level from which a pair of quantiles holds a point


class ReportedColumn(NamedTuple, Generic[T]):
    """A column that can be compared: its report, and the part of it that a check is about."""

    name: str
    report: ColumnReport
    metrics: T


NumericColumn = ReportedColumn[ScalarReport]


def common_keys(context: EvaluationContext) -> int:
    """How many keys are in both versions; raises InvalidError (`no_comparable_keys`) for none."""
    n = context.report.keys.common
    if n == 0:
        raise nothing_comparable("no key is in both versions")
    return n


def numeric_columns(context: EvaluationContext) -> list[NumericColumn]:
    """The numeric estimate columns that can be compared; empty when the contract has none.

    Raises InvalidError (`no_comparable_keys`) when it has some and none can be compared.
    """
    common_keys(context)
    roles = {name: column.role for name, column in context.contract.columns.items()}
    numeric = {
        name: column
        for name, column in context.report.columns.items()
        if roles[name] in NUMERIC_ROLES
    }
    comparable = [
        ReportedColumn(name, column, column.scalar)
        for name, column in numeric.items()
        if column.scalar is not None
    ]
    if numeric and not comparable:
        raise nothing_comparable("no estimate is finite in both versions")
    return comparable


def central_columns(context: EvaluationContext) -> list[NumericColumn]:
    """The numeric columns that say where an estimate lies: points, scores, probabilities, else
    medians, else all; raises Skip without any.

    Ends and outer quantiles come nearer as a target does, by more than an ordinary change; their
    widths have checks of their own. Raises InvalidError (`no_comparable_keys`).
    """
    columns = numeric_columns(context)
    if not columns:
        raise Skip("no_numeric_estimates")
    declared = context.contract.columns
    centres = [column for column in columns if declared[column.name].role in CENTRAL]
    if centres:
        return centres
    distances = {
        column.name: abs((declared[column.name].quantile or 0) - 0.5)
        for column in columns
        if declared[column.name].role == "quantile"
    }
    nearest = min(distances.values(), default=None)
    medians = [column for column in columns if distances.get(column.name, -1) == nearest]
    return medians or columns


def comparable_intervals(context: EvaluationContext, *, with_point: bool) -> list[IntervalReport]:
    """The intervals that can be compared; raises Skip when the contract has none (with a point).

    Raises InvalidError (`no_comparable_keys`) when it has some and none can be compared.
    """
    wide = {(ends.lower, ends.upper) for ends in wide_intervals(context.contract)}
    intervals = [
        interval
        for interval in context.report.intervals
        if not with_point or (interval.lower, interval.upper) in wide
    ]
    if not intervals:
        raise Skip("not_in_contract")
    comparable = [interval for interval in intervals if interval.n]
    if not comparable:
        raise no_finite_interval()
    return comparable


def wide_intervals(contract: Contract) -> list[Interval]:
    """The intervals that points should stay in: declared ones, and wide pairs of quantiles of a
    point that has none; a point leaves its 10 % interval by nature.
    """
    declared = {interval.point for interval in contract.intervals()}
    return [
        interval
        for interval in contract.all_intervals()
        if interval.point
        and (
            not interval.from_quantiles
            or (interval.level >= WIDE and interval.point not in declared)
        )
    ]


def no_finite_interval() -> InvalidError:
    """The error of checks of intervals of which none can be compared."""
    return nothing_comparable("no interval is finite in both versions")


def nothing_comparable(why: str) -> InvalidError:
    """The error (`no_comparable_keys`) of a check that has nothing to compare."""
    return InvalidError("no_comparable_keys", f"no_comparable_keys: {why}")


def label_columns(context: EvaluationContext) -> list[ReportedColumn[LabelReport]]:
    """The label columns that can be compared; raises Skip when the contract has none, InvalidError
    (`no_comparable_keys`).
    """
    columns = context.report.columns
    if any(column.role == "label" for column in columns.values()):
        common_keys(context)
    labels = [
        ReportedColumn(name, column, column.label)
        for name, column in columns.items()
        if column.label is not None
    ]
    if not labels:
        raise Skip("not_in_contract")
    return labels


def ranked_columns(context: EvaluationContext) -> list[ReportedColumn[RankReport]]:
    """The points and scores whose order can be compared; raises Skip when the contract has none.

    Raises InvalidError (`no_comparable_keys`) when it has some and none can be compared.
    """
    common_keys(context)
    if not any(column.role in RANKED for column in context.contract.columns.values()):
        raise Skip("no_numeric_estimates")
    ranked = [
        ReportedColumn(name, column, column.ranks)
        for name, column in context.report.columns.items()
        if column.ranks is not None
    ]
    if not ranked:
        raise nothing_comparable("no estimate is finite in both versions")
    return ranked


def chances_alone(context: EvaluationContext) -> list[str]:
    """The probability columns of a set that has no other numbers; none of any other set."""
    roles = {name: column.role for name, column in context.contract.columns.items()}
    chances = [name for name, role in roles.items() if role == "probability"]
    numbers = [name for name, role in roles.items() if role in NUMERIC_ROLES]
    return chances if chances == numbers else []


def p95_of_r(column: NumericColumn) -> float:
    """The 95 % quantile of r; 0 where all was and is 0: there is no scale, and nothing moved.

    Raises InvalidError (`degenerate_scale`) where there is no scale and something moved.
    """
    if column.metrics.r is not None:
        return column.metrics.r.p95
    if column.metrics.zero_share == 1:
        return 0.0
    raise InvalidError(
        "degenerate_scale",
        f"degenerate_scale: {column.name} is 0 for every key of the baseline",
        remedy="set scale_floor",
    )


def plain_words(plain: PlainChange | None, moved: float | None) -> str:
    """A quantile of changes as people say it; limits are held to r, which stands beside them."""
    measure = "relative" if plain is None else plain.measure
    return size(0.0 if moved is None else moved, measure)


def required(value: float | None, reasons: Mapping[str, str], metric: str, what: str) -> float:
    """A metric of the report; raises InvalidError with the report's reason where there is none."""
    if value is None:
        reason = reasons.get(metric, "unknown")
        raise InvalidError(reason, f"{reason}: {what}")
    return value


def interval_name(level: float, point: str | None) -> str:
    """An interval in words: `80 % interval of close`."""
    return f"{100 * level:g} % interval{f' of {point}' if point else ''}"
