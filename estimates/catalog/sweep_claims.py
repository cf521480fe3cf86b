"""Which files are being deleted: whoever deletes them announces it first, as a claim.

A claim is of a digest, that of a part or that of a snapshot with its manifest.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import sqlalchemy as sa

from estimates.catalog import schema
from estimates.catalog.engine import OnEngine, reading
from estimates.catalog.preconditions import is_held_whole
from estimates.catalog.rows import matching
from estimates.catalog.set_view import CONTENT


class SweepClaims(OnEngine):
    """Each method is one transaction. Readers of estimates see none of it: it leaves no event."""

    def claim(self, set_name: str, digests: Sequence[str], content_seen: int) -> bool:
        """Announce that files of a set will be deleted.

        content_seen  `last_content` when it was found out that no version needs the files
        False, and nothing announced, when the set got a version or an erasure since, which may name
        the same files, or when a legal hold keeps all of the set.
        """
        claims = schema.claims
        with self.writing() as tx:
            if newest_content(tx, set_name) != content_seen:
                return False
            if is_held_whole(tx, set_name):
                return False
            generation = _last_claim(tx, set_name) + 1
            for digest in digests:
                here = {"set": set_name, "digest": digest}
                tx.execute(claims.delete().where(matching(claims, **here)))
                tx.execute(claims.insert().values(here | {"generation": generation, "done": False}))
            return True

    @contextmanager
    def deleting(self, set_name: str, digest: str) -> Iterator[bool]:
        """The transaction in which claimed files go; says whether they still should.

        Of several who saw the claim only one deletes: another could be so slow that the files were
        written again meanwhile. A legal hold that came since the claim ends it.
        """
        table = schema.claims
        here = matching(table, set=set_name, digest=digest) & table.c.done.is_(False)
        with self.writing() as tx:
            is_wanted = tx.execute(sa.select(table.c.done).where(here)).first() is not None
            yield is_wanted and not is_held_whole(tx, set_name)
            tx.execute(table.update().where(here).values(done=True))

    def last_claim(self, set_name: str) -> int:
        """The number of a set's newest claim, 0 before the first."""
        with reading(self.engine) as tx:
            return _last_claim(tx, set_name)

    def unfinished(self) -> list[tuple[str, str]]:
        """(set, digest) of every deletion under way or interrupted."""
        table = schema.claims
        unfinished = sa.select(table.c.set, table.c.digest).where(table.c.done.is_(False))
        with reading(self.engine) as tx:
            return sorted((row[0], row[1]) for row in tx.execute(unfinished))


def newest_content(tx: sa.Connection, set_name: str) -> int:
    """The newest event that says which files a set needs, 0 before the first; within a
    transaction.
    """
    table = schema.events
    says = matching(table, set=set_name) & table.c.kind.in_(CONTENT)
    return tx.execute(sa.select(sa.func.max(table.c.id)).where(says)).scalar() or 0


def is_claimed(tx: sa.Connection, set_name: str, digests: Sequence[str], since: int) -> bool:
    """Whether any of some files were claimed after the claim of a number, or are not deleted yet,
    within a transaction.
    """
    table = schema.claims
    again = table.c.digest.in_(digests) & ((table.c.generation > since) | table.c.done.is_(False))
    claimed = sa.select(table.c.digest).where(matching(table, set=set_name) & again)
    return tx.execute(claimed.limit(1)).first() is not None


def _last_claim(tx: sa.Connection, set_name: str) -> int:
    table = schema.claims
    newest = sa.select(sa.func.max(table.c.generation)).where(table.c.set == set_name)
    return tx.execute(newest).scalar() or 0
