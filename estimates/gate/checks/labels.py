"""Stage 3, labels: how many keys changed theirs, and whether a class grew or shrank."""

from __future__ import annotations

from estimates.gate import changed_rows
from estimates.gate.check import Measure, Skip
from estimates.gate.evaluation_context import Case
from estimates.gate.from_report import labels
from estimates.gate.verdict import Offender

FEW = 30  # keys of a class below which its prevalence says little


def label_churn(case: Case) -> Measure | Skip:
    """Protects from decisions that flip. Metric: share of keys whose label changed, worst column.

    Warn above 3 %, block above 8 %. Source: gate.md 33, stability.md C1; limits from the churn
    example.
    """
    found = labels(case)
    if not found:
        return Skip("not_in_contract")
    found = sorted(found, key=lambda item: (item[2].churn, item[0]), reverse=True)
    worst, _, label = found[0]
    message = f"{round(label.churn * label.n)} of {label.n} keys with another label in {worst}"
    lots = [
        lot for name, _, one in found if one.churn for lot in changed_rows.relabelled(case, name)
    ]
    # null is a label: the share is of all common keys
    return Measure(label.churn, label.n, message, lots=lots)


def prevalence_change(case: Case) -> Measure | Skip:
    """Protects from a class that swells or dies.

    Metric: largest change of a class's number of keys, relative to what it was. Classes with fewer
    than 30 keys in both versions are left out. Warn above 50 %, block above 90 %. Source: gate.md
    33 (a starting point), stability.md C4.
    """
    found = labels(case)
    if not found:
        return Skip("not_in_contract")
    changes = [
        (abs(flow.n_to - flow.n_from) / max(flow.n_from, 1), name, flow, one.n)
        for name, _, one in found
        for flow in one.flows
        if max(flow.n_from, flow.n_to) >= FEW
    ]
    if not changes:
        return Skip("fewer_than_30_keys")
    changes.sort(key=lambda item: (-item[0], item[1], item[2].label or ""))
    value, worst, flow, n = changes[0]
    offenders = [
        Offender(None, name, f"{_text(one.label)}: {one.n_from} -> {one.n_to} keys")
        for change, name, one, _ in changes
        if change > case.limit("prevalence_change")
    ]
    message = f"{_text(flow.label)} of {worst} went from {flow.n_from} to {flow.n_to} keys"
    return Measure(value, n, message, offenders=offenders)


def _text(label: str | None) -> str:
    return "null" if label is None else label
