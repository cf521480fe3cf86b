"""Markdown in which text from data shows itself."""

from __future__ import annotations

import pytest

from estimates.render.markdown import bullets, escaped, folded, table


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a*b|c", r"a\*b\|c"),
        ("<b>&", "&lt;b&gt;&amp;"),
        ("snake_case _word_", r"snake_case \_word\_"),
        ("@someone", "@&#8203;someone"),
        ("#12", "#&#8203;12"),
        ("two\nlines", r"two\\u{a}lines"),
    ],
)
def test_marks_mention_and_format_nothing(text: str, shown: str) -> None:
    """Every mark that GitHub would read is escaped."""
    assert escaped(text) == shown


def test_items_begin_no_list_of_their_own() -> None:
    """A number with a dot, a dash or a hash at the start stays text."""
    assert bullets(["1. first", "- second"]) == "- 1\\. first\n- \\- second"


def test_tables_turn_their_columns() -> None:
    """Words to the left, numbers to the right, long cells cut."""
    lines = table(["key", "n"], [["a" * 90, "1"]], [True, False]).split("\n")
    assert lines[:2] == ["| key | n |", "| :-- | --: |"]
    assert lines[2] == "| " + "a" * 79 + "… | 1 |"


def test_summaries_are_html() -> None:
    """Inside a summary only HTML is escaped."""
    assert folded("a*b<c", "body").startswith("<details>\n<summary>a*b&lt;c</summary>")
