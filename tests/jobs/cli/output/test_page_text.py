"""Pages of text as a terminal shows them."""

from __future__ import annotations

import pytest

from estimates_jobs.cli.output.page_text import styled


def spans(text: str, width: int = 80) -> list[tuple[str, str]]:
    """Each styled part with its style."""
    page = styled(text, width)
    return [(page.plain[span.start : span.end], str(span.style)) for span in page.spans]


def test_headings_are_bold() -> None:
    """A line with something indented below it; not the last line, and not an indented one."""
    assert spans("Title\n  below\n    deeper\nEnd") == [("Title", "bold")]


@pytest.mark.parametrize(
    ("text", "part", "style"),
    [
        ("version 2: BLOCKED by nan", "BLOCKED by nan", "bold red"),
        ("fail  nan", "fail", "bold red"),
        ("warn  nan", "warn", "yellow"),
        ("waived  nan", "waived", "cyan"),
        ("version 2 passes", "passes", "green"),
        ("version 2 passes with warnings", "passes with warnings", "yellow"),
    ],
)
def test_answers_have_a_colour(text: str, part: str, style: str) -> None:
    """What blocks, what warns, what passes."""
    assert spans(text) == [(part, style)]


def test_what_is_indented_is_no_answer() -> None:
    """A name of a check may be any word."""
    assert spans("  fail  of somebody else, BLOCKED or not") == []


def test_lines_are_folded() -> None:
    """Between words, to the width."""
    assert styled("one two three", 8).plain.split() == ["one", "two", "three"]
    assert max(map(len, styled("one two three", 8).plain.split("\n"))) <= 8
