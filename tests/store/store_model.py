"""A plain model of the store, which knows nothing of how the store works."""

from __future__ import annotations

from datetime import datetime

SETS = ("closes", "volumes")
ALIASES = ("production", "canary")
REFS = ("production", "latest", "canary")
# Of these 1000 is far from the others: against a baseline the gate refuses it, and above any
# maximum but 2000.
LEVELS = (100.0, 101.0, 102.0, 1000.0)
MAXIMA = (500.0, 101.5, 2000.0)
# The checks that it fails against a baseline.
JUMP = ("p95_change", "jumps", "median_shift")


class Version:
    """What the model remembers of a version."""

    def __init__(self, run_id: str, content: tuple[float, bool, bool], day: int) -> None:
        self.run_id, self.content, self.day = run_id, content, day
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
        self.contracts: list[tuple[float, bool]] = []  # maximum, whether it has the extra column
        self.versions: list[Version] = []
        # every version, in order of the moves
        self.held_by: dict[str, list[int]] = {alias: [] for alias in ALIASES}
        self.holds: set[str] = set()
        self.left: list[tuple[str, int]] = []  # alias and the version it was rolled back from
        # content, check, until
        self.waivers: dict[int, tuple[tuple[float, bool, bool], str, datetime]] = {}
        self.erased = False  # whether a ticker was erased

    def content(self, level: float) -> tuple[float, bool, bool]:
        """What a frame for the contract in force is stored as: equal content, equal snapshot."""
        return level, self.contracts[-1][1], self.erased

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
        same = pointed is not None and self.versions[pointed - 1].wide == self.contracts[-1][1]
        return pointed if same else None

    def in_force(self, number: int, now: datetime) -> frozenset[int]:
        """The waivers of a version's content that are not over."""
        content = self.versions[number - 1].content
        return frozenset(
            i for i, (of, _, until) in self.waivers.items() if of == content and now < until
        )

    def judge(self, number: int, now: datetime) -> bool:
        """Judge a version; says whether the verdict blocks."""
        version, (maximum, wide) = self.versions[number - 1], self.contracts[-1]
        baseline, excepted = self.baseline(), self.in_force(number, now)
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
        if automatic and version.content in self.bad():
            broken.add("rolled_back")
        if pointed is None:
            return broken
        current = self.versions[pointed - 1]
        if automatic and alias in self.holds:
            broken.add("held")
        if number == pointed and alias not in self.holds:
            broken.add("already")
        if version.wide != current.wide and (automatic or not new_shape):
            broken.add("other_shape")
        if automatic and number < pointed:
            broken.add("lower_version")
        if automatic and version.day < current.day:
            broken.add("older_data")
        return broken

    def promote(self, number: int, alias: str, now: datetime) -> bool:
        """Promote unless the gate refuses; says whether it does."""
        verdict, (maximum, wide) = self.versions[number - 1].verdict, self.contracts[-1]
        valid = verdict is not None and verdict[1:] == (
            self.baseline(),
            maximum,
            wide,
            self.in_force(number, now),
        )
        blocks = verdict[0] if verdict is not None and valid else self.judge(number, now)
        if not blocks:
            self.held_by[alias].append(number)
            self.holds.discard(alias)
        return blocks

    def rollback(self, alias: str, to: int | None) -> str | None:
        """Roll back; the code of the refusal, or None."""
        current = self.pointed(alias)
        if current is None:
            return "nothing_promoted" if alias == "production" else "unknown_alias"
        earlier = set(self.held_by[alias]) - {current}
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
        self.held_by[alias].append(target)
        self.holds.add(alias)
        return None
