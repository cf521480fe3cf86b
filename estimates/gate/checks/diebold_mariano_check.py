"""Check `diebold_mariano`: the loss is not worse by more than chance."""

import math

import numpy as np

from estimates.accuracy.diebold_mariano import statistic_of
from estimates.gate.check import Check, Measure, Skip
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.from_accuracy import compared_loss


def _smallest_p_value(context: EvaluationContext) -> Measure:
    """The loss is that of `accuracy_loss`, averaged for each target date; autocovariances count up
    to the cube root of the number of dates.
    """
    if context.contract.target is None:
        raise Skip("no_dates")
    tests: list[tuple[float, str, int, float]] = []
    reasons: list[str] = []
    for name, column in context.accuracy.columns.items():
        loss = compared_loss(column)
        if loss is None or column.skill is None:
            continue
        by_date = [
            horizon.losses[loss.name]
            for horizon in column.skill.horizons
            if loss.name in horizon.losses
        ]
        differences = np.array([losses.ours - losses.theirs for losses in by_date])
        lags = int(math.cbrt(len(differences)) + 1e-9)
        _, p_value, reason = statistic_of(differences, lags)
        if p_value is None:
            reasons.append(reason or "too_few_dates")
        else:
            mean = float(differences.mean())
            tests.append((p_value if mean > 0 else 1.0, name, len(differences), mean))
    if not tests:
        raise Skip(reasons[0] if reasons else "no_dates")
    value, worst, dates, mean = min(tests)
    message = (
        f"mean difference of the loss of {worst} over {dates} dates {mean:.4g}, p = {value:.3g}"
    )
    return Measure(value, dates, message)


CHECK = Check(
    number=41,
    name="diebold_mariano",
    title="Not worse by more than chance",
    stage=4,
    measure=_smallest_p_value,
    purpose="a loss that is worse by more than chance",
    metric="p-value of the Diebold–Mariano test over target dates, 1 where the candidate is no "
    "worse",
    source="accuracy.md; Diebold and Mariano 1995, Harvey, Leybourne and Newbold 1997",
    unit="number",
    warn=0.05,
    worse="below",
    by_key=False,
    halves=False,
    baseline=True,
)
