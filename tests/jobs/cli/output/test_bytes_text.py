"""Numbers of bytes as people read them."""

from __future__ import annotations

import pytest

from estimates_jobs.cli.output.bytes_text import size


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (1234, "1.23 kB"),
        (999_499, "999 kB"),
        (999_500, "1 MB"),
        (999_999_999, "1 GB"),
        (1_440_000_000, "1.44 GB"),
        (999_400_000_000, "999 GB"),
        (1_234_567_000_000_000, "1,235 TB"),
    ],
)
def test_three_digits_and_the_unit_that_they_need(count: int, text: str) -> None:
    """What rounds up to a thousand has the next unit."""
    assert size(count) == text
