"""What a new contract lets through that the one in force does not: a function of the two.

Other limits are looser where some value fares better by them. Whatever else decides a verdict and
differs in a way that nothing can be said about counts as looser.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import msgspec

from estimates.contract.columns import Column
from estimates.contract.contract import Contract
from estimates.contract.domain import FileDomain
from estimates.contract.gate_policy import (
    GateException,
    GatePolicy,
    GroupLimits,
    Side,
    is_covered,
)
from estimates.gate.check import Check
from estimates.gate.exceptions import excepted
from estimates.gate.limits import CheckLimits
from estimates.gate.pages.verdict_text import value_text
from estimates.gate.policy import checks_of, limits_of

# Fields of a column that bound or tolerate something: whether a greater number is looser, and what
# None stands for.
_BOUNDS = {
    "min": (False, -math.inf),
    "soft_min": (False, -math.inf),
    "max": (True, math.inf),
    "soft_max": (True, math.inf),
    "rtol": (True, 0.0),
    "atol": (True, 0.0),
    "nullable": (True, False),
}
_SEVERITY = {"block": 3, None: 2, "warn": 1, "report": 0}
Limits = CheckLimits | GroupLimits


class Loosened(msgspec.Struct, frozen=True):
    """Something that a new contract is less strict about: its path, what it was, what it is."""

    what: str
    before: str
    after: str

    def text(self) -> str:
        """In a line."""
        return f"{self.what}: {self.before} → {self.after}"


def loosened(before: Contract, after: Contract) -> list[Loosened]:
    """What the second of two contracts of a set is less strict about than the first; [] where every
    version fares the same by it, or worse.
    """
    return [
        *_who(before.gate, after.gate),
        *_policy(before.gate, after.gate),
        *_promises(before, after),
        *_columns(before, after),
        *_limits(before, after),
    ]


def _who(before: GatePolicy, after: GatePolicy) -> Iterator[Loosened]:
    """Fewer approvals, more who may give them."""
    if after.approvals < before.approvals:
        yield Loosened("approvals", str(before.approvals), str(after.approvals))
    more = [name for name in after.approvers if not is_covered(name, before.approvers)]
    if before.approvals and more:
        yield Loosened("approvers", ", ".join(before.approvers), ", ".join(after.approvers))
    if (before.promote, after.promote) == ("manual", "automatic"):
        yield Loosened("promote", "manual", "automatic")


def _policy(before: GatePolicy, after: GatePolicy) -> Iterator[Loosened]:
    """When nothing is compared, and what may be kept of production."""
    old_gap, new_gap = before.gap_duration, after.gap_duration
    if new_gap is not None and (old_gap is None or new_gap < old_gap):
        yield Loosened("longest_gap", before.longest_gap or "none", str(after.longest_gap))
    if not set(after.seasons) <= set(before.seasons):
        yield Loosened("seasons", _listed(before.seasons), _listed(after.seasons))
    old, new = before.carry_over, after.carry_over
    if new is not None and (old is None or new.by != old.by or new.at_most > old.at_most):
        texts = (
            "none" if rule is None else f"{100 * rule.at_most:g} % by {rule.by}"
            for rule in (old, new)
        )
        yield Loosened("carry_over", *texts)
    for name, check in before.custom.items():
        other = after.custom.get(name)
        if other is None:
            yield Loosened(f"custom.{name}", "a check", "none")
        elif _without(check, "title", "warn", "block") != _without(other, "title", "warn", "block"):
            yield Loosened(f"custom.{name}", "a check", "another one")


def _promises(before: Contract, after: Contract) -> Iterator[Loosened]:
    """What versions have to be like beside their columns."""
    if before.shape().digest != after.shape().digest:
        yield Loosened("shape", "comparable", "other keys, columns or units: compared with nothing")
    old, new = (_without(c.domain, "allow_missing", "minimum", "file") for c in (before, after))
    if type(before.domain) is not type(after.domain) or old != new:
        yield Loosened("domain", _domain(before), _domain(after))
    if (after.sum_tolerance or 0) > (before.sum_tolerance or 0):
        yield Loosened("sum_tolerance", str(before.sum_tolerance or 0), str(after.sum_tolerance))
    old_rules, new_rules = before.stability, after.stability
    for field in ("rtol", "atol"):
        old_value, new_value = getattr(old_rules, field), getattr(new_rules, field)
        if new_value > old_value:
            yield Loosened(f"stability.{field}", str(old_value), str(new_value))
    often = [rules.frozen_after or math.inf for rules in (old_rules, new_rules)]
    if often[1] > often[0]:
        yield Loosened("stability.frozen_after", *(_or_none(n, math.inf) for n in often))
    numbers = ("rtol", "atol", "frozen_after")
    if _without(old_rules, *numbers) != _without(new_rules, *numbers):
        yield Loosened("stability", "as it was", "compared in another way")
    for what, old_names, new_names in _lineage(before, after):
        if not old_names <= new_names:
            yield Loosened(what, _listed(sorted(old_names)), _listed(sorted(new_names)))
    old_member, new_member = (
        None if c.member is None else (c.member.of, c.member.name) for c in (before, after)
    )
    if old_member != new_member or before.family != after.family:
        yield Loosened("family", "as it was", "another one")


def _lineage(before: Contract, after: Contract) -> Iterator[tuple[str, set[str], set[str]]]:
    """What a version has to name of where it comes from, in both."""
    jobs = before.job, after.job
    old, new = (set[str]() if job is None else set(job.inputs) for job in jobs)
    yield "job.inputs", old, new
    old, new = (set(() if job is None else job.parameters) & {"seed"} for job in jobs)
    yield "job.parameters", old, new


def _columns(before: Contract, after: Contract) -> Iterator[Loosened]:
    """Bounds and tolerances of columns; those that come or go are another shape."""
    for name, column in before.key.items():
        other = after.key.get(name)
        if other is not None and column.target != other.target:
            yield Loosened(f"key.{name}.target", str(column.target), str(other.target))
    for name, column in before.columns.items():
        other = after.columns.get(name)
        if other is None:
            continue
        yield from _column(f"columns.{name}", column, other)
        if before.percentage_points(name) != after.percentage_points(name):
            yield Loosened(f"columns.{name}", "as it was", "changes are measured in another way")


def _column(path: str, before: Column, after: Column) -> Iterator[Loosened]:
    for field, (is_looser_above, default) in _BOUNDS.items():
        old, new = (_or_default(getattr(column, field), default) for column in (before, after))
        if (new > old) if is_looser_above else (new < old):
            yield Loosened(f"{path}.{field}", _or_none(old, default), _or_none(new, default))
    if before.labels is not None and not set(after.labels or ["\0"]) <= set(before.labels):
        yield Loosened(f"{path}.labels", _listed(before.labels), _listed(after.labels or ()))
    apart = (*_BOUNDS, "labels", "description")
    old_rest, new_rest = _without(before, *apart), _without(after, *apart)
    for field in sorted({*old_rest, *new_rest}):
        old, new = old_rest.get(field), new_rest.get(field)
        if old != new:
            yield Loosened(f"{path}.{field}", str(old or "none"), str(new or "none"))


def _limits(before: Contract, after: Contract) -> Iterator[Loosened]:
    """Limits of checks, those of some days with them: days with the same exceptions are one."""
    known: set[Loosened] = set()
    for day in _days((*before.gate.exceptions, *after.gate.exceptions)):
        old, new = _on(before, day), _on(after, day)
        checks = {check.name: check for check in checks_of(new)}
        for check in checks_of(old):
            if check.name not in checks:
                continue  # one of the set's own that is gone
            limits = limits_of(check, old), limits_of(checks[check.name], new)
            for entry in _check(check, *limits, measures_limits(check, old)):
                if entry not in known:
                    known.add(entry)
                    when = "" if day == date.min else f" on {day}"
                    yield msgspec.structs.replace(entry, what=f"checks.{entry.what}{when}")


def _days(exceptions: tuple[GateException, ...]) -> list[date]:
    """A day of each time in which the same exceptions hold, the time before all of them first."""
    days = {date.min}
    for entry in exceptions:
        days |= {entry.first}
        if entry.last < date.max:
            days |= {entry.last + timedelta(days=1)}
    return sorted(days)


def _on(contract: Contract, day: date) -> Contract:
    exceptions = [entry for entry in contract.gate.exceptions if entry.first <= day <= entry.last]
    return excepted(contract, exceptions)


def _check(
    check: Check, before: CheckLimits, after: CheckLimits, measures: bool
) -> Iterator[Loosened]:
    """How one check is less strict: switched off, beyond a limit, in a group."""
    if before.off is not None:
        return
    if after.off is not None:
        yield Loosened(f"{check.name}", "on", f"off: {after.off}")
        return
    if is_looser(check.worse, before, after, measures):
        yield Loosened(check.name, _text(check, before), _text(check, after))
    old, new = _groups(before), _groups(after)
    if old.keys() != new.keys():
        yield Loosened(f"{check.name}.groups", _listed(sorted(old)), _listed(sorted(new)))
        return
    for group, limits in old.items():
        if is_looser(check.worse, limits, new[group], measures):
            texts = (_text(check, of_group) for of_group in (limits, new[group]))
            yield Loosened(f"{check.name}.groups.{group}", *texts)


def is_looser(worse: Side, before: Limits, after: Limits, measures: bool = False) -> bool:
    """Whether some value of a check fares better by the second limits: blocks no more, or is not
    even warned about.

    measures  limits that nobody gives come with the value: these can be compared with none but such
    """
    old, new = (before.warn, before.block), (after.warn, after.block)
    if measures and None in (*old, *new):
        return old != new or _severity(after) < _severity(before)
    pairs = zip(_reach(*old, worse), _reach(*new, worse), strict=True)
    return any(beyond > reach for reach, beyond in pairs)


def measures_limits(check: Check, contract: Contract) -> bool:
    """Whether limits that nobody gives come with the value of a check."""
    own = contract.gate.custom.get(check.name)
    return check.measures_limits or (own is not None and own.function is not None)


def _severity(limits: Limits) -> int:
    return _SEVERITY[limits.severity if isinstance(limits, CheckLimits) else None]


def _reach(warn: float | None, block: float | None, worse: Side) -> tuple[float, float]:
    """How far a value may go before it blocks, and before anything is said."""
    sign = 1 if worse == "above" else -1
    blocks = math.inf if block is None else sign * block
    warns = math.inf if warn is None else sign * warn
    return blocks, min(warns, blocks)


def _groups(limits: CheckLimits) -> dict[str, GroupLimits]:
    return {
        f"{column}.{value}": own
        for column, values in limits.groups.items()
        for value, own in values.items()
    }


def _text(check: Check, limits: Limits) -> str:
    """Limits in a few words: `warns above 10 %, blocks above 25 %`."""
    parts = [
        f"{verb} {check.worse} {value_text(limit, check.unit, check.name)}"
        for verb, limit in (("warns", limits.warn), ("blocks", limits.block))
        if limit is not None
    ]
    severity = limits.severity if isinstance(limits, CheckLimits) else None
    return ", ".join(parts) or (f"only {severity}" if severity else "no limit")


def _domain(contract: Contract) -> str:
    domain = contract.domain
    if isinstance(domain, FileDomain):
        return f"file {(domain.digest or 'unknown')[:12]}"
    kind = type(domain).__name__.removesuffix("Domain").lower()
    values = getattr(domain, "values", {})
    return f"{kind} of {math.prod(map(len, values.values()))} keys" if values else kind


def _without(part: Any, *fields: str) -> dict[str, Any]:
    return {name: value for name, value in msgspec.to_builtins(part).items() if name not in fields}


def _or_default(value: Any, default: Any) -> Any:
    return default if value is None else value


def _or_none(value: Any, default: Any) -> str:
    return "none" if value == default else str(value)


def _listed(names: Any) -> str:
    return ", ".join(map(str, names)) or "none"
