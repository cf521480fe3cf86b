"""Check `constant_column`: no estimate column has one value for every key."""

import polars as pl

from estimates.gate.check import Check, Measure, Skip
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.verdict import Offender


def _constant_columns(context: EvaluationContext) -> Measure:
    """Nulls do not make a column vary."""
    if context.height < 2:
        raise Skip("fewer_than_2_keys")
    columns = context.contract.judged
    constant = [name for name in columns if _is_constant(context, name)]
    message = f"none of {len(columns)} estimate columns is constant"
    if constant:
        message = f"constant: {', '.join(constant)}"
    offenders = [Offender(None, name, "the same for every key") for name in constant]
    return Measure(len(constant), len(columns), message, offenders=offenders)


def _is_constant(context: EvaluationContext, name: str) -> bool:
    shared = context.shared_numbers(name)
    if shared is not None:
        return not len(shared) or len(set(shared.least_and_largest())) == 1
    values: pl.Series = context.frame[name].drop_nulls()
    return len(values) == 0 or bool((values == values[0]).all())


CHECK = Check(
    number=19,
    name="constant_column",
    title="No constant column",
    stage=2,
    measure=_constant_columns,
    purpose="a model that answers the same to everything",
    metric="constant estimate columns",
    warn=0,
)
