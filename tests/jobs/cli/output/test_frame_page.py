"""A table as a page: words before numbers, nothing of the data is markup, nothing to load."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl

from estimates_jobs.cli.output.frame_page import frame_page


def test_a_page_has_all_rows() -> None:
    """Columns of nulls are left out, a missing value is a dash, and text stays text."""
    frame = pl.DataFrame({"n": [1.5, None], "none": [None, None], "key": ["<b>", "x"]})
    page = frame_page("Stability of churn", frame)
    assert page == frame_page("Stability of churn", frame)
    assert "<title>Stability of churn</title>" in page
    assert page.index(">key<") < page.index(">n<")
    assert ">none<" not in page
    assert "<b>" not in page
    assert "–" in page


def test_values_read_as_words() -> None:
    """Times to the minute, numbers with six digits, lists of periods without any Python, and once
    what all rows say.
    """
    start = datetime(2026, 11, 24, 16, 0, 1, 500, tzinfo=UTC)
    periods = [[{"from": start, "to": None}], []]
    frame = pl.DataFrame({"set": ["churn"] * 2, "in": periods, "value": [-1.23456789, 1e-3]})
    page = frame_page("t", frame)
    assert "<p>The same in all rows: set churn</p>" in page
    assert ">from 2026-11-24 16:00Z<" in page
    assert "<td>−1.23457</td>" in page
    assert "datetime" not in page


def test_a_page_of_nothing_says_so() -> None:
    """A frame without rows is a page without rows."""
    assert "0 rows" in frame_page("t", pl.DataFrame({"a": pl.Series([], dtype=pl.String)}))


def test_sentences_stand_below_the_title() -> None:
    """What a reader has to know of the columns."""
    page = frame_page("t", pl.DataFrame({"h3": [1.0]}), "h3: said <three> steps before")
    assert "<h1>t</h1><p>h3: said &lt;three&gt; steps before</p></header>" in page
