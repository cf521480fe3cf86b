"""Limits proposed from what a set's own promoted versions did: a diff of the contract, for a person
to accept.

A check's value becomes a distance from its best value: 0, or 1 for a ratio, a rank correlation and
an overlap. Of the distances of all moves from one promoted version to the next,

    warn   = max(floor, 99 % quantile, 3 × noise)
    block  = warn × (default block / default warn)

as distances again. The floor is a tenth of the check's default warning limit: a history in which
nothing happened is no reason to complain about anything at all. For the quantile the largest value
counts as the second largest, so that a single wild one moves no limit. Noise is what a rerun of the
job on the same data differs by (A/A), where that was measured. A blocking limit is at most halfway
between the warning limit and the worst value there can be, where there is one: else it would never
block. Limits are rounded up to three significant digits of their distance. The tenth,
the halfway and the second largest are choices, not results. Of fewer than 20 moves, and at least 4,
twice the largest distance stands for the quantile.

A profile is proposed where the one in force would have blocked more than one in twenty of these
moves and another one fewer. What a contract has turned off stays off, and a severity stays what it
is: a check that only warns gets no power to block by a limit.
"""

import math
from typing import NamedTuple

import msgspec
import numpy as np
import polars as pl

from estimates.calibration.backtest import Progress, backtest
from estimates.calibration.backtest_report import Backtest, Metric
from estimates.calibration.contract_edit import NewLimits, edited, unified_diff
from estimates.calibration.profile_choice import blocked_moves, proposed_profile, with_profile
from estimates.calibration.proposal import Proposal, Suggestion
from estimates.calibration.usual_bands import metric_values, with_bands
from estimates.contract.contract import Contract
from estimates.errors import InvalidError
from estimates.gate.check import Check
from estimates.gate.evaluation import evaluate
from estimates.gate.policy import before_severity, checks_of, limits_of
from estimates.gate.production_history import FEWEST_MOVES
from estimates.render.digits import rounded
from estimates.store.judge import stored_candidate
from estimates.store.store import Store

_QUANTILE = 0.99
_FEWEST = 4  # moves: five versions
_FEW_TIMES = 2  # the largest of few values
_NOISE = 3
_FLOOR = 0.1  # of the default warning limit
_DIGITS = 3
# How far from the best a value can be; a share by 1: r is at most 2, a correlation at least -1.
_FARTHEST = {"p95_change": 2.0, "worst_group_change": 2.0, "rank_order": 2.0}


class Noise(NamedTuple):
    """Values of checks of a rerun against the stored version, by name, or why there are none."""

    values: dict[str, float]
    reason: str | None = None


def suggest(
    store: Store,
    name: str,
    *,
    last: int | None = None,
    noise: Noise | None = None,
    bands: bool = False,
    progress: Progress = lambda done, total: None,
) -> Suggestion:
    """Propose limits for every check that may be adjusted, compares versions or shares, and has a
    limit above 0.

    last   only so many of the newest versions
    noise  of `noise_of`, where it was measured
    bands  also the band of each metric that compares versions: `usual_bands`
    Raises NotFoundError (`unknown_set`), InvalidError (`bad_limit`; `too_few_versions` for fewer
    than 4 moves from one promoted version to another; `contract_form`).
    """
    report = backtest(store, name, last=last, progress=progress)
    moves = _moves(report)
    if len(moves) < _FEWEST:
        raise _too_few(name, len(moves), len(report.versions))
    view = store.view().set(name)
    contract, revision = view.contract, view.contracts[-1]
    measured = noise or Noise({})
    blocked = blocked_moves(report, contract, moves)
    profile = proposed_profile(report, contract, moves)
    then = contract if profile is None else with_profile(contract, profile)
    proposals = [
        _proposal(
            History(check, contract, then, report.metric(check.name), moves),
            measured.values.get(check.name),
        )
        for check in checks_of(contract)
        if _adjustable(check, then)
    ]
    if bands:
        proposals = with_bands(proposals, report, contract, moves)
    changes = [
        _new_limits(proposal, then)
        for proposal in proposals
        if (proposal.new_warn, proposal.new_block, proposal.new_usual)
        != (proposal.warn, proposal.block, proposal.usual)
    ]
    source, file = _written(store, name, contract, revision.source)
    new = edited(source, changes, profile)
    return Suggestion(
        name,
        revision.revision,
        len(moves),
        proposals,
        unified_diff(source, new, file),
        measured.reason,
        profile,
        blocked,
        None if profile is None else blocked_moves(report, then, moves),
    )


def _written(store: Store, name: str, contract: Contract, source: str) -> tuple[str, str]:
    """What a person edits, and its name: of a family's member the contract of the family."""
    if contract.member is None:
        return source, f"{name}.toml"
    family = contract.member.of
    return store.view().set(family).contracts[-1].source, f"{family}.toml"


def _too_few(name: str, moves: int, versions: int) -> InvalidError:
    return InvalidError(
        "too_few_versions",
        f"{name}: {moves} of {versions} versions moved production from one good version to the "
        "next",
        remedy=f"limits can be proposed from {_FEWEST} on: waive what is right, promote it, and "
        "it counts",
    )


def _new_limits(proposal: Proposal, contract: Contract) -> NewLimits:
    """What to write, so that these limits are in force and the severity stays."""
    warn, block = proposal.new_warn, proposal.new_block
    limits = limits_of(next(c for c in checks_of(contract) if c.name == proposal.name), contract)
    severity = limits.severity
    if severity is not None:
        # the stricter of the two counts, so both are the same
        warn = block = warn if severity == "warn" else block
    stands = severity is None or limits.source.get("severity") == "contract"
    table = "custom" if proposal.name in contract.gate.custom else "checks"
    return NewLimits(
        table, proposal.name, warn, block, None if stands else severity, proposal.new_usual
    )


def noise_of(store: Store, name: str, version: int, rerun: pl.DataFrame) -> Noise:
    """What the checks say of a rerun of a version's job against the version itself."""
    view = store.view().set(name)
    stored = stored_candidate(store, view.versions[version - 1])
    again = msgspec.structs.replace(stored, frame=rerun, snapshot_id=None)
    assert stored.published_at is not None, "a stored version has a time"
    verdict = evaluate(
        view.contract, again, stored, judged_at=stored.published_at, contract_revision=None
    )
    return Noise(
        {result.name: result.value for result in verdict.checks if result.value is not None}
    )


def _moves(report: Backtest) -> set[int]:
    """Versions that moved production from a good version, and were not taken back."""
    bad = {replayed.version for replayed in report.versions if replayed.fate != "promoted"}
    return {
        replayed.version
        for replayed in report.versions
        if replayed.version not in bad and replayed.against not in {None, *bad}
    }


def _adjustable(check: Check, contract: Contract) -> bool:
    """Checks with a limit that is a matter of degree; a limit of 0, or of a count, is a rule."""
    if (
        not check.waivable
        or check.field is not None
        or check.stage not in (2, 3)
        or check.unit in ("count", "seconds")
    ):
        return False
    if check.name in contract.gate.checks and contract.gate.checks[check.name].off is not None:
        return False
    return any(limit for limit, _ in before_severity(check, contract))


class History(NamedTuple):
    """A check, and what it said of the moves.

    contract, then  the contract in force, and with the profile that is proposed
    """

    check: Check
    contract: Contract
    then: Contract
    metric: Metric
    moves: set[int]


def _proposal(history: History, noise: float | None) -> Proposal:
    check, contract, then, metric, moves = history
    in_force = limits_of(check, contract)
    warn, block = in_force.warn, in_force.block
    start = _start(check, then)
    values = metric_values(metric, moves)
    best = _best(check)
    reason = _left_alone(check, then, values, best, start)
    if reason is None and len(values) < FEWEST_MOVES and then is not contract:
        reason = f"fewer than {FEWEST_MOVES} values: the profile comes first"
    q99 = (
        None
        if not values or best is None
        else far_distance([_distance(check, best, value) for value in values])
    )
    proposal = Proposal(
        number=check.number,
        name=check.name,
        unit=check.unit,
        worse=check.worse,
        n=len(values),
        median=rounded(float(np.median(values))) if values else None,
        q99=None if q99 is None else rounded((best or 0.0) + _sign(check) * q99),
        noise=rounded(noise),
        warn=warn,
        block=block,
        new_warn=warn,
        new_block=block,
        reason=reason,
    )
    if reason is not None:
        return proposal
    assert q99 is not None
    assert best is not None
    new_warn, new_block = _limits(
        check, start, best, q99, 0.0 if noise is None else _distance(check, best, noise)
    )
    severity = limits_of(check, then).severity
    if severity == "warn":
        new_block = None
    elif severity == "block":
        new_warn, new_block = None, new_warn if new_block is None else new_block
    elif block is None and then is contract:  # the contract lets it block nothing
        new_block = None
    return msgspec.structs.replace(proposal, new_warn=new_warn, new_block=new_block)


def _start(check: Check, contract: Contract) -> tuple[float | None, float | None]:
    """The limits of a check before its contract says anything: the profile's, or its defaults."""
    gate = msgspec.structs.replace(contract.gate, checks={})
    silent = msgspec.structs.replace(contract, gate=gate)
    (warn, _), (block, _) = before_severity(check, silent)
    return warn, block


def _limits(
    check: Check, start: tuple[float | None, float | None], best: float, q99: float, noise: float
) -> tuple[float, float | None]:
    """Warning and blocking limit, from distances; `start` are those of the profile."""
    start_warn, start_block = start
    assert start_warn is not None
    default = abs(start_warn - best)
    warn = rounded_up(max(_FLOOR * default, q99, _NOISE * noise))
    block = None
    if start_block is not None:
        farthest = 1.0 if check.unit == "share" else _FARTHEST.get(check.name, math.inf)
        block = rounded_up(min(warn * abs(start_block - best) / default, (warn + farthest) / 2))
    ends = [None if size is None else rounded(best + _sign(check) * size) for size in (warn, block)]
    assert ends[0] is not None
    return ends[0], ends[1]


def _left_alone(
    check: Check,
    contract: Contract,
    values: list[float],
    best: float | None,
    start: tuple[float | None, float | None],
) -> str | None:
    """Why nothing is proposed; None when something is."""
    if limits_of(check, contract).severity == "report":
        return "only reported"
    if check.name in contract.gate.checks and contract.gate.checks[check.name].groups:
        return "groups have limits of their own"
    if not start[0]:
        return "no warning limit to start from"
    if best is None:
        return "its best value is not known"
    if start[0] == best:
        return "its warning limit is the best value there is"
    if len(values) < _FEWEST:
        return f"fewer than {_FEWEST} values"
    return None


def _best(check: Check) -> float | None:
    """The value of a version that is as good as can be; None where a check of the set's own does
    not say.
    """
    if not check.halves or (check.worse == "below" and check.unit == "share"):
        return 1.0  # ratios, correlations, overlaps: half of such a limit would mean nothing
    return 0.0 if check.worse == "above" else None


def _distance(check: Check, best: float, value: float) -> float:
    """How much worse than the best a value is."""
    return max(_sign(check) * (value - best), 0.0)


def _sign(check: Check) -> int:
    return 1 if check.worse == "above" else -1


def far_distance(distances: list[float]) -> float:
    """The 99 % quantile, linear between neighbours, the largest value counting as the second
    largest; of few values twice the largest.
    """
    ordered = sorted(distances)
    if len(ordered) < FEWEST_MOVES:
        return _FEW_TIMES * ordered[-1]
    return float(
        np.quantile([*ordered[:-1], *ordered[-2:-1]] if len(ordered) > 1 else ordered, _QUANTILE)
    )


def rounded_up(size: float) -> float:
    """A distance with three significant digits, rounded up; what a double made up in the last place
    is not counted.
    """
    if size == 0:
        return 0.0
    unit = 10.0 ** (math.floor(math.log10(size)) - _DIGITS + 1)
    return float(f"{math.ceil(round(size / unit, 6)) * unit:.{_DIGITS}g}")
