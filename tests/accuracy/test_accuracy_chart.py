"""Which pictures scores have: what is missing is left out, and without any there is no picture."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl
import pytest

from estimates.accuracy.accuracy_chart import draw
from estimates.accuracy.accuracy_report import Accuracy, Scored
from estimates.accuracy.pooling import of_set
from estimates.errors import InvalidError
from tests.accuracy.scored import CHURN, DATED, LABELS, NUMBERS, days, intervals, items, scored

AT = datetime(2026, 1, 1, tzinfo=UTC)


def picture(*scores: Accuracy) -> str:
    """The picture of these versions, as text."""
    made = draw(of_set("s", [Scored(n, AT, each) for n, each in enumerate(scores, 1)]), "svg")
    return made.decode()


def titles(svg: str) -> list[str]:
    """Which of the pictures there are."""
    every = (
        "inside the interval",
        "where actual values fall",
        "error by step",
        "version by version",
    )
    return [title for title in every if f": {title}" in svg]


def test_intervals_have_coverage_and_values_through_versions() -> None:
    """In percent, the same bytes each time, as PNG too."""
    frame = intervals(np.random.default_rng(3), 40)
    scores = scored(NUMBERS, frame, frame.select("item", value=pl.col("p") + 0.5))
    svg = picture(scores)
    assert svg == picture(scores)
    assert titles(svg) == ["inside the interval", "where actual values fall", "version by version"]
    assert "spread" in svg
    assert ">s: 1 version scored<" in svg
    assert draw(of_set("s", [Scored(1, AT, scores)]), "png").startswith(b"\x89PNG")


def test_a_dated_target_has_its_error_by_step() -> None:
    """Of more than one step; a point alone has its error through versions."""
    keys = pl.DataFrame({"item": items(3)}).join(pl.DataFrame({"day": days(4)}), how="cross")
    frame, actuals = keys.with_columns(p=1.0), keys.with_columns(value=2.0)
    before = {"through": datetime(2023, 12, 31, tzinfo=UTC)}
    svg = picture(scored(DATED, frame, actuals, **before))
    assert titles(svg) == ["error by step", "version by version"]
    assert "mean absolute error (USD)" in svg
    is_first = pl.col("day") == days(1)[0]
    svg = picture(scored(DATED, frame.filter(is_first), actuals, **before))
    assert titles(svg) == ["version by version"]


@pytest.mark.parametrize(
    ("toml", "columns", "title"),
    [
        (CHURN, {"p": 0.5}, "Brier score"),
        (LABELS, {"guess": "sun", "sun": 0.5, "rain": 0.5, "snow": 0.0}, "Brier score"),
        (
            'name = "g"\n[key.item]\ntype = "string"\n[columns.guess]\nrole = "label"\n',
            {"guess": "sun"},
            "share of right labels",
        ),
    ],
)
def test_outcomes_have_their_scores_through_versions(
    toml: str, columns: dict[str, Any], title: str
) -> None:
    """The Brier score where there are probabilities."""
    frame = pl.DataFrame({"item": items(2)}).with_columns(
        **{n: pl.lit(v) for n, v in columns.items()}
    )
    svg = picture(scored(toml, frame, pl.DataFrame({"item": items(2), "label": "sun"})))
    assert titles(svg) == ["version by version"]
    assert f">{title}<" in svg


def test_nothing_scored_is_nothing_to_draw() -> None:
    """It says how to score; so it is where no key had an actual value."""
    frame = pl.DataFrame({"item": items(2), "p": [0.5, 0.5]})
    empty = scored(CHURN, frame, pl.DataFrame({"item": ["other"], "label": "x"}))
    for scores in ((), (empty,)):
        with pytest.raises(InvalidError) as caught:
            picture(*scores)
        assert caught.value.code == "nothing_to_draw"
