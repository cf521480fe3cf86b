"""Erasures: the numbers of some keys go from every version of a set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from estimates.catalog import schema
from estimates.catalog.engine import OnEngine, reading
from estimates.catalog.erased_keys import ErasedKeys
from estimates.catalog.event_chain import record_digest
from estimates.catalog.event_log import append, next_event, read_head
from estimates.catalog.preconditions import check_not_on_hold
from estimates.catalog.records import ErasedPart, Erasure, Event, Judged, Version
from estimates.catalog.rows import matching, read
from estimates.catalog.sweep_claims import is_claimed, newest_content
from estimates.errors import CorruptError


class ErasureWrites(OnEngine):
    """Each method is one transaction."""

    def erase(
        self,
        set_name: str,
        key_digests: Sequence[str],
        replaced: Sequence[ErasedPart],
        versions: Iterable[Version],
        *,
        content_seen: int,
        claims_seen: int,
        reason: str,
        actor: str,
    ) -> Event | None:
        """Take keys out of every version of a set, and out of its verdicts.

        key_digests   what stands for the keys
        replaced      the parts that have rows of them, and what is read in their place
        versions      those that have these parts
        content_seen  `last_content` when all of them were looked at; claims_seen: the set's last
                      claim when the new parts were written
        None, and nothing done, where the set's content is another by now.
        Raises ConflictError (`legal_hold`), InvalidError (`bad_text`).
        """
        with self.writing() as tx:
            for version in versions:
                check_not_on_hold(tx, version)
            written = [part.by for part in replaced]
            if newest_content(tx, set_name) != content_seen or is_claimed(
                tx, set_name, written, claims_seen
            ):
                return None
            erased = ErasedKeys(read_head(tx).store_id, set_name, frozenset(key_digests))
            left = _verdicts_without(tx, set_name, erased)
            details = {"keys": len(key_digests), "parts": len(replaced), "verdicts": len(left)}
            event = next_event(tx, "erased", set_name, actor, reason=reason, details=details)
            erasure = Erasure(
                event.id,
                set_name,
                list(key_digests),
                list(replaced),
                {str(verdict.event): record_digest(verdict) for verdict in left},
                reason,
                actor,
                event.at,
            )
            append(tx, event, erasure)
            for verdict in left:
                rewrite_verdict(tx, verdict)
            return event

    def write_over(self) -> None:
        """Let go of what SQLite's log of writes still has of rows that were changed; where readers
        keep it from that, the next checkpoint does.
        """
        if self.engine.dialect.name == "sqlite":
            with reading(self.engine) as tx:
                tx.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def check_no_hold(self, versions: Iterable[Version]) -> None:
        """Raises ConflictError (`legal_hold`) where a legal hold keeps one of some versions."""
        with reading(self.engine) as tx:
            for version in versions:
                check_not_on_hold(tx, version)


def read_erasures(tx: sa.Connection, set_name: str) -> list[Erasure]:
    """What was erased of a set, oldest first, within a transaction."""
    table = schema.erasures
    return read(tx, Erasure, matching(table, set=set_name), table.c.id)


def _verdicts_without(tx: sa.Connection, set_name: str, erased: ErasedKeys) -> list[Judged]:
    """The verdicts of a set that name erased keys, without what they say of these."""
    table = schema.verdicts
    verdicts = read(tx, Judged, matching(table, set=set_name), table.c.event)
    without = (
        msgspec.structs.replace(verdict, text=erased.taken_out_of(verdict.text))
        for verdict in verdicts
    )
    return [new for old, new in zip(verdicts, without, strict=True) if new.text != old.text]


def rewrite_verdict(tx: sa.Connection, verdict: Judged) -> None:
    """Put what is left of a verdict in its place."""
    table = schema.verdicts
    values: dict[str, Any] = {"text": verdict.text, "digest": record_digest(verdict)}
    tx.execute(table.update().where(table.c.event == verdict.event).values(values))


def erase_from_verdicts(tx: sa.Connection, store_id: str, erasures: Iterable[Erasure]) -> None:
    """Bring verdicts to what erasures say is left of them, where they are whole still.

    erasures  of one set, oldest first
    Raises CorruptError (`log_damaged`) for a verdict that is neither.
    """
    left: dict[str, str] = {}
    naming: dict[str, list[Erasure]] = {}
    for erasure in erasures:
        for event, digest in erasure.verdicts.items():
            left[event] = digest
            naming.setdefault(event, []).append(erasure)
    for event, digest in left.items():
        for verdict in read(tx, Judged, matching(schema.verdicts, event=int(event))):
            if record_digest(verdict) == digest:
                continue
            bare = without_erased(verdict, store_id, naming[event])
            if record_digest(bare) != digest:
                raise CorruptError(
                    "log_damaged",
                    f"the verdict of event {event} is not what an erasure left of it",
                    remedy="bring its copy in the log back with `estimates repair --from` a backup",
                )
            rewrite_verdict(tx, bare)


def without_erased(verdict: Judged, store_id: str, erasures: Iterable[Erasure]) -> Judged:
    """A verdict without what each of some erasures, oldest first, took out of it."""
    text = verdict.text
    for erasure in erasures:
        erased = ErasedKeys(store_id, verdict.set, frozenset(erasure.key_digests))
        text = erased.taken_out_of(text)
    return msgspec.structs.replace(verdict, text=text)
