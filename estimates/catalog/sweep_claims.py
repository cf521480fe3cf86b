"""Which snapshots' files are being deleted: whoever deletes them announces it first, as a claim."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from estimates.catalog import schema
from estimates.catalog.engine import OnEngine, reading
from estimates.catalog.preconditions import is_held_whole
from estimates.catalog.rows import matching


class SweepClaims(OnEngine):
    """Each method is one transaction. Readers of estimates see none of it: it leaves no event."""

    def claim(self, set_name: str, snapshot_id: str) -> bool:
        """Announce that a snapshot's files will be deleted.

        False, and nothing announced, when an unexpired version or a legal hold needs it.
        """
        versions, claims = schema.versions, schema.claims
        snapshot = {"set": set_name, "snapshot_id": snapshot_id}
        needed = matching(versions, **snapshot) & versions.c.expired_at.is_(None)
        with self.writing() as tx:
            if tx.execute(sa.select(versions.c.version).where(needed)).first():
                return False
            if is_held_whole(tx, set_name):
                return False
            generation, _ = deletions_of(tx, set_name, snapshot_id)
            tx.execute(claims.delete().where(matching(claims, **snapshot)))
            values = snapshot | {"generation": generation + 1, "done": False}
            tx.execute(claims.insert().values(values))
            return True

    @contextmanager
    def deleting(self, set_name: str, snapshot_id: str) -> Iterator[bool]:
        """The transaction in which a claimed snapshot's files go; says whether they still should.

        Of several who saw the claim only one deletes: another could be so slow that the files were
        written again meanwhile. A legal hold that came since the claim ends it.
        """
        table = schema.claims
        here = matching(table, set=set_name, snapshot_id=snapshot_id) & table.c.done.is_(False)
        with self.writing() as tx:
            is_wanted = tx.execute(sa.select(table.c.done).where(here)).first() is not None
            yield is_wanted and not is_held_whole(tx, set_name)
            tx.execute(table.update().where(here).values(done=True))

    def deletions(self, set_name: str, snapshot_id: str) -> tuple[int, bool]:
        """How often a snapshot's files were claimed, and whether the last deletion is done."""
        with reading(self.engine) as tx:
            return deletions_of(tx, set_name, snapshot_id)

    def claims(self) -> list[tuple[str, str]]:
        """(set, snapshot_id) of every deletion under way or interrupted."""
        table = schema.claims
        unfinished = sa.select(table.c.set, table.c.snapshot_id).where(table.c.done.is_(False))
        with reading(self.engine) as tx:
            return sorted((row[0], row[1]) for row in tx.execute(unfinished))


def deletions_of(tx: sa.Connection, set_name: str, snapshot_id: str) -> tuple[int, bool]:
    """What `SweepClaims.deletions` gives, within a transaction."""
    table = schema.claims
    here = matching(table, set=set_name, snapshot_id=snapshot_id)
    row = tx.execute(sa.select(table.c.generation, table.c.done).where(here)).one_or_none()
    return (0, True) if row is None else (row.generation, row.done)
