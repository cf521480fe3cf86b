"""Work under way: how far each run has come, and which snapshots' files are being deleted.

Whoever deletes a snapshot's files announces it first: the claim of a sweep.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from estimates import instants
from estimates.catalog import schema
from estimates.catalog.engine import OnEngine, reading, writing
from estimates.catalog.event_log import check_text
from estimates.catalog.records import Run, RunStatus, RunStep
from estimates.catalog.rows import insert, matching, read
from estimates.errors import ConflictError


class Progress(OnEngine):
    """Each method is one transaction. Readers of estimates see none of it: it leaves no event."""

    def begin_run(self, run_id: str, set_name: str, data_through: datetime) -> Run:
        """The row of a run; the same run_id again gives the row back with status `running`.

        Raises ConflictError (`run_id_reused`) when it belongs to another set or another
        data_through; InvalidError (`bad_text`).
        """
        check_text(run_id=run_id)
        table = schema.runs
        here = table.c.run_id == run_id
        with writing(self.engine) as tx:
            runs = read(tx, Run, here)
            if not runs:
                run = Run(run_id, set_name, "running", "compute", instants.now(), data_through)
                insert(tx, run)
                return run
            (run,) = runs
            if (run.set, run.data_through) != (set_name, data_through):
                raise ConflictError(
                    "run_id_reused",
                    f"run {run_id} is a run of {run.set} through "
                    f"{instants.text(run.data_through)}; "
                    f"give {set_name} through {instants.text(data_through)} another run_id",
                )
            tx.execute(table.update().where(here).values(status="running", finished_at=None))
            return msgspec.structs.replace(run, status="running", finished_at=None)

    def update_run(
        self,
        run_id: str,
        *,
        step: RunStep | None = None,
        status: RunStatus | None = None,
        version: int | None = None,
        error: str | None = None,
        message: str | None = None,
        mlflow_run: str | None = None,
        finished: bool = False,
    ) -> None:
        """Write down how far a run has come; a parameter that is None changes nothing.

        A status clears an earlier error.
        """
        changes = {"step": step, "status": status, "version": version, "mlflow_run": mlflow_run}
        values: dict[str, Any] = {name: new for name, new in changes.items() if new is not None}
        if status is not None:
            values |= {"error": error, "message": message}
        if finished:
            values["finished_at"] = instants.now()
        with writing(self.engine) as tx:
            tx.execute(schema.runs.update().where(schema.runs.c.run_id == run_id).values(values))

    def run(self, run_id: str) -> Run | None:
        """The run of that id, or None."""
        with reading(self.engine) as tx:
            runs = read(tx, Run, schema.runs.c.run_id == run_id)
        return runs[0] if runs else None

    def runs(self, set_name: str) -> list[Run]:
        """The runs of a set, newest first."""
        table = schema.runs
        with reading(self.engine) as tx:
            return read(tx, Run, table.c.set == set_name, table.c.started_at.desc(), table.c.run_id)

    def claim(self, set_name: str, snapshot_id: str) -> bool:
        """Announce that a snapshot's files will be deleted.

        False, and nothing announced, when an unexpired version needs it.
        """
        versions, claims = schema.versions, schema.claims
        snapshot = {"set": set_name, "snapshot_id": snapshot_id}
        needed = matching(versions, **snapshot) & versions.c.expired_at.is_(None)
        with writing(self.engine) as tx:
            if tx.execute(sa.select(versions.c.version).where(needed)).first():
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
        written again meanwhile.
        """
        table = schema.claims
        here = matching(table, set=set_name, snapshot_id=snapshot_id) & table.c.done.is_(False)
        with writing(self.engine) as tx:
            yield tx.execute(sa.select(table.c.done).where(here)).first() is not None
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
    """What `Progress.deletions` gives, within a transaction."""
    table = schema.claims
    here = matching(table, set=set_name, snapshot_id=snapshot_id)
    row = tx.execute(sa.select(table.c.generation, table.c.done).where(here)).one_or_none()
    return (0, True) if row is None else (row.generation, row.done)
