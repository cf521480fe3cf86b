"""Pinball loss, weighted interval score and PIT of quantiles, beside a slow reference."""

from __future__ import annotations

import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.accuracy.scored import (
    QUANTILES,
    floats,
    items,
    scored,
)


@given(st.lists(st.tuples(floats, floats, floats, floats), min_size=1, max_size=30))
def test_quantile_scores_agree_with_a_slow_reference(
    rows: list[tuple[float, float, float, float]],
) -> None:
    """WIS is the mean of 2 · pinball over the grid and its parts add up; crossed rows are counted,
    never sorted.
    """
    count = len(rows)
    frame = pl.DataFrame(
        {"item": items(count)} | {c: [row[i] for row in rows] for i, c in enumerate("abc")}
    )
    actuals = pl.DataFrame({"item": items(count), "value": [row[3] for row in rows]})
    distribution = scored(QUANTILES, frame, actuals).columns["value"].distribution
    assert distribution is not None
    good = [row for row in rows if row[0] <= row[1] <= row[2]]
    assert (distribution.n, distribution.crossed) == (len(good), count - len(good))
    if not good:
        assert distribution.reasons == {"wis": "no_comparable_keys"}
        return
    loss = [
        2 * (tau * (y - q) if y > q else (1 - tau) * (q - y))
        for *quantiles, y in good
        for tau, q in zip((0.1, 0.5, 0.9), quantiles, strict=True)
    ]
    assert distribution.wis == pytest.approx(math.fsum(loss) / len(loss), rel=1e-12, abs=1e-9)
    parts = [
        float(part or 0)
        for part in (
            distribution.dispersion,
            distribution.penalty_below,
            distribution.penalty_above,
        )
    ]
    assert math.fsum(parts) == pytest.approx(distribution.wis, rel=1e-9, abs=1e-9)
    bins = [sum(y > q for q in quantiles) for *quantiles, y in good]
    assert [entry.n for entry in distribution.pit] == [bins.count(i) for i in range(4)]


def test_quantiles_that_are_not_symmetric_have_no_parts() -> None:
    """Without a partner for each quantile the WIS stands alone, with the reason."""
    toml = QUANTILES.replace("quantile = 0.9", "quantile = 0.8")
    frame = pl.DataFrame({"item": items(1), "a": [1.0], "b": [2.0], "c": [3.0]})
    distribution = (
        scored(toml, frame, pl.DataFrame({"item": items(1), "value": [2.5]}))
        .columns["value"]
        .distribution
    )
    assert distribution is not None
    assert distribution.wis is not None
    assert (distribution.dispersion, distribution.reasons) == (
        None,
        {"dispersion": "asymmetric_quantiles"},
    )
