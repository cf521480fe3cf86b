"""Scores of single keys, and their means by any columns."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.accuracy.actuals import read_actuals
from estimates.accuracy.key_scores import key_scores, means, own_name
from estimates.accuracy.match import match
from estimates.accuracy.observed import observed
from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError
from tests.accuracy.scored import items

LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)
FLU = (
    'name = "flu"\n[key.item]\ntype = "string"\n[columns.place]\nrole = "attribute"\n'
    'type = "string"\n'
    + "".join(
        f'[columns.q{i}]\nrole = "quantile"\nquantile = {level}\n' for i, level in enumerate(LEVELS)
    )
)
TREND = 'name = "trend"\n[key.item]\ntype = "string"\n' + "".join(
    f'[columns.{name}]\nrole = "probability"\nlabel = "{name}"\n' for name in ("down", "same", "up")
)


def scored_keys(
    source: str, frame: pl.DataFrame, outcomes: list[float] | list[str], shift: float | None = None
) -> pl.DataFrame:
    """The scores of one version."""
    contract = parse_contract(source)
    name = observed(contract)[0].name
    table = pl.DataFrame({"item": frame["item"], name: outcomes})
    actuals = read_actuals(table, contract)
    matched = match(frame, actuals, contract, None)
    scores = key_scores(matched, observed(contract)[0], contract, shift)
    return scores.select(pl.lit(name).alias("column"), pl.all())


def flu(rows: list[list[float]]) -> pl.DataFrame:
    """A version of quantiles in order."""
    values = {f"q{i}": [sorted(row)[i] for row in rows] for i in range(len(LEVELS))}
    places = [("US", "NY")[i % 2] for i in range(len(rows))]
    return pl.DataFrame({"item": items(len(rows)), "place": places} | values)


def slow_bias(quantiles: list[float], y: float) -> float:
    """By the definition, level by level."""
    median = quantiles[2]
    if y < median:
        return 1 - 2 * max((t for t, q in zip(LEVELS, quantiles, strict=True) if q <= y), default=0)
    if y > median:
        return 1 - 2 * min((t for t, q in zip(LEVELS, quantiles, strict=True) if q >= y), default=1)
    return 0.0


numbers = st.integers(-4, 4).map(float)


@given(
    st.lists(st.tuples(st.lists(numbers, min_size=5, max_size=5), numbers), min_size=1, max_size=6)
)
def test_scores_of_keys_agree_with_plain_python(rows: list[tuple[list[float], float]]) -> None:
    """WIS, its parts, coverage and bias of every key, however its quantiles lie."""
    frame = flu([quantiles for quantiles, _ in rows])
    scores = scored_keys(FLU, frame, [y for _, y in rows])
    for row, (unsorted, y) in zip(scores.iter_rows(named=True), rows, strict=True):
        q = sorted(unsorted)
        pinball = [2 * ((y < x) - t) * (x - y) for t, x in zip(LEVELS, q, strict=True)]
        assert row["wis"] == pytest.approx(sum(pinball) / 5, abs=1e-12)
        parts = row["dispersion"] + row["penalty_below"] + row["penalty_above"]
        assert parts == pytest.approx(row["wis"], abs=1e-12)
        assert row["covered_50"] == (q[1] <= y <= q[3])
        assert row["interval_score_80"] == pytest.approx(
            q[4] - q[0] + 10 * max(q[0] - y, 0) + 10 * max(y - q[4], 0)
        )
        assert row["quantile_bias"] == pytest.approx(slow_bias(q, y))


def test_means_by_any_columns_and_their_combinations() -> None:
    """An attribute, a key column, both, or none; a column that is not there is named with those
    that are.
    """
    frame = flu([[1.0, 2.0, 3.0, 4.0, 5.0]] * 4)
    scores = scored_keys(FLU, frame, [3.0, 4.0, 5.0, 9.0])
    whole = means(scores, [])
    assert whole["n"].to_list() == [4]
    assert whole["wis"][0] == pytest.approx(scores["wis"].sum() / 4)
    by_place = means(scores, ["place"])
    assert by_place.select("place", "n").rows() == [("NY", 2), ("US", 2)]
    assert by_place["covered_50"].to_list() == [0.5, 0.5]
    assert means(scores, ["place", "item"]).height == 4
    with pytest.raises(InvalidError) as caught:
        means(scores, ["region"])
    assert caught.value.code == "columns"
    assert "columns: column, item, place" in caught.value.message


def test_scores_on_the_logarithmic_scale() -> None:
    """They are the scores of ln(x + shift); a value that has no logarithm is named."""
    rows = [[0.0, 1.0, 2.0, 5.0, 9.0], [3.0, 4.0, 6.0, 7.0, 8.0]]
    logs = [[math.log(x + 1) for x in row] for row in rows]
    shifted = scored_keys(FLU, flu(rows), [4.0, 2.0], 1.0)
    plain = scored_keys(FLU, flu(logs), [math.log(5), math.log(3)])
    for name in ("wis", "interval_score_80", "quantile_bias"):
        assert shifted[name].to_list() == pytest.approx(plain[name].to_list())
    with pytest.raises(InvalidError) as caught:
        scored_keys(FLU, flu(rows), [4.0, 2.0], 0.0)
    assert caught.value.code == "bad_transform"
    assert "q0 has values at or below 0" in caught.value.message


def test_ranked_probability_scores_know_the_order_of_labels() -> None:
    """A miss by one label costs less than one by two, which the Brier score does not see."""
    frame = pl.DataFrame({"item": items(3), "down": [0.7] * 3, "same": [0.2] * 3, "up": [0.1] * 3})
    outcomes = ["down", "same", "up"]
    scores = scored_keys(TREND, frame, outcomes)
    cumulative = np.cumsum([0.7, 0.2, 0.1])
    wanted = [
        sum((f - (k >= outcomes.index(y))) ** 2 for k, f in enumerate(cumulative)) for y in outcomes
    ]
    assert scores["rps"].to_list() == pytest.approx(wanted)
    assert all(a < b for a, b in pairwise(scores["rps"].to_list()))


def test_a_set_may_call_its_columns_as_scores_are_called() -> None:
    """Its own `horizon` is the horizon of its scores, also where the target has steps; an attribute
    called as a loss has a `_` in front.
    """
    more = '[key.week]\ntype = "date"\ntarget = true\n' + "".join(
        f'[columns.{name}]\nrole = "attribute"\ntype = "integer"\n' for name in ("horizon", "wis")
    )
    contract = parse_contract(FLU + more)
    frame = flu([[1.0, 2.0, 3.0, 4.0, 5.0]]).with_columns(week=date(2026, 1, 5), horizon=3, wis=99)
    actuals = read_actuals(frame.select("item", "week", value=3.0), contract)
    matched = match(frame, actuals, contract, datetime(2026, 1, 1, tzinfo=UTC))
    scores = key_scores(matched, observed(contract)[0], contract)
    assert scores["horizon"].to_list() == [3]
    assert scores["wis"].item() < 2
    assert scores["_wis"].to_list() == [99]


@pytest.mark.parametrize("name", ["actual", "n", "error", "bias", "rmse", "wis", "covered_50"])
def test_a_key_may_be_called_as_a_score_is(name: str) -> None:
    """It has a `_` in front, and scores are grouped by it."""
    contract = parse_contract(FLU.replace("[key.item]", f"[key.{name}]"))
    frame = flu([[1.0, 2.0, 3.0, 4.0, 5.0]] * 2).rename({"item": name})
    actuals = read_actuals(frame.select(name, value=3.0), contract)
    of = observed(contract)[0]
    scores = key_scores(match(frame, actuals, contract, None), of, contract)
    scores = scores.select(pl.lit("value").alias("column"), pl.all())
    assert means(scores, [own_name(name)])["n"].to_list() == [1, 1]
