"""The verdict for a person at a terminal: the answer, what blocks and why, what warns, and one line
for everything else.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import msgspec

from estimates import instants
from estimates.catalog.records import Waiver
from estimates.gate.pages.quiet_text import quiet_lines
from estimates.gate.registry import CHECKS
from estimates.gate.remedies import remedy
from estimates.gate.verdict import CheckResult, GroupResult, Offender, Unit, Verdict
from estimates.gate.way_forward import way_lines
from estimates.render.change_text import logarithmic, symmetric
from estimates.render.notebook import fragment, short
from estimates.render.wording import visible

_SYMMETRIC = {  # checks whose values and limits are symmetric measures
    "p95_change": symmetric,
    "worst_group_change": symmetric,
    "median_shift": logarithmic,
}
_LEGENDS = {check.name: check.legend for check in CHECKS}
_NAMED = 5  # offenders shown of each check; all that a verdict names are in the JSON
_INDENT = "      "
_ANEW = {
    "after_gap": "anew, after a gap longer than the contract's",
    "new_season": "anew, the first version of a season",
}


def render_text(verdict: Verdict) -> str:
    """The verdict in lines of text, without colours; the same verdict, the same text."""
    lines = [headline(verdict)]
    for result in notable_results(verdict):
        lines += ["", *section(result, verdict)]
    lines += exception_lines(verdict)
    way = [visible(line) for line in way_lines(verdict)]
    if way:
        lines += ["", way[0], *(f"  {line}" for line in way[1:])]
    separator = [""] if len(lines) > 1 else []
    return "\n".join([*lines, *separator, *quiet_lines(verdict)]) + "\n"


def render_short(verdict: Verdict) -> str:
    """The answer, and a line for each check that a reader has to see."""
    lines = [
        f"  {result.status:<6} {result.name}: {visible(result.message)}"
        for result in notable_results(verdict)
    ]
    more = "  … the whole: estimates.gate.pages.verdict_text.render_text(verdict)"
    return short([headline(verdict), *lines], more)


def render_fragment(verdict: Verdict) -> str:
    """The answer, and a row for each check that a reader has to see, for a notebook."""
    rows = [
        {
            "status": result.status,
            "check": result.name,
            "value": ""
            if result.value is None
            else value_text(result.value, result.unit, result.name),
            "limits": limits_text(result),
            "what": result.message,
        }
        for result in notable_results(verdict)
    ]
    return fragment(headline(verdict), rows, *quiet_lines(verdict))


def plot_limits(verdict: Verdict) -> Any:
    """The value of each check with a limit above which it blocks, as a share of the limit."""
    from estimates.render.plots import bars

    measured = [
        (result, 100 * result.value / result.block)
        for result in verdict.checks
        if result.value is not None and result.block and result.worse == "above"
    ]
    rows = [
        {
            "name": result.name,
            "value": share,
            "text": f"{value_text(result.value or 0.0, result.unit, result.name)}, "
            f"{limits_text(result)}",
            "beyond": share > 100,
        }
        for result, share in measured
    ]
    title = "% of the limit from which on it blocks"
    return bars(rows, title, within="within the limit", beyond="beyond it")


def notable_results(verdict: Verdict) -> list[CheckResult]:
    """The checks that a reader has to see: what blocks, then what warns, then what is waived."""
    groups = (("fail", "error"), ("warn",), ("waived",))
    return [result for group in groups for result in verdict.checks if result.status in group]


def value_text(value: float, unit: Unit, check: str = "") -> str:
    """A value as a person reads it: `2.5 %`, `3`, `1d 12h`, `0.314`, of a check of a symmetric
    measure `r 0.25 (×1.29)`.
    """
    if check in _SYMMETRIC:
        return _SYMMETRIC[check](value)
    if unit == "share":
        return f"{100 * value:.4g} %"
    if unit == "seconds":
        return _duration(value)
    return f"{value:.0f}" if unit == "count" else f"{value:.4g}"


def legend_of(check: str) -> str:
    """What a newcomer has to know to read what a check says, in a line; nothing of most."""
    return _LEGENDS.get(check, "")


def symmetric_legends(checks: Iterable[str]) -> list[str]:
    """The legends of the symmetric measures in a table of the values and limits of some checks."""
    return list(dict.fromkeys(legend_of(check) for check in checks if check in _SYMMETRIC))


def subject(verdict: Verdict) -> str:
    """What was judged: `prices version 2`, `prices file`."""
    return f"{verdict.set} {'file' if verdict.version is None else f'version {verdict.version}'}"


def headline(verdict: Verdict) -> str:
    """The answer in a line: `prices version 2 against version 1: BLOCKED (2 fail, 1 warn)`."""
    against = _ANEW.get(verdict.starts_anew or "", "without a baseline")
    if verdict.baseline:
        against = f"against version {verdict.baseline.version}"
    answer = "passes with warnings" if verdict.outcome == "warn" else "passes"
    if verdict.blocks:
        answer = "BLOCKED"
    counts = ", ".join(
        f"{verdict.counts[status]} {status}"
        for status in ("fail", "error", "warn", "waived")
        if verdict.counts[status]
    )
    return f"{subject(verdict)} {against}: {answer}{f' ({counts})' if counts else ''}"


def exception_lines(verdict: Verdict) -> list[str]:
    """The exceptions by which it was judged, below an empty line; nothing without any."""
    lines = [
        f"by other limits, {visible(line)}"
        for line in (() if verdict.exceptions is msgspec.UNSET else verdict.exceptions)
    ]
    return ["", *lines] if lines else []


def section(result: CheckResult, verdict: Verdict) -> list[str]:
    """One check in lines: its message, then its details, indented."""
    first = f"{result.status:<5} {result.number} {result.name}: {visible(result.message)}"
    return [first, *(f"{_INDENT}{line}" for line in details(result, verdict))]


def details(result: CheckResult, verdict: Verdict) -> list[str]:
    """The value of a check beside its limits, its groups, the worst offenders, who let it through,
    and what to do where the version is right, in lines.

    Control characters and line ends of keys and values are shown, as `\\u{…}`: a line stays one.
    """
    lines: list[str] = []
    if result.value is not None:
        value = value_text(result.value, result.unit, result.name)
        lines.append(f"value {value}; {limits_text(result)}")
        lines += [legend] if (legend := legend_of(result.name)) else []
    lines += group_lines(result)
    shown = result.offenders[:_NAMED]
    # a single offender that only repeats the message says nothing new
    if [offender.detail for offender in shown] != [result.message]:
        lines += offender_lines(shown)
    if result.offending > len(shown) > 0:
        lines.append(f"and {result.offending - len(shown):,} more{_owners_of_hidden(result)}")
    lines += waiver_lines(result, verdict)
    line = remedy(result, verdict)
    return [visible(line) for line in [*lines, *([line] if line else [])]]


def group_lines(result: CheckResult) -> list[str]:
    """The groups with limits of their own that complain, in lines."""
    return [
        _group_line(result, group)
        for group in result.groups
        if group.status not in ("pass", "skipped")
    ]


def _group_line(result: CheckResult, group: GroupResult) -> str:
    name = "all other keys" if group.column is None else f"{group.column} {group.group}"
    if group.value is None:
        return f"{name}: {group.status}, {group.message}"
    value = value_text(group.value, result.unit, result.name)
    return f"{name}: {group.status}, value {value}; {limits_text(result, group)}"


def waiver_lines(result: CheckResult, verdict: Verdict) -> list[str]:
    """Who let the check through, for which keys, until when and why, in lines."""
    return [
        f"waiver {waiver.id} by {waiver.actor} until {instants.text(waiver.until)}, "
        f"{waived_keys(waiver)}: {waiver.reason}"
        for waiver in verdict.in_force
        if waiver.id in result.waived_by
    ]


def waived_keys(waiver: Waiver) -> str:
    """Which keys a waiver leaves out: `all keys`, or the first of them as they stand in a path."""
    if waiver.keys is None:
        return "all keys"
    named = ", ".join("/".join(key) for key in waiver.keys[:_NAMED])
    return named if len(waiver.keys) <= _NAMED else f"{named} and {len(waiver.keys) - _NAMED} more"


def limits_text(result: CheckResult, group: GroupResult | None = None) -> str:
    """`blocks above 2 %, warns above 0.5 %`, or `no limit`: those of a check, or of one of its
    groups.
    """
    source = group or result
    limits = [
        f"{verb} {result.worse} {value_text(limit, result.unit, result.name)}"
        for verb, limit in (("blocks", source.block), ("warns", source.warn))
        if limit is not None
    ]
    if group is None and result.usual is not msgspec.UNSET:
        low, high = (value_text(end, result.unit, result.name) for end in result.usual)
        limits.append(f"usual {low} to {high}")
    return ", ".join(limits) or "no limit"


def offender_lines(offenders: list[Offender]) -> list[str]:
    """A line for all offenders with the same detail, keys side by side."""
    keys: dict[tuple[str | None, str], list[str]] = {}
    for offender in offenders:
        same_detail = keys.setdefault((offender.column, offender.detail), [])
        if offender.key is not None:
            same_detail.append("/".join(offender.key))
    return [_offender_line(", ".join(k), column, detail) for (column, detail), k in keys.items()]


def _owners_of_hidden(result: CheckResult) -> str:
    """The leading parts of the keys that are not shown, when keys have several parts: ` (AAPL,
    MSFT, …)`.
    """
    hidden = [
        offender.key
        for offender in result.offenders[_NAMED:]
        if offender.key is not None and len(offender.key) > 1
    ]
    leading = list(dict.fromkeys(key[0] for key in hidden))
    if not leading:
        return ""
    # of those beyond nothing is known
    others = len(leading) > _NAMED or result.offending > len(result.offenders)
    return f" ({', '.join([*leading[:_NAMED], *(['…'] if others else [])])})"


def _offender_line(keys: str, column: str | None, detail: str) -> str:
    names_column = column is None or detail.startswith(f"{column} = ")
    who = " ".join(part for part in (keys, None if names_column else column) if part)
    return f"{who}: {detail}" if who else detail


def _duration(seconds: float) -> str:
    """Days and hours, or hours and minutes, or the two largest units below."""
    sign = "-" if seconds < 0 else ""
    duration = timedelta(seconds=abs(round(seconds)))
    minutes, seconds_left = divmod(duration.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = {"d": duration.days, "h": hours, "m": minutes, "s": seconds_left}
    shown = [f"{count}{letter}" for letter, count in parts.items() if count][:2]
    return sign + (" ".join(shown) or "0s")
