"""The record through MLflow's own client: servers, other databases. The only importer of mlflow."""

from __future__ import annotations

import logging
import os
import re
from typing import TYPE_CHECKING

from estimates_jobs.tracking.mlflow_structs import InputRecord, RunRecord

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import DatasetInput

# A run must not wait for a server that is away: it says so, and `estimates track` catches up.
_ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",  # seconds
}
_MOST_PARAMETERS = 100  # that MLflow takes at once; tags as well
_MOST_METRICS = 800  # MLflow takes 1000 metrics, parameters and tags at once


def record_run(uri: str, record: RunRecord) -> str:
    """Write a run and return its MLflow id; again, it is the same run.

    Raises whatever MLflow raises, and ModuleNotFoundError without MLflow.
    """
    client = _client(uri)
    from mlflow.entities import Metric, Param, RunTag

    experiment = _experiment(client, record)
    mlflow_run, known = _find(client, experiment, record.run_id)
    if mlflow_run is None:
        tags = {"run_id": record.run_id}
        made = client.create_run(experiment, record.started, tags, run_name=record.run_id)
        mlflow_run = str(made.info.run_id)
    # MLflow refuses another value for a parameter it has; of a run tried again it keeps the first.
    new = {name: value for name, value in record.parameters.items() if name not in known}
    parameters = [Param(name, value) for name, value in new.items()]
    metrics = [Metric(name, value, record.measured, 0) for name, value in record.metrics.items()]
    set_tags = [RunTag(name, value) for name, value in record.tags.items()]
    while parameters or metrics or set_tags:
        client.log_batch(
            mlflow_run, metrics[:_MOST_METRICS], parameters[:_MOST_PARAMETERS], set_tags
        )
        metrics, parameters = metrics[_MOST_METRICS:], parameters[_MOST_PARAMETERS:]
        set_tags.clear()
    for name, content in record.artifacts.items():
        client.log_text(mlflow_run, content.decode(), name)
    if record.inputs:
        client.log_inputs(mlflow_run, datasets=[_dataset(entry) for entry in record.inputs])
    client.set_terminated(mlflow_run, record.status, end_time=record.ended)
    return mlflow_run


def record_metrics(
    uri: str, mlflow_run: str, metrics: dict[str, float], measured: int, step: int
) -> None:
    """Add metrics to a run; `measured` in milliseconds since 1970. Raises as `record_run` does."""
    client = _client(uri)
    from mlflow.entities import Metric

    logged = [Metric(name, value, measured, step) for name, value in metrics.items()]
    for start in range(0, len(logged), _MOST_METRICS):
        client.log_batch(mlflow_run, metrics=logged[start : start + _MOST_METRICS])


def record_tags(uri: str, mlflow_run: str, tags: dict[str, str]) -> None:
    """Set tags of a run; raises as `record_run` does."""
    client = _client(uri)
    for name, value in tags.items():
        client.set_tag(mlflow_run, name, value)


def make_tables(uri: str) -> None:
    """Make MLflow's tables in a database that has none. Raises as `record_run` does."""
    _client(uri).search_experiments(max_results=1)


def _client(uri: str) -> MlflowClient:
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    # MLflow and Alembic set up loggers of their own that tell every step of making a database.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    from mlflow import MlflowClient

    logging.getLogger("mlflow").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    return MlflowClient(uri)


def _experiment(client: MlflowClient, record: RunRecord) -> str:
    from mlflow.exceptions import MlflowException

    experiment = client.get_experiment_by_name(record.experiment)
    if experiment is None:
        try:
            return client.create_experiment(record.experiment, record.artifact_location)
        except MlflowException:
            experiment = client.get_experiment_by_name(record.experiment)  # made by another run
            if experiment is None:
                raise
    if experiment.lifecycle_stage == "deleted":
        client.restore_experiment(experiment.experiment_id)
    return str(experiment.experiment_id)


def _find(client: MlflowClient, experiment: str, run_id: str) -> tuple[str | None, dict[str, str]]:
    """The MLflow id of a run and the parameters it has; None and none when it is not there."""
    # A filter cannot quote its quotes, so what it matches is compared again.
    safe = re.sub(r"[^\w.:/ -]", "_", run_id)
    operator = "=" if safe == run_id else "LIKE"
    for run in client.search_runs([experiment], f"tags.run_id {operator} '{safe}'"):
        if run.data.tags.get("run_id") == run_id:
            return str(run.info.run_id), dict(run.data.params)
    return None, {}


def _dataset(entry: InputRecord) -> DatasetInput:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    dataset = Dataset(
        name=entry.name,
        digest=entry.digest,
        source_type=entry.source_type,
        source=entry.source,
        profile=entry.profile,
    )
    return DatasetInput(dataset, [InputTag(name, value) for name, value in entry.tags.items()])
