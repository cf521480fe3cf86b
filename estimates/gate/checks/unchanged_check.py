"""Check `unchanged`: the version is not a copy of the baseline."""

from estimates.gate.check import Check, Measure
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.from_report import common_keys


def _changed_keys(context: EvaluationContext) -> Measure:
    """It blocks where the version claims newer data than its baseline's and has floats among its
    estimates, which newer data always move.
    """
    n = common_keys(context)
    share = context.report.keys.identical_share
    assert share is not None, "there are common keys"
    changed = round(n * (1 - share))
    message = f"{changed} of {n} common keys with anything different from the baseline"
    schema = context.schema
    has_floats = any(schema[name].is_float() for name in context.contract.judged)
    must_move = has_floats and claims_newer_data(context)
    return Measure(changed, n, message, warn=1, block=1 if must_move else None)


def claims_newer_data(context: EvaluationContext) -> bool:
    """Whether the candidate saw more than the baseline."""
    now = context.candidate.provenance
    before = context.baseline.provenance if context.baseline else None
    return now is not None and before is not None and now.data_through > before.data_through


CHECK = Check(
    number=24,
    name="unchanged",
    title="Not the same as the baseline",
    stage=3,
    measure=_changed_keys,
    purpose="a stale copy published as new",
    metric="common keys with anything different",
    source="stability.md K3",
    worse="below",
    measures_limits=True,
)
