"""Samples: what a contract says of them, and what a table of draws becomes."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.contract.conform import conform
from estimates.contract.contract import Contract
from estimates.contract.contract_file import parse_contract
from estimates.contract.sample_columns import lists_of_text, sample_quantiles
from estimates.errors import InvalidError

HEAD = 'name = "flu"\n[key.place]\ntype = "string"\n'
SAMPLES = '[columns.draws]\nrole = "samples"\n'
NUMBERS = pl.List(pl.Float64)


def contract(more: str = "", columns: str = "") -> Contract:
    """A key, other columns, and a column of samples; `more` is said of it."""
    return parse_contract(f"{HEAD}{columns}{SAMPLES}{more}")


def table(*draws: Any, dtype: pl.DataType | None = None) -> pl.DataFrame:
    """A row for each list of draws."""
    places = [f"p{i}" for i in range(len(draws))]
    return pl.DataFrame({"place": places, "draws": pl.Series(draws, dtype=dtype or NUMBERS)})


def test_samples_stand_for_themselves_and_nine_quantiles() -> None:
    """The list last, so that a person sees the quantiles first; bounds and units are those of
    both, and only the list is of another shape.
    """
    made = contract('unit = "count"\nmin = 0\ndraws = 3\njoint = ["place"]\n')
    levels = (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)
    assert list(made.columns) == [*(f"draws_q{level}" for level in levels), "draws"]
    assert made.judged == list(made.columns)[:-1]
    assert {column.unit for column in made.columns.values()} == {"count"}
    assert {column.min for column in made.columns.values()} == {0}
    shape = msgspec.to_builtins(made.shape())["columns"]
    assert shape[-1] == {"name": "draws", "type": "numbers", "role": "samples", "unit": "count"}
    assert made.shape() == contract('unit = "count"\n').shape()


def test_quantiles_of_samples_are_those_that_are_listed() -> None:
    """None of their own where a table brings other quantiles along."""
    assert contract("quantiles = [0.5]\ncuts = [1.0]\n").judged == ["draws_q0.5"]
    others = "[columns.q]\nquantiles = [0.1, 0.9]\n"
    assert contract(columns=others).judged == ["q0.1", "q0.9"]
    assert contract("quantiles = []\n", "[columns.value]\n").judged == ["value"]


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ("draws = 1", "draws must be at least 2"),
        ('type = "float"', "role 'samples' needs type numbers"),
        ('joint = ["week"]', "joint names 'week', which is no key column"),
        ("quantiles = []", "samples need 'quantiles'"),
        ("quantiles = [0.5, 2.0]", "lists numbers between 0 and 1"),
        ("quantile = 0.5", "'quantile' has no meaning for role 'samples'"),
        ('[columns.x]\ntype = "numbers"', "needs type float or integer, not numbers"),
        ('[columns.x]\nrole = "attribute"\ntype = "numbers"', "that of role 'samples'"),
        ("[columns.x]\ndraws = 5", "'draws' has no meaning for role 'point'"),
        (
            '[columns.x]\nrole = "quantile"\nquantile = 0.3\nfrom_samples = "drws"',
            "which is no column of samples (did you mean 'draws'?)",
        ),
        ('[columns.x]\nfrom_samples = "draws"', "for role 'quantile' of type float only"),
    ],
)
def test_what_means_nothing_is_refused(more: str, problem: str) -> None:
    """With what is wrong, in words."""
    with pytest.raises(InvalidError) as caught:
        contract(more + "\n")
    assert problem in caught.value.message


@given(
    st.lists(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=40), min_size=1, max_size=8),
    st.floats(0.001, 0.999),
)
def test_a_quantile_of_draws_is_that_of_numpy(draws: list[list[float]], level: float) -> None:
    """Type 7, whatever the number of draws in each row."""
    (column,) = sample_quantiles(pl.Series(draws, dtype=NUMBERS), {"q": level})
    wanted = [float(np.quantile(row, level)) for row in draws]
    np.testing.assert_allclose(column.to_numpy(), wanted, rtol=1e-9, atol=1e-6)


@pytest.mark.parametrize(
    "dtype",
    [pl.List(pl.Float64), pl.List(pl.Int32), pl.Array(pl.Float64, 3), pl.List(pl.Decimal(8, 2))],
    ids=str,
)
def test_lists_of_any_numbers_are_draws_in_their_order(dtype: pl.DataType) -> None:
    """Order is what makes draws of several rows one trajectory; a row without any has none."""
    rows = conform(table([3, 1, 2], None, dtype=dtype), contract("nullable = true\n"))
    assert rows["draws"].to_list() == [[3.0, 1.0, 2.0], None]
    assert rows["draws_q0.5"].to_list() == [2.0, None]
    assert rows.schema["draws"] == NUMBERS


def test_floats_of_32_bits_keep_their_digits() -> None:
    """As in any other column, and −0.0 is 0.0."""
    rows = conform(table([1.1, -0.0], [], dtype=pl.List(pl.Float32)), contract())
    assert rows["draws"].to_list() == [[1.1, 0.0], []]
    assert str(rows["draws"][0][1]) == "0.0"


@pytest.mark.parametrize("draw", [float("nan"), float("inf"), None])
def test_a_draw_that_is_no_number_is_refused(draw: float | None) -> None:
    """The key is named."""
    with pytest.raises(InvalidError, match="has draws that are no finite number for 1 key: p1"):
        conform(table([1.0, 2.0], [1.0, draw]), contract())


def test_quantiles_that_come_along_have_to_be_those_of_the_draws() -> None:
    """A table that was exported is published again as it is; one that was edited is not."""
    rows = conform(table([1.0, 2.0]), contract())
    assert conform(rows, contract()).equals(rows)
    edited = rows.with_columns(pl.lit(1.6).alias("draws_q0.5"))
    with pytest.raises(InvalidError, match=r"is not the quantile 0\.5 .* leave 'draws_q0\.5' out"):
        conform(edited, contract())


def test_text_is_a_list_where_json_says_so() -> None:
    """Null where it is none; one bad cell spoils no other."""
    texts = pl.Series(["[1, 2.5]", " [] ", None, "1", "[1,", "x", '["a"]'])
    assert lists_of_text(texts).to_list() == [[1.0, 2.5], [], None, None, None, None, None]
