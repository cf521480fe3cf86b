"""A verdict as Markdown, in which text from data shows itself."""

from __future__ import annotations

import re

import msgspec
import pytest
from hypothesis import given
from markdown_it import MarkdownIt

from estimates.gate.pages.github_annotations import render_github
from estimates.gate.pages.verdict_markdown import render_markdown
from estimates.gate.verdict import (
    Offender,
)
from estimates.render.wording import visible
from tests.examples import examples
from tests.gate.cases import clean_verdict
from tests.gate.verdicts import FAIL, TEXT, worded


@pytest.mark.slow
@examples(20)
@given(TEXT)
def test_markdown_of_any_text_shows_it(text: str) -> None:
    """In the table and in the list of keys text formats nothing, links nothing and stays where it
    is.
    """
    page = render_markdown(worded(text))
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(page)
    blocks = [token.content.split("\n")[0] for token in tokens if token.type == "html_block"]
    assert {block.split(">")[0] for block in blocks} <= {"<details", "</details"}
    assert len([block for block in blocks if block.startswith("<details")]) == 1
    inline = [token for token in tokens if token.type == "inline"]
    children = [child for token in inline for child in token.children or []]
    allowed = {"text", "text_special", "html_inline"}
    assert {child.type for child in children} <= allowed
    assert [child.content for child in children if child.type == "html_inline"] == [
        "<sub>",
        "</sub>",
    ]
    shown = [
        "".join(child.content for child in token.children or []).replace("\u200b", "")
        for token in inline
    ]
    # seven cells of a head without a word in its first, seven below it, one item of the list
    assert " ".join(shown[12].split()) == " ".join(visible(text).split())
    assert " ".join(f"{visible(text)}/2026-11-23".split()) in " ".join(shown[13].split())


def test_markdown_folds_what_nobody_has_to_read() -> None:
    """Failing and warning checks stand in a table; the worst keys and all other checks are
    folded.
    """
    page = render_markdown(FAIL)
    assert page.startswith(
        "### prices version 2 against version 1: BLOCKED (1 fail, 1 warn)\n\n"
        "|  | check | value | limit | n | found |\n| :-- | :-- | --: | :-- | --: | :-- |\n"
        "| fail | 26 p95_change | r\u00a01.637\u00a0(×10) | blocks above r 0.25 (×1.29), "
        "warns above r 0.15 (×1.16) | 25 | "
    )
    folded = re.findall(r"^<summary>(.*)</summary>$", page, re.MULTILINE)
    assert folded == [
        "26 p95_change",
        "26 extreme_move",
        "1 passed; 1 not measured",
    ]
    assert page.count("<details>") == page.count("\n\n</details>") == 3
    assert "| skipped | 6 minimum_rows |  |  |  | not_in_contract |" in page


def test_a_clean_verdict_needs_no_table() -> None:
    """When all is well, one line is seen; it says so in an annotation too."""
    verdict = clean_verdict()
    assert render_markdown(verdict).startswith(
        "### prices version 2 against version 1: passes\n\n<details>\n"
    )
    assert (
        render_github(verdict)
        == "::notice title=estimates gate::prices version 2 against version 1: passes\n"
    )


def test_markdown_fits_into_a_comment() -> None:
    """However long keys are and however many checks complain, it has room in a comment, and says
    what is left out.
    """
    long = worded("wide " * 200)
    offenders = [Offender([f"{'k|' * 150}{i}"], None, str(i)) for i in range(100)]
    many = msgspec.structs.replace(
        long, checks=[msgspec.structs.replace(long.checks[0], offenders=offenders)] * 40
    )
    page = render_markdown(many)
    assert len(page) < 65_536
    assert re.search(
        r"^_\d+ folded parts left out; the JSON has everything\._$", page, re.MULTILINE
    )
