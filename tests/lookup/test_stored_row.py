"""One row out of a Parquet file, as its read file would give it."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime

import polars as pl
import pytest

from estimates.contract.conform import conform, schema
from estimates.keys.key_form import KeyForm
from estimates.lookup.stored_row import stored_row
from tests.lookup.read_files import built, contract_of, search

KEYS = {
    "string": ["a/b", "ÆØÅ"],
    "integer": [-5, 2**62],
    "date": [date(2026, 11, 24), date(1, 1, 1)],
    "timestamp": [datetime(2026, 11, 24, 9, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)],
}


@pytest.mark.parametrize("kind", KEYS)
def test_it_is_the_row_of_the_read_file(kind: str) -> None:
    """Byte for byte, of keys of each type."""
    contract = contract_of((kind,))
    table = {(key,): (number * 1.5, None) for number, key in enumerate(KEYS[kind])}
    rows = [(*key, *cells) for key, cells in table.items()]
    frame = conform(pl.DataFrame(rows, schema(contract), orient="row"), contract)
    parquet = io.BytesIO()
    frame.write_parquet(parquet)
    with built(contract, table) as read_file:
        for (key,) in table:
            wanted = search(contract, key)
            parquet.seek(0)
            row = stored_row(parquet, contract.shape(), wanted)
            assert row is not None
            assert row == read_file.get(wanted)


def test_a_key_that_is_not_there_has_none() -> None:
    """Nor has one whose text only looks like a date."""
    contract = contract_of(("date", "string"))
    frame = conform(
        pl.DataFrame([(date(2026, 1, 1), "a", 1.0, None)], schema(contract), orient="row"),
        contract,
    )
    parquet = io.BytesIO()
    frame.write_parquet(parquet)
    form = KeyForm(contract)
    absent = form.search((date(2026, 1, 2), "a"))
    parquet.seek(0)
    assert stored_row(parquet, contract.shape(), absent) is None
    sought = form.search((date(2026, 1, 1), "a"))
    odd = (sought[0], sought[1].replace(b"2026-01-01", b"2026-13-01"), *sought[2:])
    parquet.seek(0)
    assert stored_row(parquet, contract.shape(), odd) is None  # type: ignore
