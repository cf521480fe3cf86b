"""What a report of a request comes to."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from estimates_jobs.hub.request_report import (
    FileReport,
    Finding,
    RequestReport,
    as_json,
    outcome_of,
)

FAIL, WARN = Finding("bounds", "above 1"), Finding("sums", "off", "warn")
AT = datetime(2025, 11, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("findings", "outcome"),
    [((), "pass"), ((WARN,), "warn"), ((WARN, FAIL, WARN), "fail"), ((FAIL,), "fail")],
)
def test_the_worst_finding_decides(findings: tuple[Finding, ...], outcome: str) -> None:
    """One that fails is enough; a warning lets pass."""
    assert outcome_of(findings) == outcome
    assert FileReport("a.csv", "added", findings=findings).outcome == outcome


def test_a_request_is_as_good_as_its_worst_part() -> None:
    """Its own findings and those of each file."""
    sound, warned = FileReport("a.csv", "added"), FileReport("b.csv", "added", findings=(WARN,))
    outcomes = [
        RequestReport("main", AT, ("A",), findings, files).outcome
        for findings, files in (
            ((), ()),
            ((), (sound, warned)),
            ((FAIL,), (sound, warned)),
            ((WARN,), (FileReport("c.csv", "deleted", findings=(FAIL,)),)),
        )
    ]
    assert outcomes == ["pass", "warn", "fail", "fail"]
    answer = as_json(RequestReport("main", AT, (), (), (sound, warned)))
    assert (answer["outcome"], [file["outcome"] for file in answer["files"]]) == (
        "warn",
        ["pass", "warn"],
    )
