"""Check `submission_window`: the version came when versions are taken."""

from estimates import instants
from estimates.gate.check import Check, Measure, Skip
from estimates.gate.evaluation_context import EvaluationContext


def _time_outside(context: EvaluationContext) -> Measure:
    """It warns; `severity = "block"` refuses what comes outside."""
    came = context.candidate.published_at or context.judged_at
    window = context.contract.freshness.window_around(came)
    if window is None:
        raise Skip("not_in_contract")
    fault = window.fault(came)
    message = f"it came at {instants.text(came)}, while versions are taken"
    if fault is not None:
        message = f"the window for versions {fault}"
    return Measure(window.outside(came).total_seconds(), 1, message)


CHECK = Check(
    number=18,
    name="submission_window",
    title="Came when versions are taken",
    stage=2,
    measure=_time_outside,
    purpose="versions that come too early or too late",
    metric="seconds from published_at (a file: judged_at) to the nearest window before a deadline",
    turned_on_by="due and window under [freshness]",
    unit="seconds",
    warn=0,
    by_key=False,
    depends_on=(),
    remedy="write a longer `window` under [freshness] in the contract",
)
