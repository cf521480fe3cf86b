"""What MLflow is to know about one run, in MLflow's own units and limits."""

from __future__ import annotations

from typing import Literal

import msgspec


class InputRecord(msgspec.Struct, frozen=True):
    """A file that a run read: a dataset of the MLflow run.

    digest           shortened to what MLflow takes
    source, profile  JSON
    """

    name: str
    digest: str
    source_type: str
    source: str
    profile: str
    tags: dict[str, str]


class RunRecord(msgspec.Struct, frozen=True):
    """An MLflow run; the tag `run_id` finds it again.

    started, ended, measured  milliseconds since 1970; `measured` is the time of the metrics
    artifact_location         of an experiment that is new; None leaves it to MLflow
    artifacts                 bytes by file name
    """

    experiment: str
    artifact_location: str | None
    run_id: str
    started: int
    ended: int
    status: Literal["FINISHED", "FAILED"]
    parameters: dict[str, str]
    tags: dict[str, str]
    metrics: dict[str, float] = {}
    measured: int = 0
    artifacts: dict[str, bytes] = {}
    inputs: tuple[InputRecord, ...] = ()
