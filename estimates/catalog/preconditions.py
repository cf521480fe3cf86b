"""What has to be true still when a write commits; a condition that is not raises an error."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from estimates import instants
from estimates.catalog import schema
from estimates.catalog.expiry import expired_error, expiry_of
from estimates.catalog.records import Alias, ContractRevision, Event, Version
from estimates.catalog.rows import matching, of_version, read
from estimates.errors import ConflictError


def check_newest(tx: sa.Connection, used: ContractRevision) -> None:
    """Raises ConflictError (`contract_changed`) when a contract is no longer its set's newest."""
    table = schema.contracts
    highest = sa.select(sa.func.max(table.c.revision)).where(table.c.set == used.set)
    newest = tx.execute(highest).scalar()
    if newest != used.revision:
        raise contract_changed(used.set, newest, used.revision)


def contract_changed(name: str, newest: int | None, used: int) -> ConflictError:
    """The error (`contract_changed`) for a contract that is no longer its set's newest."""
    return ConflictError(
        "contract_changed",
        f"{name}: contract revision {newest} was defined meanwhile (this used {used})",
        remedy="run again",
    )


def newest_retirement(tx: sa.Connection, set_name: str, after: int = 0) -> Event | None:
    """The newest event that retired a set, or took it into use again; None where there is none
    after an event.
    """
    table = schema.events
    here = matching(table, set=set_name) & (table.c.id > after)
    kinds = table.c.kind.in_(("retired", "unretired"))
    newest = read(tx, Event, here & kinds, table.c.id.desc(), limit=1)
    return newest[0] if newest else None


def check_in_use(tx: sa.Connection, set_name: str, seen_event: int) -> None:
    """Raises ConflictError (`retired`) when a set was retired since an event."""
    newest = newest_retirement(tx, set_name, seen_event)
    if newest is not None and newest.kind == "retired":
        raise retired_error(newest)


def retired_error(retirement: Event) -> ConflictError:
    """The error (`retired`) for a version of a set that takes none any more, new or promoted."""
    name = retirement.set
    return ConflictError(
        "retired",
        f"{name}: was retired at {instants.text(retirement.at)} by {retirement.actor}: "
        f"{retirement.reason}; it takes no new versions, and none is promoted",
        remedy=f"`estimates unretire {name} --reason …` takes it into use again",
    )


def check_unexpired(tx: sa.Connection, version: Version) -> None:
    """Raises NotFoundError (`expired`) when a version's files are gone."""
    table, events = schema.versions, schema.events
    expired_at = sa.select(table.c.expired_at).where(matching(table, **of_version(version)))
    if tx.execute(expired_at).scalar_one() is not None:
        by = matching(events, **of_version(version), kind="expired")
        (event,) = read(tx, Event, by)
        raise expired_error(version, expiry_of(event))


def check_not_on_hold(tx: sa.Connection, version: Version) -> None:
    """Raises ConflictError (`legal_hold`) when a legal hold keeps a version."""
    table = schema.holds
    here = standing_holds(version.set) & (
        table.c.version.is_(None) | (table.c.version == version.version)
    )
    hold = tx.execute(sa.select(table.c.id, table.c.reason, table.c.version).where(here)).first()
    if hold is not None:
        raise ConflictError(
            "legal_hold",
            f"{version.set}: version {version.version} is under legal hold {hold.id} "
            f"({hold.reason}) and stays until that is released",
            remedy=f"`estimates hold {version.set} {hold.version or 'all'} --release {hold.id} "
            "--reason …` releases it",
            hold=hold.id,
        )


def standing_holds(set_name: str) -> sa.ColumnElement[bool]:
    """The condition for the legal holds of a set that were not released."""
    return matching(schema.holds, set=set_name) & schema.holds.c.ended_at.is_(None)


def is_held_whole(tx: sa.Connection, set_name: str) -> bool:
    """Whether a legal hold keeps all of a set's files."""
    whole = standing_holds(set_name) & schema.holds.c.version.is_(None)
    return tx.execute(sa.select(schema.holds.c.id).where(whole)).first() is not None


def check_unmoved(tx: sa.Connection, set_name: str, alias: str, expected: Alias | None) -> None:
    """Raises ConflictError (`moved`) when an alias is not where it was seen, or moved since."""
    table = schema.aliases
    place = sa.select(table.c.version, table.c.moved_at).where(
        matching(table, set=set_name, alias=alias)
    )
    row = tx.execute(place).one_or_none()
    if (row and tuple(row)) != (expected and (expected.version, expected.moved_at)):
        raise moved_error(set_name, alias, expected)


def moved_error(set_name: str, alias: str, expected: Alias | None) -> ConflictError:
    """The error (`moved`) for an alias that somebody else moved."""
    seen = "nothing" if expected is None else f"version {expected.version} as before"
    return ConflictError(
        "moved",
        f"{set_name}: {alias} does not point to {seen}: somebody else moved it",
        remedy="look and decide again",
    )


def check_waivers(
    tx: sa.Connection, version: Version, judged_with: Collection[int], at: datetime
) -> None:
    """Raises ConflictError (`waivers_changed`) unless a verdict was made with the active waivers.

    judged_with  the waivers of the verdict; at: the moment at which waivers have to be active
    """
    table = schema.waivers
    active = (
        matching(table, set=version.set, snapshot_id=version.snapshot_id)
        & table.c.ended_at.is_(None)
        & (table.c.until > at)
    )
    if set(tx.execute(sa.select(table.c.id).where(active)).scalars()) != set(judged_with):
        raise ConflictError(
            "waivers_changed",
            f"{version.set}: the waivers of version {version.version} are not those that it was "
            "judged with: one was given, taken back or ended meanwhile",
            remedy="promote again",
        )
