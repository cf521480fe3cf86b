"""Replay a policy over a set's history: what would the gate have said of each version, had it been
in force?

Every version that was judged or promoted is judged again as it was then: against the version that
production pointed to when it was promoted for the first time, or else when it was first judged; at
the time of its origin (released, or published); with the set's past as it was. Not as it was then
are waivers, which count for nothing: what is asked is what the policy says by itself; and actual
values, of which a history has none. Nothing is stored.
"""

from collections.abc import Callable, Iterator
from functools import cached_property, lru_cache
from typing import NamedTuple, get_args

import msgspec
import polars as pl

from estimates.calibration.backtest_report import (
    Backtest,
    Counts,
    Fate,
    LeftOut,
    Metric,
    Point,
    Replayed,
)
from estimates.catalog.records import Event, Version
from estimates.catalog.ref import PRODUCTION
from estimates.catalog.set_view import SetView
from estimates.compare import frozen_versions, series
from estimates.compare.diff_measure import measure_of
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
from estimates.errors import InvalidError
from estimates.gate.candidate import Candidate
from estimates.gate.evaluation import evaluate
from estimates.gate.fresh_start import FreshStart, fresh_start
from estimates.gate.policy import policy_digest
from estimates.gate.policy_table import policy_in_force
from estimates.gate.policy_validation import validate_policy
from estimates.gate.production_history import ProductionHistory
from estimates.gate.verdict import Verdict
from estimates.store.judge import stored_candidate
from estimates.store.store import Store

Progress = Callable[[int, int], None]  # how many versions are done, of how many

_MANY_ROWS = 1_000_000  # of a version: of larger ones fewer are remembered
_REMEMBERED, _REMEMBERED_LARGE = 16, 3


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
    functions: bool = True,
    progress: Progress = lambda done, total: None,
) -> Backtest:
    """Replay a contract's policy over the versions of a set, each read once.

    contract  whose policy, bounds, domain and freshness judge; default: the newest one
    last      only so many of the newest versions
    functions False: checks that are Python functions are skipped, and none is loaded
    Raises NotFoundError (`unknown_set`), InvalidError (`bad_limit`; `bad_contract` for a policy
    that cannot be followed; `other_contract` for one of another set, or of a shape that the set
    never had).
    """
    view = store.view().set(name)
    if last is not None and last < 1:
        raise InvalidError(
            "bad_limit", f"last {last} is not at least 1", remedy="leave it out for all versions"
        )
    judging = view.contract if contract is None else _checked(view, contract)
    shape = _shape(view, judging)
    steps = _steps(view)[-last:] if last is not None else _steps(view)
    omissions = [_left_out(view, step, shape) for step in steps]
    left_out = [omission for omission in omissions if omission is not None]
    steps = [step for step, omission in zip(steps, omissions, strict=True) if omission is None]
    history = _History(store, view, judging, functions)
    verdicts: list[Verdict] = []
    for done, step in enumerate(steps):
        progress(done, len(steps))
        verdicts.append(_without_offenders(history.judge(step)))
    progress(len(steps), len(steps))
    revision = len(view.contracts) if contract is None else None
    return _report(view, judging, revision, verdicts, left_out)


class _History:
    """The set as it was, version by version."""

    def __init__(self, store: Store, view: SetView, contract: Contract, functions: bool) -> None:
        self.functions = functions
        self.store = store
        self.view = view
        self.contract = contract
        large = any(version.rows > _MANY_ROWS for version in view.versions)
        self.candidate = lru_cache(_REMEMBERED_LARGE if large else _REMEMBERED)(self._candidate)

    def judge(self, step: _Step) -> Verdict:
        """The verdict of a version by what was known then; a baseline of another shape is none."""
        against = step.against
        reason = None if against is None else self._not_compared(against, step)
        candidate = self.candidate(step.version.version)
        assert candidate.published_at is not None, "a stored version has a time"
        return evaluate(
            self.contract,
            candidate,
            None if against is None or reason else self.candidate(against.version),
            judged_at=candidate.published_at,
            contract_revision=None,
            baseline_reason=reason,
            history=ProductionHistory(
                lambda: self._material(step.event), lambda count: self._frames(step, count)
            ),
            functions=self.functions,
        )

    def _not_compared(self, before: Version, step: _Step) -> str | None:
        """Why a version is not compared with the one that was in production."""
        now = step.version
        if before.shape != now.shape:
            return "other_shape"
        if step.event.kind != "promoted" and now.is_behind(before):
            return "older_data"
        through = before.provenance.data_through, now.provenance.data_through
        earlier = (v.provenance.data_through for v in self.view.versions[: now.version])
        return fresh_start(self.contract.gate, *through, earlier)

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
        measure = measure_of(self.contract, len(self.view.contracts)).after(self.view.erasures)
        measured = [
            move._replace(
                window=None,
                comparison=move.comparison
                and Comparison(move.comparison.first, move.comparison.second, measure, moves.read),
            )
            for move in moves.moves
        ]
        report = series.series_of(
            moves._replace(moves=measured),
            lambda comparison: comparison.cached_report(self.store.reports, headline_only=True),
            lambda window: window.report(moves.read),
        )
        return [(move.event, row) for move, row in zip(measured, report.pairs, strict=True)]

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


def _checked(view: SetView, contract: Contract) -> Contract:
    """A contract from elsewhere, fit to judge this set; the keys of a `file` domain are those
    registered.
    """
    name = view.contract.name
    member = view.contract.member
    if contract.family is not None and member is not None and member.of == contract.name:
        contract = msgspec.structs.replace(contract, name=name, family=None, member=member)
    if contract.name != name:
        raise InvalidError(
            "other_contract",
            f"the policy is that of a set {contract.name!r}, not of {name!r}",
            remedy=f'write name = "{name}" into it, or replay it over its own set',
        )
    validate_policy(contract)
    if isinstance(contract.domain, FileDomain):
        known = view.contract.domain
        if not isinstance(known, FileDomain):
            raise InvalidError(
                "other_contract",
                f"{name}: the policy's domain lists keys in a file, the registered contract's does "
                "not",
                remedy="define the contract with its file first: `estimates define`",
            )
        domain = msgspec.structs.replace(known, allow_missing=contract.domain.allow_missing)
        return msgspec.structs.replace(contract, domain=domain)
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
        remedy="define the policy's contract first, or leave its columns as they were",
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


def _taken_back(view: SetView) -> set[int | None]:
    """Versions that production was rolled back from, and that nobody promoted since."""

    def find() -> set[int | None]:
        versions: set[int | None] = set()
        for event in view.events:
            if event.alias == PRODUCTION and event.kind == "rolled_back":
                versions.add(event.from_version)
            elif event.alias == PRODUCTION and event.kind == "promoted":
                versions.discard(event.version)
        return versions

    return view.memoize("taken_back", find)


def _without_offenders(verdict: Verdict) -> Verdict:
    """They are most of a verdict, and a hundred verdicts are kept."""
    checks = [msgspec.structs.replace(result, offenders=[]) for result in verdict.checks]
    return msgspec.structs.replace(verdict, checks=checks)


def _report(
    view: SetView,
    contract: Contract,
    revision: int | None,
    verdicts: list[Verdict],
    left_out: list[LeftOut],
) -> Backtest:
    versions = [_replayed(view, verdict) for verdict in verdicts]

    def numbers(fate: Fate, *, blocks: bool) -> list[int]:
        return [
            replayed.version
            for replayed in versions
            if replayed.fate == fate and replayed.blocks == blocks
        ]

    fates: tuple[Fate, ...] = get_args(Fate)
    blocked = {f"{fate}_blocked": len(numbers(fate, blocks=True)) for fate in fates}
    counted = {
        fate: blocked[f"{fate}_blocked"] + len(numbers(fate, blocks=False)) for fate in fates
    }
    return Backtest(
        set=contract.name,
        policy=policy_digest(contract),
        contract_revision=revision,
        counts=Counts(**counted, **blocked),
        promoted_blocked=numbers("promoted", blocks=True),
        caught=numbers("rolled_back", blocks=True),
        missed=numbers("rolled_back", blocks=False),
        let_through=numbers("refused", blocks=False),
        versions=versions,
        left_out=left_out,
        checks=list(_metrics(contract, verdicts)),
    )


def _replayed(view: SetView, verdict: Verdict) -> Replayed:
    assert verdict.version is not None
    skipped = [
        result.reason
        for result in verdict.checks
        if result.reason in ("first_version", "other_shape", *get_args(FreshStart))
    ]
    return Replayed(
        version=verdict.version,
        fate=_fate(view, verdict.version),
        against=verdict.against,
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
            result = verdict.check(rule.name)
            assert verdict.version is not None
            points.append(
                Point(
                    verdict.version,
                    result.status,
                    result.value,
                    result.warn,
                    result.block,
                    result.reason,
                )
            )
        yield Metric(rule.number, rule.name, rule.title, rule.stage, rule.unit, rule.worse, points)
