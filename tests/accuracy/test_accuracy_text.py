"""The page of scores: what answers when there is no median, and what was left out."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl

from estimates.accuracy.accuracy_report import Accuracy, Scored
from estimates.accuracy.accuracy_text import render_text
from estimates.accuracy.pooling import of_set
from tests.accuracy.scored import LABELS, QUANTILES, items, scored


def page(scores: Accuracy) -> str:
    """The page of one version's scores, its lines joined."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return " ".join(render_text(of_set(scores.set, [Scored(1, at, scores)])).split())


def test_quantiles_without_a_point_are_answered_for_by_their_wis() -> None:
    """Never that nothing was scored, above a table of scores."""
    frame = pl.DataFrame({"item": items(4), "a": 1.0, "b": 2.0, "c": 3.0})
    scores = scored(QUANTILES, frame, pl.DataFrame({"item": items(4), "value": 2.5}))
    text = page(scores)
    assert "nothing scored" not in text
    headline = (
        "value: WIS 0.3 (spread 0.1333, below 0, above 0.1667); 100 % inside the 80 % interval"
    )
    assert f"{headline}; 4 keys with an actual value" in " ".join(text.split())


def test_keys_that_are_left_out_are_counted() -> None:
    """Crossed quantiles, invalid probabilities, unknown outcomes, and keys without an estimate."""
    frame = pl.DataFrame({"item": items(4), "a": 1.0, "b": [2.0, 0.5, 2.0, 2.0], "c": 3.0})
    scores = scored(QUANTILES, frame, pl.DataFrame({"item": items(4), "value": 2.5}))
    assert "left out of the newest version: 1 key where quantiles cross" in page(scores)
    shares = {"sun": [0.5, 0.5, None], "rain": [0.25, 0.5, None], "snow": [0.25, 0.5, None]}
    frame = pl.DataFrame({"item": items(3), "guess": ["sun", "rain", "sun"]} | shares)
    scores = scored(LABELS, frame, pl.DataFrame({"item": items(3), "label": "sun"}))
    text = page(scores)
    assert "1 key with invalid probabilities" in text
