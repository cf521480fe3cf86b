"""The record in MLflow: on a real SQLite MLflow, and with no server at the other end."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl
import pytest

from estimates import instants
from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError, NotFoundError, RefusedError, UnavailableError
from estimates.store.store import Store
from estimates_jobs.run.runner import Outcome, publish_file, read_candidate
from estimates_jobs.tracking.record import (
    record,
    record_decisions,
    record_scores,
    track,
    tracking_uri,
)
from tests.builders import make_store
from tests.dripping import dripping

if TYPE_CHECKING:
    from mlflow import MlflowClient

CONTRACT = """
name = "demand"
[key.item]
type = "string"
[columns.p]
max = 1000
[gate]
promote = "automatic"
"""
NOBODY = "http://127.0.0.1:9"
NAMES = ("demand", "second", "third")


_RUN = """
import sys
from pathlib import Path
from estimates.store.store import Store
from tests.builders import make_store
from tests.jobs.tracking.test_record import publish
folder, run_id = Path(sys.argv[1]), sys.argv[2]
root = folder / "store"
store = Store(root) if root.exists() else make_store(root)
assert publish(store, run_id, folder).tracked
print(*sys.modules.keys() & {"mlflow"}, end="")
"""


_ONE_OF_THREE = """
import sys
from pathlib import Path
from estimates.contract.contract_file import parse_contract
from estimates.store.store import Store
from estimates_jobs.run.runner import publish_file, read_candidate
from tests.jobs.tracking.test_record import CONTRACT
folder, name = Path(sys.argv[1]), sys.argv[2]
store, source = Store(folder / "store"), CONTRACT.replace("demand", name)
store.define(parse_contract(source), source)
made = read_candidate(store, name, folder / "table.csv", run_id=name)
print("ready", flush=True)
sys.stdin.readline()
assert publish_file(store, name, *made)[0].tracked
print(*sys.modules.keys() & {"mlflow"}, end="")
"""


class Made(NamedTuple):
    """An MLflow database, what each process that published first wrote to the terminal, and whether
    it loaded MLflow.
    """

    path: Path
    noise: list[str]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """An MLflow database, made by the first publishes of three sets at once, where one before was
    killed while it made the tables.
    """
    folder = tmp_path_factory.mktemp("mlflow")
    make_store(folder / "store").catalog.engine.dispose()
    for left in ("", "-journal"):
        (folder / "store" / f"mlflow.db.new{left}").write_bytes(b"half of it")
    (folder / "table.csv").write_text("item,p\na,1.5\nb,1.6\n")
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    command = [sys.executable, "-c", _ONE_OF_THREE, str(folder)]
    started = [
        subprocess.Popen([*command, name], cwd=folder, env=_environment(), text=True, **pipes)
        for name in NAMES
    ]
    lines = [process.stdout.readline() for process in started if process.stdout]
    assert lines == ["ready\n"] * 3
    for process in started:
        print(file=process.stdin, flush=True)
    noise = [process.communicate()[0] for process in started]
    assert [process.returncode for process in started] == [0] * 3, noise
    assert {path.name for path in folder.iterdir()} == {"store", "table.csv"}
    return Made(folder / "store" / "mlflow.db", noise)


def run_apart(folder: Path, run_id: str = "r1", **variables: str) -> str:
    """Publish into a store in another process, new or not; returns what it wrote, and whether it
    loaded MLflow.
    """
    command = [sys.executable, "-c", _RUN, str(folder), run_id]
    environment = _environment() | variables
    ran = subprocess.run(
        command, env=environment, check=True, capture_output=True, text=True, cwd=folder
    )
    return ran.stdout + ran.stderr


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW")}
    return kept | {"PYTHONPATH": str(Path(__file__).parents[3])}


@pytest.fixture
def tracked_store(
    local_store: Store, made: Made, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Store:
    """A store whose runs are recorded in its own MLflow file."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (Path(local_store.root) / "mlflow.db").write_bytes(_without_experiments(made.path))
    monkeypatch.chdir(tmp_path)
    return local_store


def _without_experiments(path: Path) -> bytes:
    copy = path.with_suffix(".copy")
    copy.write_bytes(path.read_bytes())
    with sqlite3.connect(copy) as connection:
        connection.execute("UPDATE experiments SET name = 'gone' WHERE name = 'demand'")
    return copy.read_bytes()


def client(store: Store) -> MlflowClient:
    """A client of the store's MLflow."""
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri(store))


def publish(
    store: Store, run_id: str, folder: Path, *, p: float = 1.5, day: str = "2024-05-02"
) -> Outcome:
    """Publish a file of two rows."""
    store.define(parse_contract(CONTRACT), CONTRACT)
    table = folder / "table.csv"
    table.write_text(f"item,p\na,{p}\nb,{p + 0.01}\n")
    frame, provenance = read_candidate(store, "demand", table, data_through=day, run_id=run_id)
    return publish_file(store, "demand", frame, provenance)[0]


def tracked_run(store: Store, run_id: str) -> Any:
    """The MLflow run of a run_id; there is exactly one."""
    mlflow = client(store)
    experiment = mlflow.get_experiment_by_name("demand")
    assert experiment is not None
    runs = mlflow.search_runs([experiment.experiment_id], f"tags.run_id = '{run_id}'")
    assert len(runs) == 1
    return runs[0]


def test_a_run_is_recorded(tracked_store: Store, tmp_path: Path) -> None:
    """One MLflow run with tags, parameters, metrics, inputs and artifacts; version, run and
    MLflow name each other.
    """
    outcome = publish(tracked_store, "r1", tmp_path)
    run = tracked_run(tracked_store, "r1")
    version = tracked_store.resolve("demand")
    assert outcome.mlflow_run == run.info.run_id == version.mlflow_run
    known = tracked_store.catalog.run("r1")
    assert known is not None
    assert (known.mlflow_run, known.step) == (run.info.run_id, "done")
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "r1"
    assert {
        name: run.data.tags[name]
        for name in ("set", "run_id", "version", "snapshot_id", "data_through")
    } == {
        "set": "demand",
        "run_id": "r1",
        "version": "1",
        "snapshot_id": version.snapshot_id,
        "data_through": "2024-05-02T23:59:59.999999Z",
    }
    published = next(e for e in tracked_store.catalog.entries() if e.event.kind == "promoted")
    assert run.data.tags["store"] == tracked_store.view().head.store
    assert run.data.tags["log_head"] == f"{published.event.id}:{published.digest}"
    assert run.data.params["contract_revision"] == "1"
    assert run.data.metrics["rows"] == 2
    assert run.data.metrics["gate/nulls"] == 0
    assert run.data.metrics["gate/blocks"] == 0
    (logged,) = run.inputs.dataset_inputs
    digest = version.provenance.inputs[0].digest
    assert logged.dataset.name == "file"
    assert digest.startswith(logged.dataset.digest)
    assert {tag.key: tag.value for tag in logged.tags}["sha256"] == digest


def test_artifacts_are_the_manifest_and_the_verdict(tracked_store: Store, tmp_path: Path) -> None:
    """The stored manifest and verdict, byte for byte, in a folder of the store."""
    publish(tracked_store, "r1", tmp_path)
    run = tracked_run(tracked_store, "r1")
    assert run.info.artifact_uri.startswith(
        f"{Path(tracked_store.root).as_uri()}/mlflow-artifacts/demand"
    )
    mlflow = client(tracked_store)
    manifest = Path(
        mlflow.download_artifacts(run.info.run_id, "manifest.json", str(tmp_path))
    ).read_bytes()
    assert manifest == tracked_store.manifest(tracked_store.resolve("demand"))
    verdict = json.loads(
        Path(mlflow.download_artifacts(run.info.run_id, "verdict.json", str(tmp_path))).read_text()
    )
    assert (verdict["version"], verdict["outcome"]) == (1, "pass")


def test_every_comparison_has_its_page(tracked_store: Store, tmp_path: Path) -> None:
    """The page of numbers is an artifact of promoted and refused versions; it draws nothing and
    says how to have it drawn.
    """
    publish(tracked_store, "r1", tmp_path)
    for number, price in enumerate((1.53, 900.0), start=2):
        (tmp_path / "table.csv").write_text(f"item,p\na,{price}\nb,{price + 0.01}\n")
        candidate = read_candidate(
            tracked_store,
            "demand",
            tmp_path / "table.csv",
            data_through=f"2024-05-0{number + 1}",
            run_id=f"r{number}",
        )
        publish_file(tracked_store, "demand", *candidate)
    runs = [tracked_run(tracked_store, run_id) for run_id in ("r2", "r3")]
    mlflow = client(tracked_store)
    pages = [[file.path for file in mlflow.list_artifacts(run.info.run_id)] for run in runs]
    assert [run.data.tags["status"] for run in runs] == ["promoted", "refused"]
    assert all("diff.html" in names for names in pages)
    page = Path(mlflow.download_artifacts(runs[1].info.run_id, "diff.html", str(tmp_path)))
    shown = page.read_text()
    assert "<svg" not in shown
    assert "estimates diff demand A B --format html" in shown


def test_stability_against_production_is_a_metric(tracked_store: Store, tmp_path: Path) -> None:
    """From the second version on the headline of the diff against production is recorded."""
    publish(tracked_store, "r1", tmp_path)
    publish(tracked_store, "r2", tmp_path, p=1.53, day="2024-05-03")
    first, second = (
        tracked_run(tracked_store, "r1").data.metrics,
        tracked_run(tracked_store, "r2").data.metrics,
    )
    assert not any(name.startswith("stability/") for name in first)
    assert second["stability/key_jaccard"] == 1
    assert second["stability/p/mean_revision"] == pytest.approx(0.03)
    assert second["stability/p/r_p95"] == pytest.approx(0.0198, rel=0.01)
    mlflow, run = client(tracked_store), tracked_run(tracked_store, "r2")
    page = mlflow.download_artifacts(run.info.run_id, "diff.html", str(tmp_path))
    assert Path(page).read_text().startswith("<!doctype html>")


def test_the_page_of_the_version_is_an_artifact(tracked_store: Store, tmp_path: Path) -> None:
    """Verdict, change and origin stand in one page; estimates and script do not."""
    publish(tracked_store, "r1", tmp_path)
    publish(tracked_store, "r2", tmp_path, p=5000, day="2024-05-03")
    mlflow, run = client(tracked_store), tracked_run(tracked_store, "r2")
    page = Path(mlflow.download_artifacts(run.info.run_id, "version.html", str(tmp_path)))
    shown = page.read_text()
    verdict = tracked_store.verdict("demand", 2)
    assert verdict is not None
    assert verdict.blocks
    assert "Version 2: refused" in shown
    assert all(f.message in unescape(shown) for f in verdict.checks if f.status == "fail")
    assert tracked_store.resolve("demand", 2).provenance.run_id in shown
    assert "diff.html" in shown
    assert "<script" not in shown


def test_a_rollback_is_a_tag(tracked_store: Store, tmp_path: Path) -> None:
    """The run of the version that production left says when, by whom and why; again, the same."""
    publish(tracked_store, "r1", tmp_path)
    publish(tracked_store, "r2", tmp_path, p=1.53, day="2024-05-03")
    event = tracked_store.rollback("demand", reason="wrong prices")
    record_decisions(tracked_store, "demand")
    track(tracked_store)
    tags = tracked_run(tracked_store, "r2").data.tags
    assert tags["rolled_back"] == f"{instants.text(event.at)} by tester: wrong prices"
    assert "rolled_back" not in tracked_run(tracked_store, "r1").data.tags


def test_a_refused_version_is_finished_and_says_so(tracked_store: Store, tmp_path: Path) -> None:
    """A version that the gate refuses is a finished run whose gate blocks."""
    publish(tracked_store, "r1", tmp_path, p=5000)
    run = tracked_run(tracked_store, "r1")
    assert (run.info.status, run.data.metrics["gate/blocks"]) == ("FINISHED", 1)
    assert run.data.tags["status"] == "refused"


def test_rejected_and_failed_runs_are_recorded_as_failed(
    tracked_store: Store, tmp_path: Path
) -> None:
    """A run without a version is FAILED, with its error as a tag; tried again it is FINISHED,
    and still one run.
    """
    tracked_store.define(parse_contract(CONTRACT), CONTRACT)
    (tmp_path / "bad.csv").write_text("item,p\na,1\na,2\n")
    frame, provenance = read_candidate(
        tracked_store, "demand", tmp_path / "bad.csv", data_through="2024-05-02", run_id="r1"
    )
    with pytest.raises(InvalidError):
        publish_file(tracked_store, "demand", frame, provenance)
    run = tracked_run(tracked_store, "r1")
    assert (run.info.status, run.data.tags["error"]) == ("FAILED", "duplicate_key")
    assert "version" not in run.data.tags
    outcome = publish(tracked_store, "r1", tmp_path)
    run = tracked_run(tracked_store, "r1")
    assert (run.info.status, run.data.tags["version"]) == ("FINISHED", "1")
    assert outcome.mlflow_run == run.info.run_id


def test_recording_twice_finds_the_run(tracked_store: Store, tmp_path: Path) -> None:
    """Recording a run again makes no second MLflow run, whatever characters its run_id has."""
    odd = 'it\'s 100% "mine"/ü'
    for run_id in ("r1", odd):
        first = publish(tracked_store, run_id, tmp_path).mlflow_run
        assert record(tracked_store, run_id) == first
        assert record(tracked_store, run_id) == first
    experiment = client(tracked_store).get_experiment_by_name("demand")
    assert experiment is not None
    assert len(client(tracked_store).search_runs([experiment.experiment_id])) == 2


def test_without_mlflow_a_version_is_promoted_and_tracked_later(
    tracked_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nobody at the other end a run is fast, promoted and untracked, with a warning;
    `track` catches up once.
    """
    monkeypatch.setenv("MLFLOW_TRACKING_URI", NOBODY)
    start = time.monotonic()
    outcome = publish(tracked_store, "r1", tmp_path)
    assert time.monotonic() - start < 60  # it would try again for minutes
    assert (outcome.promoted, outcome.tracked, outcome.mlflow_run) == (True, False, None)
    assert any(
        "not tracked: MLflow at http://127.0.0.1:9 cannot record run r1: " in warning
        and "refused;" in warning
        for warning in outcome.warnings
    )
    assert tracked_store.resolve("demand").mlflow_run is None
    with pytest.raises(UnavailableError) as caught:
        track(tracked_store)
    assert caught.value.code == "mlflow_unreachable"

    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    (tracked,) = track(tracked_store, "demand")
    assert (tracked.run_id, tracked.version) == ("r1", 1)
    assert (
        tracked_store.resolve("demand").mlflow_run
        == tracked.mlflow_run
        == tracked_run(tracked_store, "r1").info.run_id
    )
    assert track(tracked_store) == []


@pytest.mark.parametrize("status", [401, 403])
def test_a_server_that_refuses_is_told_apart_from_one_that_is_away(
    tracked_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """Who is not let in by MLflow's server reads what to set, and is not told to try again."""

    class Door(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        do_GET = do_POST = answer  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{server.server_port}")
        assert not publish(tracked_store, "r1", tmp_path).tracked
        with pytest.raises(RefusedError, match="MLFLOW_TRACKING_USERNAME") as caught:
            track(tracked_store)
        server.shutdown()
    assert caught.value.code == "mlflow_refused"


def test_a_server_that_sends_a_byte_a_second_holds_no_run(
    tracked_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is a limit for all of a run's record: it is promoted, untracked, with a warning."""
    monkeypatch.setattr("estimates_jobs.tracking.record.SERVER_S", 1.0)
    with dripping() as url:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", url)
        outcome = publish(tracked_store, "r1", tmp_path)
    assert (outcome.promoted, outcome.tracked) == (True, False)
    assert any("no answer within 1 s in all" in warning for warning in outcome.warnings)


def test_a_resumed_run_tracks_what_is_missing(
    tracked_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same run_id again tracks a version that was published while MLflow was away."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", NOBODY)
    publish(tracked_store, "r1", tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    outcome = publish(tracked_store, "r1", tmp_path)
    assert (outcome.version, outcome.mlflow_run) == (
        1,
        tracked_run(tracked_store, "r1").info.run_id,
    )


def test_the_uri_of_the_environment_is_honoured(
    tracked_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: Made
) -> None:
    """MLFLOW_TRACKING_URI names another database, and the store's own stays empty."""
    elsewhere = tmp_path / "elsewhere.db"
    elsewhere.write_bytes(_without_experiments(made.path))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{elsewhere}")
    publish(tracked_store, "r1", tmp_path)
    assert tracked_run(tracked_store, "r1").info.status == "FINISHED"
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert client(tracked_store).get_experiment_by_name("demand") is None


def test_an_unknown_run_is_not_found(tracked_store: Store) -> None:
    """A run_id that the catalog does not know cannot be recorded."""
    with pytest.raises(NotFoundError, match="no run 'nope'"):
        record(tracked_store, "nope")


def test_the_stores_own_record_loads_no_mlflow(made: Made) -> None:
    """Once the file is made, runs are written without MLflow, without a word."""
    assert run_apart(made.path.parents[1], "r2") == ""


@pytest.mark.stack
def test_tracking_through_mlflow_is_silent(made: Made, tmp_path: Path) -> None:
    """MLflow writes nothing to the terminal."""
    shutil.copy(made.path, tmp_path / "elsewhere.db")
    uri = f"sqlite:///{tmp_path / 'elsewhere.db'}?timeout=20"  # not the plain file written directly
    assert run_apart(tmp_path, MLFLOW_TRACKING_URI=uri) == "mlflow"


def test_without_mlflow_installed_a_server_needs_the_extra(
    tracked_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A version is published all the same; one line names the extra, and `track` says what is
    missing.
    """
    monkeypatch.setitem(sys.modules, "mlflow", None)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", NOBODY)
    outcome = publish(tracked_store, "r1", tmp_path)
    assert (outcome.promoted, outcome.tracked) == (True, False)
    (warning,) = [warning for warning in outcome.warnings if "not tracked" in warning]
    assert "mlflow is not installed; pip install 'estimates-store[jobs]'" in warning
    assert "[jobs]'" in warning
    with pytest.raises(ModuleNotFoundError) as caught:
        track(tracked_store)
    assert caught.value.name == "mlflow"
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert [tracked.run_id for tracked in track(tracked_store)] == ["r1"]


def test_a_deleted_experiment_is_restored(tracked_store: Store, tmp_path: Path) -> None:
    """An experiment that somebody deleted in MLflow comes back with the next run."""
    publish(tracked_store, "r1", tmp_path)
    experiment = client(tracked_store).get_experiment_by_name("demand")
    assert experiment is not None
    client(tracked_store).delete_experiment(experiment.experiment_id)
    publish(tracked_store, "r2", tmp_path, day="2024-05-03")
    assert tracked_run(tracked_store, "r2").info.experiment_id == experiment.experiment_id
    assert tracked_run(tracked_store, "r1").info.status == "FINISHED"


def test_a_database_of_another_release_is_for_mlflow_to_judge(
    tracked_store: Store, tmp_path: Path
) -> None:
    """Tables that are not those of this release are never written past MLflow, whose own word
    is passed on.
    """
    with sqlite3.connect(Path(tracked_store.root) / "mlflow.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'newer'")
    outcome = publish(tracked_store, "r1", tmp_path)
    assert (outcome.promoted, outcome.tracked) == (True, False)
    (warning,) = [warning for warning in outcome.warnings if "not tracked" in warning]
    assert (
        "cannot record run r1: Detected out-of-date database schema (found version newer" in warning
    )


def test_times_are_those_of_the_run(tracked_store: Store, tmp_path: Path) -> None:
    """The MLflow run starts when the run started."""
    publish(tracked_store, "r1", tmp_path)
    known = tracked_store.catalog.run("r1")
    assert known is not None
    assert (
        tracked_run(tracked_store, "r1").info.start_time
        == instants.micros(known.started_at) // 1000
    )


def test_scores_are_metrics_of_the_versions_run(tracked_store: Store, tmp_path: Path) -> None:
    """Scores become metrics of the run whose version they are of, each once, the event's id as
    their step.
    """
    publish(tracked_store, "r1", tmp_path)
    actuals = pl.DataFrame({"item": ["a", "b"], "p": [1.0, 1.0]})
    tracked_store["demand"].score(actuals)
    (tracked,) = record_scores(tracked_store, "demand")
    assert (tracked.what, tracked.version, tracked.run_id) == ("scores", 1, "r1")
    assert record_scores(tracked_store, "demand") == []
    run = tracked_run(tracked_store, "r1")
    assert run.data.metrics["accuracy/p/mae"] == pytest.approx(0.505)
    assert run.data.metrics["accuracy/p/actuals"] == 2
    assert "accuracy/p/mase" not in run.data.metrics
    tracked_store["demand"].score(actuals.with_columns(p=pl.lit(1.5)))
    assert [entry.version for entry in track(tracked_store)] == [1]
    history = client(tracked_store).get_metric_history(run.info.run_id, "accuracy/p/mae")
    events = [
        event.id for event in tracked_store.view().set("demand").events if event.kind == "scored"
    ]
    assert [metric.step for metric in history] == events
    assert [metric.value for metric in history] == pytest.approx([0.505, 0.005])


def test_scores_wait_for_mlflow(
    tracked_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scores made while MLflow was away are stored, and `track` catches up with the run and
    then with them.
    """
    monkeypatch.setenv("MLFLOW_TRACKING_URI", NOBODY)
    publish(tracked_store, "r1", tmp_path)
    tracked_store["demand"].score(pl.DataFrame({"item": ["a"], "p": [1.0]}))
    assert record_scores(tracked_store, "demand") == []  # the version has no run yet
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert [entry.what for entry in track(tracked_store)] == ["run", "scores"]
    tracked_store["demand"].score(pl.DataFrame({"item": ["a"], "p": [2.0]}))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", NOBODY)
    with pytest.raises(UnavailableError) as caught:
        record_scores(tracked_store, "demand")
    assert caught.value.code == "mlflow_unreachable"
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert [entry.what for entry in track(tracked_store)] == ["scores"]
    assert tracked_run(tracked_store, "r1").data.metrics["accuracy/p/mae"] == 0.5


def test_first_publishes_of_three_sets_at_once(made: Made) -> None:
    """MLflow's tables are made once, without a word, and every run is in them; what a killed one
    left is gone.
    """
    assert not [*made.path.parent.glob("mlflow.db.new*")]
    assert sorted(made.noise) == ["", "", "mlflow"]
    store = Store(made.path.parent)
    assert all(run.mlflow_run for name in NAMES for run in store.runs(name))
