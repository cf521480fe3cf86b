"""What a contract says about the gate: who moves production, limits of the checks, checks of the
set's own.
"""

import math
import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from fnmatch import fnmatchcase
from typing import Literal

import msgspec

from estimates import instants
from estimates.contract.columns import Column, Part
from estimates.render.wording import did_you_mean

# How a value and its limits read: a share of `n`, a number of things, seconds, or a plain number.
Unit = Literal["share", "count", "seconds", "number"]
Severity = Literal["block", "warn", "report"]
Side = Literal["above", "below"]
Profile = Literal["default", "strict", "volatile", "categories", "exploratory"]


class GroupLimits(Part, frozen=True):
    """Limits for the keys of one group, inclusive; what is not given is the check's."""

    warn: float | None = None
    block: float | None = None


class CheckPolicy(Part, frozen=True):
    """What one check of the gate does in this set; what is not given keeps the default of the
    profile.

    warn, block  limits, inclusive, in the unit of the check's value
    severity     what the check may do at most: `block` also beyond its warning limit, only `warn`,
                 or only `report`
    usual        the band of values, ends included, that this set's own past shows: outside of it
                 the check warns, on either side
    groups       column → value → limits: the keys of such a group are judged by these, all others
                 by the check's
    off          the reason why the check does not run
    """

    warn: float | None = None
    block: float | None = None
    severity: Severity | None = None
    usual: tuple[float, float] | None = None
    groups: dict[str, dict[str, GroupLimits]] = msgspec.field(default_factory=dict)
    off: str | None = None

    def __post_init__(self) -> None:
        if self.off is not None and not self.off.strip():
            raise ValueError("'off' is the reason why the check does not run; it may not be empty")
        if self.usual is not None and not -math.inf < self.usual[0] <= self.usual[1] < math.inf:
            raise ValueError("'usual' is the least and the largest usual value, in this order")


class CustomCheck(Part, frozen=True):
    """A check of this set's own: a Python function, or a DuckDB query.

    function   `module:function`, called with candidate and baseline (polars frames; baseline None
               when there is none) and the contract; returns (value, limit, offenders), or None
               where it has nothing to say
    sql        a query over the tables `candidate` and `baseline` that gives one number
    offenders  with `sql`: a query that gives the offending rows, key columns among them
    warn, block, worse, unit  as for every check; a function's `limit` blocks where `block` is not
                              given
    title      what a verdict calls it
    digest     with `function`: SHA-256 of its code, without which it does not run; `define` writes
               it, see `code_revision`
    """

    title: str = ""
    function: str | None = None
    digest: str | None = None
    sql: str | None = None
    offenders: str | None = None
    warn: float | None = None
    block: float | None = None
    worse: Side = "above"
    unit: Unit = "number"

    def __post_init__(self) -> None:
        if (self.function is None) == (self.sql is None):
            raise ValueError("a check of your own names either 'function' or 'sql'")
        if self.function is not None and not re.fullmatch(r"[\w.]+:\w+", self.function):
            raise ValueError(f"{self.function!r} does not name a function; write module:function")
        if self.digest is not None and self.function is None:
            raise ValueError("'digest' is that of a function's code; a query needs none")
        if self.digest is not None and not re.fullmatch(r"[0-9a-f]{64}", self.digest):
            raise ValueError(
                "'digest' is the SHA-256 of a function's code, 64 hexadecimal digits; leave it "
                "out, and define writes it"
            )
        if self.offenders is not None and self.sql is None:
            raise ValueError(
                "'offenders' is a query beside 'sql'; a function returns its offenders"
            )
        if self.sql is not None and self.warn is None and self.block is None:
            raise ValueError("a query has no limit of its own: give 'warn' or 'block'")


class CarryOver(Part, frozen=True):
    """Whether groups of keys that do not pass may keep production's rows in a new version.

    by       the column, of the key or an attribute, whose values are the groups
    at_most  which share of the new version's rows may be kept so
    """

    by: str
    at_most: float

    def __post_init__(self) -> None:
        if not 0 < self.at_most < 1:
            raise ValueError("at_most is a share between 0 and 1")


class GateException(Part, frozen=True, rename={"first": "from", "through": "to"}):
    """Other limits for versions whose data end on some days, such as holidays.

    first, through  from the first day to the last one, both included, in UTC; one day without `to`
    reason          why; a verdict says it
    checks          by name of the check, what differs on these days
    """

    first: date
    reason: str
    checks: dict[str, CheckPolicy]
    through: date | None = None

    @property
    def last(self) -> date:
        """The last day."""
        return self.through or self.first

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise ValueError("'reason' says why other limits hold; it may not be empty")
        if self.last < self.first:
            raise ValueError(f"'to' is {self.last}, before 'from', which is {self.first}")


class GatePolicy(Part, frozen=True):
    """Who moves production, and what differs from the default checks.

    profile  the limits to start from: `default`, `strict`, `volatile`, `categories`,
             `exploratory`
    promote  `automatic`: a passing version is promoted by the run; `manual`: a person does it
    checks   by name of the check, what differs from the profile
    custom   checks of this set's own, by name
    longest_gap  a version whose data end later than production's by more than this starts anew: it
                 is compared with nothing
    seasons      first days of seasons, such as `10-01`, in UTC: the first version of each starts
                 anew
    carry_over   where a version is refused, groups that fail may keep production's rows in a new
                 version; None: only by hand
    exceptions   other limits for some days
    approvals    how many people have to approve what moves production past the gate, or loosens it
    approvers    who may: names as the log has them, `*` in them for any text
    """

    profile: Profile = "default"
    promote: Literal["automatic", "manual"] = "manual"
    checks: dict[str, CheckPolicy] = msgspec.field(default_factory=dict)
    custom: dict[str, CustomCheck] = msgspec.field(default_factory=dict)
    longest_gap: str | None = None
    seasons: tuple[str, ...] = ()
    carry_over: CarryOver | None = None
    exceptions: tuple[GateException, ...] = ()
    approvals: int = 0
    approvers: tuple[str, ...] = ()

    @property
    def gap_duration(self) -> timedelta | None:
        """`longest_gap` as a timedelta."""
        return None if self.longest_gap is None else instants.duration(self.longest_gap)

    def __post_init__(self) -> None:
        if self.longest_gap is not None and not instants.duration(self.longest_gap):
            raise ValueError("longest_gap must be longer than 0")
        for first in self.seasons:
            if not _is_day(first):
                raise ValueError(
                    f"seasons names {first!r}, which is no day of every year; write 10-01"
                )
        _check_approvals(self.approvals, self.approvers)
        for name in self.custom:
            if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", name):
                raise ValueError(
                    f"custom check {name!r}: a name is lower-case letters, digits and _"
                )


def may_approve(actor: str, approvers: Iterable[str]) -> bool:
    """Whether an actor is one of these approvers, each a name or a pattern of names."""
    return any(fnmatchcase(actor, name) for name in approvers)


def is_covered(name: str, approvers: Iterable[str]) -> bool:
    """Whether others could give all approvals already that this name, or pattern, can give."""
    others = tuple(approvers)
    if name in others or (not is_pattern(name) and may_approve(name, others)):
        return True
    begins = re.split(r"[*?[]", name)[0]
    prefixes = (other[:-1] for other in others if other.endswith("*"))
    return any(begins.startswith(prefix) for prefix in prefixes)  # which then is no pattern


def is_pattern(name: str) -> bool:
    """Whether the name of an approver stands for many."""
    return any(mark in name for mark in "*?[")


def _check_approvals(approvals: int, approvers: tuple[str, ...]) -> None:
    """Raises ValueError where nothing could ever be approved."""
    if approvals < 0:
        raise ValueError("approvals is a number of people: 0, 1, 2 …")
    if any(not name.strip() for name in approvers):
        raise ValueError("approvers has an empty name")
    if approvers and not approvals:
        raise ValueError("'approvers' approve nothing without 'approvals'; write approvals = 1")
    if not any(map(is_pattern, approvers)) and len(set(approvers)) < approvals:
        raise ValueError(
            f"approvals = {approvals} needs as many people, and 'approvers' names "
            f"{len(set(approvers)) or 'nobody'}: nothing could ever be approved"
        )


def _is_day(text: str) -> bool:
    """Whether a text is a month and a day that each year has."""
    if not re.fullmatch(r"[0-9]{2}-[0-9]{2}", text):
        return False
    try:
        date.fromisoformat(f"2001-{text}")
    except ValueError:
        return False
    return True


def check_group(by: str, key: Iterable[str], columns: Mapping[str, Column]) -> None:
    """Raises ValueError for a column whose values cannot be groups that are carried over."""
    groups = [*key, *(name for name, column in columns.items() if column.role == "attribute")]
    if by not in groups:
        raise ValueError(
            f"carry_over by {by!r}: groups are values of a key column or an attribute"
            f"{did_you_mean(by, groups)}; those are {', '.join(groups)}"
        )
