"""The event log: every change of what a reader could see appends one event to it."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa

from estimates import instants
from estimates.catalog import schema
from estimates.catalog.database_errors import REBUILD
from estimates.catalog.event_chain import (
    BEGINNING,
    NAMES,
    Entry,
    Record,
    as_made,
    link,
    record_digest,
)
from estimates.catalog.event_kinds import EventKind
from estimates.catalog.records import (
    ContractRevision,
    Erasure,
    Event,
    Judged,
    LegalHold,
    LogHead,
    Scored,
    Version,
    Waiver,
)
from estimates.catalog.rows import UNREADABLE, insert, matching, read
from estimates.catalog.seal import Link
from estimates.errors import CorruptError, InvalidError
from estimates.principals.rights import ACCESS

# Gives the signature of the event that is appended, over its digest; `Guard.sign`.
Sign = Callable[[sa.Connection, Event, str], str | None]
LONGEST_TEXT = 10_000  # characters of a reason or a name: all views have it in memory
COUNTER = sa.select(schema.log.c.last_event, schema.log.c.last_at)


class Head(NamedTuple):
    """The end of the log, and what else is known of it as a whole.

    digest         that of the newest event; `BEGINNING` while there is none
    chained_later  events up to this one happened before there was a chain
    store_id       what the store's root has to say, too
    """

    last_event: int
    last_at: datetime
    digest: str
    chained_later: int
    store_id: str

    def log_head(self) -> LogHead:
        """The newest event and its digest, for a witness outside the store."""
        return LogHead(self.store_id, self.last_event, self.digest)


def read_head(tx: sa.Connection) -> Head:
    """The end of the log and the identity of its store."""
    log = schema.log.c
    columns = (log.last_event, log.last_at, log.head, log.chained_later, log.store_id)
    last_event, last_at, *chain = tx.execute(sa.select(*columns)).one()
    return Head(last_event, instants.from_micros(last_at), *chain)


def next_event(
    tx: sa.Connection, kind: EventKind, set_name: str, actor: str, **fields: Any
) -> Event:
    """The event with these fields that `append` can append now.

    It has the next id, and a time after every earlier event's even if the clock went back.
    Raises InvalidError (`bad_text`).
    """
    last_event, last_at = tx.execute(COUNTER).one()
    at = instants.from_micros(max(instants.micros(instants.now()), last_at + 1))
    return make_event(tx, Event(last_event + 1, at, set_name, kind, actor, **fields))


def make_event(tx: sa.Connection, event: Event) -> Event:
    """An event with the claim of whoever makes it; raises InvalidError (`bad_text`)."""
    claimed = tx.get_execution_options().get("claimed")
    if claimed not in (None, event.actor):
        event = msgspec.structs.replace(event, claimed=claimed)
    check_text(actor=event.actor, claimed=event.claimed, reason=event.reason)
    return event


def next_event_about(
    tx: sa.Connection, kind: EventKind, version: Version, actor: str, **fields: Any
) -> Event:
    """The next event, about a version; raises InvalidError (`bad_text`)."""
    return next_event(tx, kind, version.set, actor, version=version.version, **fields)


def append(tx: sa.Connection, event: Event, record: Record | None = None) -> Event:
    """Append the next event, and the record that it makes, to the chain, signed where the store
    has an access record; gives the event.

    Raises what `Guard.sign` raises.
    """
    records = {} if record is None else {NAMES[type(record)]: record_digest(record)}
    digest = link(tx.execute(sa.select(schema.log.c.head)).scalar_one(), event, records)
    sign: Sign | None = tx.get_execution_options().get("sign")
    signature = None if sign is None else sign(tx, event, digest)
    at = instants.micros(event.at)
    tx.execute(schema.log.update().values(last_event=event.id, last_at=at, head=digest))
    named = msgspec.json.encode(records).decode()
    insert(tx, event, records=named, digest=digest, signature=signature)
    if record is not None:
        insert(tx, record, digest=records[NAMES[type(record)]])
    return event


def record_of(tx: sa.Connection, event: Event) -> Record | None:
    """The record that an event made, as it is now; None for an event that makes none.

    Raises CorruptError (`record_damaged`, `record_missing`).
    """
    place = place_of(event)
    if place is None:
        return None
    kind, condition = place
    records = read(tx, kind, condition)
    if not records:
        raise CorruptError(
            "record_missing",
            f"{event.set}: the catalog lacks what event {event.id} ({event.kind}) made",
            remedy=REBUILD,
        )
    return records[0]


def place_of(event: Event) -> tuple[type[Record], sa.ColumnElement[bool]] | None:
    """What an event's record is, and the condition for its row; None for an event without one."""
    match event.kind:
        case "defined":
            revision = event.details["revision"]
            return ContractRevision, matching(schema.contracts, set=event.set, revision=revision)
        case "published":
            return Version, matching(schema.versions, set=event.set, version=event.version)
        case "judged":
            return Judged, matching(schema.verdicts, event=event.id)
        case "scored":
            return Scored, matching(schema.scores, event=event.id)
        case "waived":
            return Waiver, matching(schema.waivers, id=event.id)
        case "hold_placed":
            return LegalHold, matching(schema.holds, id=event.id)
        case "erased":
            return Erasure, matching(schema.erasures, id=event.id)
        case _:
            return None


def entries(tx: sa.Connection, after: int, limit: int | None = None) -> Iterator[Entry]:
    """What the log holds after an event, oldest first, of at most so many events.

    Raises CorruptError (`record_damaged`, `record_missing`).
    """
    table = schema.events
    of_last = sa.select(table.c.digest).where(table.c.id == after)
    previous = BEGINNING if after == 0 else tx.execute(of_last).scalar_one()
    wanted = table.c.id > after
    if limit is not None:
        wanted &= table.c.id <= after + limit
    columns = (table.c.digest, table.c.records, table.c.signature)
    links = sa.select(*columns).where(wanted).order_by(table.c.id)
    events = read(tx, Event, wanted, table.c.id)
    for event, (digest, named, signature) in zip(events, tx.execute(links).all(), strict=True):
        record = record_of(tx, event)
        if record is None:
            yield Entry(event, previous, digest, signature=signature)
        else:
            content = as_made(record)
            yield Entry(
                event,
                previous,
                digest,
                {NAMES[type(record)]: msgspec.Raw(content)},
                _erased_from(record, named),
                signature,
            )
        previous = digest


def _erased_from(record: Record, named: str | None) -> dict[str, str]:
    """What an event named of a verdict from which something was erased since."""
    if not isinstance(record, Judged):
        return {}
    digests = msgspec.json.decode(named or "{}", type=dict[str, str])
    return {} if digests == {NAMES[Judged]: record_digest(record)} else digests


def has_record(tx: sa.Connection) -> bool:
    """Whether the log has an access record, lawful or not."""
    record = matching(schema.events, set="", kind=ACCESS)
    return tx.execute(sa.select(schema.events.c.id).where(record).limit(1)).first() is not None


def continues(tx: sa.Connection, known: LogHead, head: LogHead) -> bool:
    """Whether the log still holds the event that it ended with.

    It does not when the catalog came back from a backup.
    """
    return known == head or digest_of(tx, known.event) == known.digest


def digest_of(tx: sa.Connection, event: int) -> str | None:
    """The link of an event in the chain; None where the log has no such event."""
    table = schema.events
    return tx.execute(sa.select(table.c.digest).where(table.c.id == event)).scalar()


def chained_links(tx: sa.Connection, after: LogHead, head: Head) -> list[Link]:
    """The events after an earlier head of the log up to its end, oldest first, with their
    digests and signatures.

    Raises CorruptError (`chain_broken`) where they are not what the chain says.
    """
    if after == head.log_head():
        return []
    table = schema.events
    wanted = table.c.id > after.event
    events = read(tx, Event, wanted, table.c.id)
    columns = (table.c.records, table.c.digest, table.c.signature)
    rows = tx.execute(sa.select(*columns).where(wanted).order_by(table.c.id))
    previous, number, at = after.digest, after.event, None
    links: list[Link] = []
    for event, (records, digest, signature) in zip(events, rows, strict=True):
        number += 1
        if event.id != number or _link(previous, event, records) != digest:
            raise _broken(f"event {number}")
        links.append(Link(event, digest, signature))
        previous, at = digest, event.at
    if (number, previous) != (head.last_event, head.digest) or at not in (None, head.last_at):
        raise _broken("the end of the log")
    return links


def _link(previous: str, event: Event, records: str | None) -> str | None:
    """The digest of an event as its row says it; None where that cannot be read."""
    try:
        named = msgspec.json.decode(records or "{}", type=dict[str, str])
        return link(previous, event, named)
    except UNREADABLE:
        return None


def _broken(what: str) -> CorruptError:
    return CorruptError(
        "chain_broken",
        f"{what} is not what the chain says",
        remedy=f"see `estimates audit`, then {REBUILD}",
    )


def check_text(**texts: str | None) -> None:
    """Refuse text that a database or a file cannot hold, or that no page and no table can show:
    raises InvalidError (`bad_text`).
    """
    for name, text in texts.items():
        if text is not None and len(text) > LONGEST_TEXT:
            raise InvalidError(
                "bad_text",
                f"{name} has {len(text):,} characters: {text[:50]!r}…",
                remedy=f"write at most {LONGEST_TEXT:,}, and where the rest is to be read",
            )
        if text is not None and (
            "\0" in text or (not text.isascii() and text != text.encode("utf-8", "ignore").decode())
        ):
            raise InvalidError(
                "bad_text",
                f"{name} has a NUL or half a character: {text!r}",
                remedy="write it without these",
            )
