"""What checks of stage 3 take from the stability report: what can be compared, or an error that
says why it cannot.

Keys that elapsed or advanced with a rolling domain are in none of these numbers. When no key can be
compared, a check cannot be evaluated, and that blocks: nothing is known about such a version.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from estimates.contract.columns import NUMERIC_ROLES
from estimates.errors import InvalidError
from estimates.gate.check import Measure
from estimates.gate.evaluation_context import Case
from estimates.gate.offenders import Lot
from estimates.gate.verdict import Offender
from estimates.stability.report import ColumnReport, IntervalReport, LabelReport, ScalarReport


def common(case: Case) -> int:
    """How many keys are in both versions; raises InvalidError (`no_comparable_keys`) for none."""
    n = case.report.keys.common
    if n == 0:
        raise InvalidError("no_comparable_keys", "no_comparable_keys: no key is in both versions")
    return n


def scalars(case: Case) -> list[tuple[str, ColumnReport, ScalarReport]]:
    """The numeric estimate columns that can be compared; it is an error when there are some and
    none can.
    """
    common(case)
    roles = {name: column.role for name, column in case.contract.columns.items()}
    numeric = [
        (name, column)
        for name, column in case.report.columns.items()
        if roles[name] in NUMERIC_ROLES
    ]
    found = [(name, column, column.scalar) for name, column in numeric if column.scalar is not None]
    if numeric and not found:
        raise InvalidError(
            "no_comparable_keys", "no_comparable_keys: no estimate is finite in both versions"
        )
    return found


def central(case: Case) -> list[tuple[str, ColumnReport, ScalarReport]]:
    """The columns of `scalars` that say where an estimate lies: points, scores, probabilities, else
    medians, else all.

    Ends and outer quantiles come nearer as a target does, by more than an ordinary change; their
    widths have checks of their own.
    """
    found, columns = scalars(case), case.contract.columns
    for roles in (("point", "score", "probability"), ("quantile",)):
        chosen = [one for one in found if columns[one[0]].role in roles]
        if chosen and roles == ("quantile",):
            nearest = min(abs((columns[name].quantile or 0) - 0.5) for name, _, _ in chosen)
            chosen = [
                one for one in chosen if abs((columns[one[0]].quantile or 0) - 0.5) == nearest
            ]
        if chosen:
            return chosen
    return found


def intervals(case: Case, *, with_point: bool) -> list[IntervalReport]:
    """The intervals that can be compared; empty when the contract has none (of a point)."""
    found = [interval for interval in case.report.intervals if interval.point or not with_point]
    comparable = [interval for interval in found if interval.n]
    if found and not comparable:
        raise InvalidError(
            "no_comparable_keys", "no_comparable_keys: no interval is finite in both versions"
        )
    return comparable


def labels(case: Case) -> list[tuple[str, ColumnReport, LabelReport]]:
    """The label columns that can be compared; empty when the contract has none."""
    found = [
        (name, column, column.label)
        for name, column in case.report.columns.items()
        if column.role == "label"
    ]
    if found:
        common(case)
    return [(name, column, label) for name, column, label in found if label is not None]


def number(value: float | None, reasons: Mapping[str, str], metric: str, what: str) -> float:
    """A metric of the report; raises InvalidError with the report's reason where there is none."""
    if value is None:
        reason = reasons.get(metric, "unknown")
        raise InvalidError(reason, f"{reason}: {what}")
    return value


def of_column(
    value: float,
    column: ColumnReport,
    message: str,
    offenders: Sequence[Offender] = (),
    lots: Sequence[Lot] = (),
) -> Measure:
    """A measure that rests on the compared keys of a column."""
    return Measure(value, column.n, message, column.coverage or 0.0, list(offenders), list(lots))


def of_interval(
    value: float,
    interval: IntervalReport,
    message: str,
    offenders: Sequence[Offender] = (),
    lots: Sequence[Lot] = (),
) -> Measure:
    """A measure that rests on the compared keys of an interval."""
    return Measure(
        value, interval.n, message, interval.coverage or 0.0, list(offenders), list(lots)
    )


def told(interval: IntervalReport) -> str:
    """An interval in words: `80 % interval of close`."""
    of = f" of {interval.point}" if interval.point else ""
    return f"{100 * interval.level:g} % interval{of}"
