"""The check `quantile_crossing`."""

from __future__ import annotations

import polars as pl
import pytest

from tests.gate.cases import check_of, clean_verdict, edit, simple


def test_passes() -> None:
    """Quantiles in their order pass."""
    result = clean_verdict().check("quantile_crossing")
    assert (result.status, result.value) == ("pass", 0)


def test_fails() -> None:
    """The 90 % quantile below the median counts once a row."""
    result = edit(q50=pl.col("q90") * 1.01).evaluate().check("quantile_crossing")
    assert (result.status, result.value) == ("fail", 25)


@pytest.mark.parametrize(
    "spelled", [("", ""), ('of = "v"\n', ""), ("", 'of = "v"\n'), ('of = "v"\n', 'of = "v"\n')]
)
def test_quantiles_cross_whether_or_not_their_point_is_spelled_out(
    spelled: tuple[str, str],
) -> None:
    """Columns that leave out `of` belong to the same grid as those that name the only point."""
    low, high = spelled
    quantiles = {"q1": f"quantile = 0.1\n{low}", "q9": f"quantile = 0.9\n{high}"}
    of = simple(
        more="".join(f'[columns.{q}]\nrole = "quantile"\n{rest}' for q, rest in quantiles.items())
    )
    content = pl.DataFrame({"k": ["a", "b"], "v": [5.0, 6.0], "q1": [9.0, 1.0], "q9": [1.0, 9.0]})
    assert check_of("quantile_crossing", content, of).value == 1


def test_quantiles_within_rounding_do_not_cross() -> None:
    """A quantile below its neighbour by 1e-10 of its size passes, by 1e-8 fails."""
    tiny = edit(q50=pl.col("q10") * (1 - 1e-10)).evaluate().check("quantile_crossing")
    small = edit(q50=pl.col("q10") * (1 - 1e-8)).evaluate().check("quantile_crossing")
    assert (tiny.status, small.status) == ("pass", "fail")


def test_quantile_grids_of_two_points_are_apart() -> None:
    """Quantiles of different points are not compared with each other."""
    more = '[columns.w]\nrole = "point"\n'
    more += "".join(
        f'[columns.{point}{level}]\nrole = "quantile"\nquantile = 0.{level}\nof = "{point}"\n'
        for point in "vw"
        for level in (1, 9)
    )
    grids = simple(more=more)
    content = pl.DataFrame(
        {
            "k": ["a", "b"],
            "v": [1.0, 2.0],
            "w": [9.0, 8.0],
            "v1": [0.5, 1.5],
            "v9": [1.5, 2.5],
            "w1": [8.0, 7.0],
            "w9": [10.0, 9.0],
        }
    )
    assert check_of("quantile_crossing", content, grids).value == 0
