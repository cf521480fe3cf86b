"""Replay a policy over a set's history: what would the gate have said of each version, had it been
in force?

Every version that was judged or promoted is judged again as it was then: against the version that
production pointed to when it was promoted for the first time, or else when it was first judged; at
the time of its origin (released, or published); with the set's past as it was. Not as it was then
are waivers, which count for nothing: what is asked is what the policy says by itself; and actual
values, of which a history has none. Nothing is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property, lru_cache
from typing import Literal, NamedTuple

import msgspec
import polars as pl

from estimates.catalog.records import Event, Version
from estimates.catalog.ref import PRODUCTION
from estimates.catalog.set_view import SetView
from estimates.compare import frozen_versions, series
from estimates.compare.measure import measure_of
from estimates.compare.series_report import (
    MAX_LAST,
    MOVES_JUDGED,
    PairMove,
    Series,
    promoted_material,
)
from estimates.compare.two_versions import Comparison
from estimates.contract.contract import Contract
from estimates.contract.domain import FileDomain
from estimates.contract.gate_policy import Side, Unit
from estimates.errors import InvalidError
from estimates.gate.candidate import Candidate
from estimates.gate.evaluation import evaluate
from estimates.gate.policy import policy_digest
from estimates.gate.policy_table import policy_in_force
from estimates.gate.policy_validation import validate_policy
from estimates.gate.production_history import ProductionHistory
from estimates.gate.verdict import Status, Verdict
from estimates.store.judge import stored_candidate
from estimates.store.store import Store

# What became of a version. `promoted`: it was in production, and nobody took it back; `refused`:
# its newest verdict blocks; `candidate`: it passed and was never promoted.
Fate = Literal["promoted", "rolled_back", "refused", "candidate"]
Progress = Callable[[int, int], None]  # how many versions are done, of how many

_MANY_ROWS = 1_000_000  # of a version: of larger ones fewer are remembered
_REMEMBERED, _REMEMBERED_LARGE = 16, 3


class Replayed(msgspec.Struct, frozen=True):
    """What the policy says of one version.

    against     the version it was compared with; null: `reason` says why (`first_version`,
                `other_shape`)
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


def counted(counts: Counts, fate: Fate) -> tuple[int, int]:
    """How many versions of a fate there were, and how many of them the policy blocks."""
    return getattr(counts, fate), getattr(counts, f"{fate}_blocked")


def headline(found: Backtest) -> str:
    """What the policy would have done, in a sentence."""
    counts = found.counts
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


class _Step(NamedTuple):
    """A version to replay: after which events, against which version."""

    version: Version
    event: Event
    against: Version | None


def backtest(
    store: Store,
    name: str,
    contract: Contract | None = None,
    *,
    last: int | None = None,
    progress: Progress = lambda done, total: None,
) -> Backtest:
    """Replay a contract's policy over the versions of a set, each read once.

    contract  whose policy, bounds, domain and freshness judge; default: the newest one
    last      only so many of the newest versions
    Raises NotFoundError (`unknown_set`), InvalidError (`bad_limit`; `bad_contract` for a policy
    that cannot be followed; `other_contract` for one of another set, or of a shape that the set
    never had).
    """
    view = store.view().set(name)
    if last is not None and last < 1:
        raise InvalidError("bad_limit", f"last {last} is not at least 1")
    judging = view.contract if contract is None else _checked(store, view, contract)
    shape = _shape(view, judging)
    steps = _steps(view)[-last:] if last is not None else _steps(view)
    left_out = [found for step in steps if (found := _left_out(view, step, shape)) is not None]
    gone = {one.version for one in left_out}
    steps = [step for step in steps if step.version.version not in gone]
    history = _History(store, view, judging)
    verdicts: list[Verdict] = []
    for done, step in enumerate(steps):
        progress(done, len(steps))
        verdicts.append(_without_offenders(history.judge(step)))
    progress(len(steps), len(steps))
    return _added_up(
        view, judging, None if contract is not None else len(view.contracts), verdicts, left_out
    )


class _History:
    """The set as it was, version by version."""

    def __init__(self, store: Store, view: SetView, contract: Contract) -> None:
        self.store = store
        self.view = view
        self.contract = contract
        large = any(version.rows > _MANY_ROWS for version in view.versions)
        self.candidate = lru_cache(_REMEMBERED_LARGE if large else _REMEMBERED)(self._candidate)

    def judge(self, step: _Step) -> Verdict:
        """The verdict of a version by what was known then; a baseline of another shape is none."""
        against = step.against
        comparable = against is not None and against.shape == step.version.shape
        candidate = self.candidate(step.version.version)
        assert candidate.published_at is not None, "a stored version has a time"
        return evaluate(
            self.contract,
            candidate,
            self.candidate(against.version) if against is not None and comparable else None,
            judged_at=candidate.published_at,
            contract_revision=None,
            baseline_reason="first_version" if against is None else "other_shape",
            history=ProductionHistory(
                lambda: self._material(step.event), lambda count: self._frames(step, count)
            ),
        )

    def _candidate(self, number: int) -> Candidate:
        return stored_candidate(self.store, self.view.versions[number - 1])

    def _material(self, event: Event) -> dict[str, list[float]]:
        """Shares of materially changed keys in the moves of production before an event."""
        before = sum(move.id < event.id for move, _ in self._moves)
        rows = [row for _, row in self._moves[max(before - MOVES_JUDGED, 0) : before]]
        return promoted_material(Series(self.contract.name, len(rows), MOVES_JUDGED, rows))

    @cached_property
    def _moves(self) -> list[tuple[Event, PairMove]]:
        """Every move of production and what it changed, measured by this contract, oldest first."""
        if PRODUCTION not in self.view.aliases:
            return []
        moves = series.compared_moves(
            self.store.view(), self.contract.name, self.store.frame, last=MAX_LAST
        )
        measure = measure_of(self.contract, len(self.view.contracts))
        measured = [
            move._replace(
                window=None,
                comparison=move.comparison
                and Comparison(move.comparison.first, move.comparison.second, measure, moves.read),
            )
            for move in moves.moves
        ]
        found = series.series_of(
            moves._replace(moves=measured),
            lambda comparison: comparison.cached_report(self.store.reports, headline_only=True),
            lambda window: window.report(moves.read),
        )
        return [(move.event, row) for move, row in zip(measured, found.pairs, strict=True)]

    def _frames(self, step: _Step, count: int) -> list[pl.DataFrame]:
        """The newest versions that production held before a step; those that have expired since are
        not at hand.
        """
        windows = self.view.memoize(
            ("windows", count), lambda: frozen_versions.windows(self.view, count)
        )
        before = [move for move in windows if move < step.event.id]
        versions = windows[before[-1]] if before else []
        return [self._frame(version) for version in versions if version.expired_at is None]

    def _frame(self, version: Version) -> pl.DataFrame:
        frame = self.candidate(version.version).frame
        return self.store.frame(version) if frame is None else frame


def _checked(store: Store, view: SetView, contract: Contract) -> Contract:
    """A contract from elsewhere, fit to judge this set; the keys of a `file` domain are those
    registered.
    """
    name = view.contract.name
    if contract.name != name:
        raise InvalidError(
            "other_contract", f"the policy is that of a set {contract.name!r}, not of {name!r}"
        )
    validate_policy(contract)
    if isinstance(contract.domain, FileDomain):
        known = view.contract.domain
        if not isinstance(known, FileDomain):
            raise InvalidError(
                "other_contract",
                f"{name}: the policy's domain lists keys in a file, the registered contract's does "
                "not",
            )
        kept = msgspec.structs.replace(known, allow_missing=contract.domain.allow_missing)
        return msgspec.structs.replace(contract, domain=kept)
    return contract


def _shape(view: SetView, contract: Contract) -> int:
    """The number of a contract's shape."""
    for revision in reversed(view.contracts):
        if view.revision(revision.revision).shape() == contract.shape():
            return revision.shape
    raise InvalidError(
        "other_contract",
        f"{contract.name}: no version can have the policy's columns: they are of a shape that was "
        "never registered",
    )


def _steps(view: SetView) -> list[_Step]:
    """Every version that was judged or promoted, by number, with the moment that counts."""
    production: int | None = None
    judged: dict[int, tuple[Event, int | None]] = {}
    promoted: dict[int, tuple[Event, int | None]] = {}
    for event in view.events:
        if event.version is None:
            continue
        if event.kind == "judged":
            judged.setdefault(event.version, (event, production))
        elif event.alias == PRODUCTION:
            if event.kind == "promoted":
                promoted.setdefault(event.version, (event, event.from_version))
            production = event.version
    return [
        _Step(
            view.versions[number - 1], event, None if before is None else view.versions[before - 1]
        )
        for number, (event, before) in sorted((judged | promoted).items())
    ]


def _left_out(view: SetView, step: _Step, shape: int) -> LeftOut | None:
    version, against = step.version, step.against
    reason = None
    if version.shape != shape:
        reason = "other_shape"
    elif version.expired_at is not None:
        reason = "expired"
    elif against is not None and against.shape == shape and against.expired_at is not None:
        reason = "baseline_expired"
    return (
        None if reason is None else LeftOut(version.version, _fate(view, version.version), reason)
    )


def _fate(view: SetView, number: int) -> Fate:
    if number in view.ever_production:
        return "rolled_back" if number in _taken_back(view) else "promoted"
    return "refused" if view.blocks.get(number) else "candidate"


def _taken_back(view: SetView) -> set[int]:
    """Versions that production was rolled back from, and that nobody promoted since."""

    def find() -> set[int]:
        found: set[int] = set()
        for event in view.events:
            if (
                event.alias == PRODUCTION
                and event.kind == "rolled_back"
                and event.from_version is not None
            ):
                found.add(event.from_version)
            elif (
                event.alias == PRODUCTION and event.kind == "promoted" and event.version is not None
            ):
                found.discard(event.version)
        return found

    return view.memoize("taken_back", find)


def _without_offenders(verdict: Verdict) -> Verdict:
    """They are most of a verdict, and a hundred verdicts are kept."""
    checks = [msgspec.structs.replace(result, offenders=[]) for result in verdict.checks]
    return msgspec.structs.replace(verdict, checks=checks)


def _added_up(
    view: SetView,
    contract: Contract,
    revision: int | None,
    verdicts: list[Verdict],
    left_out: list[LeftOut],
) -> Backtest:
    versions = [_replayed(view, verdict) for verdict in verdicts]

    def of(fate: Fate, *, blocks: bool) -> list[int]:
        return [one.version for one in versions if one.fate == fate and one.blocks == blocks]

    fates: tuple[Fate, ...] = ("promoted", "rolled_back", "refused", "candidate")
    blocked = {f"{fate}_blocked": len(of(fate, blocks=True)) for fate in fates}
    counted = {fate: blocked[f"{fate}_blocked"] + len(of(fate, blocks=False)) for fate in fates}
    return Backtest(
        set=contract.name,
        policy=policy_digest(contract),
        contract_revision=revision,
        counts=Counts(**counted, **blocked),
        promoted_blocked=of("promoted", blocks=True),
        caught=of("rolled_back", blocks=True),
        missed=of("rolled_back", blocks=False),
        let_through=of("refused", blocks=False),
        versions=versions,
        left_out=left_out,
        checks=list(_metrics(contract, verdicts)),
    )


def _replayed(view: SetView, verdict: Verdict) -> Replayed:
    assert verdict.version is not None
    skipped = [
        result.reason
        for result in verdict.checks
        if result.reason in ("first_version", "other_shape")
    ]
    return Replayed(
        version=verdict.version,
        fate=_fate(view, verdict.version),
        against=None if verdict.baseline is None else verdict.baseline.version,
        reason=next(iter(skipped), None) if verdict.baseline is None else None,
        outcome=verdict.outcome,
        blocks=verdict.blocks,
        blocked_by=[result.name for result in verdict.failing()],
        warned_by=[result.name for result in verdict.checks if result.status == "warn"],
    )


def _metrics(contract: Contract, verdicts: list[Verdict]) -> Iterator[Metric]:
    for rule in policy_in_force(contract).checks:
        points: list[Point] = []
        for verdict in verdicts:
            one = verdict.check(rule.name)
            assert verdict.version is not None
            points.append(
                Point(verdict.version, one.status, one.value, one.warn, one.block, one.reason)
            )
        yield Metric(rule.number, rule.name, rule.title, rule.stage, rule.unit, rule.worse, points)
