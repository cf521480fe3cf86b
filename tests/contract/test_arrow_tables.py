"""Arrow tables as frames, also of types that polars does not know."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from estimates.contract.arrow_tables import frame_of_arrow
from tests.builders import code_of

_AT = datetime(2024, 6, 3, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("column", "dtype", "values"),
    [
        (pa.array([1, None], pa.int32()), pl.Int32, [1, None]),
        (pa.array(["a", "b", "a"]).dictionary_encode(), pl.String, ["a", "b", "a"]),
        (
            pa.array([_AT], pa.timestamp("us", "+02:00")),
            pl.Datetime("us", "UTC"),
            [_AT],
        ),
        (pa.array([[1.5, 2.0], []], pa.list_(pa.float64())), pl.List(pl.Float64), [[1.5, 2.0], []]),
        (pa.array([Decimal("1.50")], pa.decimal256(60, 2)), pl.Decimal(38, 2), [Decimal("1.50")]),
        (pa.array([Decimal(10**50)], pa.decimal256(60, 0)), pl.String, [str(10**50)]),
        (pa.RunEndEncodedArray.from_arrays([2, 3], ["a", "b"]), pl.String, ["a", "a", "b"]),
    ],
)
def test_columns(column: Any, dtype: pl.DataType, values: list[object]) -> None:
    """Zones of any spelling, long decimals, encodings and lists of numbers."""
    frame = frame_of_arrow(pa.table({"c": column}))
    assert (frame.schema, frame["c"].to_list()) == ({"c": dtype}, values)


@pytest.mark.parametrize(
    ("kind", "word"),
    [(pa.struct([("a", pa.int8())]), "struct"), (pa.month_day_nano_interval(), "interval")],
)
def test_what_is_not_read_keeps_its_name(kind: pa.DataType, word: str) -> None:
    """And its place: a column that is not needed does no harm."""
    table = pa.table({"c": pa.nulls(2, kind), "d": [1, 2]})
    frame = frame_of_arrow(table)
    assert frame.columns == ["c", "d"]
    assert word in str(frame.schema["c"])


def test_two_columns_of_one_name() -> None:
    """No frame can have both."""
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    assert code_of(lambda: frame_of_arrow(table)) == "columns"
