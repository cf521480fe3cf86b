"""What a writer may append, and the signature that it carries. One guard a catalog."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa

from estimates.catalog.event_chain import BEGINNING
from estimates.catalog.event_log import chained_links, continues, has_record, read_head
from estimates.catalog.law import UNCHECKED, Law, is_record, signed_text
from estimates.catalog.records import Event, LogHead
from estimates.catalog.seal import Link, Seal
from estimates.errors import CorruptError, EstimatesError, NotFoundError, RefusedError
from estimates.extras import install
from estimates.principals.access_record import record_of_details
from estimates.principals.private_key import EXTRA, PrivateKey, load_key
from estimates.principals.public_key import check_key
from estimates.principals.rights import ACCESS, rights_of

LoadKey = Callable[[], PrivateKey]
KEPT_EVERY = 100  # events: to check so many signatures takes 12 ms


class Seals(Protocol):
    """Where this machine keeps up to which event it checked signatures."""

    def read(self) -> Seal | None:
        """The newest seal, if there is one that can be relied on."""
        ...

    def write(self, seal: Seal) -> None:
        """Keep a seal, if that is possible."""
        ...


def no_key() -> PrivateKey:
    """Whoever only reads has none; raises NotFoundError (`no_key`)."""
    raise NotFoundError(
        "no_key",
        "the store has an access record, and no key is named",
        remedy="make one with `estimates key create`; in Python Store(…, key=FILE)",
    )


def guard_of(key: str | Path, password: str | None, root_key: str | None) -> Guard:
    """The guard of somebody with the file of a key; raises InvalidError (`bad_key_text`)."""
    load = partial(load_key, Path(key), password)
    return Guard(load, None if root_key is None else check_key(root_key))


class Guard:
    """Follows the law of a log, and signs what it allows.

    load   gives this process's key; raises what `load_key` raises
    root   a root key that has to have signed the access record; None: whichever did first
    """

    def __init__(self, load: LoadKey = no_key, root: str | None = None) -> None:
        self._load = load
        self.root = root
        self.seals: Seals | None = None
        self._key: PrivateKey | None = None
        self._known = LogHead("", 0, BEGINNING), Law()
        self._kept = 0  # the event of the newest seal that is kept

    @property
    def key(self) -> PrivateKey:
        """This process's key, read once; raises what `load_key` raises."""
        if self._key is None:
            self._key = self._load()
        return self._key

    def follow(self, law: Law, links: Sequence[Link], head: LogHead) -> Law:
        """The law at a head of the log after more events; no signature is checked twice here, nor
        again where this machine keeps that it was.
        """
        begins = law.seal is None and any(is_record(link.event) for link in links)
        kept = self.seals.read() if self.seals is not None and begins else None
        law = law.follow(links, head.store, kept)
        if law.unchecked and not self._known[1].unchecked:
            text = f"signatures are not checked here: {install(EXTRA)}  [{UNCHECKED}]"
            warnings.warn(text, stacklevel=5)
        self._known = head, law
        self._keep(law, kept)
        return law

    def follow_again(
        self, before: Law, links: Sequence[Link], known: Law, unapproved: Mapping[int, str]
    ) -> Law:
        """The law that `follow` gave, with events that the contracts of their sets did not let
        happen.

        before, known  the law before these events, and the one after them without that
        """
        head = self._known[0]
        law = before.follow(links, head.store, known.seal, unapproved)
        self._known = head, law
        return law

    def _keep(self, law: Law, kept: Seal | None) -> None:
        """Keep the end of what is lawful once much was checked since the last time."""
        seal = law.seal
        if kept is not None and seal is not None:
            self._kept = kept.event if kept.store == seal.store else 0
        if self.seals is None or seal is None or law.unchecked:
            return
        if not 0 <= seal.event - self._kept < KEPT_EVERY:
            self.seals.write(seal)
            self._kept = seal.event

    def law(self, tx: sa.Connection) -> Law:
        """The law at the end of the log."""
        known, law = self._known
        if law.record is None and not has_record(tx):
            return Law()
        head = read_head(tx)
        if known.store != head.store_id or not continues(tx, known, head.log_head()):
            known, law = LogHead(head.store_id, 0, BEGINNING), Law()
        return self.follow(law, chained_links(tx, known, head), head.log_head())

    def end_of(self, set_name: str) -> int | None:
        """The first unlawful event of a set, as far as is known; what is from then on counts for
        nothing.
        """
        law = self._known[1]
        return next((each.event for each in law.unlawful if each.set == set_name), None)

    def actor(self, law: Law, user: str) -> str:
        """Whose name an event has: the principal's where the store has an access record."""
        if law.record is None:
            return user
        try:
            return law.record.name_of(self.key.public) or user
        except EstimatesError:  # said when something is written
            return user

    def sign(self, tx: sa.Connection, event: Event, digest: str) -> str | None:
        """The signature of the next event; None in a store without an access record.

        Raises RefusedError (`not_allowed`, `unknown_principal`, and what `load_key` raises),
        CorruptError (`unauthorised_move`, `no_access_record`).
        """
        law = self.law(tx)
        if law.record is None and event.kind != ACCESS:
            law.check(self.root)
            return None
        self.check(law, event.kind, event.set, event.actor, event)
        return self.key.sign(signed_text(read_head(tx).store_id, digest))

    def check(
        self,
        law: Law,
        kind: str,
        set_name: str,
        actor: str | None = None,
        event: Event | None = None,
    ) -> None:
        """Refuse what the law does not let this process's key do.

        actor  the one of the event, if there is one already
        Raises RefusedError (`not_allowed`, `unknown_principal`, and what `load_key` raises),
        CorruptError (`unauthorised_move`, `no_access_record`).
        """
        if law.unlawful:
            first = law.unlawful[0]
            raise CorruptError(
                "unauthorised_move",
                f"nothing is written: {first.text()}",
                remedy='docs/security.md, "After an unauthorised move": find out who wrote it, '
                f"then rebuild the catalog: `estimates recover --until {first.event - 1}`",
            )
        if kind == ACCESS:
            self._check_root(law, event)
            return
        law.check(self.root)
        if law.record is None:
            return
        name = law.record.name_of(self.key.public)
        if name is None:
            raise RefusedError(
                "unknown_principal",
                f"the store's access record does not know your key {self.key.public}",
                remedy="ask whoever has the root key to add it: `estimates access set`",
            )
        if not law.record.principals[name].is_allowed(kind, set_name) or actor not in (None, name):
            raise _not_allowed(name, kind, set_name, actor)

    def _check_root(self, law: Law, event: Event | None) -> None:
        """Raises RefusedError (`not_allowed`) unless a root key signs."""
        record = law.record or record_of_details(event.details if event is not None else {})
        if record is None or self.key.public not in record.root:
            raise RefusedError(
                "not_allowed",
                f"an access record is signed by a root key, and {self.key.public} is none",
                remedy="name the file of a root key with --key",
            )


def _not_allowed(name: str, kind: str, set_name: str, actor: str | None) -> RefusedError:
    if actor not in (None, name):
        what = f"the key is that of {name}, and the event would be that of {actor}"
    else:
        rights = " or ".join(f"`{right}`" for right in rights_of(kind) or ())
        what = f"{name} lacks the right {rights} {_where(set_name)}"
    return RefusedError(
        "not_allowed",
        what,
        remedy="`estimates access show` says who may; whoever has the root key changes it",
    )


def _where(set_name: str) -> str:
    return f"in {set_name}" if set_name else "for the store as a whole"
