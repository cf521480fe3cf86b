"""Check `relative_width`: intervals keep their width in proportion to what they lie around."""

import math

import polars as pl

from estimates.gate.check import Check, Measure, Skip
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.from_report import central_columns, no_finite_interval
from estimates.gate.interval_widths import log_width_changes, pairs_of_same_step, renewed, spans
from estimates.gate.verdict import Offender

_TENTH = 0.1  # of the median size: smaller numbers have no proportion


def _largest_change(context: EvaluationContext) -> Measure:
    """Where numbers double in a week so do their intervals, and only the proportion is steady."""
    limits = context.limits["relative_width"]
    if context.contract.target is None or (limits.warn is limits.block is None):
        raise Skip("not_in_contract")
    pairs, compared = pairs_of_same_step(context), spans(context)
    if pairs is None or not compared:
        raise Skip("not_in_contract")
    centre = central_columns(context)[0].name
    size = pairs[centre].abs().median()
    floor = _TENTH * size if isinstance(size, float) else 0.0
    before, now = (pl.col(name).abs() + floor for name in (centre, renewed(centre)))
    changes: list[tuple[float, str, str, int]] = []
    for span in compared:
        widths = log_width_changes(pairs, span)
        relative = widths.select(pl.col("change") - (now / before).log()).to_series()
        median = relative.filter(relative.is_finite()).median()
        if isinstance(median, float):
            changes.append((median, span.name, span.lower, len(relative)))
    if not changes:
        raise no_finite_interval()
    changes.sort(key=lambda change: (-abs(change[0]), *change[1:]))
    limit = context.limit("relative_width")
    offenders = [
        Offender(None, lower, f"the {name} is {math.exp(change):.3g} times as wide for its level")
        for change, name, lower, _ in changes
        if math.exp(abs(change)) > limit
    ]
    change, name, _, n = changes[0]
    message = f"the median width of the {name}, for its level, is {math.exp(change):.3g} times"
    return Measure(math.exp(abs(change)), n, f"{message} the old one", n / pairs.height, offenders)


CHECK = Check(
    number=31,
    name="relative_width",
    title="Intervals keep their width in proportion",
    stage=3,
    measure=_largest_change,
    purpose="distributions that say more or less in a set whose level moves by nature, and with it "
    "every width",
    metric="median ratio of new to old width, each by its central estimate, or its inverse, "
    "whichever is above 1, worst interval, where the profile or the contract has a limit",
    turned_on_by='profile = "volatile" under [gate]',
    source="limits from the made-up hub",
    unit="number",
    halves=False,
)
