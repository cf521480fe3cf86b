"""How far each run has come."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from estimates import instants
from estimates.catalog import schema
from estimates.catalog.engine import OnEngine, reading, writing
from estimates.catalog.event_log import check_text
from estimates.catalog.records import Run, RunStatus, RunStep
from estimates.catalog.rows import to_run
from estimates.errors import ConflictError


class RunRows(OnEngine):
    """Each method is one transaction. Readers of estimates do not see runs: they leave no event."""

    def begin_run(self, run_id: str, set_name: str, data_through: datetime) -> Run:
        """The row of a run; the same run_id again gives the row back with status `running`.

        Raises ConflictError (`run_id_reused`) when it belongs to another set or another
        data_through; InvalidError (`bad_text`).
        """
        check_text(run_id=run_id)
        table = schema.runs
        here = table.c.run_id == run_id
        with writing(self.engine) as tx:
            row = tx.execute(sa.select(table).where(here)).one_or_none()
            if row is None:
                run = Run(run_id, set_name, "running", "compute", instants.now(), data_through)
                tx.execute(table.insert().values(msgspec.structs.asdict(run)))
                return run
            run = to_run(row)
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
            row = tx.execute(
                sa.select(schema.runs).where(schema.runs.c.run_id == run_id)
            ).one_or_none()
        return None if row is None else to_run(row)

    def runs(self, set_name: str) -> list[Run]:
        """The runs of a set, newest first."""
        table = schema.runs
        of_set = sa.select(table).where(table.c.set == set_name)
        with reading(self.engine) as tx:
            rows = tx.execute(of_set.order_by(table.c.started_at.desc(), table.c.run_id)).all()
        return [to_run(row) for row in rows]
