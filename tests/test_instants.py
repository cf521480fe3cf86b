"""Times in their one text form."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from estimates import instants
from estimates.errors import InvalidError


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-24T16:00:00Z", datetime(2026, 11, 24, 16, tzinfo=UTC)),
        ("2026-11-24t16:00:00z", datetime(2026, 11, 24, 16, tzinfo=UTC)),
        ("2026-11-24T16:00:00-00:00", datetime(2026, 11, 24, 16, tzinfo=UTC)),
        ("2026-11-24T16:00:00.5Z", datetime(2026, 11, 24, 16, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-11-24T16:00:00.123456Z", datetime(2026, 11, 24, 16, 0, 0, 123_456, tzinfo=UTC)),
        ("2026-11-24T16:00:00.123456000Z", datetime(2026, 11, 24, 16, 0, 0, 123_456, tzinfo=UTC)),
        (
            "2026-11-24T16:00:00.1000000000+01:00",
            datetime(2026, 11, 24, 15, 0, 0, 100_000, tzinfo=UTC),
        ),
        ("9999-12-31T23:59:59.999999Z", datetime.max.replace(tzinfo=UTC)),
    ],
)
def test_times_are_read_as_rfc_3339(text: str, instant: datetime) -> None:
    """Date, T, time with seconds, Z or an offset; microseconds, and zeros behind them."""
    assert instants.parse(text) == instant


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2026-11-24T16:00:00.1234569Z", "a time has microseconds, six digits"),
        ("2026-11-24T16:00:00,5Z", "is not a time; write 2026-11-24T16:00:00Z"),
        ("20261124T160000Z", "is not a time; write"),
        ("2026-W01-1T00:00:00Z", "is not a time; write"),
        ("2026-11-24x16:00:00Z", "is not a time; write"),
        ("2026-11-24 16:00:00Z", "is not a time; write"),
        ("2026-11-24 16:00:00+01:00", "is not a time; write"),
        ("2026-11-24T16:00Z", "is not a time; write"),
        ("2026-11-24T16Z", "is not a time; write"),
        ("2026-11-24T16:00:00.Z", "is not a time; write"),
        ("2026-11-24T16:00:00+0100", "is not a time; write"),
        ("2026-11-24T16:00:00+01:00:30", "is not a time; write"),
        ("2026-11-24T16:00:00+01:60", "is not a time; write"),
        ("2026-11-24T16:00:00+24:00", "is not a time; write"),
        ("2026-11-24T24:00:00Z", "is not a time; write"),
        ("2026-11-24T16:00:60Z", "is not a time; write"),
        ("2026-02-30T16:00:00Z", "is not a time; write"),
        ("2026-11-24T16:00:00Z\n", "is not a time; write"),
        ("٢٠٢٦-11-24T16:00:00Z", "is not a time; write"),
        ("", "is not a time; write"),
        ("2026-11-24", "is a bare date; write 2026-11-24T00:00:00Z"),
        ("2026-11-24T16:00:00", "has no offset; end it in Z or an offset such as +01:00"),
        ("2026-11-24T16:00:00.5", "has no offset; end it in Z"),
        ("2026-11-24T16:00:00 01:00", "in a URL write + as %2B"),
        ("0001-01-01T00:00:00+14:00", "outside the years 1 to 9999 in UTC"),
        ("0000-01-01T00:00:00Z", "is not a time; write"),
    ],
)
def test_other_forms_of_times_are_refused(text: str, words: str) -> None:
    """No other notation is read, and no digit is dropped: the instant could be another one than was
    meant.
    """
    with pytest.raises(InvalidError) as caught:
        instants.parse(text)
    assert caught.value.code == "bad_time"
    assert words in caught.value.message
