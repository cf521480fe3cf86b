"""The pages of a report: the answer in a line, and a comment that has room."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from estimates_jobs.hub.request_pages import headline, render_markdown, render_text
from estimates_jobs.hub.request_report import FileReport, Finding, RequestReport

AT = datetime(2025, 11, 8, tzinfo=UTC)
FAIL, WARN = Finding("bounds", "above 1", rows=2), Finding("sums", "off", "warn")
COMMENT = 65_536  # characters that GitHub takes


def report(
    *files: FileReport, findings: tuple[Finding, ...] = (), teams: tuple[str, ...] = ("A",)
) -> RequestReport:
    """A request to `main`."""
    return RequestReport("main", AT, teams, findings, files)


def file(path: str, *findings: Finding) -> FileReport:
    """An added file of three rows."""
    return FileReport(path, "added", "A-b", "2025-11-08", 3, (), findings)


@pytest.mark.parametrize(
    ("made", "line"),
    [
        (report(), "no submission is changed, nothing to check"),
        (report(file("a.csv")), "passed, 1 file (A)"),
        (report(file("a"), file("b", WARN)), "passed, 2 files (A), 1 with warnings"),
        (report(file("a", WARN), file("b", FAIL, WARN)), "FAILED, 1 of 2 files (A)"),
        (report(file("a"), findings=(FAIL,)), "FAILED, the request as a whole, of 1 file (A)"),
        (report(file("a"), teams=tuple("ABCDEF")), "passed, 1 file"),
    ],
)
def test_the_headline_is_the_answer(made: RequestReport, line: str) -> None:
    """Which part failed, and whose files they are where those are few."""
    assert headline(made) == f"hub check: {line}"
    assert render_text(made).splitlines()[0] == headline(made)


def test_a_text_names_what_is_wrong_before_what_passes() -> None:
    """Findings with their rows and examples, sound files in a line each."""
    shown = Finding("dates", "too early", "warn", 1, ("row 4: day 1",))
    lines = render_text(report(file("sound.csv"), file("late.csv", shown))).splitlines()
    assert lines[2:] == [
        "warn  late.csv (added, 3 rows)",
        "  warn  dates: too early (1 row)",
        "        row 4: day 1",
        "",
        "pass  sound.csv (added, 3 rows)",
    ]


def test_one_file_is_open_and_several_are_folded() -> None:
    """Those that fail first."""
    alone = render_markdown(report(file("a.csv"), file("b.csv", FAIL)))
    assert "**b.csv**\n\n- fail bounds: above 1 (2 rows)" in alone
    both = render_markdown(report(file("a.csv", WARN), file("b.csv", FAIL)))
    assert both.index("<summary>b.csv: 1 finding") < both.index("<summary>a.csv: 1 finding")


@pytest.mark.parametrize("mark", ["x", "@", "<", "_"])
def test_a_comment_has_room_on_github(mark: str) -> None:
    """Whatever the number of files, the length of their paths and what escaping makes of them."""
    files = [file(f"model-output/{n}/{mark * 250}", FAIL) for n in range(300)]
    teams = tuple(Finding("team", f"has files of {mark * 250}{n}") for n in range(300))
    page = render_markdown(report(*files, findings=teams))
    assert len(page) <= COMMENT
    assert page.startswith("### hub check: FAILED, 300 of 300 files (A)\n")
    assert "more findings: in the JSON_" in page
    assert "more files_" in page
    assert "checked at 2025-11-08T00:00:00Z, changes since main</sub>" in page


def test_what_is_left_out_is_counted() -> None:
    """The table's files and those whose findings have no room; together they are all."""
    many = tuple(Finding("values", f"{n} {'y' * 250}") for n in range(20))
    page = render_markdown(report(*(file(f"{n}.csv", *many) for n in range(30))))
    shown = page.count("<summary>")
    assert 0 < shown < 30
    assert f"_What is wrong with {30 - shown} more files: in the JSON._" in page
    page = render_markdown(report(*(file(f"{n}.csv") for n in range(201))))
    assert page.count("| pass |") == 200
    assert "_and 1 more file_" in page
