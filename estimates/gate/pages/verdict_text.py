"""The verdict for a person at a terminal: the answer, what blocks and why, what warns, and one line
for the rest.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from estimates import instants
from estimates.catalog.records import Waiver
from estimates.gate.verdict import CheckResult, GroupResult, Offender, Unit, Verdict
from estimates.render.wording import visible

_NAMED = 5  # offenders shown of each check; all that are kept are in the JSON
_INDENT = "      "


def render_text(verdict: Verdict) -> str:
    """The verdict in lines of text, without colours; the same verdict, the same text."""
    lines = [headline(verdict)]
    for result in told(verdict):
        lines += ["", *section(result, verdict)]
    return "\n".join([*lines, *([""] if len(lines) > 1 else []), rest(verdict)]) + "\n"


def told(verdict: Verdict) -> list[CheckResult]:
    """The checks that a reader has to see: what blocks, then what warns, then what is waived."""
    groups = (("fail", "error"), ("warn",), ("waived",))
    return [result for group in groups for result in verdict.checks if result.status in group]


def show(value: float, unit: Unit) -> str:
    """A value as a person reads it: `2.5 %`, `3`, `1d 12h`, `0.314`."""
    if unit == "share":
        return f"{100 * value:.4g} %"
    if unit == "seconds":
        return _duration(value)
    return f"{value:.0f}" if unit == "count" else f"{value:.4g}"


def subject(verdict: Verdict) -> str:
    """What was judged: `prices version 2`, `prices file`."""
    return f"{verdict.set} {'file' if verdict.version is None else f'version {verdict.version}'}"


def headline(verdict: Verdict) -> str:
    """The answer in a line: `prices version 2 against version 1: BLOCKED (2 fail, 1 warn)`."""
    against = (
        f"against version {verdict.baseline.version}" if verdict.baseline else "without a baseline"
    )
    answer = (
        "BLOCKED"
        if verdict.blocks
        else "passes with warnings"
        if verdict.outcome == "warn"
        else "passes"
    )
    counts = ", ".join(
        f"{verdict.counts[s]} {s}" for s in ("fail", "error", "warn", "waived") if verdict.counts[s]
    )
    return f"{subject(verdict)} {against}: {answer}{f' ({counts})' if counts else ''}"


def section(result: CheckResult, verdict: Verdict) -> list[str]:
    """One check in lines: what it found, then its details, indented."""
    first = f"{result.status:<5} {result.number} {result.name}: {visible(result.message)}"
    return [first, *(f"{_INDENT}{line}" for line in details(result, verdict))]


def details(result: CheckResult, verdict: Verdict) -> list[str]:
    """The value of a check beside its limits, its groups, the worst offenders, and who let it
    through, in lines.

    Control characters and line ends of keys and values are shown, as `\\u{…}`: a line stays one.
    """
    lines = (
        []
        if result.value is None
        else [f"value {show(result.value, result.unit)}; {limits(result)}"]
    )
    lines += groups(result)
    shown = result.offenders[:_NAMED]
    # one offender that only repeats the message says nothing new
    if [offender.detail for offender in shown] != [result.message]:
        lines += grouped(shown)
    if result.offending > len(shown) > 0:
        lines.append(f"and {result.offending - len(shown):,} more{_whose(result)}")
    return [visible(line) for line in [*lines, *exceptions(result, verdict)]]


def groups(result: CheckResult) -> list[str]:
    """The groups with limits of their own that complain, in lines."""
    return [
        f"{'all other keys' if one.column is None else f'{one.column} {one.group}'}: {one.status}, "
        + (
            one.message
            if one.value is None
            else f"value {show(one.value, result.unit)}; {limits(result, one)}"
        )
        for one in result.groups
        if one.status not in ("pass", "skipped")
    ]


def exceptions(result: CheckResult, verdict: Verdict) -> list[str]:
    """Who let the check through, for which keys, until when and why, in lines."""
    return [
        f"waiver {one.id} by {one.actor} until {instants.text(one.until)}, {waived_keys(one)}: "
        f"{one.reason}"
        for one in verdict.in_force
        if one.id in result.waived_by
    ]


def waived_keys(waiver: Waiver) -> str:
    """Which keys a waiver leaves out: `all keys`, or the first of them as they stand in a path."""
    if waiver.keys is None:
        return "all keys"
    named = ", ".join("/".join(key) for key in waiver.keys[:_NAMED])
    return named if len(waiver.keys) <= _NAMED else f"{named} and {len(waiver.keys) - _NAMED} more"


def limits(result: CheckResult, group: GroupResult | None = None) -> str:
    """`blocks above 2 %, warns above 0.5 %`, or `no limit`: those of a check, or of one of its
    groups.
    """
    held = group or result
    found = [
        f"{verb} {result.worse} {show(limit, result.unit)}"
        for verb, limit in (("blocks", held.block), ("warns", held.warn))
        if limit is not None
    ]
    return ", ".join(found) or "no limit"


def grouped(offenders: list[Offender]) -> list[str]:
    """One line for offenders that have the same said about them, keys side by side."""
    groups: dict[tuple[str | None, str], list[str]] = {}
    for offender in offenders:
        keys = groups.setdefault((offender.column, offender.detail), [])
        if offender.key is not None:
            keys.append("/".join(offender.key))
    return [_line(", ".join(keys), column, detail) for (column, detail), keys in groups.items()]


def _whose(result: CheckResult) -> str:
    """The leading parts of the keys that are not shown, when keys have several parts: ` (AAPL,
    MSFT, …)`.
    """
    keys = [
        one.key for one in result.offenders[_NAMED:] if one.key is not None and len(one.key) > 1
    ]
    leading = list(dict.fromkeys(key[0] for key in keys))
    # of those beyond nothing is known
    others = len(leading) > _NAMED or result.offending > len(result.offenders)
    return f" ({', '.join([*leading[:_NAMED], *(['…'] if others else [])])})" if leading else ""


def _line(keys: str, column: str | None, detail: str) -> str:
    named = column is None or detail.startswith(f"{column} = ")
    who = " ".join(part for part in (keys, None if named else column) if part)
    return f"{who}: {detail}" if who else detail


def rest(verdict: Verdict) -> str:
    """How many checks passed, and how many were skipped for which reason."""
    reasons = Counter(
        result.reason or "" for result in verdict.checks if result.status == "skipped"
    )
    skipped = ", ".join(f"{count} {reason}" for reason, count in reasons.items())
    line = f"{verdict.counts['pass']} passed"
    return f"{line}; {sum(reasons.values())} skipped ({skipped})" if reasons else line


def _duration(seconds: float) -> str:
    """Days and hours, or hours and minutes, or what is left below."""
    sign, whole = ("-" if seconds < 0 else ""), timedelta(seconds=abs(round(seconds)))
    days, (hours, rest) = whole.days, divmod(whole.seconds, 3600)
    parts = {"d": days, "h": hours, "m": rest // 60, "s": rest % 60}
    shown = [f"{count}{letter}" for letter, count in parts.items() if count][:2]
    return sign + (" ".join(shown) or "0s")
