"""Check `comparable`: some keys are in both versions."""

from estimates.gate.check import ROWS_READABLE, Check, Measure
from estimates.gate.evaluation_context import EvaluationContext


def _common_keys(context: EvaluationContext) -> Measure:
    """Everything that compares keys depends on it, so that one waiver lets such a version through
    when somebody has looked at it.
    """
    keys = context.report.keys
    elapsed = f", {keys.elapsed} keys of the baseline have elapsed" if keys.elapsed else ""
    return Measure(keys.common, keys.common, f"{keys.common} keys in both versions{elapsed}")


CHECK = Check(
    number=21,
    name="comparable",
    title="Some keys are in both versions",
    stage=3,
    measure=_common_keys,
    purpose="a baseline that is damaged, or so old that all its targets have passed",
    metric="keys in both versions",
    block=1,
    worse="below",
    by_key=False,
    halves=False,
    depends_on=ROWS_READABLE,
)
