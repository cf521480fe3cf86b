"""Widths of intervals beside those of the baseline at the same steps."""

from __future__ import annotations

import math
from datetime import timedelta

import polars as pl
import pytest

from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.interval_widths import (
    Span,
    both_ends,
    log_width_changes,
    pairs_of_same_step,
    renewed,
    spans,
)
from tests.gate.cases import JUDGED, contract, frame, many, stored


def context(candidate: pl.DataFrame, baseline: pl.DataFrame) -> EvaluationContext:
    """Two versions of the contract of all checks."""
    own = contract()
    return EvaluationContext(
        own, stored(candidate, own), stored(baseline, own, version=1), JUDGED, {}
    )


def later(rows: pl.DataFrame, days: int = 7) -> pl.DataFrame:
    """The same rows for later targets."""
    return rows.with_columns(pl.col("target_date") + timedelta(days=days))


def test_intervals_and_mirrored_pairs_of_quantiles() -> None:
    """A median has no other end."""
    assert spans(context(frame(), frame())) == [
        Span("80 % interval of close", "lower_80", "upper_80"),
        Span("range from q10 to q90", "q10", "q90"),
    ]


def test_targets_are_matched_by_their_place() -> None:
    """A week later each first day stands beside the first one; more targets say nothing."""
    pairs = pairs_of_same_step(context(later(frame(2.0)), frame()))
    assert pairs is not None
    assert pairs.height == 25
    ratio = pairs[renewed("close")] / pairs["close"]
    assert ratio.min() == pytest.approx(2.0)
    assert ratio.max() == pytest.approx(2.0)
    fewer = frame().filter(pl.col("target_date") < frame()["target_date"].max())
    assert pairs_of_same_step(context(frame(), fewer)) is None


def test_without_targets_nothing_is_matched() -> None:
    """There are no steps."""
    rows = pl.DataFrame(
        {"k": [1], "v": [1.0], "low": [0.5], "high": [2.0], "label": "a", "group": "b"}
    )
    own = many()
    of = EvaluationContext(own, stored(rows, own), stored(rows, own, version=1), JUDGED, {})
    assert pairs_of_same_step(of) is None


def test_changes_are_logarithms_of_the_ratio() -> None:
    """Widths of 0, crossed ends and missing ones cannot be compared."""
    span = Span("s", "a", "b")
    lower, upper, new_lower, new_upper = both_ends(span)
    assert (lower, upper) == ("a", "b")
    pairs = pl.DataFrame(
        {
            lower: [0.0, 0.0, 0.0, 0.0, 0.0, None],
            upper: [1.0, 0.0, 1.0, 1.0, 1.0, 1.0],
            new_lower: [0.0, 0.0, 0.0, 3.0, 0.0, 0.0],
            new_upper: [2.0, 1.0, 0.0, 2.0, math.nan, 1.0],
        }
    )
    changes = log_width_changes(pairs, span)
    assert changes["change"].to_list() == [pytest.approx(math.log(2))]
