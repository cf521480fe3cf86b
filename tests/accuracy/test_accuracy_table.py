"""Scores as a frame: a row a version, column and slice."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from estimates.accuracy.accuracy_report import Accuracy, Scored
from estimates.accuracy.accuracy_table import accuracy_frame
from estimates.accuracy.pooling import of_set
from tests.accuracy.scored import CHURN, NUMBERS, QUANTILES, intervals, items, scored

AT = datetime(2026, 1, 1, tzinfo=UTC)


def table(*scores: Accuracy) -> pl.DataFrame:
    """The frame of these versions."""
    return accuracy_frame(of_set("s", [Scored(n, AT, each) for n, each in enumerate(scores, 1)]))


def test_a_row_for_all_keys_and_one_for_each_group() -> None:
    """Coverage has a column a level; what groups do not have is null."""
    frame = intervals(np.random.default_rng(3), 90)
    rows = table(scored(NUMBERS, frame, frame.select("item", value=pl.col("low"))))
    assert rows.select("by", "value", "n").rows() == [
        *(("all", None, 90), ("kind", "x", 60), ("kind", "y", 30))
    ]
    assert rows.columns[-4:] == ["covered_50_n", "covered_50", "covered_80_n", "covered_80"]
    assert rows["covered_80"].to_list() == [1.0, 1.0, 1.0]
    assert rows["covered_50"].to_list() == [0.0, 0.0, 0.0]
    assert rows["covered_50_n"].to_list() == [90, 60, 30]
    assert rows["wape"].is_null().to_list() == [False, True, True]
    assert rows["mae"][0] == pytest.approx((60 * rows["mae"][1] + 30 * rows["mae"][2]) / 90)


def test_versions_of_other_shapes_share_the_columns() -> None:
    """Each has nulls where the other has numbers, levels too."""
    quantiles = pl.DataFrame({"item": items(2), "a": 1.0, "b": 2.0, "c": 3.0})
    first = scored(QUANTILES, quantiles, pl.DataFrame({"item": items(2), "value": 2.5}))
    churn = pl.DataFrame({"item": items(2), "p": [0.5, 1.0]})
    second = scored(CHURN, churn, pl.DataFrame({"item": items(2), "label": "churned"}), version=2)
    rows = table(first, second)
    assert rows.select("version", "column").rows() == [(1, "value"), (2, "label")]
    assert rows["wis"].is_null().to_list() == [False, True]
    assert rows["brier"].to_list() == [None, 0.125]
    assert rows["covered_80"].to_list() == [1.0, None]


def test_without_scores_there_are_columns_and_no_row() -> None:
    """With their types, so that frames of several sets can be put together."""
    rows = table()
    assert rows.height == 0
    assert rows.schema["scored_at"] == pl.Datetime("us", "UTC")
    assert rows.schema["mae"] == pl.Float64
    frame = intervals(np.random.default_rng(3), 3)
    filled = table(scored(NUMBERS, frame, frame.select("item", value=pl.col("p"))))
    assert {name: filled.schema[name] for name in rows.columns} == dict(rows.schema)
