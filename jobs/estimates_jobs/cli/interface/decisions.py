"""Telling MLflow what people decided, where it can be reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estimates.errors import RefusedError, UnavailableError
from estimates_jobs.cli.output.notices import notice

if TYPE_CHECKING:
    from estimates.store.store import Store


def record_if_reachable(store: Store, set_name: str) -> None:
    """Tag the MLflow runs of a set's versions; a warning where MLflow is away: what was decided
    stands all the same, and `estimates track` catches up.
    """
    from estimates_jobs.tracking.record import record_decisions

    try:
        record_decisions(store, set_name)
    except (UnavailableError, RefusedError) as error:
        notice(f"warning: {error.message}  [{error.code}]")
