"""The check `dominant_value`."""

from __future__ import annotations

import polars as pl
import pytest

from estimates.contract.contract_file import parse_contract
from tests.gate.cases import Setting, clean_verdict, poke, simple


def test_passes() -> None:
    """Of 24 values that all differ each has a share of 1/24."""
    result = clean_verdict().check("dominant_value")
    assert result.status == "pass"
    assert result.value == pytest.approx(1 / 24)


def test_warns() -> None:
    """14 zeros of 25 values are a share of 56 %."""
    result = poke("trend", 0.0, 14).evaluate().check("dominant_value")
    assert result.status == "warn"
    assert result.value == pytest.approx(0.56)


def sales(zeros: int, bound: float = 0.0) -> pl.DataFrame:
    """A hundred sales, most of them at a bound."""
    values = [bound] * zeros + [bound + 1.5 * (i + 1) for i in range(100 - zeros)]
    return pl.DataFrame({"k": [f"k{i:03}" for i in range(100)], "v": values})


@pytest.mark.parametrize(
    ("columns", "rows"),
    [("", sales(97)), ("min = 5", sales(97, 5.0)), ("", sales(97).with_columns(-pl.col("v")))],
    ids=["zeros", "a bound of the contract", "losses"],
)
def test_a_natural_bound_may_hold_most_values(columns: str, rows: pl.DataFrame) -> None:
    """97 % zeros of what cannot be less are what such numbers are."""
    for baseline in (None, rows):
        result = Setting(simple(columns), rows, baseline).evaluate().check("dominant_value")
        assert (result.status, result.value) == ("pass", pytest.approx(0.01))


def test_a_bound_that_most_values_moved_to_is_none() -> None:
    """Zeros where the baseline has numbers took the place of estimates; so did a constant."""
    moved = Setting(simple(), sales(97), sales(10)).evaluate().check("dominant_value")
    assert (moved.status, moved.value) == ("fail", 0.97)
    constant = Setting(simple(), sales(100), None).evaluate().check("dominant_value")
    assert (constant.status, constant.value) == ("fail", 1)


def test_one_of_several_probabilities_may_be_0_everywhere() -> None:
    """A week in which nobody expects the peak; one that is 1 everywhere fills its column."""
    labels = "".join(
        f'[columns.p{i}]\nrole = "probability"\nlabel = "week {i}"\n' for i in range(3)
    )
    contract = parse_contract(f'name = "s"\n[key.k]\ntype = "string"\n{labels}')
    shares = [i / 200 for i in range(100)]
    rows = pl.DataFrame(
        {
            "k": [f"k{i:03}" for i in range(100)],
            "p0": [0.0] * 100,
            "p1": shares,
            "p2": [1 - share for share in shares],
        }
    )
    for baseline in (None, rows):
        result = Setting(contract, rows, baseline).evaluate().check("dominant_value")
        assert (result.status, result.value) == ("pass", pytest.approx(0.01))
    sure = rows.with_columns(p1=pl.lit(0.0), p2=pl.lit(1.0))
    assert Setting(contract, sure, None).evaluate().check("dominant_value").status == "fail"
