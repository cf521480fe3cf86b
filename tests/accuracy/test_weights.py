"""Scores in which each key counts by a column of the contract."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from estimates.accuracy import accuracy_json
from estimates.accuracy.accuracy_report import Accuracy, Scored
from estimates.accuracy.actuals import read_actuals
from estimates.accuracy.pooling import of_set
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


SALES = """name = "sales"
[key.item]
type = "string"
[columns.p]
weight = "price"
[columns.p_low]
role = "lower"
level = 0.8
of = "p"
[columns.p_high]
role = "upper"
level = 0.8
of = "p"
[columns.price]
role = "attribute"
type = "float"
nullable = true
"""
POOLED = ("wape", "percentage_bias", "weighted_mae", "weighted_wape", "weighted_bias")
sold = st.tuples(values, values, st.sampled_from([None, 0.0, 0.5, 3.0]))


@given(st.lists(st.lists(sold, min_size=1, max_size=4), min_size=1, max_size=4))
def test_weighted_scores_of_versions_are_those_of_all_their_keys(
    versions: list[list[tuple[float, float, float | None]]],
) -> None:
    """A version counts by its weights; one in which nothing came counts with its errors."""
    contract, now = parse_contract(SALES), datetime(2026, 1, 1, tzinfo=UTC)

    def accuracy(rows: list[tuple[float, float, float | None]], version: int) -> Accuracy:
        p = pl.Series([p for p, *_ in rows])
        prices = pl.Series([w for *_, w in rows], dtype=pl.Float64)
        frame = pl.DataFrame({"item": items(len(rows)), "p": p, "price": prices})
        frame = frame.with_columns(p_low=p - 1, p_high=p + 2)
        outcomes = pl.DataFrame({"item": items(len(rows)), "p": [y for _, y, _ in rows]})
        actuals, about = read_actuals(outcomes, contract), {"contract_revision": 1, "through": None}
        return score(frame, actuals, contract, version=version, **about)

    scores = [accuracy(rows, number) for number, rows in enumerate(versions, 1)]
    stored = [Scored(s.version, now, accuracy_json.decode(accuracy_json.encode(s))) for s in scores]
    pooled = of_set("sales", stored).together["p"]
    whole = accuracy([row for rows in versions for row in rows], 1).columns["p"]
    assert whole.distribution is not None
    near = {"rel": 1e-9, "abs": 1e-9, "nan_ok": False}
    expected = {name: getattr(whole.point, name) for name in POOLED}
    expected["weighted_wis"] = whole.distribution.weighted_wis
    for name, value in expected.items():
        assert getattr(pooled, name) == (None if value is None else pytest.approx(value, **near))
    (interval,), (of_all,) = pooled.intervals, whole.intervals
    for name in ("weighted_covered", "weighted_score"):
        value = getattr(of_all, name)
        assert getattr(interval, name) == (None if value is None else pytest.approx(value, **near))


def test_scores_of_an_older_program_have_no_shares_together() -> None:
    """What was stored without its sizes pools to null, and not to a part of the keys."""
    contract, now = parse_contract(SALES), datetime(2026, 1, 1, tzinfo=UTC)
    frame = pl.DataFrame({"item": ["a"], "p": [3.0], "p_low": [1.0], "p_high": [4.0]})
    frame = frame.with_columns(price=pl.lit(2.0))
    actuals = read_actuals(pl.DataFrame({"item": ["a"], "p": [4.0]}), contract)
    scores = score(frame, actuals, contract, version=1, contract_revision=1, through=None)
    column = scores.columns["p"]
    assert column.point is not None
    older = replace(column.point, size=None, weight=None, weighted_size=None)
    before = replace(scores, columns={"p": replace(column, point=older)})
    pooled = of_set("sales", [Scored(1, now, before)]).together["p"]
    assert (pooled.all.mae, pooled.wape, pooled.weighted_wape) == (1.0, None, None)
    again = of_set("sales", [Scored(1, now, scores)]).together["p"]
    assert (again.wape, again.weighted_wape, again.weighted_mae) == (0.25, 0.25, 1.0)


def mean_of(weighted: list[tuple[float, float]]) -> object:
    """Σ w x / Σ w, nearly; None for no keys."""
    if not weighted:
        return None
    return pytest.approx(sum(w * x for w, x in weighted) / sum(w for w, _ in weighted))
