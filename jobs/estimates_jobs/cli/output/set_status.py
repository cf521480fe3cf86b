"""How a set stands at a moment: production, the age of its data, its last run, what waits for whom,
its deadlines.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from statistics import median

import msgspec

from estimates.catalog.freshness import freshness
from estimates.catalog.punctuality import (
    NextDeadline,
    Punctuality,
    deadlines_until,
    next_deadline,
    punctuality,
)
from estimates.catalog.records import CarriedOver, Event, LegalHold, State
from estimates.catalog.ref import PRODUCTION
from estimates.catalog.run_record import Run
from estimates.catalog.set_view import SetView
from estimates.catalog.sets_read import ReadBy, SetRead, read_by, sets_read
from estimates.catalog.view import View
from estimates.gate.open_requests import OpenRequest, open_requests
from estimates.render.wording import count

# What `--check` fails for, worst first.
PROBLEMS = ("stale", "overdue", "failed", "held", "nothing_promoted")
_FAILED = ("failed", "rejected")
_UNTRACKED_AMONG = 100  # of the last runs
_RECENT = 20  # versions from which the usual time between two is taken


class Production(msgspec.Struct, frozen=True, omit_defaults=True):
    """What production points to, since when, the reason of a hold, and which groups of it keep the
    rows of an earlier version.

    newest_data  how new the data are that it saw; age_s is theirs
    """

    version: int
    since: datetime
    data_through: datetime
    newest_data: datetime
    age_s: float
    held: bool
    held_because: str | None
    carried_over: CarriedOver | None = None


class Newest(msgspec.Struct, frozen=True):
    """The newest version; `outcome` is that of its newest verdict, None when it was not judged."""

    version: int
    state: State
    published_at: datetime
    data_through: datetime
    outcome: str | None
    judged_at: datetime | None


class Waiting(msgspec.Struct, frozen=True):
    """Something that goes on only when somebody acts.

    what  `approval`, `held`, `candidate`, `refused`, `unjudged`, `untracked`
    who   who has to: the set's owner, or a person where the contract names none
    """

    what: str
    who: str
    text: str
    remedy: str


class SetStatus(msgspec.Struct, frozen=True):
    """How one set stands, the answer of `estimates status`.

    published_every_s  median seconds between the last versions; cadence is what the contract says
    next_expected      newest version's publication + cadence; overdue when that has passed
    stale              age of production's data above `max_age`; None when the contract has no
                       maximum age
    legal_holds        those that stand
    inputs             the versions of other sets that production was made of
    read_by            the versions in production of other sets that were made of this one
    problems           what `--check` fails for, worst first: `stale`; `overdue`: the next version
                       is later than the cadence or a deadline; `failed`: the last run did;
                       `held`: production, since a rollback; `nothing_promoted`
    last_run           the newest run, failed ones too; None where none is on record
    waiting            what waits for a person: a request for approvals, a hold, a version
                       to be promoted, a refused one, runs that MLflow does not have
    requests           what waits for approvals, with all that is known of it
    deadline           the next one, whether a run still makes it; None without `due`
    retired            when the set was retired; None while it takes versions
    punctuality        with `--slo`: how many deadlines were met
    """

    set: str
    description: str
    owner: str
    versions: int
    newest: Newest | None
    production: Production | None
    aliases: dict[str, int]
    published_every_s: float | None
    cadence: str | None
    next_expected: datetime | None
    overdue: bool | None
    max_age: str | None
    stale: bool | None
    legal_holds: list[LegalHold]
    inputs: list[SetRead]
    read_by: list[ReadBy]
    problems: list[str]
    last_run: Run | None
    waiting: list[Waiting]
    requests: list[OpenRequest]
    deadline: NextDeadline | None
    retired: datetime | None
    punctuality: Punctuality | None


def set_status(
    view: View, name: str, now: datetime, runs: list[Run], slo_since: datetime | None = None
) -> SetStatus:
    """How a set stands at a moment.

    runs       of the set, newest first
    slo_since  from when on its deadlines are counted; None: they are not
    """
    estimate_set = view.set(name)
    fresh = freshness(estimate_set, now)
    production = _production(estimate_set, now)
    in_production = estimate_set.production
    last_run = runs[0] if runs else None
    is_so = {
        "stale": bool(fresh.stale),
        "overdue": bool(fresh.overdue),
        "failed": last_run is not None and last_run.status in _FAILED,
        "held": production is not None and production.held,
        "nothing_promoted": production is None,
    }
    retirement = estimate_set.retirement
    requests = open_requests(estimate_set, max(now, view.moment))
    return SetStatus(
        set=name,
        description=estimate_set.contract.description,
        owner=estimate_set.contract.owner,
        versions=len(estimate_set.versions),
        newest=_newest(view, estimate_set),
        production=production,
        aliases={alias.alias: alias.version for alias in estimate_set.aliases.values()},
        published_every_s=_usual_gap_s(estimate_set),
        cadence=fresh.cadence,
        next_expected=fresh.next_expected,
        overdue=fresh.overdue,
        max_age=fresh.max_age,
        stale=fresh.stale,
        legal_holds=estimate_set.holds,
        inputs=[] if in_production is None else sets_read(view, in_production),
        read_by=read_by(view, name),
        problems=[] if retirement else [problem for problem in PROBLEMS if is_so[problem]],
        last_run=last_run,
        waiting=[] if retirement else list(_waiting(view, estimate_set, runs, requests)),
        requests=requests,
        deadline=next_deadline(estimate_set, runs, now),
        retired=None if retirement is None else retirement.at,
        punctuality=_punctuality(estimate_set, runs, slo_since, now),
    )


def last_verdict(estimate_set: SetView, version: int) -> Event | None:
    """The event of a version's newest verdict."""
    verdicts = (e for e in reversed(estimate_set.events) if e.kind == "judged")
    return next((event for event in verdicts if event.version == version), None)


def _newest(view: View, estimate_set: SetView) -> Newest | None:
    if not estimate_set.versions:
        return None
    version = estimate_set.versions[-1]
    verdict = last_verdict(estimate_set, version.version)
    return Newest(
        version.version,
        view.state(version),
        version.published_at,
        version.data_through,
        verdict.details.get("outcome") if verdict else None,
        verdict.at if verdict else None,
    )


def _production(estimate_set: SetView, now: datetime) -> Production | None:
    alias = estimate_set.aliases.get(PRODUCTION)
    if alias is None:
        return None
    version = estimate_set.versions[alias.version - 1]
    return Production(
        version.version,
        estimate_set.moves[PRODUCTION][-1][0],
        version.data_through,
        version.newest_data,
        (now - version.newest_data).total_seconds(),
        alias.held,
        _rollback_reason(estimate_set) if alias.held else None,
        version.provenance.carried_over,
    )


def _rollback_reason(estimate_set: SetView) -> str | None:
    rollbacks = (e for e in reversed(estimate_set.events) if e.kind == "rolled_back")
    return next((event.reason for event in rollbacks if event.alias == PRODUCTION), None)


def _usual_gap_s(estimate_set: SetView) -> float | None:
    published = [version.published_at for version in estimate_set.versions[-_RECENT:]]
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(published)]
    return median(gaps) if gaps else None


def _punctuality(
    of_set: SetView, runs: list[Run], since: datetime | None, now: datetime
) -> Punctuality | None:
    if since is None or of_set.contract.freshness.due is None:
        return None
    return punctuality(deadlines_until(of_set, runs, now), since)


def _waiting(
    view: View, of_set: SetView, runs: list[Run], requests: list[OpenRequest]
) -> Iterator[Waiting]:
    """What goes on only when somebody acts, what readers miss most first."""
    name = of_set.contracts[0].set
    who = of_set.contract.owner or "a person"
    alias, newest = of_set.aliases.get(PRODUCTION), of_set.versions[-1:]
    above = 0 if alias is None else alias.version
    if alias is not None and alias.held:
        text = "production is held since a rollback"
        yield Waiting("held", who, text, f'estimates promote {name} VERSION --reason "…"')
    for request in requests:
        yield _approval(name, request)
    asked_for = {request.version for request in requests if request.act == "promote"}
    for version in newest:
        state, number = view.state(version), version.version
        is_behind = alias is not None and version.is_behind(of_set.versions[above - 1])
        if number <= above or is_behind or state not in _NEXT or number in asked_for:
            continue
        text, remedy = _NEXT[state]
        yield Waiting(state, who, text.format(number), remedy.format(name, number))
    untracked = [run for run in runs[:_UNTRACKED_AMONG] if _is_untracked(run)]
    if untracked:
        text = f"MLflow does not have {count(len(untracked), 'run')}"
        yield Waiting("untracked", who, text, f"estimates track {name}")


def _approval(name: str, request: OpenRequest) -> Waiting:
    """A request, and who of the approvers may still approve it."""
    others = [who for who in request.approvers if who not in (*request.never, *request.approved)]
    by = "a run" if request.automatic else request.asked_by
    verb = "wants" if request.act == "define" else "wants to"
    more = "" if request.missing == 1 else f", which takes {request.missing} approvals more"
    text = f"{by} {verb} {request.text}{more}"
    remedy = f"estimates approve {name} {request.id}"
    return Waiting("approval", ", ".join(others), text, remedy)


# What a newest version above production waits for, by its state: text and remedy.
_NEXT = {
    "candidate": ("version {} passes and is not promoted", 'estimates promote {} {} --reason "…"'),
    "refused": ("version {} was refused by the gate", "estimates gate {} {}"),
    "unjudged": ("version {} is not judged", "estimates gate {} {}"),
}


def _is_untracked(run: Run) -> bool:
    return run.version is not None and run.mlflow_run is None and run.status != "running"
