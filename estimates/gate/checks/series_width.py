"""Check `series_width`: the intervals of each single series keep their width."""

import math

import polars as pl

from estimates.contract.columns import key_text
from estimates.gate.check import Check, Measure, Skip
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.from_report import (
    no_finite_interval,
)
from estimates.gate.interval_widths import (
    Span,
    both_ends,
    log_width_changes,
    pairs_of_same_step,
    spans,
)
from estimates.gate.verdict import Offender

_SPAN = "\0span"  # not printable, so no column of a contract has this name
_NEAR = 1e-9  # exp and log may round


def _largest_change_of_a_series(context: EvaluationContext) -> Measure:
    """A series is all parts of the key but the target."""
    pairs, compared = pairs_of_same_step(context), spans(context)
    series = [name for name in context.key if name != context.contract.target]
    if pairs is None or not series or not compared:
        raise Skip("not_in_contract")
    medians = _medians(pairs, series, compared)
    if not medians.height:
        raise no_finite_interval()
    limit = context.limit("series_width")
    size = pl.col("change").abs()
    # names are made of few: those beyond the limit, and the largest
    beyond = (size > math.log(limit) - _NEAR) if limit > 0 else pl.lit(value=True)
    named = medians.filter(beyond | (size == size.max()))
    changes = [
        (math.exp(abs(change)), span, "/".join(map(key_text, parts)), change)
        for *parts, change, span in named.iter_rows()
    ]
    changes.sort(key=lambda item: (-item[0], *item[1:]))
    offenders = [
        Offender(None, None, f"{name}: its {span} is {math.exp(change):.3g} times as wide")
        for value, span, name, change in changes
        if value > limit
    ]
    value, span, name, change = changes[0]
    message = f"the {span} of {name} is {math.exp(change):.3g} times as wide"
    return Measure(value, medians.height, message, offenders=offenders)


def _medians(pairs: pl.DataFrame, series: list[str], compared: list[Span]) -> pl.DataFrame:
    """A row a series and span: the parts of the series, the median of its changes, the span."""
    own = pairs.select(*series, *dict.fromkeys(end for span in compared for end in both_ends(span)))
    grouped = [
        log_width_changes(own, span)
        .group_by(series)
        .agg(pl.col("change").median())
        .with_columns(pl.lit(span.name).alias(_SPAN))
        for span in compared
    ]
    return pl.concat(grouped).drop_nulls("change")


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
    turned_on_by="intervals: columns of role lower and upper",
    source="limits from the example's replay",
    unit="number",
    warn=1.5,
    block=2,
    by_key=False,
    halves=False,
)
