"""Checks signatures and rights: an event is lawful where a principal signed it whom the access
record in force allowed to do it.

A store without an access record has no such rule. Events before its first record are vouched for by
the root key: the signature of the record covers the chain up to it. No SQL here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import dropwhile
from types import MappingProxyType

import msgspec

from estimates.catalog.records import Event
from estimates.catalog.seal import Link, Seal, seals_of
from estimates.errors import CorruptError
from estimates.principals.access_record import AccessRecord, record_of_details
from estimates.principals.private_key import need_cryptography
from estimates.principals.public_key import can_check, is_signature
from estimates.principals.rights import ACCESS

UNAUTHORISED = "unauthorised_move"
NOBODY = AccessRecord(())
UNCHECKED = "signatures_unchecked"


class Unlawful(msgspec.Struct, frozen=True):
    """An event that counts for nothing, and why; `set` is empty for one about the store."""

    event: int
    set: str
    version: int | None
    kind: str
    actor: str
    why: str

    def text(self) -> str:
        """What is said of it."""
        stays = f"{self.set} stays at what was before it" if self.set else "it counts for nothing"
        return f"event {self.event} ({self.kind} by {self.actor}): {self.why}; {stays}"


class Law(msgspec.Struct, frozen=True):
    """The access record at one moment of the log, and what happened against it.

    record     None in a store without one
    set_by     the event that set it, 0 for NOBODY
    roots      the root keys that signed a record, the first one too
    unlawful   the events that count for nothing, oldest first
    unchecked  whether signatures could not be checked here, only that they are there
    seal       the end of what is lawful: the last event before an unlawful one; None before the
               first lawful record
    """

    record: AccessRecord | None = None
    set_by: int = 0
    roots: tuple[str, ...] = ()
    unlawful: tuple[Unlawful, ...] = ()
    unchecked: bool = False
    seal: Seal | None = None

    @property
    def stopped(self) -> frozenset[str]:
        """The sets that stay at what they were before an unlawful event."""
        return frozenset(each.set for each in self.unlawful if each.set)

    def follow(
        self,
        links: Iterable[Link],
        store_id: str,
        checked: Seal | None = None,
        unapproved: Mapping[int, str] = MappingProxyType({}),
    ) -> Law:
        """The law after more events of the log, in order.

        checked     an earlier seal: where it is that of these events, their signatures were checked
        unapproved  by event, why the contract of its set did not let it happen
        """
        under = list(links)
        if self.record is None:  # events before the first record are vouched for by it
            under = list(dropwhile(lambda link: not is_record(link.event), under))
        seals = seals_of(self.seal, under, store_id)
        known = checked.event if checked is not None and checked in seals else 0
        law = self
        for link in under:
            if is_record(link.event):
                law = law._after_record(link, store_id)
                continue
            why = law.fault(link, store_id, is_checked=link.event.id <= known)
            why = why or unapproved.get(link.event.id)
            law = law if why is None else law._with(link.event, why)
        return law._sealed(seals)

    def fault(self, link: Link, store_id: str, *, is_checked: bool = False) -> str | None:
        """Why an event, no access record, is not lawful; None where it is.

        is_checked  whether its signature is known to be one of those that it could have
        """
        assert self.record is not None
        event = link.event
        known = self.record.principals.get(event.actor)
        if known is None:
            return "no principal has this name"
        if not known.is_allowed(event.kind, event.set):
            return "the access record does not allow it"
        return None if is_checked else _signature_fault(link, store_id, known.keys)[1]

    def check(self, root: str | None) -> None:
        """Raises CorruptError (`no_access_record`) where this is not the law of a root key that the
        reader relies on, RefusedError (`no_cryptography`) where nobody can tell.
        """
        if root is not None and self.record is not None:
            need_cryptography()
        if root is not None and root not in self.roots:
            raise CorruptError(
                "no_access_record",
                f"the catalog has no access record that the root key {root} signed",
                remedy="the catalog is not the one that ESTIMATES_ROOT_KEY means, or was written "
                "anew: see `estimates audit`; a new store gets its record by "
                "`estimates access set FILE.toml`",
            )

    def _after_record(self, link: Link, store_id: str) -> Law:
        record = record_of_details(link.event.details)
        if record is None:
            return self._refusing(link.event, "its access record cannot be read")
        signing = record.root if self.record is None else self.record.root
        key, why = _signature_fault(link, store_id, signing)
        if why is not None:
            if self.record is not None:
                why = "it is not signed by a root key of the record before"
            return self._refusing(link.event, why)
        return Law(
            record,
            link.event.id,
            self.roots if key is None else (*self.roots, key),
            self.unlawful,
            self.unchecked or not can_check(),
            self.seal,
        )

    def _refusing(self, event: Event, why: str) -> Law:
        """The law after a record that counts for nothing. Where it would be the first one nobody
        may do anything from then on: else spoiling its signature would end the law.
        """
        law = self._with(event, why)
        return law if law.record is not None else msgspec.structs.replace(law, record=NOBODY)

    def _sealed(self, seals: list[Seal]) -> Law:
        """This law with the seal of the last event before an unlawful one.

        seals  after each event since the seal before
        """
        first = self.unlawful[0].event if self.unlawful else math.inf
        lawful = [seal for seal in seals if seal.event < first]
        return msgspec.structs.replace(self, seal=lawful[-1]) if lawful else self

    def _with(self, event: Event, why: str) -> Law:
        unlawful = Unlawful(event.id, event.set, event.version, event.kind, event.actor, why)
        return msgspec.structs.replace(self, unlawful=(*self.unlawful, unlawful))


def is_record(event: Event) -> bool:
    """Whether an event sets the access record; one about a set does not."""
    return event.kind == ACCESS and not event.set


def signed_text(store_id: str, digest: str) -> bytes:
    """What the signature of an event is over."""
    return f"estimates event 1\n{store_id}\n{digest}\n".encode()


def _signature_fault(
    link: Link, store_id: str, keys: tuple[str, ...]
) -> tuple[str | None, str | None]:
    """Which of these keys signed a link, and what is wrong with the signature; without
    `cryptography` only whether there is one.
    """
    if link.signature is None:
        return None, "it is not signed"
    if not can_check():
        return None, None
    message = signed_text(store_id, link.digest)
    key = next((key for key in keys if is_signature(key, link.signature, message)), None)
    return key, None if key is not None else "its signature is that of no key of this principal"
