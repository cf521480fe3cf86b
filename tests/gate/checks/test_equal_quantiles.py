"""The check `equal_quantiles`."""

from __future__ import annotations

import polars as pl

from estimates.gate.verdict import CheckResult
from tests.gate.cases import check_of, clean_verdict, edit, simple

GRID = simple(
    'role = "quantile"\nquantile = 0.5',
    '[columns.a]\nrole = "quantile"\nquantile = 0.1\n'
    '[columns.z]\nrole = "quantile"\nquantile = 0.9\n',
)


def of_rows(*rows: tuple[float, float, float]) -> CheckResult:
    """What the check says of rows of the quantiles 0.1, 0.5 and 0.9."""
    a, v, z = (list(column) for column in zip(*rows, strict=True))
    keys = [str(number) for number in range(len(rows))]
    frame = pl.DataFrame({"k": keys, "a": a, "v": v, "z": z})
    return check_of("equal_quantiles", frame, GRID)


def test_passes() -> None:
    """Quantiles that differ pass."""
    result = clean_verdict().check("equal_quantiles")
    assert (result.status, result.value) == ("pass", 0)


def test_fails() -> None:
    """Where all quantiles of a row are one number it warns, and names the rows."""
    result = edit(q10=pl.col("q50"), q90=pl.col("q50")).evaluate().check("equal_quantiles")
    assert (result.status, result.value, result.offending) == ("warn", 1, 25)


def test_a_wide_pair_without_width_counts() -> None:
    """The 80 % interval of two quantiles that are one number counts its row once."""
    result = of_rows((2.0, 1.0, 2.0), (1.0, 2.0, 3.0))
    assert (result.value, result.offending) == (0.5, 1)


def test_zero_is_a_natural_bound_of_a_pair() -> None:
    """Counts of nothing: a pair at 0 is no certainty, all quantiles at 0 are."""
    assert of_rows((0.0, 1.0, 0.0), (1.0, 2.0, 3.0)).value == 0
    assert of_rows((0.0, 0.0, 0.0), (1.0, 2.0, 3.0)).value == 0.5


def test_two_quantiles_are_an_interval() -> None:
    """With fewer than three it says nothing."""
    pair = simple(
        'role = "quantile"\nquantile = 0.1', '[columns.z]\nrole = "quantile"\nquantile = 0.9\n'
    )
    frame = pl.DataFrame({"k": ["a"], "v": [1.0], "z": [1.0]})
    result = check_of("equal_quantiles", frame, pair)
    assert (result.status, result.reason) == ("skipped", "not_in_contract")
