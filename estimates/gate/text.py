"""The verdict for a person at a terminal: the answer, what blocks and why, what warns, and one line for the rest."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from estimates import instants
from estimates.gate.verdict import CheckResult, Offender, Unit, Verdict
from estimates.records import Waiver

_NAMED = 5  # offenders shown of each check; all that are kept are in the JSON
_INDENT = "      "


def render_text(verdict: Verdict) -> str:
    """The verdict in lines of text, without colours; the same verdict, the same text."""
    blocking = verdict.failing()
    warnings = [result for result in verdict.checks if result.status == "warn"]
    waived = [result for result in verdict.checks if result.status == "waived"]
    lines = [_headline(verdict)]
    for result in (*blocking, *warnings, *waived):
        lines += ["", *_section(result), *_exceptions(result, verdict)]
    return "\n".join([*lines, *([""] if len(lines) > 1 else []), _rest(verdict)]) + "\n"


def show(value: float, unit: Unit) -> str:
    """A value as a person reads it: `2.5 %`, `3`, `1d 12h`, `0.314`."""
    if unit == "share":
        return f"{100 * value:.4g} %"
    if unit == "seconds":
        return _duration(value)
    return f"{value:.0f}" if unit == "count" else f"{value:.4g}"


def waived_keys(waiver: Waiver) -> str:
    """Which keys a waiver leaves out: `all keys`, or the first of them, parts joined by `/`."""
    if waiver.keys is None:
        return "all keys"
    named = ", ".join("/".join(key) for key in waiver.keys[:_NAMED])
    return named if len(waiver.keys) <= _NAMED else f"{named} and {len(waiver.keys) - _NAMED} more"


def _exceptions(result: CheckResult, verdict: Verdict) -> list[str]:
    """Who let the check through, for which keys, until when and why."""
    return [
        f"{_INDENT}waiver {one.id} by {one.actor} until {instants.text(one.until)}, {waived_keys(one)}: {one.reason}"
        for one in verdict.in_force
        if one.id in result.waived_by
    ]


def _headline(verdict: Verdict) -> str:
    what = f"version {verdict.version}" if verdict.version is not None else "file"
    against = f"against version {verdict.baseline.version}" if verdict.baseline else "without a baseline"
    answer = "BLOCKED" if verdict.blocks else "passes with warnings" if verdict.outcome == "warn" else "passes"
    counts = ", ".join(f"{verdict.counts[s]} {s}" for s in ("fail", "error", "warn", "waived") if verdict.counts[s])
    return f"{verdict.set} {what} {against}: {answer}{f' ({counts})' if counts else ''}"


def _section(result: CheckResult) -> list[str]:
    lines = [f"{result.status:<5} {result.number} {result.name}: {result.message}"]
    if result.value is not None:
        lines.append(f"{_INDENT}{_comparison(result)}")
    shown = result.offenders[:_NAMED]
    # one offender that only repeats the message says nothing new
    if [offender.detail for offender in shown] != [result.message]:
        lines += [f"{_INDENT}{line}" for line in _grouped(shown)]
    if result.offending > len(shown) > 0:
        lines.append(f"{_INDENT}and {result.offending - len(shown)} more{_whose(result.offenders)}")
    return lines


def _comparison(result: CheckResult) -> str:
    """`value 12.5 %; blocks above 2 %, warns above 0.5 %`."""
    assert result.value is not None
    limits = [
        f"{verb} {result.worse} {show(limit, result.unit)}"
        for verb, limit in (("blocks", result.block), ("warns", result.warn))
        if limit is not None
    ]
    return f"value {show(result.value, result.unit)}; {', '.join(limits) or 'no limit'}"


def _grouped(offenders: list[Offender]) -> list[str]:
    """One line for offenders that have the same said about them, keys side by side."""
    groups: dict[tuple[str | None, str], list[str]] = {}
    for offender in offenders:
        keys = groups.setdefault((offender.column, offender.detail), [])
        if offender.key is not None:
            keys.append("/".join(offender.key))
    return [_line(", ".join(keys), column, detail) for (column, detail), keys in groups.items()]


def _whose(offenders: list[Offender]) -> str:
    """The leading parts of the keys that are not shown, when keys have several parts: ` (AAPL, MSFT, …)`."""
    keys = [offender.key for offender in offenders[_NAMED:] if offender.key is not None and len(offender.key) > 1]
    leading = list(dict.fromkeys(key[0] for key in keys))
    return f" ({', '.join([*leading[:_NAMED], *(['…'] if len(leading) > _NAMED else [])])})" if leading else ""


def _line(keys: str, column: str | None, detail: str) -> str:
    named = column is None or detail.startswith(f"{column} = ")
    who = " ".join(part for part in (keys, None if named else column) if part)
    return f"{who}: {detail}" if who else detail


def _rest(verdict: Verdict) -> str:
    reasons = Counter(result.reason or "" for result in verdict.checks if result.status == "skipped")
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
