"""Check `unusual_change`: the version changes no more than those before it."""

import numpy as np

from estimates.gate.changed_rows import material_changes
from estimates.gate.check import Check, Measure, Skip
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.from_report import numeric_columns
from estimates.gate.production_history import FEWEST_MOVES

_QUANTILE = 0.99


def _share_beyond_usual(context: EvaluationContext) -> Measure:
    """The worst column counts; at least 20 moves of production are needed."""
    history = context.history.material_shares()
    usual = {
        name: float(np.quantile(shares, _QUANTILE))
        for name, shares in history.items()
        if len(shares) >= FEWEST_MOVES
    }
    excess = [
        (max(column.metrics.material_share - usual[column.name], 0.0), column)
        for column in numeric_columns(context)
        if column.name in usual
    ]
    if not excess:
        raise Skip("fewer_than_20_moves")
    value, (name, report, scalar) = max(excess)
    message = (
        f"{100 * scalar.material_share:.3g} % of the keys changed materially in {name}; 99 % of "
        f"the last {len(history[name])} moves changed at most {100 * usual[name]:.3g} %"
    )
    groups = [material_changes(context, column.name) for beyond, column in excess if beyond]
    return Measure(value, report.n, message, report.coverage, offender_groups=groups)


CHECK = Check(
    number=25,
    name="unusual_change",
    title="No more change than ever before",
    stage=3,
    measure=_share_beyond_usual,
    purpose="a version that changes more than any before",
    metric="share of materially changed keys beyond the 99 % quantile of the set's own moves",
    source="stability.md S2",
    legend="materially: by more than rtol and atol under [stability] allow",
    unit="share",
    warn=0,
    by_key=False,
)
