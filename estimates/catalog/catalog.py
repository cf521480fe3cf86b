"""The catalog: its writes, each one transaction that ends with an event, and its reads."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from estimates import instants
from estimates.catalog import schema
from estimates.catalog.access_writes import AccessWrites
from estimates.catalog.alias_moves import AliasMoves
from estimates.catalog.approval_writes import ApprovalWrites
from estimates.catalog.approved_moves import unlawful_moves
from estimates.catalog.audit import Fault, audit_chain, audit_law, audit_rows, lost_tables
from estimates.catalog.clock import REPAIR, corrections
from estimates.catalog.clock_repair import ClockRepair
from estimates.catalog.engine import check_revision, check_still, make_engine, reading
from estimates.catalog.erasure_writes import ErasureWrites
from estimates.catalog.event_chain import BEGINNING, Entry, Record
from estimates.catalog.event_log import (
    COUNTER,
    Head,
    chained_links,
    continues,
    digest_of,
    entries,
    read_head,
    record_of,
)
from estimates.catalog.guard import Guard
from estimates.catalog.hold_writes import HoldWrites
from estimates.catalog.law import Law
from estimates.catalog.lawful_prefix import lawful_events, read_lawful_prefix
from estimates.catalog.rebuild import Rebuild
from estimates.catalog.records import Erasure, Event, Judged, LogHead
from estimates.catalog.retirement import Retirement
from estimates.catalog.rows import at_its_time, matching, read, read_set
from estimates.catalog.run_rows import RunRows
from estimates.catalog.seal import Link
from estimates.catalog.stored_scores import StoredScores
from estimates.catalog.sweep_claims import SweepClaims
from estimates.catalog.token_writes import TokenWrites
from estimates.catalog.version_writes import VersionWrites
from estimates.catalog.view import View
from estimates.catalog.waiver_writes import WaiverWrites
from estimates.errors import CorruptError


class Catalog(
    VersionWrites,
    AliasMoves,
    WaiverWrites,
    HoldWrites,
    Retirement,
    ErasureWrites,
    StoredScores,
    RunRows,
    SweepClaims,
    ClockRepair,
    TokenWrites,
    ApprovalWrites,
    AccessWrites,
    Rebuild,
):
    """Sets, contracts, versions, aliases, events, verdicts, waivers, holds, erasures,
    scores and runs.

    Every change of what a reader could see is one transaction and leaves exactly one event. Event
    ids are gapless and event times strictly increase, over all sets: both come from one counter row
    updated inside the transaction.
    """

    def __init__(self, url: str, guard: Guard | None = None) -> None:
        super().__init__(make_engine(url))
        self.guard = guard or Guard()
        self.sign = self.guard.sign
        check_revision(self.engine)

    def last_event(self) -> int:
        """Id of the newest event: what has changed when it has."""
        with reading(self.engine) as tx:
            return tx.execute(COUNTER).one().last_event

    def is_empty(self) -> bool:
        """Whether nothing ever happened: no event is counted, and none is there."""
        with reading(self.engine) as tx:
            if tx.execute(COUNTER).one().last_event:
                return False
            return tx.execute(sa.select(schema.events.c.id).limit(1)).first() is None

    def verdict(self, set_name: str, version: int) -> bytes | None:
        """The newest verdict of a version, as stored; raises CorruptError (`record_missing`,
        `record_damaged`).
        """
        table = schema.events
        judged = matching(table, set=set_name, version=version, kind="judged")
        if (end := self.guard.end_of(set_name)) is not None:
            judged &= table.c.id < end
        with reading(self.engine) as tx:
            newest = read(tx, Event, judged, table.c.id.desc(), limit=1)
            record = record_of(tx, newest[0]) if newest else None
        return record.text.encode() if isinstance(record, Judged) else None

    def erasures(self) -> list[Erasure]:
        """What was erased, of all sets, oldest first; raises CorruptError (`record_damaged`)."""
        with reading(self.engine) as tx:
            return read(tx, Erasure, sa.true(), schema.erasures.c.id)

    def entries(self, after: int = 0, limit: int | None = None) -> list[Entry]:
        """The events after one with what they made; see `event_log.entries`."""
        with reading(self.engine) as tx:
            return list(entries(tx, after, limit))

    def check_allowed(self, kind: str, set_name: str) -> None:
        """Refuse now what appending such an event would refuse; raises what `Guard.sign` raises."""
        with reading(self.engine) as tx:
            self.guard.check(self.guard.law(tx), kind, set_name)

    def audit(self) -> list[Fault]:
        """What is wrong with the tables, the chain, then with the rows; see `audit`."""
        with reading(self.engine) as tx:
            if lost := list(lost_tables(tx)):
                return lost
            return [*audit_chain(tx), *audit_rows(tx), *audit_law(tx, self.guard.root)]

    def audit_head(self, event: int, digest: str) -> list[Fault]:
        """What is wrong with a log whose head was noted as this event with this digest."""
        known = self.digest_of(event)
        if known == digest:
            return []
        what = "is not in it" if known is None else f"has the digest {known} now"
        message = f"the log is not the one whose head was {event}:{digest}: event {event} {what}"
        return [Fault("", None, "head_differs", message)]

    def head(self) -> Head:
        """The identity of the store and the end of its log."""
        with reading(self.engine) as tx:
            return read_head(tx)

    def digest_of(self, event: int) -> str | None:
        """The link of an event in the chain, `BEGINNING` for event 0; None where the log has no
        such event.
        """
        if event == 0:
            return BEGINNING
        with reading(self.engine) as tx:
            return digest_of(tx, event)

    def record_of(self, event: Event) -> Record | None:
        """The record that an event made; see `event_log.record_of`."""
        with reading(self.engine) as tx:
            return record_of(tx, event)

    def view(self, previous: View | None = None, *, only_on: bool = False) -> View:
        """The catalog in memory; with a previous view only what changed since is read.

        only_on  refuse a catalog that lacks what was read before, instead of reading all of it
        Raises CorruptError (`other_store` where it was another store's before; `catalog_behind`;
        `no_access_record`), RefusedError (`schema_revision` where it was migrated since).
        What is not lawful is left out; see `law`.
        """
        read_at = instants.now()
        with reading(self.engine) as tx:
            head = read_head(tx)
            if previous is None or previous.head != head.log_head():
                check_still(tx)
            goes_on = previous is not None and continues(tx, previous.head, head.log_head())
            if previous is not None and previous.last_event and not goes_on:
                _check_replaced(tx, previous, head.log_head(), only_on)
            if previous is None or not goes_on:
                previous = View({}, head.last_at, read_at, LogHead(head.store_id, 0, BEGINNING))
            links = chained_links(tx, previous.head, head)
            law = self.guard.follow(previous.law, links, head.log_head())
            law.check(self.guard.root)
            view, unapproved = _read_on(tx, previous, links, law, head, read_at), dict[int, str]()
            while law.record is not None and view is not None:
                fresh = {link.event.set for link in links if link.event.set in view.sets}
                more = unlawful_moves(view, fresh)
                if not more:
                    break
                unapproved |= more
                law = self.guard.follow_again(previous.law, links, law, unapproved)
                view = _read_on(tx, previous, links, law, head, read_at)
        return view or self.view()  # other times count for what was read already


def _read_on(
    tx: sa.Connection,
    previous: View,
    links: Sequence[Link],
    law: Law,
    head: Head,
    read_at: datetime,
) -> View | None:
    """The view at a head of the log, by its law; None where it has to be read from the beginning.

    links  the events since the previous view
    """
    events = lawful_events([link.event for link in links], previous.law, law)
    if previous.last_event and any(event.kind == REPAIR for event in events):
        return None
    corrected = corrections(events) or previous.corrected
    by_set: dict[str, list[Event]] = {}
    for event in events:
        by_set.setdefault(event.set, []).append(at_its_time(event, corrected))
    of_store = previous.of_store + by_set.pop("", [])
    sets = dict(previous.sets)
    for name, fresh in by_set.items():
        if name in law.stopped:
            known = sets[name].events if name in sets else []
            sets[name] = read_lawful_prefix(tx, name, known + fresh, corrected)
        else:
            sets[name] = read_set(tx, name, sets.get(name), fresh, corrected)
    moment = previous.moment if law.unlawful else head.last_at
    if law.unlawful and events:
        moment = max(moment, events[-1].at) if previous.last_event else events[-1].at
    return View(
        dict(sorted(sets.items())),
        moment,
        read_at,
        head.log_head(),
        of_store=of_store,
        corrected=corrected,
        law=law,
    )


def _check_replaced(tx: sa.Connection, previous: View, head: LogHead, only_on: bool) -> None:
    """Raises what `Catalog.view` raises for a log that lacks the event that it ended with."""
    known = previous.head
    if known.store != head.store:
        raise CorruptError(
            "other_store",
            f"the catalog was that of store {known.store} and is that of {head.store} now",
            remedy="bring the right one back, or open the other store anew",
        )
    if only_on and not _lacks_what_was_unlawful(tx, previous):
        raise CorruptError(
            "catalog_behind",
            f"the catalog lacks event {known.event} that was read from it before, and ends with "
            f"event {head.event}: it is an older one",
            remedy="bring the newest one back, or rebuild it with `estimates recover`",
        )


def _lacks_what_was_unlawful(tx: sa.Connection, previous: View) -> bool:
    """Whether a log that was rebuilt up to its last lawful event has all that readers have seen."""
    end = previous.law.seal
    newest = max((event.id for event in previous.events()), default=0)
    if end is None or not previous.law.unlawful or newest > end.event:
        return False
    return digest_of(tx, end.event) == end.digest
