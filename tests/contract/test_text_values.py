"""What text stands for in each type, and what is refused with its row."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from estimates.contract.columns import ColumnType
from estimates.contract.number_text import NumberOptions
from estimates.contract.text_values import no_numbers, parsed, values_of
from estimates.errors import InvalidError


def values(kind: ColumnType, *texts: str | None, zone: str | None = None) -> list[Any]:
    """What these texts stand for."""
    return values_of(pl.Series("v", texts, pl.String), kind, zone).to_list()


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("float", "1.5", 1.5),
        ("float", " 1e3 ", 1000.0),
        ("float", "1_000", None),
        ("float", "0x1", None),
        ("float", "1,5", None),
        ("integer", "+15", 15),
        ("integer", " -3 ", -3),
        ("integer", "007", None),
        ("integer", "1.0", None),
        ("integer", str(2**63), None),
        ("boolean", "TRUE", True),
        ("boolean", " false ", False),
        ("boolean", "1", None),
        ("date", "2026-11-24", date(2026, 11, 24)),
        ("date", "24.11.2026", None),
        ("timestamp", "2026-11-24T16:00:00Z", datetime(2026, 11, 24, 16, tzinfo=UTC)),
        ("timestamp", "2026-11-24T16:00:00+01:00", datetime(2026, 11, 24, 15, tzinfo=UTC)),
        ("timestamp", "2026-11-24T16:00:00", None),
        ("string", " 01 ", " 01 "),
    ],
)
def test_text_in_each_type(kind: ColumnType, text: str, value: Any) -> None:
    """As programs write it; what is none of the type is null."""
    expected = text.strip() if kind == "string" else value
    assert values(kind, text, None) == [expected, None]


def test_a_zone_gives_times_without_one_their_place() -> None:
    """Those that have one keep it."""
    moments = values("timestamp", "2026-07-01T12:00:00", "2026-07-01T12:00Z", zone="Europe/Zurich")
    assert moments == [
        datetime(2026, 7, 1, 10, tzinfo=UTC),
        datetime(2026, 7, 1, 12, tzinfo=UTC),
    ]


def test_a_value_of_no_type_is_named_with_its_row() -> None:
    """The first five, and how many more; the header is row 0."""
    column = pl.Series("v", ["1", *("x" for _ in range(7)), ""])
    with pytest.raises(InvalidError) as refused:
        parsed(column, "float")
    error = refused.value
    assert error.code == "bad_value"
    assert "column 'v': row 2 has 'x', row 3 has 'x'" in error.message
    assert "row 6 has 'x' and 2 more" in error.message
    assert error.details["rows"] == [2, 3, 4, 5, 6, 7, 8]


def test_empty_cells_say_nothing() -> None:
    """They are no faults."""
    assert parsed(pl.Series("v", ["1.5", "", " ", None]), "float").to_list() == [
        1.5,
        None,
        None,
        None,
    ]


def test_what_is_typed_already_stays() -> None:
    """But for decimals, and times that lack a zone."""
    numbers = pl.Series("v", [1, 2])
    assert parsed(numbers, "float") is numbers
    decimals = pl.Series("v", ["1.5"]).cast(pl.Decimal(5, 1))
    assert parsed(decimals, "float").to_list() == [1.5]
    naive = pl.Series("v", [datetime(2026, 7, 1, 12)])
    assert parsed(naive, "timestamp").to_list() == [datetime(2026, 7, 1, 12)]
    zoned = parsed(naive, "timestamp", "Europe/Zurich")
    assert zoned.to_list() == [datetime(2026, 7, 1, 10, tzinfo=UTC)]


def people(kind: ColumnType, *texts: str) -> tuple[list[Any], list[str]]:
    """What these texts stand for as people write them, and what is noted."""
    options = NumberOptions(None, [])
    column = parsed(pl.Series("v", texts), kind, None, options)
    return column.to_list(), options.notes


def test_as_people_write_it() -> None:
    """Decimal commas, words for nothing, days in their order; each is noted."""
    assert people("float", "1,5", "2,25")[0] == [1.5, 2.25]
    assert people("float", "n/a", "2.5")[0] == [None, 2.5]
    whole, notes = people("integer", "1.0", "3")
    assert (whole, len(notes)) == ([1, 3], 1)
    days, notes = people("date", "24.12.2026", "01.12.2026")
    assert days == [date(2026, 12, 24), date(2026, 12, 1)]
    assert "'24.12.2026' is read as 2026-12-24" in notes[0]
    assert people("boolean", "true", "NA")[0] == [True, None]


def test_places_of_text_that_is_no_number() -> None:
    """Null is no text."""
    column = pl.Series("v", ["1", "x", None, "2.5", ""])
    assert no_numbers(column).to_list() == [1, 4]
