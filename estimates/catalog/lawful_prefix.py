"""A set whose log has an unlawful event stays at what it was before it: what its rows say beyond
that, and what later events changed of them, counts for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec
import sqlalchemy as sa

from estimates.catalog import schema
from estimates.catalog.agreement import Changes, changes_of, check_set
from estimates.catalog.law import Law
from estimates.catalog.records import (
    Alias,
    ContractRevision,
    Erasure,
    Event,
    LegalHold,
    Version,
    Waiver,
)
from estimates.catalog.rows import matching, read_at_its_time
from estimates.catalog.set_view import SetView

_MADE = ("defined", "published", "waived", "hold_placed", "erased")


def lawful_events(events: Sequence[Event], before: Law, law: Law) -> list[Event]:
    """The events without the unlawful ones, and of a set without what came after one.

    before, law  the law before and after these events
    """
    if not law.unlawful:
        return list(events)
    stopped = set(before.stopped)
    unlawful = {each.event for each in law.unlawful}
    counting: list[Event] = []
    for event in events:
        if event.id in unlawful and event.set:
            stopped.add(event.set)
        if event.id not in unlawful and event.set not in stopped:
            counting.append(event)
    return counting


def read_lawful_prefix(
    tx: sa.Connection, name: str, events: list[Event], corrected: Mapping[datetime, datetime]
) -> SetView:
    """A set's view as its lawful events made it, all of them in order.

    Raises CorruptError (`record_missing`, `record_damaged`) where a row that they made is gone or
    was changed.
    """
    changes = changes_of(events)
    made = {kind: [event for event in events if event.kind == kind] for kind in _MADE}
    contracts, versions = schema.contracts.c, schema.versions.c
    waivers, holds, erasures = schema.waivers.c, schema.holds.c, schema.erasures.c
    known = matching(schema.contracts, set=name) & (contracts.revision <= len(made["defined"]))
    of_set = matching(schema.versions, set=name) & (versions.version <= len(made["published"]))
    waived = [event.id for event in made["waived"] if event.id not in changes.ended]
    on_hold = [event.id for event in made["hold_placed"] if event.id not in changes.ended]
    erased = [event.id for event in made["erased"]]
    view = SetView(
        read_at_its_time(tx, ContractRevision, known, contracts.revision, corrected),
        [
            _as_changed(version, changes)
            for version in read_at_its_time(tx, Version, of_set, versions.version, corrected)
        ],
        events,
        {alias.alias: alias for alias in _aliases(events)},
        read_at_its_time(tx, Waiver, waivers.id.in_(waived), waivers.id, corrected),
        read_at_its_time(tx, LegalHold, holds.id.in_(on_hold), holds.id, corrected),
        read_at_its_time(tx, Erasure, erasures.id.in_(erased), erasures.id, corrected),
        {},
    )
    check_set(name, view, view.aliases.values())
    return view


def _as_changed(version: Version, changes: Changes) -> Version:
    """A version with the end and the MLflow run that events say."""
    about = version.set, version.version
    return msgspec.structs.replace(
        version, expired_at=changes.expired.get(about), mlflow_run=changes.runs.get(about)
    )


def _aliases(events: Iterable[Event]) -> list[Alias]:
    """Where the last move of each alias put it."""
    last = {event.alias: event for event in events if event.alias is not None}
    return [
        Alias(event.set, alias, event.version, event.at, event.kind == "rolled_back")
        for alias, event in last.items()
        if event.version is not None
    ]
