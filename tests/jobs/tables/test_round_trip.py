"""What is exported and published again is the same table, in every form."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from estimates.contract.conform import conform
from estimates.contract.contract_file import parse_contract
from estimates.reading.tabular import arrow, csv, parquet_pieces
from estimates.render.row_text import joined, json_pieces
from estimates_jobs.tables.table_files import read_table, typed
from estimates_jobs.tables.text_options import TextOptions
from tests.builders import manifest_of

CONTRACT = parse_contract("""
name = "rt"
[key.k]
type = "string"
[columns.value]
nullable = true
[columns.note]
role = "attribute"
type = "string"
nullable = true
[columns.n]
role = "attribute"
type = "integer"
nullable = true
[columns.ok]
role = "attribute"
type = "boolean"
nullable = true
[columns.d]
role = "attribute"
type = "date"
nullable = true
[columns.t]
role = "attribute"
type = "timestamp"
nullable = true
""")


def ndjson(frame: pl.DataFrame) -> bytes:
    """The rows as the service and the command line send them, an object a line."""
    lines = frame.select(joined(json_pieces(frame, frame.columns))).to_series()
    return "".join(f"{line}\n" for line in lines).encode()


FORMS: dict[str, Callable[[pl.DataFrame], bytes]] = {
    "csv": csv,
    "arrow": lambda frame: arrow(frame, {}),
    "parquet": lambda frame: b"".join(parquet_pieces([frame])),
    "ndjson": ndjson,
    "json": lambda frame: b"[" + b",".join(ndjson(frame).splitlines()) + b"]",
}
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5)
ROWS = st.lists(
    st.tuples(
        TEXT.filter(lambda key: key not in ("", ".", "..")),
        st.none() | st.floats(allow_nan=False, allow_infinity=False),
        st.none() | TEXT | st.sampled_from(["", "NA", "null", "01", " ", "1,5"]),
        st.none() | st.integers(-(2**63), 2**63 - 1),
        st.none() | st.booleans(),
        st.none() | st.dates(),
        st.none() | st.datetimes(timezones=st.just(UTC)),
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda row: row[0],
)


@given(ROWS)
def test_every_form_comes_back_as_it_was(rows: list[tuple[Any, ...]]) -> None:
    """Null and empty text, the ends of each type, text that looks like something else."""
    columns = ["k", "value", "note", "n", "ok", "d", "t"]
    types = [
        *(pl.String, pl.Float64, pl.String, pl.Int64, pl.Boolean, pl.Date),
        pl.Datetime("us", "UTC"),
    ]
    frame = conform(
        pl.DataFrame(rows, schema=dict(zip(columns, types, strict=True)), orient="row"), CONTRACT
    )
    with TemporaryDirectory() as folder:
        for form, export in FORMS.items():
            path = Path(folder) / form
            path.write_bytes(export(frame))
            options = TextOptions()
            again = conform(typed(read_table(path, options), CONTRACT, options), CONTRACT)
            assert_frame_equal(again, frame)
            assert options.notes == []


@pytest.mark.parametrize("form", FORMS)
def test_what_is_exported_and_published_again_is_the_same_snapshot(
    tmp_path: Path, form: str
) -> None:
    """The id of the snapshot is that of the table before, whatever its columns were stored as:
    floats of 32 bits, times of another zone, empty text beside none.
    """
    at = pl.Series([datetime(2026, 1, 1, 9), None]).dt.replace_time_zone("Asia/Tokyo")
    stored = pl.DataFrame(
        {
            "k": pl.Series(["01", "ü b"], dtype=pl.Categorical),
            "value": pl.Series([1.1, None], dtype=pl.Float32),
            "note": ["", None],
            "n": pl.Series([7, None], dtype=pl.Int16),
            "ok": [True, None],
            "d": [date(9999, 12, 31), None],
            "t": at,
        }
    )
    stored.write_parquet(tmp_path / "first.parquet")
    first = conform(typed(read_table(tmp_path / "first.parquet"), CONTRACT), CONTRACT)
    (tmp_path / form).write_bytes(FORMS[form](first))
    again = typed(read_table(tmp_path / form), CONTRACT)
    assert manifest_of(again, CONTRACT) == manifest_of(first, CONTRACT)
    assert first.row(0)[1:3] == (1.1, "")
    assert first.row(0)[-1] == datetime(2026, 1, 1, tzinfo=UTC)


def test_the_ends_of_types_come_back(tmp_path: Path) -> None:
    """The table of the issue: tiny floats, 2^63 - 1, the first day, microseconds."""
    (tmp_path / "rt.csv").write_text(
        'k,value,note,n,ok,d,t\na,0.1,"",9223372036854775807,true,2026-01-01,2026-01-01T00:00:00Z\n'
        "b,,,,,,\nc,1e-300,x,-5,false,0001-01-01,2026-01-01T00:00:00.000001Z\n"
    )
    frame = conform(typed(read_table(tmp_path / "rt.csv"), CONTRACT), CONTRACT)
    assert frame.rows() == [
        *[("a", 0.1, "", 2**63 - 1, True, date(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC))],
        ("b", *[None] * 6),
        ("c", 1e-300, "x", -5, False, date.min, datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC)),
    ]
    (tmp_path / "again.csv").write_bytes(csv(frame))
    again = conform(typed(read_table(tmp_path / "again.csv"), CONTRACT), CONTRACT)
    assert again.equals(frame)
