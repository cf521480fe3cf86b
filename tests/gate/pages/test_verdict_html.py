"""A verdict as a page that stands alone."""

from __future__ import annotations

import re

from estimates.gate.pages.verdict_html import render_html
from estimates.gate.verdict import (
    Verdict,
)
from tests.gate.verdicts import CASES, worded


@CASES
def test_html_is_a_page_of_its_own(verdict: Verdict) -> None:
    """The answer, each check, nothing to load, and the same bytes again."""
    page = render_html(verdict)
    assert page == render_html(verdict)
    assert page.startswith("<!doctype html>")
    assert not re.search(r"<script|src=|href=", page)
    assert all(f"{result.number} {result.name}" in page for result in verdict.checks)


def test_html_of_any_text_shows_it() -> None:
    """What stands in keys is text and never markup."""
    page = render_html(worded("<script>alert(1)</script>"))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
