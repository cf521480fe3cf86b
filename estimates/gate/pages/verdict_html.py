"""The verdict as one HTML page that stands alone: an artifact of a CI job, a mail, a ticket."""

from __future__ import annotations

from collections.abc import Iterator

from estimates.gate.pages.quiet_text import quiet_lines
from estimates.gate.pages.verdict_text import (
    details,
    exception_lines,
    headline,
    limits_text,
    notable_results,
    subject,
    value_text,
)
from estimates.gate.verdict import CheckResult, Verdict
from estimates.gate.way_forward import way_lines
from estimates.render.html import CELL, document, escaped, isolated, table
from estimates.render.section import Section

_HEAD = ["", "check", "what it says", "limit", "value", "n"]


def render_html(verdict: Verdict) -> str:
    """A page that can be sent to somebody; the same verdict gives the same page."""
    parts = [
        f"<header>\n<p>{isolated(verdict.set)}</p>\n<h1>{escaped(headline(verdict))}</h1>\n"
        "</header>",
        *_facts(verdict),
        *(f"<p>{escaped(line)}</p>" for line in exception_lines(verdict)[1:]),
        '<div class="tables">',
        *(table(section, whole=True) for section in sections_of(verdict)),
        "</div>",
        f"<footer><p>Judged by estimates {escaped(verdict.code)} under policy "
        f"{verdict.policy}.</p></footer>",
    ]
    return document(f"{subject(verdict)}: {verdict.outcome}", "\n".join(parts))


def sections_of(verdict: Verdict) -> list[Section]:
    """The verdict as sections, what a reader has to see first."""
    notable = notable_results(verdict)
    quiet = [result for result in verdict.checks if result not in notable]
    sections = [_section("What a reader has to see", notable)] if notable else []
    sections += [
        Section(result.name, f"{result.number} {result.name}: {result.status}", lines)
        for result in notable
        if (lines := [*_cut_message(result), *(line.strip() for line in details(result, verdict))])
    ]
    if way := way_lines(verdict):
        sections.append(Section("way", way[0], way[1:]))
    if quiet:
        rest = _section("All other checks", quiet)
        rest.notes.extend(line.strip() for line in quiet_lines(verdict))
        sections.append(rest)
    return sections


def _cut_message(result: CheckResult) -> list[str]:
    """What a check says, whole, where the table of all has no room for it."""
    return [result.message] if len(result.message) > CELL else []


def _facts(verdict: Verdict) -> Iterator[str]:
    """What the verdict is bound to."""
    against = "nothing" if verdict.baseline is None else f"version {verdict.baseline.version}"
    bound_to = [
        ("outcome", "blocked" if verdict.blocks else verdict.outcome),
        ("against", against),
        ("judged at", f"{verdict.judged_at:%Y-%m-%d %H:%MZ}"),
        ("contract revision", str(verdict.contract_revision or "–")),
        ("snapshot", (verdict.snapshot_id or "–")[:12]),
    ]
    cells = "".join(
        f"<div><dt>{escaped(what)}</dt><dd>{escaped(value)}</dd></div>" for what, value in bound_to
    )
    yield f'<dl class="facts">{cells}</dl>'


def _section(title: str, results: list[CheckResult]) -> Section:
    return Section(title, title, header=_HEAD, rows=[_row(result) for result in results], left=4)


def _row(result: CheckResult) -> list[str]:
    value = "" if result.value is None else value_text(result.value, result.unit, result.name)
    limits = "" if result.value is None else limits_text(result)
    n = "" if result.n is None else f"{result.n:,}"
    name = f"{result.number} {result.name}"
    return [result.status, name, result.message or result.reason or "", limits, value, n]
