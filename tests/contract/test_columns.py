"""Parts of keys from their text."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from estimates.contract.columns import parse_key_part


def test_key_parts_from_text() -> None:
    """Key parts are read from their one text form."""
    assert parse_key_part("string", "01") == "01"
    assert parse_key_part("integer", "-7") == -7
    assert parse_key_part("date", "2026-11-24") == date(2026, 11, 24)
    assert parse_key_part("timestamp", "2026-11-24T16:00:00+01:00") == datetime(
        2026, 11, 24, 15, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("integer", "1.0"),
        ("integer", "+1"),
        ("integer", " 1"),
        ("integer", "١"),
        ("integer", "9223372036854775808"),
        ("date", "2026-1-1"),
        ("date", "20260101"),
        ("date", "2026-02-30"),
        ("timestamp", "2026-11-24"),
        ("timestamp", "2026-11-24T16:00:00"),
        ("timestamp", "0001-01-01T00:00:00+14:00"),
        ("timestamp", "2026-11-24T16:00:00.1234569Z"),
    ],
)
def test_other_forms_of_key_parts_are_refused(kind: str, text: str) -> None:
    """What is not the text of a key part is a ValueError, never another key."""
    with pytest.raises(ValueError, match=r".+"):
        parse_key_part(kind, text)  # type: ignore[arg-type]
