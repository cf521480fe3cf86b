"""Sets made of events alone, for tests that need no database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from estimates.catalog.records import Alias, ContractRevision, Event, LogHead, Provenance, Version
from estimates.catalog.set_view import SetView
from estimates.catalog.view import View
from tests.builders import SET, contract, source

START = datetime(2026, 11, 24, tzinfo=UTC)
ZERO = "0" * 64


def hour(number: float) -> datetime:
    """So many hours after the start."""
    return START + timedelta(hours=number)


def event(number: int, kind: str, version: int | None = None, **fields: Any) -> Event:
    """An event of the set, at the hour of its number; `fields` are those of `Event`."""
    known = {"set": SET, "actor": "ann", "at": hour(number)} | fields
    return Event(id=number, kind=kind, version=version, **known)


def promoted(number: int, version: int, **fields: Any) -> Event:
    """A promotion to production."""
    return event(number, "promoted", version, **({"alias": "production"} | fields))


def rolled_back(number: int, version: int, left: int, **fields: Any) -> Event:
    """Production goes from one version back to another."""
    known = {"alias": "production", "from_version": left} | fields
    return event(number, "rolled_back", version, **known)


def version(number: int, **fields: Any) -> Version:
    """A version whose content is its own; `fields` are those of `Version`."""
    known: dict[str, Any] = {
        "set": SET,
        "snapshot_id": f"snapshot {number}",
        "shape": 1,
        "contract_revision": 1,
        "rows": 6,
        "published_at": hour(number),
        "provenance": Provenance(hour(number), f"run-{number}"),
    }
    return Version(version=number, **(known | fields))


def revision(number: int = 1, more: str = "", *, shape: int = 1) -> ContractRevision:
    """A registered contract of the set; `more` is TOML put behind it."""
    body = msgspec.Raw(msgspec.json.encode(contract(more=more)))
    return ContractRevision(SET, number, shape, hour(0), "ann", body, source(more=more))


def aliases_of(events: tuple[Event, ...]) -> dict[str, Alias]:
    """Where the last move of each alias put it."""
    last = {e.alias: e for e in events if e.alias is not None}
    return {
        alias: Alias(e.set, alias, e.version, e.at, e.kind == "rolled_back")
        for alias, e in last.items()
        if e.version is not None
    }


def set_of(
    *events: Event, versions: list[Version] | None = None, more: str = "", **rows: Any
) -> SetView:
    """A set as these events made it; `more` belongs to its one contract, `rows` are other fields of
    its view.
    """
    known: dict[str, Any] = {
        "contracts": [revision(more=more)],
        "versions": [] if versions is None else versions,
        "events": list(events),
        "aliases": aliases_of(events),
    }
    return SetView(**(known | rows))


def view_of(moment: datetime | None = None, **sets: SetView) -> View:
    """A moment of the catalog with these sets."""
    last = max((e.id for s in sets.values() for e in s.events), default=0)
    moment = moment or hour(last)
    return View(sets, moment, moment, LogHead("store", last, ZERO))
