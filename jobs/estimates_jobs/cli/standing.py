"""How a set stands at a moment: how old its estimates are, when the next are expected, what
production is.
"""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from statistics import median

import msgspec

from estimates.catalog.freshness import freshness
from estimates.catalog.records import Event, State
from estimates.catalog.ref import PRODUCTION
from estimates.catalog.set_view import SetView
from estimates.catalog.view import View

_LAST = 20  # versions from which the usual time between two is taken


class Production(msgspec.Struct, frozen=True):
    """What production points to, since when, and the reason of a hold."""

    version: int
    since: datetime
    data_through: datetime
    age_s: float
    held: bool
    held_because: str | None


class Newest(msgspec.Struct, frozen=True):
    """The newest version; `outcome` is that of its newest verdict, None when it was not judged."""

    version: int
    state: State
    published_at: datetime
    data_through: datetime
    outcome: str | None
    judged_at: datetime | None


class Standing(msgspec.Struct, frozen=True):
    """The answer of `estimates status` for one set.

    published_every_s  median seconds between the last versions; cadence is what the contract says
    next_expected      newest version's publication + cadence; overdue when that has passed
    stale              age of production's data above `max_age`; None when the contract has no
                       maximum age
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
    problems: list[str]


def standing(view: View, name: str, now: datetime) -> Standing:
    """How a set stands at a moment."""
    found = view.set(name)
    fresh = freshness(found, now)
    newest, production = _newest(view, found), _production(found, now)
    problems = {"nothing_promoted": production is None, "stale": bool(fresh.stale)}
    return Standing(
        set=name,
        description=found.contract.description,
        owner=found.contract.owner,
        versions=len(found.versions),
        newest=newest,
        production=production,
        aliases={alias.alias: alias.version for alias in found.aliases.values()},
        published_every_s=_usual_gap(found),
        cadence=fresh.cadence,
        next_expected=fresh.next_expected,
        overdue=fresh.overdue,
        max_age=fresh.max_age,
        stale=fresh.stale,
        problems=[problem for problem, is_so in problems.items() if is_so],
    )


def last_verdict(found: SetView, version: int) -> Event | None:
    """The event of a version's newest verdict."""
    return next(
        (e for e in reversed(found.events) if e.kind == "judged" and e.version == version), None
    )


def _newest(view: View, found: SetView) -> Newest | None:
    if not found.versions:
        return None
    version = found.versions[-1]
    judged = last_verdict(found, version.version)
    return Newest(
        version.version,
        view.state(version),
        version.published_at,
        version.data_through,
        None if judged is None else judged.details.get("outcome"),
        None if judged is None else judged.at,
    )


def _production(found: SetView, now: datetime) -> Production | None:
    alias = found.aliases.get(PRODUCTION)
    if alias is None:
        return None
    version = found.versions[alias.version - 1]
    held_by = next(
        (e for e in reversed(found.events) if e.kind == "rolled_back" and e.alias == PRODUCTION),
        None,
    )
    return Production(
        version.version,
        alias.moved_at,
        version.data_through,
        (now - version.data_through).total_seconds(),
        alias.held,
        held_by.reason if alias.held and held_by is not None else None,
    )


def _usual_gap(found: SetView) -> float | None:
    published = [version.published_at for version in found.versions[-_LAST:]]
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(published)]
    return median(gaps) if gaps else None
