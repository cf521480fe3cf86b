"""The chain of events: an event's digest covers its records and the digest of the event before.

digest(n) = SHA-256(digest(n - 1) ‖ canonical event n)

The canonical event names the digest of each record that the event made. Whoever knows the newest
digest notices any change of what was before it.
"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any, TypeVar, cast

import msgspec

from estimates.catalog.records import (
    ContractRevision,
    Erasure,
    Event,
    Judged,
    LegalHold,
    Scored,
    Version,
    Waiver,
)

BEGINNING = "0" * 64  # what stands for the digest before the first event
# How an event names the record that it made.
NAMES: dict[type[msgspec.Struct], str] = {
    ContractRevision: "contract",
    Erasure: "erasure",
    Judged: "verdict",
    LegalHold: "hold",
    Scored: "scores",
    Version: "version",
    Waiver: "waiver",
}
Record = ContractRevision | Erasure | Judged | LegalHold | Scored | Version | Waiver
R = TypeVar("R", bound=Record)


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """An event with the records that it made, by name, and its place in the chain: all it takes to
    write it into a catalog again.

    named  of records from which something was erased since: the digest that the event named. What
           is left is proven by the erasure
    signature  of the event's principal over the digest, where the store has an access record
    """

    event: Event
    previous: str
    digest: str
    records: dict[str, msgspec.Raw] = {}
    named: dict[str, str] = {}
    signature: str | None = None

    def record(self, kind: type[R]) -> R:
        """The record of this kind that the event made; raises KeyError where it made none."""
        return msgspec.json.decode(self.records[NAMES[kind]], type=kind)

    def record_digests(self) -> dict[str, str]:
        """The digests of the records, by name."""
        return {name: _sha256(bytes(record)) for name, record in self.records.items()}

    def named_digests(self) -> dict[str, str]:
        """The digests that the event named when it happened."""
        return self.record_digests() | self.named

    def holds(self) -> bool:
        """Whether event and records are what the digest says, but for what was erased from them."""
        return link(self.previous, self.event, self.named_digests()) == self.digest


class _Linked(msgspec.Struct, frozen=True, omit_defaults=True):
    """An event as the chain sees it: `records` are digests by name."""

    event: Event
    records: dict[str, str] = {}


def canonical(record: msgspec.Struct) -> bytes:
    """A record as JSON in UTF-8: fields in declared order, defaults left out, no white space.

    A field that is added later changes nothing of what was written before.
    """
    return msgspec.json.encode(_compact(type(record))(*msgspec.structs.astuple(record)))


def as_made(record: msgspec.Struct) -> bytes:
    """The canonical form of a record as its event made it.

    When a version expired and which MLflow run it has follow from later events.
    """
    if isinstance(record, Version):
        record = msgspec.structs.replace(record, expired_at=None, mlflow_run=None)
    return canonical(record)


def record_digest(record: msgspec.Struct) -> str:
    """SHA-256 of a record as its event made it, in hexadecimal."""
    return _sha256(as_made(record))


def link(previous: str, event: Event, records: dict[str, str]) -> str:
    """The digest of an event, in hexadecimal.

    previous  the digest of the event before; `BEGINNING` for the first
    records   digests of the records that it made, by name
    """
    return _sha256(bytes.fromhex(previous) + msgspec.json.encode(_Linked(event, records)))


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@cache
def _compact(kind: type[msgspec.Struct]) -> Any:
    """A type with the same fields whose JSON leaves out defaults."""
    fields: list[tuple[str, type] | tuple[str, type, Any]] = []
    for field in msgspec.structs.fields(kind):
        default = field.default
        if field.default_factory is not msgspec.NODEFAULT:
            default = msgspec.field(default_factory=cast("Any", field.default_factory))
        entry = (field.name, object)
        fields.append(entry if default is msgspec.NODEFAULT else (*entry, default))
    return msgspec.defstruct(kind.__name__, fields, omit_defaults=True)
