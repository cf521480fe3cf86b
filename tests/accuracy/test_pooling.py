"""Scores of several versions, and of many groups, pooled."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.accuracy.accuracy_report import Accuracy, Scored
from estimates.accuracy.accuracy_text import render_text
from estimates.accuracy.pooling import of_set
from tests.accuracy.scored import DATED, NUMBERS, floats, intervals, items, scored


@pytest.mark.slow
@given(
    st.lists(st.lists(st.tuples(floats, floats), min_size=1, max_size=8), min_size=1, max_size=5)
)
def test_versions_together_are_means_over_all_their_keys(
    versions: list[list[tuple[float, float]]],
) -> None:
    """Pooled scores of versions are the scores of all their keys at once; nothing depends on how
    keys are divided.
    """
    toml = (
        'name = "s"\n[key.item]\ntype = "string"\n[columns.p]\n'
        '[columns.l]\nrole = "lower"\nlevel = 0.5\n'
    )
    toml += '[columns.u]\nrole = "upper"\nlevel = 0.5\n'

    def accuracy(rows: list[tuple[float, float]], version: int) -> Accuracy:
        p = [p for p, _ in rows]
        frame = pl.DataFrame(
            {"item": items(len(rows)), "p": p, "l": [x - 1e5 for x in p], "u": [x + 2e5 for x in p]}
        )
        actuals = pl.DataFrame({"item": items(len(rows)), "p": [y for _, y in rows]})
        return scored(toml, frame, actuals, version=version)

    at = datetime(2024, 1, 1, tzinfo=UTC)
    parts = [Scored(i, at, accuracy(rows, i + 1)) for i, rows in enumerate(versions)]
    pooled = of_set("s", parts).together["p"]
    whole = accuracy([row for rows in versions for row in rows], 1).columns["p"]
    assert whole.point is not None
    assert whole.distribution is not None
    assert (pooled.versions, pooled.all.n) == (len(versions), whole.actuals)
    assert pooled.all.mae == pytest.approx(whole.point.mae, rel=1e-9, abs=1e-6)
    assert pooled.all.rmse == pytest.approx(whole.point.rmse, rel=1e-9, abs=1e-6)
    assert pooled.all.bias == pytest.approx(whole.point.bias, rel=1e-9, abs=1e-5)
    assert pooled.all.wis == pytest.approx(whole.distribution.wis, rel=1e-9, abs=1e-6)
    (interval,), (expected,) = pooled.intervals, whole.intervals
    assert (interval.n, interval.covered, interval.covered_low) == (
        expected.n,
        expected.covered,
        expected.covered_low,
    )
    assert interval.score == pytest.approx(expected.score, rel=1e-9)
    assert [share.n for share in pooled.pit] == [share.n for share in whole.distribution.pit]


def test_of_one_date_the_newest_version_counts() -> None:
    """Two versions of one data_through are one production: the one with the higher number."""
    frame, at = (
        pl.DataFrame({"item": ["a"], "day": [date(2024, 1, 5)], "p": [3.0]}),
        datetime(2024, 1, 1, tzinfo=UTC),
    )
    actuals = frame.with_columns(p=pl.lit(1.0))
    better = frame.with_columns(p=pl.lit(2.0))
    versions = [
        scored(DATED, frame, actuals, version=1, through=at),
        scored(DATED, better, actuals, version=2, through=at),
    ]
    pooled = of_set("closes", [Scored(i, at, scores) for i, scores in enumerate(versions)])
    assert (len(pooled.versions), pooled.together["p"].versions, pooled.together["p"].all.mae) == (
        2,
        1,
        1.0,
    )


def test_every_group_is_there_by_its_name() -> None:
    """A group of one key is not lost among 119 others as small; the text says how many more."""
    count = 120
    kinds = [f"g{number:03d}" for number in range(count - 1)] + ["US"]
    frame = intervals(np.random.default_rng(2), count).with_columns(kind=pl.Series(kinds))
    actuals = pl.DataFrame({"item": items(count), "value": [10.0] * count})
    scores = scored(NUMBERS, frame, actuals)
    groups = scores.columns["p"].groups["kind"]
    assert [(group.value, group.n) for group in groups] == [(kind, 1) for kind in sorted(kinds)]
    now = datetime(2026, 1, 1, tzinfo=UTC)
    page = render_text(of_set("closes", [Scored(1, now, scores)]))
    assert "the 10 worst; 110 more in --format json" in page
