"""Scores in which each key counts by a column of the contract."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.accuracy.actuals import read_actuals
from estimates.accuracy.score import score
from estimates.contract.contract_file import parse_contract
from tests.accuracy.scored import items

SOURCE = """name = "flu"
[key.item]
type = "string"
[columns.q]
quantiles = [0.1, 0.5, 0.9]
weight = "people"
nullable = true
[columns.people]
role = "attribute"
type = "float"
nullable = true
"""
NAMES = ["q0.1", "q0.5", "q0.9"]

values = st.integers(-5, 5).map(float)
rows = st.tuples(
    st.lists(values, min_size=3, max_size=3), values, st.sampled_from([None, -1.0, 0.0, 0.5, 3.0])
)


@given(st.lists(rows, min_size=1, max_size=6))
def test_intervals_and_distributions_are_weighted(
    keys: list[tuple[list[float], float, float | None]],
) -> None:
    """A key without a weight above 0 counts for nothing, crossed quantiles for nothing either."""
    frame = pl.DataFrame(
        {"item": items(len(keys)), "people": pl.Series([w for *_, w in keys], dtype=pl.Float64)}
        | {name: [q[i] for q, _, _ in keys] for i, name in enumerate(NAMES)}
    )
    contract = parse_contract(SOURCE)
    outcomes = pl.DataFrame({"item": frame["item"], "value": [y for _, y, _ in keys]})
    scores = score(
        frame,
        read_actuals(outcomes, contract),
        contract,
        version=1,
        contract_revision=1,
        through=None,
    ).columns["value"]
    interval, distribution = scores.intervals[0], scores.distribution
    assert distribution is not None
    wis: list[tuple[float, float]] = []
    inside: list[tuple[float, float]] = []
    for q, y, weight in keys:
        if weight is None or weight <= 0:
            continue
        pinball = [2 * ((y < x) - t) * (x - y) for t, x in zip((0.1, 0.5, 0.9), q, strict=True)]
        if q == sorted(q):
            wis.append((weight, sum(pinball) / 3))
        if q[0] <= q[2]:
            inside.append((weight, float(q[0] <= y <= q[2])))
    assert distribution.weighted_wis == mean_of(wis)
    assert interval.weighted_covered == mean_of(inside)


def mean_of(weighted: list[tuple[float, float]]) -> object:
    """Σ w x / Σ w, nearly; None for no keys."""
    if not weighted:
        return None
    return pytest.approx(sum(w * x for w, x in weighted) / sum(w for w, _ in weighted))
