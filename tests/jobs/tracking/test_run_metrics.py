"""Which numbers become metrics of an MLflow run, and what they are called there."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np
import polars as pl

from estimates_jobs.tracking.run_metrics import of_report, of_scores
from tests.accuracy.scored import CHURN, LABELS, NUMBERS, intervals, items, scored
from tests.stability.one_column import compare


def named(pairs: Iterator[tuple[str, float | None]]) -> dict[str, float | None]:
    """Metrics by name, each of which stands once."""
    every = list(pairs)
    made = dict(every)
    assert len(made) == len(every)
    return made


def test_a_report_is_its_keys_and_the_numbers_of_each_column() -> None:
    """As the report has them; without a change to measure there are no quantiles."""
    report = compare([1.0, 2.0, 4.0], [1.0, 2.0, 5.0])
    ((column, change),) = report.columns.items()
    assert change.scalar is not None
    assert change.scalar.r is not None
    metrics = named(of_report(report))
    assert metrics["stability/key_jaccard"] == 1.0
    assert metrics[f"stability/{column}/coverage"] == 1.0
    assert metrics[f"stability/{column}/equal_share"] == change.scalar.equal_share
    assert metrics[f"stability/{column}/r_max"] == change.scalar.r.max
    empty = named(of_report(compare([None], [1.0])))
    assert not any("/r_" in name for name in empty)


def test_scores_are_those_of_all_keys() -> None:
    """Levels in percent; what was asked for a vintage stands in front; groups are not logged."""
    frame = intervals(np.random.default_rng(3), 40)
    scores = scored(NUMBERS, frame, frame.select("item", value=pl.col("p") + 0.5))
    metrics = named(of_scores(scores))
    assert metrics["accuracy/p/actuals"] == 40.0
    assert metrics["accuracy/p/bias"] == -0.5
    assert metrics["accuracy/p/covered_80"] == 1.0
    assert {"accuracy/p/interval_score_50", "accuracy/p/wis"} <= metrics.keys()
    assert not any("kind" in name for name in metrics)
    old = named(of_scores(msgspec.structs.replace(scores, asked="2024-01-01")))
    assert old == {
        name.replace("accuracy/", "accuracy/2024-01-01/"): value for name, value in metrics.items()
    }


def test_outcomes_have_their_own_scores() -> None:
    """Labels the share that is right, probabilities two losses."""
    rows = {"item": items(2), "guess": ["sun", "rain"], "sun": 1.0, "rain": 0.0, "snow": 0.0}
    truth = pl.DataFrame({"item": items(2), "label": "sun"})
    metrics = named(of_scores(scored(LABELS, pl.DataFrame(rows), truth)))
    assert metrics == {
        "accuracy/guess/actuals": 2.0,
        "accuracy/guess/right": 0.5,
        "accuracy/guess/brier": 0.0,
        "accuracy/guess/log_loss": 0.0,
    }
    churn = pl.DataFrame({"item": items(2), "p": 0.5})
    assert "accuracy/label/right" not in named(of_scores(scored(CHURN, churn, truth)))
