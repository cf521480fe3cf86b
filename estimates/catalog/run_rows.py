"""How far each run has come: one row a run."""

from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from estimates import instants
from estimates.catalog import schema
from estimates.catalog.clock import AGREEMENT
from estimates.catalog.engine import OnEngine, reading
from estimates.catalog.event_log import check_text
from estimates.catalog.rows import insert, read
from estimates.catalog.run_record import Run, RunStatus, RunStep
from estimates.errors import ConflictError


class RunRows(OnEngine):
    """Each method is one transaction. Readers of estimates see none of it: it leaves no event."""

    def begin_run(self, run_id: str, set_name: str, data_through: datetime) -> Run:
        """The row of a run; the same run_id again gives the row back with status `running`.

        Raises ConflictError (`run_id_reused`) when it belongs to another set or another
        data_through; InvalidError (`bad_text`).
        """
        check_text(run_id=run_id)
        table = schema.runs
        here = table.c.run_id == run_id
        with self.writing() as tx:
            runs = read(tx, Run, here)
            if not runs:
                run = Run(run_id, set_name, "running", "compute", instants.now(), data_through)
                insert(tx, run)
                return run
            (run,) = runs
            if (run.set, run.data_through) != (set_name, data_through):
                raise ConflictError(
                    "run_id_reused",
                    f"run {run_id} is a run of {run.set} through {instants.text(run.data_through)}",
                    remedy=f"give {set_name} through {instants.text(data_through)} another run_id",
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
        with self.writing() as tx:
            tx.execute(schema.runs.update().where(schema.runs.c.run_id == run_id).values(values))

    def forget_messages(self, set_name: str) -> None:
        """Forget what went wrong in a set's runs, in words that may name a key; codes stay."""
        with self.writing() as tx:
            tx.execute(
                schema.runs.update().where(schema.runs.c.set == set_name).values(message=None)
            )

    def pin(self, run_id: str, source: str, version: str) -> None:
        """Write down which version of an input's source a run reads, before it reads it."""
        table = schema.runs
        here = table.c.run_id == run_id
        with self.writing() as tx:
            for run in read(tx, Run, here):
                pins = msgspec.json.encode((run.pins or {}) | {source: version}).decode()
                tx.execute(table.update().where(here).values(pins=pins))

    def run(self, run_id: str) -> Run | None:
        """The run of that id, or None."""
        with reading(self.engine) as tx:
            runs = read(tx, Run, schema.runs.c.run_id == run_id)
        return runs[0] if runs else None

    def runs(self, set_name: str | None, limit: int | None = None) -> list[Run]:
        """The runs of a set, or of all, newest first; at most `limit`.

        Those that begin in the future, by a clock that was ahead, come last: none hides what came
        after it.
        """
        table = schema.runs
        condition = sa.true() if set_name is None else table.c.set == set_name
        is_ahead = table.c.started_at > instants.now() + AGREEMENT
        order = is_ahead, table.c.started_at.desc(), table.c.run_id
        with reading(self.engine) as tx:
            return read(tx, Run, condition, *order, limit=limit)
