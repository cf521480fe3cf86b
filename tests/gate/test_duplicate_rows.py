"""Rows whose estimates another row has too."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest

from estimates.contract.contract import Contract
from estimates.contract.contract_file import parse_contract
from estimates.gate.duplicate_rows import Duplicates, duplicates, duplicates_of_distinct

CONTRACT = parse_contract(
    'name = "t"\n[key.k]\ntype = "string"\n[columns.a]\n[columns.b]\nnullable = true\n'
)


def rows(*pairs: tuple[float | None, float | None]) -> pl.DataFrame:
    """Rows by number with two estimates."""
    return pl.DataFrame(
        {
            "k": [f"{i}" for i in range(len(pairs))],
            "a": pl.Series([a for a, _ in pairs], dtype=pl.Float64),
            "b": pl.Series([b for _, b in pairs], dtype=pl.Float64),
        }
    )


@pytest.mark.parametrize("search", [duplicates, duplicates_of_distinct])
@pytest.mark.parametrize(
    ("pairs", "keys"),
    [
        ([(1.0, 2.0), (1.0, 2.0), (1.0, 3.0)], ["0", "1"]),
        ([(1.0, 2.0), (2.0, 1.0)], []),
        ([(1.0, None), (1.0, None)], ["0", "1"]),
        ([(None, 1.0), (None, 1.0)], ["0", "1"]),
    ],
)
def test_rows_agree_in_all_estimates(
    search: Callable[[pl.DataFrame, Contract], Duplicates],
    pairs: list[tuple[float | None, float | None]],
    keys: list[str],
) -> None:
    """Both ways find the same rows; equal in one column alone is not equal."""
    repeated = search(rows(*pairs), CONTRACT)
    assert repeated.rows is not None
    assert repeated.rows["k"].to_list() == keys
    assert repeated.n == len(pairs)


def test_rows_without_any_estimate_do_not_count() -> None:
    """Two empty rows are no duplicates."""
    repeated = duplicates(rows((None, None), (None, None), (1.0, 1.0)), CONTRACT)
    assert repeated.rows is not None
    assert (repeated.rows.height, repeated.n) == (0, 1)


def test_sets_without_floats_are_not_looked_at() -> None:
    """Labels agree by nature."""
    contract = parse_contract(
        'name = "t"\n[key.k]\ntype = "string"\n[columns.c]\nrole = "label"\nlabels = ["x", "y"]\n'
    )
    frame = pl.DataFrame({"k": ["0", "1"], "c": ["x", "x"]})
    assert duplicates(frame, contract) == (None, 0)
