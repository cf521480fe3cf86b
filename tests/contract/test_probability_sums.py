"""The tolerance of the sum of probabilities, the same wherever they are looked at."""

from __future__ import annotations

from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import estimates
from estimates.accuracy.actuals import read_actuals
from estimates.accuracy.score import score
from estimates.contract.contract import Contract
from estimates.contract.contract_file import parse_contract
from estimates.contract.probability_sums import decimals, rounding_tolerance
from estimates.errors import InvalidError
from tests.gate.cases import check_of

CLASSES = "abc"


def contract(more: str = "") -> Contract:
    """A contract of three probabilities."""
    columns = [f'[columns.p_{x}]\nrole = "probability"\nlabel = "{x}"\n' for x in CLASSES]
    return parse_contract(f'name = "risk"\n{more}\n[key.id]\ntype = "string"\n{"".join(columns)}')


def table(*rows: tuple[float, float, float]) -> pl.DataFrame:
    """Rows of probabilities."""
    frame = pl.DataFrame(rows, schema=[f"p_{x}" for x in CLASSES], orient="row")
    return frame.select(pl.int_range(pl.len()).cast(pl.String).alias("id"), pl.all())


@pytest.mark.parametrize(
    ("values", "digits"),
    [
        ([0.5, 0.25], 2),
        ([0.1 + 0.2, 0.7], 1),
        ([1.0, 0.0], 0),
        ([1 / 3], 9),
        ([0.12345678], 8),
        ([None, float("nan"), 0.5], 1),
        ([], 0),
    ],
)
def test_decimals(values: list[float | None], digits: int) -> None:
    """The most of any number; noise in the last bits is none."""
    assert decimals(pl.Series(values, dtype=pl.Float64)) == digits


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=6), st.integers(1, 6))
def test_rounding_keeps_the_tolerance(weights: list[int], digits: int) -> None:
    """A distribution that was rounded to d decimals is off by no more than the tolerance says."""
    whole = [Fraction(weight + 1, sum(weights) + len(weights)) for weight in weights]
    rounded = [pl.Series([float(round(share, digits))]) for share in whole]
    fewest = max(map(decimals, rounded))
    tolerance = max(1e-6, len(whole) * 0.5 * 10.0**-digits)
    assert abs(sum(column[0] for column in rounded) - 1) <= tolerance + 1e-12
    if fewest == digits:
        assert rounding_tolerance(rounded) == tolerance


def test_whole_numbers_were_not_rounded() -> None:
    """Flags have to add up to 1."""
    assert rounding_tolerance([pl.Series([1.0]), pl.Series([1.0])]) == 1e-6


@pytest.mark.parametrize(
    ("more", "rows", "wrong"),
    [
        ("", [(0.33, 0.33, 0.33), (0.25, 0.5, 0.25)], 0),
        ("", [(0.33, 0.33, 0.32), (0.25, 0.5, 0.25)], 1),
        ("", [(0.123456, 0.2, 0.676543), (0.25, 0.5, 0.25)], 0),
        ("", [(0.123456, 0.2, 0.67654), (0.25, 0.5, 0.25)], 1),
        ("", [(1 / 3, 1 / 3, 0.3333), (0.25, 0.5, 0.25)], 1),
        ("sum_tolerance = 0.03", [(0.33, 0.33, 0.31), (0.25, 0.5, 0.25)], 0),
        ("sum_tolerance = 0", [(0.33, 0.33, 0.33), (0.25, 0.5, 0.25)], 1),
    ],
)
def test_gate_diff_and_score_agree(
    more: str, rows: list[tuple[float, float, float]], wrong: int
) -> None:
    """The same rows are invalid to each of them."""
    frame, declared = table(*rows), contract(more)
    gate = check_of("probabilities", frame, declared)
    assert gate.value == wrong
    report = estimates.diff(frame, frame, contract=declared).probabilities
    assert report is not None
    assert report.invalid_to == wrong
    seen = read_actuals(frame.select("id", label=pl.lit("a")), declared, None)
    scores = score(frame, seen, declared, version=1, contract_revision=1, through=None)
    probability = scores.columns["label"].probability
    assert probability is not None
    assert (probability.invalid, probability.n) == (wrong, len(rows) - wrong)


def test_a_tolerance_is_a_share() -> None:
    """Beyond 1 every sum would do."""
    with pytest.raises(InvalidError, match="sum_tolerance must lie between 0 and 1"):
        contract("sum_tolerance = 1.5")
