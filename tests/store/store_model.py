"""A plain model of the store, which knows nothing of how the store works."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import datetime
from typing import NamedTuple

SETS = ("closes", "volumes")
ALIASES = ("production", "canary")
REFS = ("production", "latest", "canary")
# Of these 1000 is far from the others: against a baseline the gate refuses it, and above any
# maximum but 2000.
LEVELS = (100.0, 101.0, 102.0, 1000.0)
MAXIMA = (500.0, 101.5, 2000.0)
# The checks that it fails against a baseline.
JUMP = ("p95_change", "jumps", "median_shift")
APPROVERS = ("bea", "tester", "ann")


class Contract(NamedTuple):
    """A maximum, whether it has the extra column, whether it asks for an approval."""

    maximum: float
    wide: bool
    gated: bool

    @property
    def policy(self) -> tuple[float, bool]:
        """What verdicts and approvals are bound to."""
        return self.maximum, self.wide

    def loosens(self, before: Contract) -> bool:
        """Whether it waits for an approval where the one before asks for some."""
        return (
            self.maximum > before.maximum or self.wide != before.wide or self.gated < before.gated
        )


class Request:
    """What the model remembers of a request: who wants what of which version, and `about`, what an
    approval is bound to.

    over  done, declined, or what an approval would do is something else for good
    """

    def __init__(self, act: str, by: str, number: int | None, *about: Hashable) -> None:
        self.act, self.by, self.number, self.about = act, by, number, about
        self.automatic = self.over = False


class Version:
    """What the model remembers of a version."""

    def __init__(self, run_id: str, by: str, content: tuple[float, bool, bool], day: int) -> None:
        self.run_id, self.by, self.content, self.day = run_id, by, content, day
        self.level, self.wide, _ = content
        # whether it blocks; the baseline, the policy, the waivers that it is bound to
        self.verdict: tuple[bool, int | None, float, bool, frozenset[int]] | None = None
        self.expired = False

    @property
    def estimates(self) -> tuple[float, bool]:
        """What is read of it, whatever was erased from all versions."""
        return self.level, self.wide


class Set:
    """What the model remembers of a set: all of it as plain lists."""

    def __init__(self) -> None:
        self.contracts: list[Contract] = []
        self.versions: list[Version] = []
        # every version, in order of the moves; None: the alias was removed
        self.held_by: dict[str, list[int | None]] = {alias: [] for alias in ALIASES}
        self.holds: set[str] = set()
        self.left: list[tuple[str, int]] = []  # alias and the version it was rolled back from
        # content, check, until
        self.waivers: dict[int, tuple[tuple[float, bool, bool], str, datetime]] = {}
        self.erased = False  # whether a ticker was erased
        self.retired = False
        self.requests: dict[int, Request] = {}  # for approvals, by the id of their event

    def content(self, level: float) -> tuple[float, bool, bool]:
        """What a frame for the contract in force is stored as: equal content, equal snapshot."""
        return level, self.contracts[-1].wide, self.erased

    def number(self, age: int) -> int:
        """The version of that age, the newest being 0; one that does not exist for −1 or before the
        first version.
        """
        count = len(self.versions)
        return count + 1 if age < 0 or count == 0 else count - age % min(count, 5)

    def pointed(self, alias: str) -> int | None:
        """Where an alias points now."""
        return self.held_by[alias][-1] if self.held_by[alias] else None

    def bad(self) -> set[tuple[float, bool, bool]]:
        """Content that was ever rolled back."""
        return {self.versions[number - 1].content for _, number in self.left}

    def latest(self) -> int | None:
        """The newest version whose newest verdict does not block and that has not expired."""
        versions = enumerate(self.versions, 1)
        passing = [
            n for n, v in versions if v.verdict is not None and not v.verdict[0] and not v.expired
        ]
        return max(passing, default=None)

    def resolve(self, ref: str) -> int | None:
        """What a ref names now; None for nothing."""
        return self.latest() if ref == "latest" else self.pointed(ref)

    def state(self, number: int) -> str:
        """The first state that is true."""
        version = self.versions[number - 1]
        blocks = None if version.verdict is None else version.verdict[0]
        tests = {
            "expired": version.expired,
            "production": self.pointed("production") == number,
            "rolled_back": ("production", number) in self.left,
            "superseded": number in self.held_by["production"],
            "refused": blocks is True,
            "candidate": blocks is False,
        }
        return next((state for state, true in tests.items() if true), "unjudged")

    def baseline(self) -> int | None:
        """What a candidate is compared with: production, if its shape is the newest contract's."""
        pointed = self.pointed("production")
        same = pointed is not None and self.versions[pointed - 1].wide == self.contracts[-1].wide
        return pointed if same else None

    def in_force(self, number: int, now: datetime) -> frozenset[int]:
        """The waivers of a version's content that are not over."""
        content = self.versions[number - 1].content
        return frozenset(
            i for i, (of, _, until) in self.waivers.items() if of == content and now < until
        )

    def judge(self, number: int, now: datetime, *, promoting: bool = False) -> bool:
        """Judge a version; says whether the verdict blocks. One of older data than production's is
        compared with nothing, unless it is to be promoted.
        """
        version, (maximum, wide) = self.versions[number - 1], self.contracts[-1].policy
        baseline, excepted = self.baseline(), self.in_force(number, now)
        if baseline and not promoting and version.day < self.versions[baseline - 1].day:
            baseline = None
        failing: set[str] = set()
        if version.wide != wide:
            failing = {"schema"}
        else:
            if version.level + 0.05 > maximum:
                failing |= {"hard_bounds"}
            before = None if baseline is None else self.versions[baseline - 1]
            if before is not None and (version.level == 1000.0) != (before.level == 1000.0):
                failing |= set(JUMP)
            if (
                before is not None
                and version.estimates == before.estimates
                and version.day > before.day
            ):
                failing |= {"unchanged"}
        blocks = bool(failing - {self.waivers[i][1] for i in excepted})
        version.verdict = (blocks, baseline, maximum, wide, excepted)
        return blocks

    def promotion_refusals(
        self, number: int, alias: str, automatic: bool, new_shape: bool
    ) -> set[str]:
        """Every rule, the verdict aside, that a promotion would break."""
        version, pointed = self.versions[number - 1], self.pointed(alias)
        broken: set[str] = set()
        if version.expired:
            broken.add("expired")
        if self.retired:
            broken.add("retired")
        if automatic and version.content in self.bad():
            broken.add("rolled_back")
        if automatic and (alias in self.holds or (self.held_by[alias] and pointed is None)):
            broken.add("held")
        if pointed is None:
            return broken
        current = self.versions[pointed - 1]
        if number == pointed and alias not in self.holds:
            broken.add("already")
        if version.wide != current.wide and (automatic or not new_shape):
            broken.add("other_shape")
        if automatic and number < pointed:
            broken.add("lower_version")
        if automatic and version.day < current.day:
            broken.add("older_data")
        return broken

    def blocks(self, number: int, now: datetime) -> bool:
        """Whether the gate refuses a promotion now: a verdict that is not of now counts for
        nothing.
        """
        verdict, policy = self.versions[number - 1].verdict, self.contracts[-1].policy
        bound = (self.baseline(), *policy, self.in_force(number, now))
        return (
            verdict[0]
            if verdict and verdict[1:] == bound
            else self.judge(number, now, promoting=True)
        )

    def move(self, alias: str, number: int | None) -> None:
        """An alias points to another version, or to none."""
        self.held_by[alias].append(number)
        self.holds.discard(alias)
        for request in self.requests.values():
            request.over |= request.act == "promote" and alias in (request.about[0], "production")

    def promotion(
        self, number: int, by: str, alias: str, new_shape: bool, now: datetime
    ) -> Request:
        """A request to promote, and what it is bound to."""
        of, in_force = self.versions[number - 1], self.in_force(number, now)
        policy = self.contracts[-1].policy
        return Request("promote", by, number, alias, new_shape, of.content, policy, in_force)

    def is_open(self, request: Request, now: datetime) -> bool:
        """Whether a request can be approved."""
        newest = self.contracts[-1]
        if request.over or not newest.gated:
            return False
        if request.act == "define":
            return request.about[0] == len(self.contracts)
        assert request.number is not None
        if self.versions[request.number - 1].expired or newest.policy not in request.about:
            return False
        if request.act == "waive":
            until = request.about[1]
            return isinstance(until, datetime) and now < until
        of_runs = [
            r for r in self.requests.values() if r.automatic and r.about[0] == request.about[0]
        ]
        is_replaced = request.automatic and of_runs[-1] is not request
        return request.about[4] == self.in_force(request.number, now) and not is_replaced

    def same(self, wanted: Request, now: datetime) -> int | None:
        """The request of the very same that waits already."""
        for number, request in self.requests.items():
            alike = (request.act, request.number, request.about)
            if alike == (wanted.act, wanted.number, wanted.about) and self.is_open(request, now):
                return number
        return None

    def approval_refusal(self, number: int, who: str, now: datetime) -> str | None:
        """Why somebody cannot approve a request, or None."""
        request = self.requests.get(number)
        if request is None:
            return "unknown_request"
        if not self.is_open(request, now):
            return "request_over"
        if who not in APPROVERS:
            return "not_an_approver"
        own = {request.by}
        if request.number is not None:
            content = self.versions[request.number - 1].content
            own |= {version.by for version in self.versions if version.content == content}
        return "own_request" if who in own else None

    def rollback(self, alias: str, to: int | None) -> str | None:
        """Roll back; the code of the refusal, or None."""
        current = self.pointed(alias)
        if current is None:
            return "nothing_promoted" if alias == "production" else "unknown_alias"
        earlier = {number for number in self.held_by[alias] if number} - {current}
        bad = self.bad() | {self.versions[current - 1].content}
        if to is not None and to not in earlier:
            return "never_held"
        if to is not None and self.versions[to - 1].content in bad:
            return "rolled_back"
        if to is not None and self.versions[to - 1].expired:
            return "expired"
        good = [
            n
            for n in earlier
            if self.versions[n - 1].content not in bad and not self.versions[n - 1].expired
        ]
        target = to if to is not None else max(good, default=None)
        if target is None:
            return "nothing_before"
        self.left.append((alias, current))
        self.move(alias, target)
        self.holds.add(alias)
        return None
