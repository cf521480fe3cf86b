"""The verdict: one object behind every rendering, bound by digests to what was judged and by which
policy.
"""

from datetime import datetime
from typing import Any, Literal, get_args

import msgspec

from estimates.catalog.records import Waiver
from estimates.contract.gate_policy import Side, Unit
from estimates.errors import NotFoundError
from estimates.gate.fresh_start import FreshStart
from estimates.render.notebook import printed, rendered

Status = Literal["pass", "warn", "fail", "error", "skipped", "waived"]
Outcome = Literal["pass", "warn", "fail", "error"]

STATUSES: tuple[Status, ...] = get_args(Status)
OFFENDERS = 100  # named per check; `offending` counts them all

# The release in which a check last changed what it says of the same versions. Verdicts stay valid
# until it is raised, whatever is released in between.
GATE_REVISION = "0.7.0"


class Offender(msgspec.Struct, frozen=True):
    """What speaks against the candidate: a key (parts as text), a column, or both; `detail` says
    what is wrong.
    """

    key: list[str] | None
    column: str | None
    detail: str


class GroupResult(msgspec.Struct, frozen=True):
    """What a check found among the keys of a group with limits of its own, or (`column` null) among
    all others.
    """

    column: str | None
    group: str | None
    status: Status
    value: float | None
    warn: float | None
    block: float | None
    n: int | None
    message: str


class CheckResult(msgspec.Struct, frozen=True):
    """What one check found, whatever its status.

    value        the metric, in `unit`; null when skipped or in error
    warn, block  the limits in force, inclusive: `value` at its limit passes; null is no limit
    worse        on which side of its limits a value is bad
    usual        the contract's band for the value, where it has one: outside of it the check warns
    n, coverage  on how many keys (or things) the value rests, and which share of those there are
                 that is
    reason       why it was skipped: `first_version`, `other_shape`, `after_gap`, `new_season`,
                 `not_stored`, `not_in_contract`, `depends_on: name`, `off: reason`, …
    message      one sentence for a person
    offending    number of offenders: rows or things that speak against the version by the limits in
                 force for them
    offenders    the first 100: by size where they have one, else by what is wrong and by key
    groups       where groups have limits of their own: what was found in each; the numbers above
                 are those of the worst, the offenders those of all that do not keep their limits,
                 the worst first
    waived_by    ids of the waivers that let it through
    """

    number: int
    name: str
    stage: int
    title: str
    status: Status
    unit: Unit = "count"
    value: float | None = None
    warn: float | None = None
    block: float | None = None
    worse: Side = "above"
    usual: tuple[float, float] | msgspec.UnsetType = msgspec.UNSET
    n: int | None = None
    coverage: float | None = None
    reason: str | None = None
    message: str = ""
    offending: int = 0
    offenders: list[Offender] = []
    groups: list[GroupResult] = []
    waived_by: list[int] = []


class Baseline(msgspec.Struct, frozen=True):
    """The version that the candidate was compared with."""

    version: int | None
    snapshot_id: str | None


class Verdict(msgspec.Struct, frozen=True):
    """The gate's answer, the same bytes for the same inputs.

    version, snapshot_id   what was judged; null for a file
    baseline               what it was compared with; null when there was nothing to compare with
    policy, waivers        digests of the policy and of the waivers in force, which `in_force` lists
    actuals                digest of the actual values it was held against; null without any
    judged_at              a recorded input, not the clock
    code                   `GATE_REVISION` of the program that judged
    functions              SHA-256 of the code of each check of the set's own; see `code_revision`
    outcome                the worst status of any check: error, fail, warn, pass
    blocks                 true for fail and error: such a version is not promoted
    counts                 number of checks by status, every status listed
    exceptions             the contract's exceptions for the day on which the data end, where there
                           are any
    """

    set: str
    version: int | None
    snapshot_id: str | None
    baseline: Baseline | None
    policy: str
    waivers: str
    judged_at: datetime
    code: str
    contract_revision: int | None
    outcome: Outcome
    blocks: bool
    counts: dict[str, int]
    checks: list[CheckResult]
    actuals: str | None = None
    functions: dict[str, str] = {}
    in_force: list[Waiver] = []
    exceptions: list[str] | msgspec.UnsetType = msgspec.UNSET

    @property
    def against(self) -> int | None:
        """The version that the candidate was compared with; None without one."""
        return self.baseline.version if self.baseline else None

    @property
    def starts_anew(self) -> FreshStart | None:
        """Why it was compared with nothing although there is a version in production."""
        reasons = {result.reason for result in self.checks if result.status == "skipped"}
        return next((reason for reason in get_args(FreshStart) if reason in reasons), None)

    def check(self, name: str) -> CheckResult:
        """The result of one check, by name; KeyError when this verdict has no such check."""
        for result in self.checks:
            if result.name == name:
                return result
        raise KeyError(name)

    def failing(self) -> list[CheckResult]:
        """The checks that block: failed, or could not be evaluated."""
        return [result for result in self.checks if result.status in ("fail", "error")]

    def __repr__(self) -> str:
        return printed("gate.pages.verdict_text", "render_short", self)

    def _repr_html_(self) -> str:
        return rendered("gate.pages.verdict_text", "render_fragment", self)

    def plot(self) -> Any:
        """How near each check is to where it blocks, as an Altair chart; raises InvalidError
        (`no_charts`).
        """
        return rendered("gate.pages.verdict_text", "plot_limits", self)


def render_json(verdict: Verdict) -> bytes:
    """The complete verdict as indented JSON, fields in the order of the Struct; the inverse of
    `parse_json`.
    """
    return msgspec.json.format(msgspec.json.encode(verdict), indent=2) + b"\n"


def parse_json(body: bytes) -> Verdict:
    """Read what `render_json` wrote; raises msgspec.ValidationError when it is something else."""
    return msgspec.json.decode(body, type=Verdict)


def no_verdict(name: str, version: int) -> NotFoundError:
    """The error (`no_verdict`) for a version that was not judged."""
    return NotFoundError(
        "no_verdict",
        f"{name}: version {version} was not judged yet",
        remedy=f"judge it: `estimates gate {name} {version}`",
    )
