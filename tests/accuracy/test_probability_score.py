"""Brier score and log loss of probabilities, beside scoringrules."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
import scoringrules

from tests.accuracy.scored import (
    CHURN,
    LABELS,
    items,
    scored,
)


def test_scoringrules_has_the_same_brier_score_and_log_loss() -> None:
    """With one label both are those of binary outcomes, however the outcome is written."""
    rng = np.random.default_rng(8)
    p, o = rng.uniform(0.01, 0.99, 300), rng.integers(0, 2, 300)
    frame = pl.DataFrame({"item": items(300), "p": p})
    brier = float(np.mean(scoringrules.brier_score(o, p, backend="numpy")))
    log = float(np.mean(scoringrules.log_score(o, p, backend="numpy")))
    text = ["churned" if churned else "stayed" for churned in o]
    for outcome in (o, o.astype(bool), o.astype(float), text, [str(churned) for churned in o]):
        column = scored(CHURN, frame, pl.DataFrame({"item": items(300), "value": outcome})).columns[
            "label"
        ]
        assert column.probability is not None
        assert column.probability.brier == pytest.approx(brier, rel=1e-12)
        assert column.probability.log_loss == pytest.approx(log, rel=1e-12)
        assert column.probability.clipped == 0


def test_several_labels_are_scored_together() -> None:
    """The Brier score adds up over the labels; what is no distribution or has no column is left out
    and counted.
    """
    frame = pl.DataFrame(
        {
            "item": items(6),
            "guess": ["sun", "rain", "snow", "sun", None, "sun"],
            "sun": [0.7, 0.1, 0.0, 0.9, 0.5, 1.0],
            "rain": [0.2, 0.8, 0.0, 0.9, 0.5, 0.0],
            "snow": [0.1, 0.1, 1.0, 0.0, 0.0, 0.0],
        }
    )
    actuals = pl.DataFrame(
        {"item": items(6), "guess": ["sun", "snow", "snow", "sun", "fog", "rain"]}
    )
    column = scored(LABELS, frame, actuals).columns["guess"]
    probability, labels = column.probability, column.label
    assert probability is not None
    assert (probability.n, probability.invalid, probability.unknown, probability.clipped) == (
        4,
        1,
        1,
        1,
    )
    assert probability.brier == pytest.approx((0.14 + (0.01 + 0.64 + 0.81) + 0 + 2) / 4)
    assert probability.log_loss == pytest.approx(
        (-math.log(0.7) - math.log(0.1) - 0 - math.log(1e-15)) / 4
    )
    assert labels is not None
    assert (labels.n, labels.right, labels.coverage) == (5, 0.6, 5 / 6)
