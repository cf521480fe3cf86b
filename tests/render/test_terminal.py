"""Pages of plain text."""

from __future__ import annotations

from estimates.render.section import Section
from estimates.render.terminal import (
    WIDTH,
    bar,
    bar_width,
    folded,
    marked_bar,
    narrow_pages,
    section_lines,
    table,
    wrapped,
)


def test_words_stand_left_and_numbers_right() -> None:
    """Columns are as wide as their widest cell, also with wide characters."""
    assert table(["key", "n"], [["日本", "5"], ["a", "1,200"]]) == [
        "  key       n",
        "  日本      5",
        "  a     1,200",
    ]


def test_long_cells_are_cut_and_made_visible() -> None:
    """A cell has 40 characters, more where the page has room; a line end in it is written out."""
    lines = table(["key"], [["x" * 200], ["a\nb"]])
    assert lines[1:] == ["  " + "x" * (WIDTH - 3) + "…", "  a\\u{a}b"]
    two = ["key", "n"], [["x" * 60, "y" * 200]]
    assert table(*two)[1] == "  " + "x" * 47 + "…  " + "y" * 47 + "…"
    with narrow_pages(300):
        assert table(*two)[1] == "  " + "x" * 60 + "  " + "y" * 200
    with narrow_pages(50):
        assert table(*two)[1] == "  " + "x" * 39 + "…  " + "y" * 39 + "…"


def test_lines_are_as_wide_as_the_page() -> None:
    """Long sentences are wrapped; none is no line."""
    assert all(len(line) <= WIDTH for line in wrapped("word " * 60))
    assert wrapped("") == []


def test_a_section_has_title_sentences_table_and_notes() -> None:
    """In this order, indented below the title."""
    section = Section("s", "Title", ["one"], ["key", "n"], [["a", "1"]], notes=["of two"])
    assert section_lines(section) == ["Title", "  one", "  key  n", "  a    1", "  of two"]


def test_bars_are_drawn_in_eighths() -> None:
    """A full bar has `bar_width` characters; values beyond are cut."""
    assert bar(1.0, 1.0) == bar(7.0, 1.0) == "█" * bar_width()
    assert bar(1 / (8 * bar_width()), 1.0) == "▏"
    assert bar(-1.0, 1.0) == ""


def test_a_mark_stands_in_the_bar() -> None:
    """Where the bar should end."""
    line = marked_bar(0.25, 0.5, 1.0)
    assert (len(line), line[: bar_width() // 4], line[bar_width() // 2]) == (
        bar_width(),
        "█" * (bar_width() // 4),
        "│",
    )
    assert marked_bar(1.0, 1.0, 1.0)[-1] == "│"


def test_a_command_is_folded_between_its_words() -> None:
    """Words in quotes stay whole; an apostrophe that ends nothing is a character as others."""
    command = "estimates promote churn 4 --reason 'the desk looked'"
    assert folded(command, 40) == [
        "estimates promote churn 4 --reason \\",
        "    'the desk looked'",
    ]
    assert folded("estimates serve the demo's store to all who ask", 30) == [
        "estimates serve the demo's \\",
        "    store to all who ask",
    ]
