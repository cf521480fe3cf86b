"""Check `dominant_value`: no single value fills a numeric column."""

from functools import partial

import polars as pl

from estimates.contract.roles import NUMERIC_ROLES, OF_POINT
from estimates.gate.check import Check, Measure, Skip
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.repeated_values import commonest, fewest
from estimates.gate.verdict import Offender
from estimates.stability.kernels.blocks import run_parallel

_NOTABLE = 0.001  # of a column: the part that a value has to fill to be looked at
_FEWEST_KEYS = 10  # of fewer keys any few agree by chance


def _largest_share_of_a_value(context: EvaluationContext) -> Measure:
    """Nulls are not counted, nor label columns, where one label is often the rule."""
    limit = context.limit("dominant_value")
    if context.height < _FEWEST_KEYS:
        raise Skip("fewer_than_10_keys")
    columns = context.contract.columns
    names = [name for name in context.contract.judged if columns[name].role in NUMERIC_ROLES]
    part = min(_NOTABLE, limit)
    counts = run_parallel(
        [partial(_commonest, context, name, part, limit) for name in names], context.height
    )
    shares = [(count / n, name, n) for name, (count, n) in zip(names, counts, strict=True) if n]
    if not shares:
        raise Skip("no_numeric_estimates")
    shares.sort(key=lambda item: -item[0])
    offenders = [
        Offender(None, name, f"one value has a share of {share:.3g}")
        for share, name, _ in shares
        if share > limit
    ]
    share, column, n = shares[0]
    message = f"no value of any column fills {part:.3g} of it"
    if share:
        message = f"the commonest value of {column} has a share of {share:.3g}"
    return Measure(share, n, message, n / context.height, offenders=offenders)


def _commonest(context: EvaluationContext, name: str, part: float, limit: float) -> tuple[int, int]:
    """How often the commonest value of a column is there, as `commonest` says, and how many are
    not null. A natural bound that fills the column is not counted.
    """
    shared = context.shared_numbers(name)
    if shared is not None:
        n = len(shared)
        count = shared.largest_count(fewest(part, n))
    else:
        values = context.frame[name].drop_nulls()
        n = len(values)
        count = commonest(values, part)
    if count <= limit * n:
        return count, n
    return commonest(_beside_a_bound(context, name), part), n


def _beside_a_bound(context: EvaluationContext, name: str) -> pl.Series:
    """The values without those at a natural bound, where most of them may lie: sales are 0 for most
    products of a day.

    That is 0 where nothing lies below, or above, or a bound of the contract; where there is a
    baseline, most of its values have to lie there, too. An outer end of a distribution that is more
    than a point may lie there whatever was before: the low quantiles of small places. So may the
    probability of one of several labels, which their sum holds: a week that is no peak.
    """
    values = context.frame[name].drop_nulls()
    if _is_one_of_several_labels(context, name):
        return values.filter(values != 0)
    column, low, high = context.contract.columns[name], values.min(), values.max()
    natural = next((end for end in (low, high) if end in (0, column.min, column.max)), None)
    if natural is None or low == high:
        return values
    others = _inner_columns(context, name, is_low=natural == low)
    if others:
        spread = pl.any_horizontal((pl.col(other) != natural).fill_null(False) for other in others)
        values = context.frame.filter((pl.col(name) != natural) | ~spread)[name].drop_nulls()
        if not (values == natural).any():
            return values
    if context.baseline is not None:
        before = context.baseline_frame[name].drop_nulls()
        if (before == natural).sum() < len(before) / 2:
            return values
    return values.filter(values != natural)


def _is_one_of_several_labels(context: EvaluationContext, name: str) -> bool:
    probabilities = context.contract.of_role("probability")
    return name in probabilities and len(probabilities) > 1


def _inner_columns(context: EvaluationContext, name: str, *, is_low: bool) -> list[str]:
    """The other columns of the distribution whose lower, or upper, half a column belongs to."""
    columns = context.contract.columns
    column = columns[name]
    level = column.quantile or 0.5
    is_end = (
        column.role == "lower" or level < 0.5 if is_low else (column.role == "upper" or level > 0.5)
    )
    if not is_end:
        return []
    point = context.contract.point_of(column)
    return [
        other
        for other, its in columns.items()
        if other != name
        and (other == point or ((its.role in OF_POINT) and context.contract.point_of(its) == point))
    ]


CHECK = Check(
    number=19,
    name="dominant_value",
    title="No value fills a column",
    stage=2,
    measure=_largest_share_of_a_value,
    purpose="a default that took the place of estimates",
    metric="largest share of one value in a numeric column",
    unit="share",
    warn=0.5,
    block=0.9,
)
