"""Stores with an access record, and keys for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import sqlalchemy as sa

from estimates import instants
from estimates.catalog.event_chain import link
from estimates.catalog.law import signed_text
from estimates.catalog.records import Event
from estimates.catalog.rows import insert
from estimates.principals.access_record import AccessRecord, KnownPrincipal
from estimates.principals.private_key import PrivateKey, create_key, load_key
from estimates.principals.rights import RIGHTS
from estimates.store.access import set_access
from estimates.store.store import Store

Rights = Mapping[str, Sequence[str]]
ALL: Rights = dict.fromkeys(RIGHTS, ("*",))


class Keys:
    """Keys of a folder, by name, each made when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def file(self, name: str) -> Path:
        """The file of a key."""
        path = self.folder / f"{name}.pem"
        if not path.exists():
            create_key(path)
        return path

    def public(self, name: str) -> str:
        """Its public half."""
        return load_key(self.file(name)).public

    def record(self, principals: Mapping[str, Rights], *, root: str = "root") -> AccessRecord:
        """A record of principals who have the keys of their names."""
        return AccessRecord(
            (self.public(root),),
            {
                name: KnownPrincipal(
                    (self.public(name),), {right: tuple(sets) for right, sets in may.items()}
                )
                for name, may in principals.items()
            },
        )

    def open(self, store: Store, name: str, root_key: str | None = None) -> Store:
        """The store as somebody with a key opens it."""
        url = store.catalog.engine.url
        catalog = None if url.drivername == "sqlite" else url.render_as_string(hide_password=False)
        return Store(
            store.root,
            catalog=catalog,
            cache=None if catalog is None else store.cache,
            actor="somebody",
            key=self.file(name),
            root_key=root_key,
        )

    def set(self, store: Store, principals: Mapping[str, Rights], *, by: str = "root") -> Event:
        """Set a record, signed by a key."""
        return set_access(self.open(store, by), self.record(principals))


def forge(store: Store, event: Event, signature: str | PrivateKey | None = None) -> Event:
    """Append an event as somebody who may write the catalog by SQL could: with a valid chain, and
    signed by a key where one is given.
    """
    with store.catalog.engine.begin() as tx:
        log = sa.text("SELECT last_event, head, store_id FROM log")
        last, head, store_id = tx.execute(log).one()
        at = instants.now()
        columns = {"id": last + 1, "at": at}
        event = Event(
            **columns, **{n: getattr(event, n) for n in event.__struct_fields__ if n not in columns}
        )
        digest = link(head, event, {})
        if isinstance(signature, PrivateKey):
            signature = signature.sign(signed_text(store_id, digest))
        insert(tx, event, records="{}", digest=digest, signature=signature)
        values = {"id": last + 1, "at": instants.micros(at), "head": digest}
        tx.execute(sa.text("UPDATE log SET last_event = :id, last_at = :at, head = :head"), values)
        if event.alias is not None:
            moved = {"v": event.version, "at": values["at"], "s": event.set, "a": event.alias}
            statement = (
                'UPDATE aliases SET version = :v, moved_at = :at WHERE "set" = :s AND alias = :a'
            )
            tx.execute(sa.text(statement), moved)
    return event


def forged_promotion(store: Store, name: str, version: int, actor: str = "anna") -> Event:
    """A promotion that nobody signed."""
    production = store.view().set(name).aliases["production"].version
    event = Event(
        0,
        instants.now(),
        name,
        "promoted",
        actor,
        version=version,
        alias="production",
        from_version=production,
        reason="trust me",
    )
    return forge(store, event)
