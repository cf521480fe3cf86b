"""Check `prevalence_change`: no class swells or dies."""

from estimates.gate.check import Check, Measure, Skip
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.from_report import label_columns
from estimates.gate.verdict import Offender

_FEWEST_KEYS = 30  # of a class, below which its prevalence says little


def _largest_change_of_a_class(context: EvaluationContext) -> Measure:
    """Classes with fewer than 30 keys in both versions are left out."""
    changes = [
        (abs(flow.n_to - flow.n_from) / max(flow.n_from, 1), name, flow, label.n)
        for name, _, label in label_columns(context)
        for flow in label.flows
        if max(flow.n_from, flow.n_to) >= _FEWEST_KEYS
    ]
    if not changes:
        raise Skip("fewer_than_30_keys")
    changes.sort(key=lambda item: (-item[0], item[1], item[2].label or ""))
    limit = context.limit("prevalence_change")
    offenders = [
        Offender(None, name, f"{_class_name(flow.label)}: {flow.n_from} → {flow.n_to} keys")
        for change, name, flow, _ in changes
        if change > limit
    ]
    value, worst, flow, n = changes[0]
    went = f"went from {flow.n_from} to {flow.n_to} keys"
    message = f"{_class_name(flow.label)} of {worst} {went}"
    return Measure(value, n, message, offenders=offenders)


def _class_name(label: str | None) -> str:
    return "null" if label is None else label


CHECK = Check(
    number=33,
    name="prevalence_change",
    title="No class swells or dies",
    stage=3,
    measure=_largest_change_of_a_class,
    purpose="a class that swells or dies",
    metric="largest change of a class's number of keys, relative to what it was",
    turned_on_by="a column of role label or probability",
    source="stability.md C4; limits are a starting point",
    unit="share",
    warn=0.5,
    block=0.9,
)
