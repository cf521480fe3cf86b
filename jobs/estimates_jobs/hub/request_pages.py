"""A report of a request as text, and as one comment in Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from estimates import instants
from estimates.render.markdown import bullets, escaped, folded, table
from estimates.render.wording import count, cut
from estimates_jobs.hub.request_report import FileReport, Finding, RequestReport

_MOST = 60_000  # characters; a comment on GitHub has room for 65,536
_LONGEST = 300  # characters of a line
_IN_TABLE = 200  # lines
T = TypeVar("T")


def headline(report: RequestReport) -> str:
    """The answer in a line."""
    if not report.files:
        return "hub check: no submission is changed, nothing to check"
    failed = sum(file.outcome == "fail" for file in report.files)
    warned = sum(file.outcome == "warn" for file in report.files)
    files = count(len(report.files), "file")
    teams = f" ({', '.join(report.teams)})" if 0 < len(report.teams) < 6 else ""
    if report.outcome == "fail":
        of_files = f"{failed} of {files}" if failed else f"the request as a whole, of {files}"
        return f"hub check: FAILED, {of_files}{teams}"
    more = f", {warned} with warnings" if warned else ""
    return f"hub check: passed, {files}{teams}{more}"


def render_text(report: RequestReport) -> str:
    """The answer, what is wrong with the request, and its files: those that pass in a line each."""
    lines = [headline(report)]
    if report.findings:
        lines += ["", *(line for finding in report.findings for line in _lines(finding, ""))]
    for file in report.files:
        if file.findings:
            lines += ["", f"{file.outcome}  {file.path} ({_described(file)})"]
            lines += [line for finding in file.findings for line in _lines(finding, "  ")]
    passed = [file for file in report.files if not file.findings]
    if passed:
        lines += ["", *(f"pass  {file.path} ({_described(file)})" for file in passed)]
    return "\n".join(lines) + "\n"


def render_markdown(report: RequestReport) -> str:
    """The answer; a table of the files; what is wrong with each, folded where there are many.

    GitHub's Markdown. Whatever comes from the request is escaped: it links, mentions and formats
    nothing. What has no room in a comment is left out, and the page says so.
    """
    parts = [f"### {escaped(headline(report))}"]
    if report.findings:
        parts.append(_as_many(report.findings, _of_request, _MOST // 4))
    footer = (
        f"<sub>checked at {instants.text(report.checked_at)}, changes since "
        f"{escaped(report.since)}</sub>"
    )
    if report.files:
        parts.append(_as_many(report.files, _table, _MOST // 2))
    room = _MOST - len(footer) - sum(len(part) + 2 for part in parts)
    wrong = [file for file in report.files if file.findings]
    left_out = 0
    for file in sorted(wrong, key=lambda file: file.outcome != "fail"):
        part = _details(file, opened=len(wrong) == 1)
        room -= len(part) + 2
        if room > 0:
            parts.append(part)
        else:
            left_out += 1
    if left_out:
        parts.append(f"_What is wrong with {count(left_out, 'more file')}: in the JSON._")
    return "\n\n".join([*parts, footer]) + "\n"


def _as_many(parts: Sequence[T], render: Callable[[Sequence[T], int], str], most: int) -> str:
    """As many parts as have room in so many characters, by halves; text is longer once escaped."""
    shown = min(len(parts), _IN_TABLE)
    while len(text := render(parts, shown)) > most and shown:
        shown //= 2
    return text


def _of_request(findings: Sequence[Finding], most: int) -> str:
    """What is wrong with the request as a whole, the first ones."""
    listed = bullets(_flat(findings[:most]))
    more = len(findings) - most
    return f"{listed}\n\n_and {count(more, 'more finding')}: in the JSON_" if more else listed


def _table(files: Sequence[FileReport], most: int) -> str:
    """The files, those that fail first; of very many the first ones."""
    ordered = sorted(files, key=lambda file: ("fail", "warn", "pass").index(file.outcome))
    shown = ordered[:most]
    rows = [
        (
            file.outcome,
            file.path,
            file.round or "",
            file.change,
            "" if file.rows is None else f"{file.rows:,}",
            str(len(file.findings) or ""),
        )
        for file in shown
    ]
    header = ("", "file", "round", "change", "rows", "findings")
    made = table(header, rows, (True, True, True, True, False, False), _LONGEST)
    more = len(ordered) - len(shown)
    return f"{made}\n\n_and {count(more, 'more file')}_" if more else made


def _details(file: FileReport, *, opened: bool) -> str:
    body = bullets(_flat(file.findings))
    if opened:
        return f"**{escaped(file.path)}**\n\n{body}"
    return folded(f"{file.path}: {count(len(file.findings), 'finding')}", body)


def _flat(findings: Sequence[Finding]) -> Iterator[str]:
    for finding in findings:
        shown = f" ({'; '.join(finding.examples)})" if finding.examples else ""
        yield cut(f"{finding.severity} {finding.check}: {_sentence(finding)}{shown}", _LONGEST)


def _lines(finding: Finding, indent: str) -> Iterator[str]:
    yield f"{indent}{finding.severity}  {finding.check}: {_sentence(finding)}"
    for example in finding.examples:
        yield f"{indent}      {example}"


def _sentence(finding: Finding) -> str:
    rows = "" if finding.rows is None else f" ({count(finding.rows, 'row')})"
    return finding.message + rows


def _described(file: FileReport) -> str:
    rows = "" if file.rows is None else f", {count(file.rows, 'row')}"
    return f"{file.change}{rows}"
