"""How a set stands at a moment: the age of its estimates, the next expected, production."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

import msgspec

from estimates.catalog.freshness import freshness
from estimates.catalog.records import CarriedOver, Event, LegalHold, State
from estimates.catalog.ref import PRODUCTION
from estimates.catalog.set_view import SetView
from estimates.catalog.sets_read import ReadBy, SetRead, read_by, sets_read
from estimates.catalog.view import View
from estimates.render.wording import count
from estimates_jobs.cli.output import cells, terminal

_PROBLEMS = {"nothing_promoted": "nothing promoted", "stale": "stale"}
_NAMED = 5  # groups
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


class SetStatus(msgspec.Struct, frozen=True):
    """How one set stands, the answer of `estimates status`.

    published_every_s  median seconds between the last versions; cadence is what the contract says
    next_expected      newest version's publication + cadence; overdue when that has passed
    stale              age of production's data above `max_age`; None when the contract has no
                       maximum age
    legal_holds        those that stand
    inputs             the versions of other sets that production was made of
    read_by            the versions in production of other sets that were made of this one
    problems           what `--check` fails for: `nothing_promoted`, `stale`
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


def set_status(view: View, name: str, now: datetime) -> SetStatus:
    """How a set stands at a moment."""
    estimate_set = view.set(name)
    fresh = freshness(estimate_set, now)
    production = _production(estimate_set, now)
    in_production = estimate_set.production
    problems = {"nothing_promoted": production is None, "stale": bool(fresh.stale)}
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
        problems=[problem for problem, is_so in problems.items() if is_so],
    )


def last_verdict(estimate_set: SetView, version: int) -> Event | None:
    """The event of a version's newest verdict."""
    verdicts = (e for e in reversed(estimate_set.events) if e.kind == "judged")
    return next((event for event in verdicts if event.version == version), None)


def show_status(status: SetStatus) -> None:
    """Print how one set stands."""
    newest, production = status.newest, status.production
    pairs: list[tuple[str, cells.Cell]] = [("owner", status.owner or None)]
    if newest is not None:
        state = newest.state.replace("_", " ")
        published = f"published {cells.instant(newest.published_at)}"
        pairs += [
            ("last version", f"{newest.version} ({state}), {published}"),
            ("its verdict", newest.outcome or "not judged"),
        ]
    if production is not None:
        through = cells.instant(production.data_through)
        newest = cells.instant(production.newest_data)
        pairs += [
            ("production", f"version {production.version} since {cells.instant(production.since)}"),
            ("hold", f"held: {production.held_because}" if production.held else "no"),
            ("data through", through),
            ("newest data", f"{newest}, {_duration(production.age_s)} ago"),
            ("carried over", _carried_over(production.carried_over)),
        ]
    others = (f"{alias} → {n}" for alias, n in status.aliases.items() if alias != PRODUCTION)
    pairs += [
        ("maximum age", _freshness(status)),
        ("updated", _rhythm(status)),
        ("next expected", _expected(status)),
        ("other aliases", ", ".join(others) or None),
        ("made of", ", ".join(map(_set_read, status.inputs)) or None),
        (
            "read by",
            ", ".join(f"{r.set} {r.version} (of {r.read})" for r in status.read_by) or None,
        ),
        *(("legal hold", _legal_hold(hold)) for hold in status.legal_holds),
        ("attention", _attention(status) or None),
    ]
    terminal.line(f"{status.set}  {status.description}".rstrip(), "bold")
    terminal.pairs(pairs)


def _set_read(read: SetRead) -> str:
    """A version of another set, and what became of it where it is no longer in production."""
    if read.version == read.production:
        return f"{read.set} {read.version}"
    now = "nothing" if read.production is None else f"{read.production}"
    state = f"{read.state.replace('_', ' ')}, " if read.state == "rolled_back" else ""
    return f"{read.set} {read.version} ({state}production is {now})"


def _carried_over(carried: CarriedOver | None) -> str | None:
    if carried is None:
        return None
    named = ", ".join(carried.groups[:_NAMED])
    more = f" and {len(carried.groups) - _NAMED} more" if len(carried.groups) > _NAMED else ""
    rows = count(carried.rows, "row")
    return f"{carried.by} {named}{more}: {rows} of version {carried.since}"


def show_statuses(statuses: Sequence[SetStatus]) -> None:
    """Print how several sets stand, a row each."""
    rows = [_row(status) for status in statuses]
    carried = [s.production.carried_over if s.production else None for s in statuses]
    if any(carried):
        for row, groups_of in zip(rows, carried, strict=True):
            row["carried over"] = len(groups_of.groups) if groups_of else ""
    if any(status.legal_holds for status in statuses):
        for row, status in zip(rows, statuses, strict=True):
            row["legal holds"] = len(status.legal_holds) or ""
    terminal.records(rows)


def _row(status: SetStatus) -> dict[str, cells.Cell]:
    newest, production = status.newest, status.production
    return {
        "set": status.set,
        "last version": newest.version if newest else None,
        "published": cells.instant(newest.published_at) if newest else None,
        "verdict": newest.outcome if newest else None,
        "production": production.version if production else None,
        "held": "held" if production and production.held else "",
        "data age": _duration(production.age_s) if production else None,
        "max age": status.max_age,
        "next expected": _expected(status) or "",
        "attention": _attention(status),
    }


def _legal_hold(hold: LegalHold) -> str:
    what = "all versions" if hold.version is None else f"version {hold.version}"
    since = cells.instant(hold.at)
    return f"{hold.id}: {what} since {since} by {hold.actor}: {hold.reason}"


def _attention(status: SetStatus) -> str:
    return ", ".join(_PROBLEMS[problem] for problem in status.problems)


def _duration(seconds: float) -> str:
    return cells.duration(timedelta(seconds=seconds))


def _rhythm(status: SetStatus) -> str:
    cadence = status.cadence
    promised = "no cadence in the contract" if cadence is None else f"every {cadence} by contract"
    if status.published_every_s is None:
        return promised
    usual = _duration(status.published_every_s)
    return f"{promised}; {status.versions} versions, usually {usual} apart"


def _freshness(status: SetStatus) -> str:
    if status.max_age is None or status.stale is None:
        return status.max_age or "not checked"
    return f"{status.max_age}: {'stale' if status.stale else 'fresh'}"


def _expected(status: SetStatus) -> str | None:
    if status.next_expected is None:
        return None
    return f"{cells.instant(status.next_expected)}{' (overdue)' if status.overdue else ''}"


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
