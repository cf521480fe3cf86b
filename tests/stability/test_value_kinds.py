"""The kind of every value, and what can be computed with."""

from __future__ import annotations

import math

import numpy as np
import polars as pl

from estimates.stability.value_kinds import KINDS, all_finite, classify


def kinds(series: pl.Series) -> list[str]:
    """The names of the kinds of a column."""
    return [KINDS[kind] for kind in classify(series).kinds]


def test_each_value_has_one_kind() -> None:
    """Null is not NaN, and infinities have a sign; bounds are of finite numbers alone."""
    column = pl.Series([1.5, None, math.nan, math.inf, -math.inf, -3.0])
    assert kinds(column) == ["finite", "null", "nan", "+inf", "-inf", "finite"]
    values = classify(column)
    assert (values.least, values.largest, values.whole) == (-3.0, 1.5, False)
    assert values.finite.tolist() == [True, False, False, False, False, True]


def test_what_is_no_number_is_finite_where_it_is_there() -> None:
    """Text has no numbers; a column of nothing is null."""
    values = classify(pl.Series(["a", None]))
    assert [KINDS[kind] for kind in values.kinds] == ["finite", "null"]
    assert len(values.numbers) == 0
    assert kinds(pl.Series([None, None])) == ["null", "null"]
    empty = classify(pl.Series([], dtype=pl.Float64))
    assert (len(empty.kinds), empty.whole, empty.least) == (0, True, 0.0)


def test_bounds_of_no_finite_number_are_zero() -> None:
    """And of integers they are theirs, whatever is null."""
    values = classify(pl.Series([math.nan, math.inf]))
    assert (values.least, values.largest) == (0.0, 0.0)
    whole = classify(pl.Series([5, None, -7]))
    assert (whole.least, whole.largest) == (-7.0, 5.0)


def test_some_rows_keep_their_kinds() -> None:
    """All of them are the very same."""
    values = classify(pl.Series([1.0, math.nan, 3.0]))
    assert values.take(None) is values
    some = values.take(np.array([1, 2]))
    assert [KINDS[kind] for kind in some.kinds] == ["nan", "finite"]
    assert some.numbers[1] == 3.0
    text = classify(pl.Series(["a", "b"])).take(np.array([1]))
    assert (len(text.kinds), len(text.numbers)) == (1, 0)


def test_rows_in_which_all_columns_are_finite() -> None:
    """None where these are all rows."""
    whole, holed = classify(pl.Series([1.0, 2.0, 3.0])), classify(pl.Series([1.0, None, 3.0]))
    assert all_finite([whole, whole]) is None
    rows = all_finite([whole, holed])
    assert rows is not None
    assert rows.tolist() == [0, 2]
