"""The record in MLflow: each run is one MLflow run in the experiment named after the set. The only
importer of mlflow.

The tracking server is MLFLOW_TRACKING_URI, else a SQLite file beside the catalog, with a folder of
artifacts: `{root}/mlflow.db` and `{root}/mlflow-artifacts`. MLflow is the record and never the
truth: nothing here is read back.
"""

from __future__ import annotations

import logging
import math
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from estimates import instants
from estimates.accuracy import accuracy_json
from estimates.accuracy.accuracy_report import Accuracy
from estimates.catalog.records import InputDigest, Run, Scored, Version
from estimates.errors import NotFoundError, UnavailableError
from estimates.gate.verdict import Verdict, render_json
from estimates.stability.report import Report
from estimates.store.store import Store

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
_FAILED = ("failed", "rejected")
_NAME = re.compile(r"[^/\w.\- :]")  # what MLflow does not take in the name of a metric or parameter
_VALUE = 6000  # longest parameter value that MLflow takes
_METRICS = 1000  # most metrics that MLflow takes at once
# The numbers of a column's scores that are logged, by part.
_SCORES = {
    "point": ("mae", "rmse", "bias", "mase"),
    "distribution": ("wis", "dispersion", "penalty_below", "penalty_above"),
    "label": ("right",),
    "probability": ("brier", "log_loss"),
    "revision": ("error_change", "won", "lost"),
}
_BATCH = 100  # most parameters or tags that MLflow takes at once


class Tracked(msgspec.Struct, frozen=True):
    """A run, or the scores of its version, and the MLflow run that records it."""

    set: str
    run_id: str
    version: int | None
    mlflow_run: str
    what: Literal["run", "scores"] = "run"


def tracking_uri(store: Store) -> str:
    """Where runs of this store are recorded; raises UnavailableError (`no_tracking`) for a bucket
    without a server.
    """
    named = os.environ.get("MLFLOW_TRACKING_URI")
    if named:
        return named
    if "://" in store.root:
        raise UnavailableError(
            "no_tracking", f"{store.root} is a bucket: set MLFLOW_TRACKING_URI to an MLflow server"
        )
    return f"sqlite:///{Path(store.root).absolute() / 'mlflow.db'}"


def record(store: Store, run_id: str) -> str:
    """Record one run and return the MLflow run's id; version and run remember it. Doing it again
    changes nothing.

    A run that failed, or whose frame was rejected, is recorded as FAILED.
    Raises UnavailableError (`mlflow_unreachable`, `no_tracking`), NotFoundError (`unknown_run`).
    """
    run = store.catalog.run(run_id)
    if run is None:
        raise NotFoundError("unknown_run", f"there is no run {run_id!r}")
    uri = tracking_uri(store)
    with _reaching(uri, f"run {run_id}"):
        mlflow_run = _record(_client(uri), store, run)
    done = None if run.status in _FAILED else "done"
    store.catalog.update_run(run_id, mlflow_run=mlflow_run, step=done)
    if run.version is not None and store.resolve(run.set, run.version).mlflow_run != mlflow_run:
        store.set_mlflow_run(run.set, run.version, mlflow_run)
    return mlflow_run


def record_scores(store: Store, name: str) -> list[Tracked]:
    """Log the scores of a set that MLflow does not have yet to the runs of their versions, oldest
    first.

    Each number is a metric whose step is the event that announced the scores. Versions without a
    run wait for one.
    Raises UnavailableError (`mlflow_unreachable`, `no_tracking`), NotFoundError (`unknown_set`).
    """
    versions, tracked = store.view().set(name).versions, list[Tracked]()
    for scored in store.catalog.untracked_scores(name):
        version = versions[scored.version - 1]
        if version.mlflow_run is None:
            continue
        uri = tracking_uri(store)
        with _reaching(uri, f"the scores of version {scored.version}"):
            _log_scores(_client(uri), version.mlflow_run, scored)
        store.catalog.scores_tracked(scored.event)
        tracked.append(
            Tracked(name, version.provenance.run_id, scored.version, version.mlflow_run, "scores")
        )
    return tracked


def track(store: Store, name: str | None = None) -> list[Tracked]:
    """Record every finished run and all scores that are not recorded yet, of one set or of all,
    oldest first.

    Raises UnavailableError (`mlflow_unreachable`, `no_tracking`), NotFoundError (`unknown_set`).
    """
    tracked = []
    for set_name in store.sets() if name is None else [name]:
        for run in reversed(store.runs(set_name)):
            waiting = run.mlflow_run is None if run.status in _FAILED else run.step == "track"
            if waiting and run.finished_at is not None:
                mlflow_run = record(store, run.run_id)
                tracked.append(Tracked(set_name, run.run_id, run.version, mlflow_run))
        tracked += record_scores(store, set_name)
    return tracked


@contextmanager
def _reaching(uri: str, what: str) -> Iterator[None]:
    try:
        yield
    except (NotFoundError, UnavailableError, AssertionError):
        raise
    except Exception as error:  # whatever MLflow, its database or its server raise
        why = " ".join(str(_innermost(error)).split())[:200]
        raise UnavailableError(
            "mlflow_unreachable",
            f"MLflow at {uri} cannot record {what}: {why}; `estimates track` catches up",
        ) from error


def _innermost(error: BaseException) -> BaseException:
    """What went wrong first: "Connection refused" instead of the retries around it."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return error


def _client(uri: str) -> MlflowClient:
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    # MLflow and Alembic set up loggers of their own that tell every step of making a database.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    from mlflow import MlflowClient

    logging.getLogger("mlflow").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    return MlflowClient(uri)


def _record(client: MlflowClient, store: Store, run: Run) -> str:
    experiment = _experiment(client, store, run.set)
    mlflow_run = _find(client, experiment, run.run_id)
    if mlflow_run is None:
        created = client.create_run(
            experiment,
            start_time=_millis(run.started_at),
            tags={"run_id": run.run_id},
            run_name=run.run_id,
        )
        mlflow_run = created.info.run_id
    version = None if run.version is None else store.resolve(run.set, run.version)
    _log_batches(client, mlflow_run, _parameters(store, run, version), _tags(run, version))
    if version is not None:
        _log_version(client, mlflow_run, store, version)
    status = "FAILED" if run.status in _FAILED else "FINISHED"
    client.set_terminated(
        mlflow_run, status, end_time=_millis(run.finished_at or datetime.now(UTC))
    )
    return mlflow_run


def _experiment(client: MlflowClient, store: Store, name: str) -> str:
    from mlflow.exceptions import MlflowException

    found = client.get_experiment_by_name(name)
    if found is None:
        local = "://" not in store.root and not os.environ.get("MLFLOW_TRACKING_URI")
        artifacts = (
            (Path(store.root).absolute() / "mlflow-artifacts" / name).as_uri() if local else None
        )
        try:
            return client.create_experiment(name, artifact_location=artifacts)
        except MlflowException:
            found = client.get_experiment_by_name(name)  # somebody else was faster
            if found is None:
                raise
    if found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
    return str(found.experiment_id)


def _find(client: MlflowClient, experiment: str, run_id: str) -> str | None:
    # A filter cannot quote its quotes, so what it finds is compared again.
    safe = re.sub(r"[^\w.:/ -]", "_", run_id)
    operator = "=" if safe == run_id else "LIKE"
    for found in client.search_runs([experiment], f"tags.run_id {operator} '{safe}'"):
        if found.data.tags.get("run_id") == run_id:
            return str(found.info.run_id)
    return None


def _parameters(store: Store, run: Run, version: Version | None) -> dict[str, str]:
    """Parameters of the job, and the revisions of contract and code."""
    contract = store.contract(run.set, None if version is None else version.contract_revision)
    revision = (
        len(store.view().set(run.set).contracts) if version is None else version.contract_revision
    )
    parameters: dict[str, Any] = {} if contract.job is None else contract.job.parameters
    if version is not None:
        parameters = version.provenance.parameters or parameters
    found = {f"parameters/{name}": _text(value) for name, value in parameters.items()}
    found["contract_revision"] = str(revision)
    if contract.job is not None:
        found["job"] = contract.job.function
    if version is not None:
        origin = version.provenance
        found |= {"shape": str(version.shape)}
        found |= {
            name: str(v)
            for name in ("code", "seed", "job")
            if (v := getattr(origin, name)) is not None
        }
    return found


def _tags(run: Run, version: Version | None) -> dict[str, str]:
    tags = {
        "set": run.set,
        "run_id": run.run_id,
        "data_through": instants.text(run.data_through),
        "status": run.status,
    }
    if run.error is not None:
        tags |= {"error": run.error, "mlflow.note.content": run.message or run.error}
    if version is not None:
        tags |= {"version": str(version.version), "snapshot_id": version.snapshot_id}
        if version.provenance.warnings:
            tags["mlflow.note.content"] = "\n".join(version.provenance.warnings)
    return tags


def _log_batches(
    client: MlflowClient, mlflow_run: str, parameters: dict[str, str], tags: dict[str, str]
) -> None:
    from mlflow.entities import Param, RunTag

    # MLflow refuses another value for a parameter it has; of a run that is tried again it keeps the
    # first.
    known = client.get_run(mlflow_run).data.params
    logged = [
        Param(_name(name), value[:_VALUE])
        for name, value in parameters.items()
        if _name(name) not in known
    ]
    for start in range(0, len(logged), _BATCH):
        client.log_batch(mlflow_run, params=logged[start : start + _BATCH])
    client.log_batch(
        mlflow_run, tags=[RunTag(name, value[:_VALUE]) for name, value in tags.items()]
    )


def _log_version(client: MlflowClient, mlflow_run: str, store: Store, version: Version) -> None:
    from mlflow.entities import Metric

    verdict = store.verdict(version.set, version.version)
    metrics = {"rows": float(version.rows)} | _input_metrics(version)
    client.log_text(mlflow_run, store.manifest(version).decode(), "manifest.json")
    if verdict is not None:
        client.log_text(mlflow_run, render_json(verdict).decode(), "verdict.json")
        metrics |= _gate_metrics(verdict) | _stability_metrics(store, version, verdict)
    now = _millis(version.published_at)
    client.log_batch(
        mlflow_run, metrics=[Metric(_name(name), value, now, 0) for name, value in metrics.items()]
    )
    if version.provenance.inputs:
        client.log_inputs(
            mlflow_run, datasets=[_dataset(given) for given in version.provenance.inputs]
        )


def _input_metrics(version: Version) -> dict[str, float]:
    return {
        f"inputs/{i.name}/rows": float(i.rows)
        for i in version.provenance.inputs
        if i.rows is not None
    }


def _gate_metrics(verdict: Verdict) -> dict[str, float]:
    values = {f"gate/{check.name}": check.value for check in verdict.checks}
    return _finite(values) | {"gate/blocks": float(verdict.blocks)}


def _stability_metrics(store: Store, version: Version, verdict: Verdict) -> dict[str, float]:
    """How the version differs from the one it was judged against; nothing when there was none."""
    if verdict.baseline is None or verdict.baseline.version is None:
        return {}
    return _finite(
        dict(_headline(store[version.set].diff(verdict.baseline.version, version.version)))
    )


def _headline(report: Report) -> Iterator[tuple[str, float | None]]:
    for name in ("added_share", "removed_share", "key_jaccard", "identical_share"):
        yield f"stability/{name}", getattr(report.keys, name)
    for column, found in report.columns.items():
        yield f"stability/{column}/coverage", found.coverage
        if found.label is not None:
            yield f"stability/{column}/churn", found.label.churn
        if found.scalar is None:
            continue
        for name in ("equal_share", "material_share", "mean_revision", "rmar", "sign_flip_share"):
            yield f"stability/{column}/{name}", getattr(found.scalar, name)
        if found.scalar.r is not None:
            for name in ("p50", "p95", "max"):
                yield f"stability/{column}/r_{name}", getattr(found.scalar.r, name)


def _log_scores(client: MlflowClient, mlflow_run: str, scored: Scored) -> None:
    from mlflow.entities import Metric

    values = _finite(dict(_accuracy(accuracy_json.decode(bytes(scored.body)))))
    at = _millis(scored.scored_at)
    metrics = [Metric(_name(name), value, at, scored.event) for name, value in values.items()]
    for start in range(0, len(metrics), _METRICS):
        client.log_batch(mlflow_run, metrics=metrics[start : start + _METRICS])


def _accuracy(scores: Accuracy) -> Iterator[tuple[str, float | None]]:
    """The numbers of all keys of each column; those by horizon and group stay in the catalog."""
    for column, found in scores.columns.items():
        yield f"accuracy/{column}/actuals", float(found.actuals)
        for part, names in _SCORES.items():
            held = getattr(found, part)
            for name in names if held is not None else ():
                yield f"accuracy/{column}/{name}", getattr(held, name)
        for one in found.intervals:
            yield f"accuracy/{column}/covered_{100 * one.level:g}", one.covered
            yield f"accuracy/{column}/interval_score_{100 * one.level:g}", one.score
        for loss, compared in found.skill.losses.items() if found.skill is not None else ():
            yield f"accuracy/{column}/skill_{loss}", compared.skill


def _dataset(given: InputDigest) -> DatasetInput:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    dataset = Dataset(
        name=given.name[:500],
        digest=given.digest[:36],  # all that MLflow takes; the whole one is the tag sha256
        source_type="code" if " " in given.source else "local",
        source=_text({"source": given.source[:_VALUE], "sha256": given.digest}),
        profile=_text({"num_rows": given.rows}),
    )
    return DatasetInput(
        dataset, [InputTag("mlflow.data.context", "input"), InputTag("sha256", given.digest)]
    )


def _finite(values: dict[str, float | None]) -> dict[str, float]:
    return {
        name: float(value)
        for name, value in values.items()
        if value is not None and math.isfinite(value)
    }


def _name(name: str) -> str:
    return _NAME.sub("_", name)[:250]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value, enc_hook=str).decode()


def _millis(moment: datetime) -> int:
    return instants.micros(moment) // 1000
