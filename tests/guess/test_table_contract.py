"""What two tables are taken for where a few rows or cells are wrong: they are counted or named,
never left out.
"""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

import estimates
from estimates.compare.table_diff import side_by_side
from estimates.errors import InvalidError

ROWS = 100


def table(**columns: Any) -> pl.DataFrame:
    """An `id` of all rows, and columns of lists or of one value for all rows."""
    frame = pl.DataFrame({"id": range(ROWS)})
    return frame.with_columns(
        (pl.Series(values, dtype=pl.Float64) if isinstance(values, list) else pl.lit(values)).alias(
            name
        )
        for name, values in columns.items()
    )


def broken(value: float, wrong: float, rows: int) -> list[float]:
    """A column of one value, but for the last rows."""
    return [value] * (ROWS - rows) + [wrong] * rows


def texts(name: str, values: list[str | None]) -> pl.DataFrame:
    """A table of text, as from CSV: an `id`, a number and another column."""
    n = len(values)
    column = pl.Series(values, dtype=pl.String)
    return pl.DataFrame({"id": [f"k{i}" for i in range(n)], "value": ["1.5"] * n, name: column})


def roles(a: pl.DataFrame, b: pl.DataFrame) -> dict[str, str]:
    """What the columns are taken for."""
    return {
        name: column.role for name, column in side_by_side(a, b, key="id").contract.columns.items()
    }


def refusal(a: pl.DataFrame, b: pl.DataFrame, **arguments: Any) -> InvalidError:
    """The error of a diff."""
    with pytest.raises(InvalidError) as caught:
        estimates.diff(a, b, key="id", names=("old.csv", "new.csv"), **arguments)
    return caught.value


def test_one_broken_row_is_counted() -> None:
    """One row with crossed ends, crossed quantiles and a wrong sum leaves columns measured, and is
    in I0, Q4, C5.
    """
    whole = {"value": 2.0, "lower_90": 1.0, "upper_90": 3.0, "q10": 1.0, "q50": 2.0, "q90": 3.0}
    whole |= {"p_a": 0.25, "p_b": 0.75}
    wrong = {
        "lower_90": broken(1.0, 4.0, 1),
        "q10": broken(1.0, 9.0, 1),
        "p_a": broken(0.25, 0.5, 1),
    }
    a, b = table(**whole), table(**{**whole, **wrong})
    report = estimates.diff(a, b, key="id")
    assert set(report.columns) == set(whole)
    assert (
        report.intervals[0].order_from.lower_above_upper,
        report.intervals[0].order_to.lower_above_upper,
    ) == (0, 1)
    assert (report.quantiles[0].crossing_from, report.quantiles[0].crossing_to) == (0, 1)
    assert report.probabilities is not None
    assert (report.probabilities.invalid_from, report.probabilities.invalid_to) == (0, 1)
    assert "the ends of the 90 % interval of value cross in 1 row, 0 before" in report.headline
    assert "quantiles of value cross in 1 row, 0 before" in report.headline
    assert "and 1 more disorder below" in report.headline


@pytest.mark.parametrize(("rows", "role"), [(5, "lower"), (6, "attribute")])
def test_a_rule_holds_on_95_percent_of_the_rows(rows: int, role: str) -> None:
    """Of one of the tables: with 5 of 100 rows broken in both it holds, with 6 it does not."""
    frame = table(value=2.0, lower=broken(1.0, 9.0, rows), upper=3.0)
    assert roles(frame, frame)["lower"] == role
    assert roles(frame, table(value=2.0, lower=1.0, upper=3.0))["lower"] == "lower"


def test_ends_that_changed_places_are_measured() -> None:
    """When one file keeps the rule and the other breaks it on every row, that is shown."""
    a, b = table(value=2.0, lower=1.0, upper=3.0), table(value=2.0, lower=3.0, upper=1.0)
    for pair in ((a, b), (b, a)):
        assert roles(*pair) == {"value": "point", "lower": "lower", "upper": "upper"}
    assert estimates.diff(a, b, key="id").intervals[0].order_to.lower_above_upper == ROWS


def test_missing_values_break_no_rule() -> None:
    """NaN and null in most rows leave the rule to the rows that have values."""
    nan, none = broken(1.0, float("nan"), 50), [None] * 50
    frame = table(
        value=2.0, lower=nan, upper=3.0, p_a=[0.25] * 50 + none, p_b=[0.75] * 50 + [-1.0] * 50
    )
    assert roles(frame, frame) == {
        "value": "point",
        "lower": "lower",
        "upper": "upper",
        "p_a": "probability",
        "p_b": "probability",
    }


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            ["1", "2.5", "3"],
            ["1", "n/a", "3"],
            "new.csv: column 'w', row 2: 'n/a' is no number, and nearly all",
        ),
        (["1", "-", "3"], ["1", "2", "3"], "old.csv: column 'w', row 2: '-' is no number"),
        (
            ["1", "2", "3"],
            ["low", "low", "high"],
            "new.csv: column 'w', row 1: 'low' is no number (and 2 more)",
        ),
        (["1"] * 19 + ["?"], ["1"] * 19 + ["?"], "old.csv: column 'w', row 20: '?' is no number"),
    ],
)
def test_a_cell_among_numbers_that_is_none(
    old: list[str | None], new: list[str | None], message: str
) -> None:
    """It is named by file, column, row and value, when 95 % of the column are numbers in one of the
    files.
    """
    error = refusal(texts("w", old), texts("w", new))
    assert (error.code, message in error.message) == ("bad_value", True), error.message


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (["1"] * 18 + ["?", "?"], ["1"] * 18 + ["?", "?"]),
        (["007", "12"], ["007", "A12"]),
        (["1", "2"], ["01", "0A"]),
        (["1234567890123456", "1"], ["x", "1"]),
        ([None, None], ["x", "1"]),
    ],
    ids=["often no number", "codes", "codes in one file", "identifiers", "nothing in one file"],
)
def test_text_that_is_no_number_is_carried_along(
    old: list[str | None], new: list[str | None]
) -> None:
    """Text and codes stay text."""
    assert roles(texts("w", old), texts("w", new))["w"] == "attribute"


def test_text_beside_a_stored_number() -> None:
    """The cell that does not compare is named here too."""
    stored = pl.DataFrame({"id": ["k0", "k1"], "value": [1.5, 1.5], "w": [1.0, 2.0]})
    error = refusal(stored, texts("w", ["1", "n/a"]))
    assert (error.code, "(row 2 of new.csv: 'n/a' is no number)" in error.message) == (
        "column_type",
        True,
    )


def test_other_levels_do_not_compare() -> None:
    """Intervals or quantiles of which each file has a level of its own are an error that names
    levels and columns.
    """
    a, b = (
        table(value=2.0, lower_90=1.0, upper_90=3.0),
        table(value=2.0, lower_95=1.0, upper_95=3.0),
    )
    error = refusal(a, b)
    assert error.code == "other_levels"
    message = (
        "old.csv has intervals of 90 % (lower_90, upper_90), "
        "and new.csv of 95 % (lower_95, upper_95)"
    )
    assert message in error.message
    a, b = table(q10=1.0, q50=2.0, q90=3.0), table(q05=1.0, q50=2.0, q90=3.0)
    assert "quantiles of 0.1 (q10), and new.csv of 0.05 (q05)" in refusal(a, b).message
    csv = [frame.cast(pl.String) for frame in (a, b)]
    assert refusal(*csv).code == "other_levels"


def test_more_levels_on_one_side_are_named() -> None:
    """What both have is compared; columns of one file, and columns of another name, are in the
    headline.
    """
    few, more = (
        table(value=2.0, lower_80=1.0, upper_80=3.0),
        {"lower_95": 0.0, "upper_95": 4.0, "extra": 1.0},
    )
    headline = estimates.diff(
        few, few.with_columns(**{n: pl.lit(x) for n, x in more.items()}), key="id"
    ).headline
    assert headline.endswith("3 columns only in B (lower_95, upper_95 and 1 more).")
    wide = few.with_columns(lower_95=pl.lit(0.0), upper_95=pl.lit(4.0))
    headline = estimates.diff(wide, few.with_columns(other=pl.lit(1.0)), key="id").headline
    assert headline.endswith(
        "2 columns only in A (lower_95 and upper_95), 1 column only in B (other)."
    )
    renamed = few.rename({"lower_80": "lo_80", "upper_80": "hi_80"})
    headline = estimates.diff(few, renamed, key="id").headline
    assert headline.endswith(
        "2 columns only in A (lower_80 and upper_80), 2 columns only in B (lo_80 and hi_80)."
    )


def test_an_estimate_is_no_group() -> None:
    """Breaking changes down by the estimate itself is refused, and what else there is named."""
    frame = table(value=2.0, region="north")
    error = refusal(frame, frame, groups=["value"])
    assert (error.code, error.message.endswith("id, region")) == ("columns", True)


def test_carried_columns_that_differ_are_told() -> None:
    """The two that differ on most keys, and how many more; null and NaN are values. Numbers may be
    estimates, so how they are measured is told too.
    """
    a = table(
        value=2.0, one=1.0, two=1.0, three="x", four=[None] * ROWS, same=[float("nan")] * ROWS
    )
    b = a.with_columns(
        one=pl.Series(broken(1.0, 2.0, 10)),
        two=pl.Series(broken(1.0, 2.0, 20)),
        three=pl.lit("y"),
        four=pl.lit(1.0),
    )
    assert estimates.diff(a, b, key="id").headline == (
        "value moved on none of 100 keys; three, carried along, differs on 100 % of keys, four on "
        "100 %, two on 20.0 %, and 1 more; to measure them: --estimates four,two."
    )


def test_columns_that_cannot_be_compared_are_told() -> None:
    """A list is not compared, so such tables are not known to be identical."""
    frame = table(value=2.0).with_columns(vector=pl.lit([1.0]))
    report = estimates.diff(frame, frame, key="id")
    assert (
        report.headline
        == "Nothing changed in the columns that are compared, on 100 keys; vector not compared."
    )
    assert not report.identical
