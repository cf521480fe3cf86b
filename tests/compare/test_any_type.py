"""Two tables of any stored type: a report or a clear refusal, and CSV is as good as Parquet."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing.parametric import dtypes, series

import estimates
from estimates.errors import InvalidError
from estimates_jobs.tables.table_files import read_table
from tests.examples import examples

_ROWS = 4
# What a column of any type may be refused for, as a key or where it is the only estimate.
_REFUSED = {
    "column_type",
    "out_of_range",
    "null_key",
    "duplicate_key",
    "nothing_to_estimate",
    "bad_value",
    "bad_key",
}


def table(x: pl.Series) -> pl.DataFrame:
    """A table with an estimate, and beside it a column of any type."""
    return pl.DataFrame({"id": ["a", "b", "c", "d"], "value": [1.5, 2.5, 3.5, 4.5]}).with_columns(
        x.alias("x")
    )


def columns() -> st.SearchStrategy[tuple[pl.Series, pl.Series]]:
    """Two columns of one stored type, any of those that polars has."""
    pairs: st.SearchStrategy[tuple[pl.Series, pl.Series]] = dtypes(nesting_level=1).flatmap(
        lambda dtype: st.tuples(
            *(series(dtype=dtype, min_size=_ROWS, max_size=_ROWS) for _ in range(2))
        )
    )
    return pairs


@examples(40)
@given(columns(), st.booleans())
def test_any_type_has_a_report_or_a_refusal(pair: tuple[pl.Series, pl.Series], key: bool) -> None:
    """Every stored type is compared, left out and named, or refused in plain words."""
    old, new = (table(x) for x in pair)
    try:
        report = estimates.diff(old, new, key="x" if key else "id")
    except InvalidError as error:
        refusal = error
    else:
        assert report.keys.common <= _ROWS
        return
    assert refusal.code in _REFUSED
    assert "polars" not in refusal.message


_CELLS: dict[Any, st.SearchStrategy[Any]] = {
    pl.Int8: st.integers(-128, 127),
    pl.UInt32: st.integers(0, 2**32 - 1),
    pl.UInt64: st.integers(0, 2**64 - 1),
    pl.Int128: st.integers(-(2**127), 2**127 - 1),
    pl.Float32: st.floats(width=32, allow_nan=False, allow_infinity=False),
    pl.Float64: st.floats(allow_nan=False, allow_infinity=False),
    pl.Boolean: st.booleans(),
    pl.Date: st.dates(),
    pl.Datetime("ns"): st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1)),
    pl.Datetime("ms"): st.dates().map(lambda day: datetime(day.year, day.month, day.day)),
    pl.Datetime("us", "UTC"): st.datetimes(
        datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)
    ),
    pl.Decimal(30, 4): st.decimals(-(10**20), 10**20, places=4),
    pl.Categorical: st.text("abc", min_size=1),
}


@pytest.mark.parametrize("dtype", _CELLS, ids=str)
@examples(8)
@given(data=st.data())
def test_csv_equals_parquet(
    dtype: Any, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The same table as CSV and as Parquet has nothing that changed, whatever it holds."""
    cells = data.draw(
        st.lists(st.none() | _CELLS[dtype], min_size=_ROWS, max_size=_ROWS), label="cells"
    )
    frame = table(pl.Series("x", cells, dtype=dtype))
    folder = tmp_path_factory.mktemp("forms")
    as_csv, as_parquet = _files(frame, folder)
    for old, new in ((as_csv, as_parquet), (as_parquet, as_csv)):
        report = estimates.diff(read_table(old), read_table(new), key="id")
        assert report.identical, report.headline


def _files(frame: pl.DataFrame, folder: Path) -> tuple[Path, Path]:
    frame.write_csv(folder / "t.csv")
    frame.write_parquet(folder / "t.parquet")
    return folder / "t.csv", folder / "t.parquet"


def test_a_key_of_decimals_is_no_float() -> None:
    """Digits of a decimal key that a float does not hold tell two keys apart."""
    ids = [Decimal("90071992547409930.01"), Decimal("90071992547409930.02")]
    frame = pl.DataFrame({"id": ids, "value": [1.0, 2.0]})
    assert estimates.diff(frame, frame, key="id").keys.common == 2
