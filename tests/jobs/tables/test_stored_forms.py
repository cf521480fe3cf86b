"""Each stored type in each file that holds it: read as what the guide's table says, and a diff is
never ended by it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import feather, ipc, parquet

from estimates.contract.stored_values import plain, unheld
from estimates_jobs.tables.table_files import read_table
from tests.jobs.tables.comparisons import compared, guessed

_ID = UUID("899f47c9-44f6-441f-a022-3fee6d2e1e65")
_NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


def of(kind: pa.DataType, *values: Any) -> pa.Array:
    """A column of a type, with nothing in its last row."""
    return pa.array([*values, None], kind)


INTEGERS = {f"{sign}int{bits}": getattr(pa, f"{sign}int{bits}")() for sign in ("", "u")
            for bits in (8, 16, 32, 64)}  # fmt: skip
# name: a column of two values and nothing; what a diff reads
STORED: dict[str, tuple[pa.Array, list[Any]]] = {
    **{name: (of(kind, 1, 100), [1, 100, None]) for name, kind in INTEGERS.items()},
    "uint64 beyond": (of(pa.uint64(), 2**64 - 1, 7), [str(2**64 - 1), "7", None]),
    "float16": (pa.array(np.array([1.1, 2], np.float16)), [1.1, 2.0]),
    "float32": (of(pa.float32(), 1.1, 16777216), [1.1, 16777216.0, None]),
    "float64": (of(pa.float64(), 1.1, -0.0), [1.1, 0.0, None]),
    "decimal32": (of(pa.decimal32(9, 2), Decimal("1.10"), Decimal(2)), [1.1, 2.0, None]),
    "decimal64": (of(pa.decimal64(18, 2), Decimal("1.10"), Decimal(2)), [1.1, 2.0, None]),
    "decimal128": (of(pa.decimal128(38, 9), Decimal("1.10"), Decimal(2)), [1.1, 2.0, None]),
    "decimal256": (of(pa.decimal256(76, 18), Decimal("1.10"), Decimal(2)), [1.1, 2.0, None]),
    "whole decimal": (of(pa.decimal128(38, 0), Decimal(10**18), Decimal(2)), [10**18, 2, None]),
    "binary": (of(pa.binary(), b"abc", b"d"), ["abc", "d", None]),
    "large binary": (of(pa.large_binary(), b"\xff", b"d"), ["ff", "64", None]),
    "uuid": (of(pa.binary(16), _ID.bytes, bytes(16)), [str(_ID), str(UUID(int=0)), None]),
    "uuid type": (pa.array([_ID.bytes, None], pa.uuid()), [str(_ID), None]),
    "string": (of(pa.string(), "007", "b"), ["007", "b", None]),
    "large string": (of(pa.large_string(), "a", "b"), ["a", "b", None]),
    "string view": (of(pa.string_view(), "a", "b"), ["a", "b", None]),
    "dictionary": (of(pa.string(), "a", "b").dictionary_encode(), ["a", "b", None]),
    "dictionary of integers": (of(pa.int64(), 5, 6).dictionary_encode(), [5, 6, None]),
    "bool": (of(pa.bool_(), True, False), [True, False, None]),
    "date32": (of(pa.date32(), date(2026, 7, 1)), [date(2026, 7, 1), None]),
    "date64": (of(pa.date64(), date(2026, 7, 1)), [date(2026, 7, 1), None]),
    "last date": (of(pa.date32(), date(9999, 12, 31)), [date(9999, 12, 31), None]),
    "last moment": (
        of(pa.timestamp("us", "UTC"), datetime(9999, 12, 31, 23, 59, tzinfo=UTC)),
        [datetime(9999, 12, 31, 23, 59, tzinfo=UTC), None],
    ),
    **{f"timestamp {unit}": (of(pa.timestamp(unit, "UTC"), _NOON), [_NOON, None])
       for unit in ("s", "ms", "us", "ns")},
    **{f"timestamp of {zone}": (of(pa.timestamp("us", zone), _NOON), [_NOON, None])
       for zone in ("Europe/Berlin", "+05:30", "-08:00", "Etc/GMT+5")},
    "naive": (of(pa.timestamp("us"), _NOON.replace(tzinfo=None)), [_NOON, None]),
    "midnights": (of(pa.timestamp("ns"), datetime(2026, 7, 1)), [date(2026, 7, 1), None]),
    "null": (pa.nulls(2), [None, None]),
}  # fmt: skip
# what no contract holds, and the word for it
UNHELD: dict[str, tuple[pa.Array, str]] = {
    "far date": (pa.array([4_000_000], pa.int32()).cast(pa.date32()), "date, years beyond 9999"),
    "nanoseconds": (
        pa.array([1001], pa.int64()).cast(pa.timestamp("ns", "UTC")),
        "timestamp, nanoseconds",
    ),
    "time32": (of(pa.time32("ms"), time(1, 2)), "time of day"),
    "time64": (of(pa.time64("us"), time(1, 2)), "time of day"),
    "duration": (of(pa.duration("us"), timedelta(1)), "duration"),
    "interval": (of(pa.month_day_nano_interval(), pa.MonthDayNano([1, 2, 3])), "interval"),
    "list": (of(pa.list_(pa.int64()), [1]), "list"),
    "fixed list": (of(pa.list_(pa.int64(), 1), [1]), "list"),
    "structure": (of(pa.struct({"a": pa.int64()}), {"a": 1}), "structure"),
    "map": (of(pa.map_(pa.string(), pa.int64()), [("a", 1)]), "map"),
}
FORMS = ("parquet", "arrow", "stream", "feather")


def write(column: pa.Array, path: Path, form: str) -> Path:
    """A file with a key, this column and an estimate; skips where the form has no such type."""
    rows = len(column)
    table = pa.table(
        {"id": [f"k{i}" for i in range(rows)], "x": column, "score": [0.5 + i for i in range(rows)]}
    )
    try:
        match form:
            case "parquet":
                parquet.write_table(table, path)
            case "feather":
                feather.write_feather(table, path, compression="zstd")
            case _:
                new = ipc.new_file if form == "arrow" else ipc.new_stream
                with new(path, table.schema) as writer:
                    writer.write_table(table)
    except (pa.ArrowException, NotImplementedError):
        pytest.skip(f"{form} holds no {column.type}")
    return path


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", STORED)
def test_what_is_held(tmp_path: Path, name: str, form: str) -> None:
    """The same values from every form, as the type that a contract has for them."""
    column, values = STORED[name]
    read = read_table(write(column, tmp_path / "t", form)).get_column("x")
    assert unheld(read) == ""
    assert plain(read, "UTC").to_list() == values


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", UNHELD)
def test_what_is_not_compared(tmp_path: Path, name: str, form: str) -> None:
    """A diff names it and compares the rest."""
    column, word = UNHELD[name]
    path = write(column, tmp_path / "t", form)
    tables = compared(path, path, "id")
    assert guessed(tables) == f"key id; estimates score (score); not compared x ({word})"
    report = tables.report()
    assert not report.identical  # nobody looked at all of it
    assert report.keys.common == tables.a.height


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["18446744073709551615", "7"], ["18446744073709551615", "7"]),
        (["170141183460469231731687303715884105727", "7"], None),
        (["9999-12-31", "2026-01-01"], [date(9999, 12, 31), date(2026, 1, 1)]),
        (["2026-07-01T12:00:00.000000000Z"], [_NOON]),
        (["2026-07-01 12:00:00+00"], [_NOON]),
        (["12:30:00", "13:30:00"], None),
        (["P1D", "P2D"], None),
        ([str(_ID)], None),
    ],
)
def test_their_text(tmp_path: Path, cells: list[str], values: list[Any] | None) -> None:
    """In CSV the text of such a value stays text, but for dates and times."""
    rows = "".join(f"k{i},{cell},{i + 0.5}\n" for i, cell in enumerate(cells))
    (tmp_path / "t.csv").write_text(f"id,x,score\n{rows}")
    tables = compared(tmp_path / "t.csv", tmp_path / "t.csv", "id")
    assert tables.a["x"].to_list() == (cells if values is None else values)
