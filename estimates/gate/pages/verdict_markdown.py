"""The verdict as Markdown: for the summary of a CI job, a comment on a pull request, a chat."""

import itertools

from estimates import instants
from estimates.gate.pages.quiet_text import quiet_line
from estimates.gate.pages.verdict_text import (
    exception_lines,
    group_lines,
    headline,
    legend_of,
    limits_text,
    notable_results,
    offender_lines,
    value_text,
    waiver_lines,
)
from estimates.gate.remedies import remedy
from estimates.gate.verdict import CheckResult, Verdict
from estimates.gate.way_forward import way_lines
from estimates.render.markdown import bullets, escaped, folded, table
from estimates.render.wording import cut

_NAMED = 10  # offenders shown of each check
_LONGEST = 300  # characters of a message, and of a line of offenders
_MOST = 60_000  # characters; a comment on GitHub has room for 65,536
_WAY = 4_000  # kept for the way on
_NO_BREAK = "\u00a0"
_HEAD = ("", "check", "value", "limit", "n", "found")
_LEFT = (True, True, False, True, False, True)


def render_markdown(verdict: Verdict) -> str:
    """The answer; a table of what blocks, warns and is waived; the worst keys of each, and all the
    others, folded.

    GitHub's Markdown. Whatever comes from data is escaped: it links, mentions and formats nothing.
    What has no room in a comment is left out, and the page says so.
    """
    notable = notable_results(verdict)
    quiet = [result for result in verdict.checks if result not in notable]
    parts = [f"### {escaped(headline(verdict))}"]
    parts += [_table(notable), *_legends(notable)] if notable else []
    folds = [
        _details(result, verdict)
        for result in notable
        if result.offenders or result.groups or result.waived_by or remedy(result, verdict)
    ]
    folds += [folded(quiet_line(verdict), _table(quiet))] if quiet else []
    footer = _footer(verdict)
    room = _MOST - _WAY - len(footer) - sum(len(part) + 2 for part in parts)
    fitting = _fitting(folds, room)
    parts += folds[:fitting]
    if fitting < len(folds):
        parts.append(f"_{len(folds) - fitting} folded parts left out; the JSON has everything._")
    excepted = [escaped(line) for line in exception_lines(verdict)[1:]]
    return "\n\n".join([*parts, *excepted, *_way_on(verdict), footer]) + "\n"


def unreadable_markdown(set_name: str, source: str, code: str, message: str) -> bytes:
    """A page that says why nothing was judged."""
    why = cut(f"{message}  [{code}]", _WAY)
    return f"### Not judged: {escaped(f'{set_name}, {source}')}\n\n{escaped(why)}\n".encode()


def _way_on(verdict: Verdict) -> list[str]:
    """How to go on; nothing for a verdict that does not block."""
    lines = way_lines(verdict)
    commands = [bullets(lines[1:])] if lines[1:] else []
    return [*(escaped(line) for line in lines[:1]), *commands]


def _fitting(parts: list[str], room: int) -> int:
    """How many of the first parts have room, each with an empty line."""
    ends = itertools.accumulate(len(part) + 2 for part in parts)
    return sum(end <= room for end in ends)


def _table(results: list[CheckResult]) -> str:
    return table(_HEAD, [_row(result) for result in results], _LEFT, _LONGEST)


def _legends(results: list[CheckResult]) -> list[str]:
    """What the words in a table mean, a line each."""
    legends = dict.fromkeys(legend_of(result.name) for result in results)
    return [bullets(text for text in legends if text)] if any(legends) else []


def _row(result: CheckResult) -> tuple[str, ...]:
    value = limits = n = ""
    if result.value is not None:
        value = value_text(result.value, result.unit, result.name).replace(" ", _NO_BREAK)
        limits = limits_text(result)
        n = "" if result.n is None else f"{result.n:,}"
    name = f"{result.number} {result.name}"
    return result.status, name, value, limits, n, result.message or result.reason or ""


def _details(result: CheckResult, verdict: Verdict) -> str:
    """Who let it through, its groups, the worst keys; a line for those with the same detail."""
    shown = result.offenders[:_NAMED]
    which = f": {len(shown)} of {result.offending:,}" if result.offending > len(shown) > 0 else ""
    lines = [*waiver_lines(result, verdict), *group_lines(result), *offender_lines(shown)]
    line = remedy(result, verdict)
    lines += [line] if line else []
    return folded(
        f"{result.number} {result.name}{which}", bullets(cut(line, _LONGEST) for line in lines)
    )


def _footer(verdict: Verdict) -> str:
    """What the verdict is bound to, so that two comments can be told apart."""
    parts = [f"judged at {instants.text(verdict.judged_at)}", f"policy {verdict.policy[:12]}"]
    parts += [f"snapshot {verdict.snapshot_id[:12]}"] if verdict.snapshot_id else []
    parts += (
        [f"contract revision {verdict.contract_revision}"]
        if verdict.contract_revision is not None
        else []
    )
    return f"<sub>{escaped(', '.join([*parts, f'estimates {verdict.code}']))}</sub>"
