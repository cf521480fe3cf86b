"""A duration as an option's value."""

from __future__ import annotations

from datetime import timedelta

import click
import pytest

from estimates_jobs.cli.interface.duration import Duration


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("30m", timedelta(minutes=30)),
        ("1d12h", timedelta(days=1, hours=12)),
        ("2w", timedelta(weeks=2)),
    ],
)
def test_a_duration(text: str, span: timedelta) -> None:
    """Numbers with their units."""
    assert Duration().convert(text, None, None) == span


@pytest.mark.parametrize("text", ["", "30", "m", "-1h", "1h 2"])
def test_no_duration(text: str) -> None:
    """Is refused as click refuses any value."""
    with pytest.raises(click.BadParameter):
        Duration().convert(text, None, None)
