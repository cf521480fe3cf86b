"""A verdict as GitHub annotations, one command a line, whatever text stands in it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.gate.pages.github_annotations import render_github
from estimates.render.wording import visible
from tests.examples import examples
from tests.gate.verdicts import FAIL, TEXT, worded


@pytest.mark.slow
@examples(20)
@given(TEXT, st.sampled_from(["fail", "error", "warn", "waived"]))
def test_an_annotation_is_one_command_a_check(text: str, status: str) -> None:
    """No key starts a command of its own or ends one; undoing GitHub's escapes gives the text."""
    lines = render_github(worded(text, status)).split("\n")
    assert len(lines) == 3
    assert lines.pop() == ""
    level = {"fail": "error", "error": "error", "warn": "warning", "waived": "notice"}[status]
    match = re.fullmatch(r"::(\w+) title=([^:,\r\n]*)::([^\r\n]*)", lines[1])
    assert match is not None
    assert match[1] == level
    message = match[3].replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
    assert message.split("\n")[0] == visible(text)
    assert f"{visible(text)}/2026-11-23" in message


def test_github_says_what_blocks_first() -> None:
    """The answer, errors, then warnings: GitHub shows only the first of each level."""
    verdict = FAIL
    lines = render_github(verdict).splitlines()
    assert (
        lines[0]
        == "::error title=estimates gate::prices version 2 against version 1: BLOCKED (1 fail, 1 "
        "warn)"
    )
    assert [line.split(" ")[0] for line in lines] == ["::error", "::error", "::warning"]
    assert lines[2].startswith(
        "::warning title=prices version 2%3A 26 extreme_move::the largest move of close is 300 "
        "half widths of its old "
        "80 %25 interval%0Avalue 300.3; warns above 10%0Ahalf width: half of upper − lower, of the "
        "interval that the baseline has%0AAAPL/2026-11-23, "
    )
