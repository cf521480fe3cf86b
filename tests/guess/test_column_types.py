"""Types of columns: of text by how all of it reads, of others by how they are stored."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import polars as pl
import pytest

from estimates.errors import InvalidError
from estimates.guess.column_types import (
    guess_types,
    has_codes,
    reads_as_numbers,
    stored_kind,
    text_kind,
)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "20", "-3"], "integer"),
        (["1", "2.5"], "float"),
        (["1e3", "nan"], "float"),
        (["007", "12"], "string"),
        (["1234567890123456", "1"], "string"),
        (["nan", "NaN"], "string"),
        (["true", "False"], "boolean"),
        (["2024-06-03", "2024-02-29"], "date"),
        (["2024-06-03", "2024-02-30"], "string"),
        (["2024-06-03T12:00:00Z"], "timestamp"),
        (["2024-06-03 12:00:00+00", "2024-06-03 12:00:00 UTC"], "timestamp"),
        (["2024-06-03 00:00:00", "2024-06-03 12:00:00"], "timestamp"),
        (["2024-06-03 00:00:00", "2024-06-04 00:00:00.000"], "date"),
        (["1", "one"], "string"),
        ([None, None], "string"),
    ],
)
def test_text_has_the_type_that_all_of_it_reads_as(values: list[str | None], kind: str) -> None:
    """Codes with leading zeros or sixteen digits stay text."""
    assert text_kind(pl.Series(values, dtype=pl.String)) == kind


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1.5], "float"),
        ([1], "integer"),
        ([True], "boolean"),
        ([date(2024, 6, 3)], "date"),
        ([datetime(2024, 6, 3, tzinfo=UTC)], "timestamp"),
        ([datetime(2024, 6, 3, 12)], "timestamp"),
        ([datetime(2024, 6, 3)], "date"),
        ([b"a"], "string"),
        ([Decimal("1.5")], "float"),
        ([Decimal("15")], "integer"),
        (["a"], "string"),
        ([None], "string"),
    ],
)
def test_stored_types(values: list[object], kind: str) -> None:
    """A typed column has the contract's word for its type."""
    assert stored_kind(pl.Series(values)) == kind


@pytest.mark.parametrize(
    "values", [[[1, 2]], [{"a": 1}], [time(12)], [timedelta(hours=1)], [object()]]
)
def test_what_no_contract_holds(values: list[object]) -> None:
    """Lists, structures, times of day and durations are errors."""
    with pytest.raises(InvalidError) as caught:
        stored_kind(pl.Series("x", values))
    assert caught.value.code == "column_type"


def test_a_key_is_never_a_decimal_number() -> None:
    """A key of text that reads as numbers stays text; a stored fraction cannot be a key, and whole
    floats are integers, which pandas stored so.
    """
    text = pl.DataFrame({"id": ["1.0", "2.5"], "v": ["1.0", "2.5"]})
    assert guess_types(text, ["id"]) == {"id": "string", "v": "float"}
    with pytest.raises(InvalidError) as caught:
        guess_types(pl.DataFrame({"id": [1.5]}), ["id"])
    assert caught.value.code == "column_type"
    assert guess_types(pl.DataFrame({"id": [1.0, 2.0]}), ["id"]) == {"id": "integer"}


def test_nearly_all_numbers() -> None:
    """One word among twenty numbers stands out; among three it does not."""
    numbers = [str(i) for i in range(19)]
    assert reads_as_numbers(pl.Series([*numbers, "missing"]))
    assert not reads_as_numbers(pl.Series(["1", "2", "missing"]))


def test_codes_are_seen() -> None:
    """A leading zero and sixteen digits are codes, 0 and 0.5 are not."""
    assert has_codes(pl.Series(["007"]))
    assert has_codes(pl.Series(["1234567890123456"]))
    assert not has_codes(pl.Series(["0", "0.5", "10"]))
