"""Rounds of a few tasks, and submissions to them, for tests of single checks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from estimates_jobs.hub.hub_folder import Round
from estimates_jobs.hub.submission_rows import Submission, submission_of
from estimates_jobs.tables.text_options import TextOptions

MEAN: dict[str, Any] = {"mean": {"is_required": True, "value": {"type": "double"}}}


def ids(required: Sequence[object] = (), optional: Sequence[object] = ()) -> dict[str, Any]:
    """What a task id may be."""
    return {"required": [*required] or None, "optional": [*optional] or None}


def task(task_ids: dict[str, Any], output_type: dict[str, Any], **more: object) -> dict[str, Any]:
    """A model task."""
    return {"task_ids": task_ids, "output_type": output_type, **more}


def submission(
    tasks: Sequence[dict[str, Any]], rows: pl.DataFrame, *, variable: str | None = None
) -> Submission:
    """A table as a submission to a round `r1` of these tasks."""
    of_round = Round("r1", variable, [*tasks], None, ("csv",), frozenset())
    return submission_of(rows, of_round, TextOptions())


def table(columns: Sequence[str], *rows: Sequence[object]) -> pl.DataFrame:
    """Rows of text; the last three cells are output type, its id, and the value."""
    names = [*columns, "output_type", "output_type_id", "value"]
    cells = [[None if cell is None else str(cell) for cell in row] for row in rows]
    return pl.DataFrame(cells, schema=dict.fromkeys(names, pl.String), orient="row")
