"""Check `series_width`: the intervals of each single series keep their width."""

import math

import polars as pl

from estimates.contract.columns import key_text
from estimates.gate.check import Check, Measure, Skip
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.from_report import (
    no_finite_interval,
)
from estimates.gate.interval_widths import log_width_changes, pairs_of_same_step, spans
from estimates.gate.verdict import Offender


def _largest_change_of_a_series(context: EvaluationContext) -> Measure:
    """A series is all parts of the key but the target."""
    pairs, compared = pairs_of_same_step(context), spans(context)
    series = [name for name in context.key if name != context.contract.target]
    if pairs is None or not series or not compared:
        raise Skip("not_in_contract")
    changes: list[tuple[float, str, str, float]] = []
    for span in compared:
        widths = log_width_changes(pairs, span)
        for *parts, change in widths.group_by(series).agg(pl.col("change").median()).iter_rows():
            if change is not None:
                name = "/".join(map(key_text, parts))
                changes.append((math.exp(abs(change)), span.name, name, change))
    if not changes:
        raise no_finite_interval()
    changes.sort(key=lambda item: (-item[0], *item[1:]))
    limit = context.limit("series_width")
    offenders = [
        Offender(None, None, f"{name}: its {span} is {math.exp(change):.3g} times as wide")
        for value, span, name, change in changes
        if value > limit
    ]
    value, span, name, change = changes[0]
    message = f"the {span} of {name} is {math.exp(change):.3g} times as wide"
    return Measure(value, len(changes), message, offenders=offenders)


CHECK = Check(
    number=31,
    name="series_width",
    title="Intervals of each series keep their width",
    stage=3,
    measure=_largest_change_of_a_series,
    purpose="intervals of a single series that suddenly say more or less, which no median over "
    "all keys shows",
    metric="median ratio of new to old width of the series (all parts of the key but the "
    "target) that changed most, or its inverse, at the same target steps",
    source="limits from the example's replay",
    unit="number",
    warn=1.5,
    block=2,
    by_key=False,
    halves=False,
)
