"""The record in MLflow: each run is one MLflow run in the experiment named after the set.

The tracking server is MLFLOW_TRACKING_URI, else a SQLite file beside the catalog, with a folder of
artifacts: `{root}/mlflow.db` and `{root}/mlflow-artifacts`. MLflow is the record and never the
truth: nothing here is read back. A SQLite file is written directly, all else by MLflow's client.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import msgspec

from estimates import instants
from estimates.accuracy import accuracy_json
from estimates.catalog.records import InputDigest, LogHead, Scored, Version
from estimates.catalog.run_record import Run
from estimates.compare.queries import DiffQuery
from estimates.errors import NotFoundError, RefusedError, UnavailableError
from estimates.gate.verdict import Verdict, render_json
from estimates.stability.pages.report_html import render_numbers
from estimates.stability.report import Report
from estimates.storage.file_lock import file_lock
from estimates.store.publish import Publication
from estimates.store.store import Store
from estimates_jobs.time_limit import within
from estimates_jobs.tracking import run_metrics, sqlite_record, version_page
from estimates_jobs.tracking.decision_tags import decision_tags
from estimates_jobs.tracking.mlflow_structs import InputRecord, RunRecord

SERVER_S = 60.0  # that a server may take for all of a run
_FAILED = ("failed", "rejected")
_NAME = re.compile(r"[^/\w.\- :]")  # what MLflow does not take in the name of a metric or parameter
_VALUE = 6000  # longest parameter value that MLflow takes


class Tracked(msgspec.Struct, frozen=True):
    """A run, or the scores of its version, and the MLflow run that records it."""

    set: str
    run_id: str
    version: int | None
    mlflow_run: str
    what: Literal["run", "scores"] = "run"


def tracking_uri(store: Store) -> str:
    """Where runs of this store are recorded.

    Raises RefusedError (`no_tracking`) for a bucket without a server.
    """
    if named := os.environ.get("MLFLOW_TRACKING_URI"):
        return named
    if "://" in store.root:
        raise RefusedError(
            "no_tracking",
            f"{store.root} is a bucket, where MLflow cannot write",
            remedy="set MLFLOW_TRACKING_URI to an MLflow server",
        )
    return f"sqlite:///{Path(store.root).absolute() / 'mlflow.db'}"


def record(store: Store, run_id: str, publication: Publication | None = None) -> str:
    """Record one run and return the MLflow run's id; version and run remember it.

    publication  what publishing made of the run, where it is at hand; else the store is read
    Doing it again changes nothing. A run that failed, or whose frame was rejected, is FAILED.
    Raises UnavailableError (`mlflow_unreachable`), RefusedError (`no_tracking`, `not_allowed`),
    NotFoundError (`unknown_run`).
    """
    run = store.catalog.run(run_id)
    if run is None:
        remedy = "`estimates runs` lists those that there are"
        raise NotFoundError("unknown_run", f"there is no run {run_id!r}", remedy=remedy)
    uri = tracking_uri(store)
    if run.version is not None:
        store.check_writable("tracked", run.set)
    with _reaching(uri, f"run {run_id}"):
        mlflow_run = _write(uri, "record_run", _run_record(store, run, publication))
    done = None if run.status in _FAILED else "done"
    store.catalog.update_run(run_id, mlflow_run=mlflow_run, step=done)
    if run.version is not None and store.resolve(run.set, run.version).mlflow_run != mlflow_run:
        store.set_mlflow_run(run.set, run.version, mlflow_run)
    return mlflow_run


def record_scores(store: Store, name: str) -> list[Tracked]:
    """Log the scores of a set that MLflow does not have yet, oldest first.

    Each number is a metric of the version's run, whose step is the event that announced the scores.
    Versions without a run wait for one.
    Raises UnavailableError (`mlflow_unreachable`), RefusedError (`no_tracking`), NotFoundError
    (`unknown_set`).
    """
    versions, tracked = store.view().set(name).versions, list[Tracked]()
    for scored in store.catalog.untracked_scores(name):
        version = versions[scored.version - 1]
        if version.mlflow_run is None:
            continue
        uri = tracking_uri(store)
        with _reaching(uri, f"the scores of version {scored.version}"):
            content = (_score_metrics(scored), _millis(scored.scored_at), scored.event)
            _write(uri, "record_metrics", version.mlflow_run, *content)
        store.catalog.scores_tracked(scored.event)
        tracked.append(
            Tracked(name, version.provenance.run_id, scored.version, version.mlflow_run, "scores")
        )
    return tracked


def record_decisions(store: Store, name: str) -> None:
    """Say on the MLflow runs of versions what people decided about them; see `decision_tags`. Doing
    it again changes nothing.

    Raises UnavailableError (`mlflow_unreachable`), RefusedError (`no_tracking`, `mlflow_refused`),
    NotFoundError (`unknown_set`).
    """
    of_set = store.view().set(name)
    for number, tags in decision_tags(of_set).items():
        mlflow_run = of_set.versions[number - 1].mlflow_run
        if mlflow_run is None:
            continue
        uri = tracking_uri(store)
        with _reaching(uri, f"what was decided about version {number}"):
            cut = {tag: text[:_VALUE] for tag, text in tags.items()}
            _write(uri, "record_tags", mlflow_run, cut)


def track(store: Store, name: str | None = None) -> list[Tracked]:
    """Record every finished run and all scores that are not recorded yet, oldest first.

    name  a set; None for all
    Raises UnavailableError (`mlflow_unreachable`), RefusedError (`no_tracking`), NotFoundError
    (`unknown_set`).
    """
    tracked = []
    for set_name in store.sets() if name is None else [name]:
        for run in reversed(store.runs(set_name)):
            waiting = run.mlflow_run is None if run.status in _FAILED else run.step == "track"
            if waiting and run.finished_at is not None:
                mlflow_run = record(store, run.run_id)
                tracked.append(Tracked(set_name, run.run_id, run.version, mlflow_run))
        tracked += record_scores(store, set_name)
        record_decisions(store, set_name)
    return tracked


@contextmanager
def _reaching(uri: str, what: str) -> Iterator[None]:
    try:
        yield
    except (NotFoundError, RefusedError, UnavailableError, AssertionError):
        raise
    except Exception as error:  # whatever MLflow, its database or its server raise
        if isinstance(error, ModuleNotFoundError) and error.name == "mlflow":
            raise
        why = " ".join(str(_innermost(error)).split())[:200]
        if _is_forbidden(error):
            raise RefusedError(
                "mlflow_refused",
                f"MLflow at {uri} does not let this program record {what}: {why}",
                remedy=(
                    "renew MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and "
                    "MLFLOW_TRACKING_PASSWORD, then `estimates track` catches up"
                ),
            ) from error
        mend = "start it, or mend" if os.environ.get("MLFLOW_TRACKING_URI") else "mend it, or set"
        raise UnavailableError(
            "mlflow_unreachable",
            f"MLflow at {uri} cannot record {what}: {why}",
            remedy=f"{mend} MLFLOW_TRACKING_URI; then `estimates track` records what it misses",
        ) from error


def _is_forbidden(error: BaseException) -> bool:
    """Whether MLflow's server asks for another user or password."""
    if getattr(error, "error_code", None) in ("PERMISSION_DENIED", "UNAUTHENTICATED"):
        return True
    return re.search(r"failed with error code (401|403)\b", str(error)) is not None


def _innermost(error: BaseException) -> BaseException:
    """What went wrong first: "Connection refused" instead of the retries around it."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return error


def _write(
    uri: str, function: Literal["record_run", "record_metrics", "record_tags"], *content: Any
) -> Any:
    """Call a function of `sqlite_record`, or where it needs it the same one of `client_record`.

    MLflow's client makes the tables of a new file, and two that make them at once fail both: one
    does, and who waited for it finds them. A file whose tables were made by half MLflow never takes
    again, so they are made under another name.
    """
    database = sqlite_record.database_path(uri)
    if database is None:
        return _by_client(uri, function, content)
    with suppress(sqlite_record.NeedsClientError):
        return getattr(sqlite_record, function)(database, *content)
    with file_lock(database.with_name(f"{database.name}.making")):
        if not database.exists():
            _make(database)
        with suppress(sqlite_record.NeedsClientError):
            return getattr(sqlite_record, function)(database, *content)
        return _by_client(uri, function, content)


def _make(database: Path) -> None:
    """Make a file with MLflow's tables, whole or not at all."""
    from estimates_jobs.tracking import client_record

    new = database.with_name(f"{database.name}.new")
    for left in ("", "-journal", "-wal", "-shm"):  # by one that was killed
        new.with_name(new.name + left).unlink(missing_ok=True)
    client_record.make_tables(f"sqlite:///{new}")
    new.rename(database)


def _by_client(uri: str, function: str, content: Sequence[Any]) -> Any:
    from estimates_jobs.tracking import client_record

    if not uri.startswith(("http://", "https://")):
        return getattr(client_record, function)(uri, *content)
    # MLflow's own limit is one of silence: a byte now and then would hold a run for hours
    return within(SERVER_S, lambda: getattr(client_record, function)(uri, *content))


def _run_record(store: Store, run: Run, publication: Publication | None) -> RunRecord:
    version = None if run.version is None else store.resolve(run.set, run.version)
    record = RunRecord(
        experiment=run.set,
        artifact_location=_artifact_location(store, run.set),
        run_id=run.run_id,
        started=_millis(run.started_at),
        ended=_millis(run.finished_at or datetime.now(UTC)),
        status="FAILED" if run.status in _FAILED else "FINISHED",
        parameters=_parameters(store, run, version),
        tags=_tags(run, version, store.catalog.head().log_head()),
    )
    if version is None:
        return record
    inputs = version.provenance.inputs  # only of a run that published
    values: dict[str, float | None] = {"rows": version.rows}
    values |= {f"inputs/{source.name}/rows": source.rows for source in inputs}
    artifacts = {"manifest.json": store.manifest(version)}
    verdict = publication.verdict if publication else store.verdict(version.set, version.version)
    report: Report | None = None
    if verdict is not None:
        artifacts["verdict.json"] = render_json(verdict)
        values |= {f"gate/{check.name}": check.value for check in verdict.checks}
        values["gate/blocks"] = verdict.blocks
        known = publication.report if publication else None
        report = known or _report(store, version, verdict)
        if report is not None:
            values |= dict(run_metrics.of_report(report))
            # pictures would cost more than judging the version: they are drawn for who asks
            artifacts["diff.html"] = render_numbers(report).encode()
    artifacts["version.html"] = version_page.render_html(run, version, verdict, report)
    return msgspec.structs.replace(
        record,
        metrics=_metrics(values),
        measured=_millis(version.published_at),
        artifacts=artifacts,
        inputs=tuple(map(_input, inputs)),
    )


def _artifact_location(store: Store, name: str) -> str | None:
    """Beside the store's own MLflow; a server that somebody named knows a place itself."""
    if "://" in store.root or os.environ.get("MLFLOW_TRACKING_URI"):
        return None
    return (Path(store.root).absolute() / "mlflow-artifacts" / name).as_uri()


def _parameters(store: Store, run: Run, version: Version | None) -> dict[str, str]:
    """Parameters of the job, and the revisions of contract and code."""
    contract = store.contract(run.set, None if version is None else version.contract_revision)
    values: dict[str, Any] = {} if contract.job is None else contract.job.parameters
    parameters: dict[str, str] = {}
    if version is None:
        parameters["contract_revision"] = str(len(store.view().set(run.set).contracts))
    else:
        origin = version.provenance
        values = origin.parameters or values
        parameters["contract_revision"] = str(version.contract_revision)
        parameters["shape"] = str(version.shape)
        known = {name: getattr(origin, name) for name in ("code", "commit", "seed", "job")}
        parameters |= {name: str(value) for name, value in known.items() if value is not None}
    if contract.job is not None:
        parameters.setdefault("job", contract.job.function)
    parameters |= {f"parameters/{name}": _text(value) for name, value in values.items()}
    return {_name(name): value[:_VALUE] for name, value in parameters.items()}


def _tags(run: Run, version: Version | None, head: LogHead) -> dict[str, str]:
    """What the run is about. With a version the head of the store's log: MLflow may lie elsewhere,
    and then tells later whether the log was rewritten.
    """
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
        tags |= {"store": head.store, "log_head": head.text()}
        if version.provenance.warnings:
            tags["mlflow.note.content"] = "\n".join(version.provenance.warnings)
    return {name: value[:_VALUE] for name, value in tags.items()}


def _report(store: Store, version: Version, verdict: Verdict) -> Report | None:
    """How the version differs from the one it was judged against; None when there was none."""
    if verdict.baseline is None or verdict.baseline.version is None:
        return None
    query = DiffQuery(verdict.baseline.version, version.version)
    return store.compare(version.set, query).cached_report(store.reports)


def _score_metrics(scored: Scored) -> dict[str, float]:
    return _metrics(dict(run_metrics.of_scores(accuracy_json.decode(bytes(scored.body)))))


def _input(digest: InputDigest) -> InputRecord:
    return InputRecord(
        name=digest.name[:500],
        digest=digest.digest[:36],  # all that MLflow takes; the whole one is the tag sha256
        source_type="code" if " " in digest.source else "local",
        source=_text({"source": digest.source[:_VALUE], "sha256": digest.digest}),
        profile=_text({"num_rows": digest.rows}),
        tags={"mlflow.data.context": "input", "sha256": digest.digest},
    )


def _metrics(values: dict[str, float | None]) -> dict[str, float]:
    """The finite values, under names that MLflow takes."""
    return {
        _name(name): float(value)
        for name, value in values.items()
        if value is not None and math.isfinite(value)
    }


def _name(name: str) -> str:
    return _NAME.sub("_", name)[:250]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value, enc_hook=str).decode()


def _millis(moment: datetime) -> int:
    return instants.micros(moment) // 1000
