"""All forms of a verdict: bytes that depend on it alone, and who let through what it waives."""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree import ElementTree

import msgspec
import pytest

from estimates.catalog.records import Waiver
from estimates.gate.pages.github_annotations import render_github
from estimates.gate.pages.junit import render_junit
from estimates.gate.pages.verdict_markdown import render_markdown
from estimates.gate.pages.verdict_text import render_text
from estimates.gate.verdict import (
    GroupResult,
    Verdict,
    parse_json,
    render_json,
)
from tests.gate.verdicts import CASES, FAIL

RENDERINGS = [render_text, render_junit, render_markdown, render_github]


@CASES
@pytest.mark.parametrize("render", RENDERINGS, ids=lambda render: render.__name__)
def test_the_same_verdict_gives_the_same_bytes(verdict: Verdict, render: object) -> None:
    """A rendering is a function of the verdict alone, also of one that was stored and read
    again.
    """
    assert callable(render)
    assert render(verdict) == render(parse_json(render_json(verdict)))


def test_every_form_says_who_let_it_through() -> None:
    """A waived check is told with who, until when, which keys and why; groups with limits of their
    own with theirs.
    """
    at = datetime(2026, 11, 21, tzinfo=UTC)
    waiver = Waiver(
        7,
        "prices",
        2,
        "snapshot-2",
        "p95_change",
        [["AAPL", "2026-11-23"]],
        "a split",
        "ada",
        at,
        at,
    )
    group = GroupResult("sector", "tech", "fail", 0.5, None, 0.25, 10, "moved")
    check = msgspec.structs.replace(
        FAIL.check("p95_change"), status="waived", waived_by=[7], groups=[group]
    )
    verdict = msgspec.structs.replace(FAIL, checks=[check], in_force=[waiver])
    for render in (render_text, render_markdown, render_github):
        page = render(verdict)
        assert (
            "waiver 7 by ada until 2026-11-21T00:00:00Z, AAPL/2026-11-23: a split"
            in page.replace("\\", "")
        )
        assert "sector tech: fail, value r 0.5 (×1.67); blocks above r 0.25 (×1.29)" in page
    case = next(ElementTree.fromstring(render_junit(verdict)).iter("testcase"))
    assert "waiver 7 by ada" in (case.findtext("system-out") or "")
