"""Widths of intervals against the widths of the baseline's, at the same target steps."""

from typing import NamedTuple

import polars as pl

from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.from_report import interval_name

_NEW = "\0new"  # not printable, so no column of a contract ends with it


class Span(NamedTuple):
    """An interval, or a pair of quantiles: its name in words, and the columns of its ends."""

    name: str
    lower: str
    upper: str


def spans(context: EvaluationContext) -> list[Span]:
    """The intervals of the contract, then its pairs of quantiles that lie around a median."""
    contract = context.contract
    intervals = [
        Span(interval_name(interval.level, interval.point), interval.lower, interval.upper)
        for interval in contract.intervals()
    ]
    pairs = [
        Span(f"range from {pair.lower} to {pair.upper}", pair.lower, pair.upper)
        for pair in contract.quantile_intervals()
    ]
    return intervals + pairs


def pairs_of_same_step(context: EvaluationContext) -> pl.DataFrame | None:
    """Both versions side by side, targets matched by their place among those of their version.

    None without targets, and where one version has more targets: then places say nothing.
    """
    target = context.contract.target
    if target is None:
        return None
    place = pl.col(target).rank("dense").alias(target)
    before = context.baseline_frame.with_columns(place)
    now = context.frame.with_columns(place)
    if before[target].max() != now[target].max():
        return None
    return before.join(now, on=context.key, suffix=_NEW)


def renewed(name: str) -> str:
    """What a column of the newer version is called in `pairs_of_same_step`."""
    return name + _NEW


def both_ends(span: Span) -> tuple[str, ...]:
    """The columns that a span takes of `pairs_of_same_step`."""
    return span.lower, span.upper, span.lower + _NEW, span.upper + _NEW


def log_width_changes(pairs: pl.DataFrame, span: Span) -> pl.DataFrame:
    """The pairs whose widths can be compared, with `change`, the logarithm of new to old width."""
    new = pl.col(span.upper + _NEW) - pl.col(span.lower + _NEW)
    old = pl.col(span.upper) - pl.col(span.lower)
    changes = pairs.with_columns((new / old).log().alias("change"))
    return changes.filter(pl.col("change").is_finite())
