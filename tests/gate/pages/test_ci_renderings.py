"""What CI shows of a verdict: JUnit XML, Markdown, GitHub annotations; whatever text stands in keys
and values.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from junitparser import Error, Failure, Skipped
from junitparser.xunit2 import JUnitXml, TestCase, TestSuite
from markdown_it import MarkdownIt

from estimates.catalog.records import Waiver
from estimates.gate.pages.github_annotations import render_github
from estimates.gate.pages.junit import render_junit, render_unreadable
from estimates.gate.pages.verdict_html import render_html
from estimates.gate.pages.verdict_markdown import render_markdown
from estimates.gate.pages.verdict_text import render_text
from estimates.gate.verdict import (
    CheckResult,
    GroupResult,
    Offender,
    Verdict,
    parse_json,
    render_json,
)
from estimates.render.wording import visible
from tests.examples import examples
from tests.gate.cases import Setting, contract, off_by_ten
from tests.gate.verdicts import verdicts

TestCase.__test__ = TestSuite.__test__ = False  # they are no tests of ours
CASES = pytest.mark.parametrize(
    "verdict", [v for _, v in verdicts()], ids=[name for name, _ in verdicts()]
)
RENDERINGS = [render_text, render_junit, render_markdown, render_github]
KINDS = {"fail": Failure, "error": Error, "skipped": Skipped, "waived": Skipped}
# Any text, and what XML forbids, Markdown formats or a workflow command ends with.
TEXT = st.text(
    st.one_of(st.sampled_from("\0\x1b\r\n\ufffe%:,]>&<'\"|`*_~@#[\\\u202e "), st.characters()),
    max_size=20,
)


def parsed(verdict: Verdict, folder: Path) -> TestSuite:
    """The only suite of the JUnit file, read from disk as a CI server would."""
    path = folder / "verdict.xml"
    path.write_bytes(render_junit(verdict))
    (suite,) = JUnitXml.fromfile(str(path))
    return suite


def worded(text: str, status: str = "fail") -> Verdict:
    """A verdict with one check that has this text wherever text can come from data."""
    offender = Offender([text, "2026-11-23"], text, text)
    check = CheckResult(4, "schema", 1, "Columns", status, value=1.0, block=0.0, n=2)
    check = msgspec.structs.replace(
        check, message=text, reason=text, offending=3, offenders=[offender] * 3
    )
    whole = Setting().evaluate()
    counts = dict.fromkeys(whole.counts, 0) | {status: 1}
    return msgspec.structs.replace(
        whole, checks=[check], counts=counts, blocks=True, outcome="fail"
    )


@CASES
@pytest.mark.parametrize("render", RENDERINGS, ids=lambda render: render.__name__)
def test_the_same_verdict_gives_the_same_bytes(verdict: Verdict, render: object) -> None:
    """A rendering is a function of the verdict alone, also of one that was stored and read
    again.
    """
    assert callable(render)
    assert render(verdict) == render(parse_json(render_json(verdict)))


@CASES
def test_junit_has_a_test_case_a_check(verdict: Verdict, tmp_path: Path) -> None:
    """junitparser finds every check with its outcome and what it measured, and the counts add
    up.
    """
    suite = parsed(verdict, tmp_path)
    cases = list(suite)
    assert [case.name for case in cases] == [
        f"{check.number} {check.name}" for check in verdict.checks
    ]
    for case, check in zip(cases, verdict.checks, strict=True):
        assert [type(result) for result in case.result] == (
            [KINDS[check.status]] if check.status in KINDS else []
        )
        properties = {entry.name: entry.value for entry in case.properties()}
        assert properties["status"] == check.status
        for name in ("value", "warn", "block", "coverage"):
            expected = getattr(check, name)
            assert (None if name not in properties else float(properties[name])) == expected, name
        assert properties.get("n") == (None if check.n is None else str(check.n))
    skipped = verdict.counts["skipped"] + verdict.counts["waived"]
    counts = (len(verdict.checks), verdict.counts["fail"], verdict.counts["error"], skipped)
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == counts
    suite.update_statistics()  # counted by junitparser
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == counts
    bound = {entry.name: entry.value for entry in suite.properties()}
    assert (bound["policy"], bound["outcome"]) == (verdict.policy, verdict.outcome)


@pytest.mark.slow
@examples(20)
@given(TEXT, st.sampled_from(["fail", "error", "warn", "waived", "skipped"]))
def test_junit_of_any_text_is_xml(text: str, status: str) -> None:
    """Keys and messages of any characters give well-formed XML, which reads back as what can be
    shown of them.
    """
    root = ElementTree.fromstring(render_junit(worded(text, status)))
    case = next(root.iter("testcase"))
    shown = visible(text)
    if status in ("fail", "error"):
        outcome = case.find("failure" if status == "fail" else "error")
        assert outcome is not None
        assert outcome.get("message") == shown
        assert shown in (outcome.text or "")
    elif status in ("waived", "skipped"):
        outcome = case.find("skipped")
        assert outcome is not None
        assert outcome.get("message") == (shown if status == "skipped" else f"waived: {shown}")
    if status in ("warn", "waived"):
        assert shown in (case.findtext("system-out") or "")


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


def chosen(verdict: Verdict, *names: str) -> Verdict:
    """The verdict with a few of its checks only."""
    checks = [verdict.check(name) for name in names]
    counts = {status: sum(check.status == status for check in checks) for status in verdict.counts}
    return msgspec.structs.replace(verdict, checks=checks, counts=counts)


WILD = contract(more='[gate.checks.extreme_move]\nwarn = 10\nblock = 20\nseverity = "warn"\n')
FAIL = chosen(
    Setting(WILD, off_by_ten(3)).evaluate(), "minimum_rows", "nan", "extreme_move", "p95_change"
)


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


def test_a_clean_verdict_needs_no_table() -> None:
    """When all is well, one line is seen; it says so in an annotation too."""
    verdict = Setting().evaluate()
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


def test_text_is_safe_for_a_terminal() -> None:
    """A key cannot give a terminal orders, nor begin a line of its own."""
    text = render_text(worded("\x1b[2J\n::error::x"))
    assert "\x1b" not in text
    assert not any(line.startswith("::") for line in text.splitlines())
    assert "\\u{1b}[2J\\u{a}::error::x/2026-11-23" in text


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


def test_junit_of_an_unreadable_table_has_a_failed_test() -> None:
    """A CI server shows that nothing was judged as a failure, and why."""
    suites = JUnitXml.fromstring(render_unreadable("churn", "new.csv", "bad_table", "no \x1b row"))
    (suite,) = suites
    (case,) = suite
    assert (suites.failures, case.name) == (1, "readable input")
    assert "no \\u{1b} row" in case.result[0].message
