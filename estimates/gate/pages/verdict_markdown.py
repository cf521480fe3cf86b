"""The verdict as Markdown: for the summary of a CI job, a comment on a pull request, a chat."""

from __future__ import annotations

from estimates import instants
from estimates.gate.pages.verdict_text import (
    exceptions,
    grouped,
    groups,
    headline,
    limits,
    rest,
    show,
    told,
)
from estimates.gate.verdict import CheckResult, Verdict
from estimates.render.markdown import bullets, escaped, folded, table
from estimates.render.wording import cut

_NAMED = 10  # offenders shown of each check
_LONGEST = 300  # characters of a message, and of a line of offenders
_MOST = 60_000  # characters; a comment on GitHub has room for 65,536
_NO_BREAK = "\u00a0"
_HEAD = ("", "check", "value", "limit", "n", "found")
_LEFT = (True, True, False, True, False, True)


def render_markdown(verdict: Verdict) -> str:
    """The answer; a table of what blocks, warns and is waived; the worst keys of each, and all the
    rest, folded.

    GitHub's Markdown. Whatever comes from data is escaped: it links, mentions and formats nothing.
    What has no room in a comment is left out, which is said.
    """
    seen = told(verdict)
    quiet = [result for result in verdict.checks if result not in seen]
    parts = [f"### {escaped(headline(verdict))}", *([_table(seen)] if seen else [])]
    details = [
        _details(result, verdict)
        for result in seen
        if result.offenders or result.groups or result.waived_by
    ]
    details += [folded(rest(verdict), _table(quiet))] if quiet else []
    facts = _facts(verdict)
    room = _MOST - len(facts) - sum(len(part) + 2 for part in parts)
    fitting = 0
    while fitting < len(details) and (room := room - len(details[fitting]) - 2) >= 0:
        fitting += 1
    parts += details[:fitting]
    if fitting < len(details):
        parts.append(f"_{len(details) - fitting} folded parts left out; the JSON has everything._")
    return "\n\n".join([*parts, facts]) + "\n"


def _table(results: list[CheckResult]) -> str:
    return table(_HEAD, [_row(result) for result in results], _LEFT, _LONGEST)


def _row(result: CheckResult) -> tuple[str, ...]:
    measured = result.value is not None
    return (
        result.status,
        f"{result.number} {result.name}",
        show(result.value, result.unit).replace(" ", _NO_BREAK) if result.value is not None else "",
        limits(result) if measured else "",
        f"{result.n:,}" if measured and result.n is not None else "",
        result.message or result.reason or "",
    )


def _details(result: CheckResult, verdict: Verdict) -> str:
    """Who let it through, its groups, and the worst keys: those of which the same is said in one
    line.
    """
    shown = result.offenders[:_NAMED]
    which = f": {len(shown)} of {result.offending:,}" if result.offending > len(shown) > 0 else ""
    lines = [*exceptions(result, verdict), *groups(result), *grouped(shown)]
    return folded(
        f"{result.number} {result.name}{which}", bullets(cut(line, _LONGEST) for line in lines)
    )


def _facts(verdict: Verdict) -> str:
    """What the verdict is bound to, so that a comment can be told from another one."""
    parts = [f"judged at {instants.text(verdict.judged_at)}", f"policy {verdict.policy[:12]}"]
    parts += [f"snapshot {verdict.snapshot_id[:12]}"] if verdict.snapshot_id else []
    parts += (
        [f"contract revision {verdict.contract_revision}"]
        if verdict.contract_revision is not None
        else []
    )
    return f"<sub>{escaped(', '.join([*parts, f'estimates {verdict.code}']))}</sub>"
