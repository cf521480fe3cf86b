"""A verdict as JUnit XML: a test case a check, whatever text stands in keys and values."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from junitparser import Error, Failure, Properties, Skipped
from junitparser.xunit2 import JUnitXml, TestCase, TestSuite

from estimates.gate.pages.junit import render_junit, render_unreadable
from estimates.gate.verdict import (
    Verdict,
)
from estimates.render.wording import visible
from tests.examples import examples
from tests.gate.verdicts import CASES, TEXT, worded

TestCase.__test__ = TestSuite.__test__ = False  # they are no tests of ours
KINDS = {"fail": Failure, "error": Error, "skipped": Skipped, "waived": Skipped}


def parsed(verdict: Verdict, folder: Path) -> TestSuite:
    """The only suite of the JUnit file, read from disk as a CI server would."""
    path = folder / "verdict.xml"
    path.write_bytes(render_junit(verdict))
    (suite,) = JUnitXml.fromfile(str(path))
    assert isinstance(suite, TestSuite)
    return suite


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
        properties = {entry.name: entry.value for entry in case.child(Properties) or ()}
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


def test_junit_of_an_unreadable_table_has_a_failed_test() -> None:
    """A CI server shows that nothing was judged as a failure, and why."""
    suites = JUnitXml.fromstring(render_unreadable("churn", "new.csv", "bad_table", "no \x1b row"))
    (suite,) = suites
    (case,) = suite
    assert (suites.failures, case.name) == (1, "readable input")
    assert "no \\u{1b} row" in case.result[0].message
