"""Up to which event a log is lawful, and a digest of what was looked at for it.

The chain covers events, but not their signatures. A seal covers both, so that whoever checked a
signature once on this machine knows it again: it costs a hundred times less than to check it. No
SQL here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from estimates.catalog.records import Event

FORM = 1  # another one when other things have to be looked at


class Link(NamedTuple):
    """An event, its digest, and the signature over it."""

    event: Event
    digest: str
    signature: str | None


class Seal(msgspec.Struct, frozen=True):
    """The end of what is lawful in a log with an access record.

    store, event, digest  of which store, its last event, its link in the chain
    value                 SHA-256 over digests and signatures, from the first record on
    """

    store: str
    event: int
    digest: str
    value: str
    form: int = FORM


def seals_of(before: Seal | None, links: Sequence[Link], store_id: str) -> list[Seal]:
    """The seal after each event, in order.

    before  the one after the event before; None: the first of them is the first access record
    """
    value, seals = "" if before is None else before.value, list[Seal]()
    for event, digest, signature in links:
        content = f"{value} {digest} {signature}"
        value = hashlib.sha256(content.encode(errors="surrogatepass")).hexdigest()
        seals.append(Seal(store_id, event.id, digest, value))
    return seals
