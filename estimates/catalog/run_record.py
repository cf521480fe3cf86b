"""How far a run has come, as the catalog holds it."""

from datetime import datetime
from typing import Literal

import msgspec

RunStep = Literal["compute", "publish", "judge", "promote", "track", "done"]
RunStatus = Literal["running", "failed", "rejected", "refused", "published", "promoted"]


class Run(msgspec.Struct, frozen=True, omit_defaults=True):
    """One execution of a producing job; `step` is the first step that is not done yet.

    pins  by input, the version of its source that the run reads, also when it goes on later
    """

    run_id: str
    set: str
    status: RunStatus
    step: RunStep
    started_at: datetime
    data_through: datetime
    finished_at: datetime | None = None
    version: int | None = None
    error: str | None = None
    message: str | None = None
    mlflow_run: str | None = None
    pins: dict[str, str] | None = None
