"""Text folded to a width, and how wide columns are."""

from __future__ import annotations

from rich.text import Text

from estimates_jobs.cli.output.columns import folded_text, longest_unit


def test_times_stay_whole() -> None:
    """A line ends before a date and not between it and its time, with its year or without; what
    follows without a blank stays with it.
    """
    for text, line in (
        ("promoted 11-30 15:14", "11-30 15:14"),
        ("since 2026-11-30 15:14Z, by hand", "2026-11-30 15:14Z,"),
    ):
        assert line in folded_text(Text(text), len(line)).plain.split("\n")
        assert longest_unit(Text(text)) == len(line)
