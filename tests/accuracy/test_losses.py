"""The losses of each key, against known answers and what a person would compute."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from estimates.accuracy.actuals import actual, read_actuals
from estimates.accuracy.losses import known, losses
from estimates.accuracy.match import match
from estimates.accuracy.observed import observed
from estimates.contract.conform import conform
from estimates.contract.contract_file import parse_contract
from tests.accuracy.scored import CHURN, LABELS, NUMBERS, QUANTILES, items

NUMBER = st.floats(-1e6, 1e6).map(lambda x: round(x, 3))


def of(toml: str, came: list[Any], **columns: Any) -> dict[str, list[float | None]]:
    """The losses of keys with these estimates, of which this came; NaN as None."""
    contract = parse_contract(toml)
    (what,) = observed(contract)
    keys = {"item": items(len(came))}
    rows = conform(pl.DataFrame(keys | columns), contract)
    actuals = read_actuals(pl.DataFrame(keys | {what.name: came}), contract, None)
    matched = match(rows, actuals, contract, None)
    return {
        name: [None if math.isnan(value) else value for value in values.tolist()]
        for name, values in losses(matched, what, actual(what.name)).items()
    }


def test_errors_of_a_point_and_hits_of_its_intervals() -> None:
    """e is estimate − actual; an interval's ends are inside; no value is no loss."""
    made = of(
        NUMBERS,
        [12.0, 9.0, 15.0, None],
        p=[10.0] * 4,
        low=[8.0, 9.0, None, 8.0],
        high=[12.0, 12.0, 12.0, 12.0],
        lower=[9.5] * 4,
        upper=[12.0] * 4,
        kind=["x"] * 4,
    )
    assert made["mae"] == [2.0, 1.0, 5.0, None]
    assert made["rmse"] == made["bias"] == [-2.0, 1.0, -5.0, None]
    assert made["inside 0.8"] == [1.0, 1.0, None, None]
    assert made["inside 0.5"] == [1.0, 0.0, 0.0, None]


@given(st.lists(NUMBER, min_size=3, max_size=3).map(sorted), NUMBER)
@example([1.0, 2.0, 3.0], 2.5)
@example([1.0, 1.0, 1.0], 1.0)
def test_the_wis_is_twice_the_mean_pinball_loss(ends: list[float], y: float) -> None:
    """Of quantiles in equal number on both sides (Bracher et al., PLOS Computational Biology 17,
    2021).
    """
    levels = (0.1, 0.5, 0.9)
    pinball = [
        level * (y - q) if y >= q else (1 - level) * (q - y)
        for level, q in zip(levels, ends, strict=True)
    ]
    (wis,) = of(QUANTILES, [y], **{c: [q] for c, q in zip("abc", ends, strict=True)})["wis"]
    assert wis == pytest.approx(2 * sum(pinball) / 3, rel=1e-9, abs=1e-9)
    low, _, high = ends
    interval = (high - low) + 10 * max(low - y, 0.0) + 10 * max(y - high, 0.0)  # 2/α = 10
    of_parts = (0.5 * abs(y - ends[1]) + 0.1 * interval) / 1.5  # α/2 = 0.1
    assert wis == pytest.approx(of_parts, rel=1e-9, abs=1e-9)


def test_labels_and_probabilities_of_several_outcomes() -> None:
    """Wrong or not; the sum of squares (Brier, 1950) and −ln of what came, at most −ln 1e-15; none
    where no estimate or no outcome is known.
    """
    made = of(
        LABELS,
        ["sun", "rain", None, "snow", "sun"],
        guess=["sun", "sun", "sun", None, "rain"],
        sun=[0.5, 0.75, 0.5, 1.0, 0.5],
        rain=[0.25, 0.25, 0.25, 0.0, 0.25],
        snow=[0.25, 0.0, 0.25, 0.0, 0.25],
    )
    assert made["error_rate"] == [0.0, 1.0, None, None, 1.0]
    assert made["brier"] == [0.375, 2 * 0.75**2, None, 2.0, 0.375]
    logs = [math.log(2), math.log(4), None, -math.log(1e-15), math.log(2)]
    assert made["log_loss"] == [None if x is None else pytest.approx(x) for x in logs]


@pytest.mark.parametrize(
    ("outcome", "brier", "chance"), [("churned", 0.0625, 0.75), ("stayed", 0.5625, 0.25)]
)
def test_a_single_probability_is_of_its_own_label(
    outcome: str, brier: float, chance: float
) -> None:
    """Any other outcome is that it did not happen."""
    made = of(CHURN, [outcome], p=[0.75])
    assert made["brier"] == [brier]
    assert made["log_loss"] == [pytest.approx(-math.log(chance))]
    assert "error_rate" not in made


def test_a_key_is_known_by_any_of_its_losses() -> None:
    """One is enough; zero is a loss."""
    nan = math.nan
    rows = known({"mae": np.array([nan, 0.0, nan]), "wis": np.array([nan, nan, 3.0])})
    assert rows.tolist() == [False, True, True]
