"""The report of a backtest: what a policy would have said of every version, and what
became of it.
"""

from typing import Literal

import msgspec

from estimates.contract.gate_policy import Side, Unit
from estimates.gate.verdict import Status

# What became of a version. `promoted`: it was in production, and nobody took it back; `refused`:
# its newest verdict blocks; `candidate`: it passed and was never promoted.
Fate = Literal["promoted", "rolled_back", "refused", "candidate"]


class Replayed(msgspec.Struct, frozen=True):
    """What the policy says of one version.

    against     the version it was compared with; null: `reason` says why (`first_version`,
                `other_shape`, `after_gap`, `new_season`)
    outcome     the worst status of any check; blocked_by, warned_by: names of the checks
    """

    version: int
    fate: Fate
    against: int | None
    reason: str | None
    outcome: str
    blocks: bool
    blocked_by: list[str]
    warned_by: list[str]


class LeftOut(msgspec.Struct, frozen=True):
    """A version that is not replayed: `other_shape` than the contract's, `expired`, or
    `baseline_expired`.
    """

    version: int
    fate: Fate
    reason: str


class Point(msgspec.Struct, frozen=True):
    """One check at one version: as in a verdict."""

    version: int
    status: Status
    value: float | None
    warn: float | None
    block: float | None
    reason: str | None


class Metric(msgspec.Struct, frozen=True):
    """One check through the versions."""

    number: int
    name: str
    title: str
    stage: int
    unit: Unit
    worse: Side
    points: list[Point]

    @property
    def telling(self) -> bool:
        """Whether there is something to see: values that differ, or a version that did not pass."""
        values = {point.value for point in self.points if point.value is not None}
        return len(values) > 1 or self.times("warn", "fail", "error") > 0

    def times(self, *statuses: Status) -> int:
        """How many versions had one of these statuses."""
        return sum(point.status in statuses for point in self.points)


class Counts(msgspec.Struct, frozen=True):
    """How many versions of each fate were replayed, and how many of them the policy blocks."""

    promoted: int
    promoted_blocked: int
    rolled_back: int
    rolled_back_blocked: int
    refused: int
    refused_blocked: int
    candidate: int
    candidate_blocked: int


class Backtest(msgspec.Struct, frozen=True):
    """A policy replayed over a history.

    policy             its digest, as verdicts carry it
    contract_revision  the registered contract whose policy it is; null for another one
    promoted_blocked   promoted versions that it would have kept from production
    caught, missed     versions that production was rolled back from: those it would have blocked,
                       and the others
    let_through        refused versions that it would not have blocked
    versions, checks   all of it, by version and by check
    """

    set: str
    policy: str
    contract_revision: int | None
    counts: Counts
    promoted_blocked: list[int]
    caught: list[int]
    missed: list[int]
    let_through: list[int]
    versions: list[Replayed]
    left_out: list[LeftOut]
    checks: list[Metric]

    def metric(self, name: str) -> Metric:
        """One check by name; KeyError when the policy has none of this name."""
        for metric in self.checks:
            if metric.name == name:
                return metric
        raise KeyError(name)


def counts_of(counts: Counts, fate: Fate) -> tuple[int, int]:
    """How many versions of a fate there were, and how many of them the policy blocks."""
    return getattr(counts, fate), getattr(counts, f"{fate}_blocked")


def headline(report: Backtest) -> str:
    """What the policy would have done, in a sentence."""
    counts = report.counts
    parts = [f"would have blocked {counts.promoted_blocked} of {counts.promoted} promoted versions"]
    if counts.rolled_back:
        parts.append(
            f"caught {counts.rolled_back_blocked} of {counts.rolled_back} that were rolled back"
        )
    if counts.refused:
        parts.append(
            f"let through {counts.refused - counts.refused_blocked} of {counts.refused} "
            "that were refused"
        )
    return f"This policy {', '.join(parts)}"
