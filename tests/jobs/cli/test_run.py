"""run, publish, gate --file and track on the command line, with real jobs, files and MLflow."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path

import pytest

from estimates.store.store import Store
from tests.jobs.cli.calls import Called, call, call_process
from tests.mlflow_tables import AddMlflow

CONTRACT = """\
name = "prices"
[key.ticker]
type = "string"
[columns.price]
max = 500.0
[gate]
promote = "{promote}"
[job]
function = "{function}"
[job.inputs.closes]
source = "closes.csv"
time = "date"
"""
JOBS = """\
import polars as pl

def last(context):
    closes = context.input("closes")
    return closes.sort("date").group_by("ticker").agg(price=pl.col("close").last())

def peeks(context):
    closes = pl.read_csv("closes.csv")
    return closes.sort("date").group_by("ticker").agg(price=pl.col("close").last())

def breaks(context):
    raise RuntimeError("the model did not converge")

def twice(context):
    return pl.DataFrame({"ticker": ["A", "A"], "price": [1.0, 2.0]})
"""
CLOSES = (
    "ticker,date,close\nA,2024-01-02,10.0\nB,2024-01-02,20.0\n"
    "A,2024-01-03,11.0\nB,2024-01-03,900.0\n"
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with jobs, prices and a store whose contract's job is `last`; MLflow writes
    into the store.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("ESTIMATES_STORE", str(tmp_path / "store"))
    (tmp_path / "cli_jobs.py").write_text(JOBS)
    (tmp_path / "closes.csv").write_text(CLOSES)
    assert call("init").code == 0
    _define(tmp_path, "last")
    return tmp_path


def _define(folder: Path, function: str, promote: str = "automatic") -> None:
    path = folder / "prices.toml"
    path.write_text(CONTRACT.format(function=f"cli_jobs:{function}", promote=promote))
    assert call("define", path).code == 0


def _run(*more: str) -> Called:
    return call("run", "prices", *more, "--format", "json")


def _versions(folder: Path) -> int:
    return len(Store(folder / "store").view().set("prices").versions)


def test_run_publishes_judges_promotes_and_records(folder: Path) -> None:
    """One command makes a version, promotes it and records it in the MLflow beside the catalog,
    which the first one makes.
    """
    done = _run("--through", "2024-01-02", "--run-id", "day-2")
    assert done.code == 0, done.err
    outcome = done.json
    assert (outcome["version"], outcome["status"], outcome["run_id"]) == (1, "promoted", "day-2")
    with sqlite3.connect(folder / "store" / "mlflow.db") as mlflow:
        assert mlflow.execute("SELECT run_uuid FROM runs").fetchall() == [(outcome["mlflow_run"],)]
    assert call("get", "prices", "A", "--format", "json").json["estimate"]["price"] == 10.0


def test_the_same_run_id_again_makes_no_second_version(folder: Path) -> None:
    """A repeated run is the run it was; with another data_through it is a conflict."""
    first = _run("--through", "2024-01-02", "--run-id", "day-2")
    again = _run("--through", "2024-01-02", "--run-id", "day-2")
    assert again.code == 0
    assert again.json["version"] == first.json["version"]
    assert _versions(folder) == 1
    other = _run("--through", "2024-01-03", "--run-id", "day-2")
    assert (other.code, other.error["code"]) == (1, "run_id_reused")
    assert other.error["run_id"] == "day-2"


def test_a_refused_run_exits_1_and_shows_the_verdict(folder: Path) -> None:
    """The gate's no is exit code 1; the page names check and key, and production stays."""
    assert _run("--through", "2024-01-02").code == 0
    refused = call("run", "prices", "--through", "2024-01-03", "--run-id", "day-3")
    assert refused.code == 1
    assert "hard_bounds" in refused.text
    assert "B" in refused.text
    assert "not promoted: the gate refuses it" in refused.text
    assert "run day-3" in refused.err
    assert call("get", "prices", "A", "--format", "json").json["version"] == 1


def test_a_failed_job_exits_4_and_is_a_row_of_runs(folder: Path) -> None:
    """What a job raises is one line, no version, and a failed run that says why."""
    _define(folder, "breaks")
    failed = _run("--run-id", "day-2")
    assert (failed.code, failed.error["code"]) == (4, "job_failed")
    assert "did not converge" in failed.error["message"]
    assert _versions(folder) == 0
    assert call("runs", "prices", "--format", "json").json["runs"][0]["status"] == "failed"
    assert "day-2,prices,failed,compute," in call("runs", "prices", "--format", "csv").text
    shown = call("runs", "prices").text
    assert "day-2" in shown
    assert "job_failed" in shown


def test_a_rejected_frame_exits_2_and_stores_nothing(folder: Path) -> None:
    """A frame with a key twice is wrong input: it names the key, and the run is rejected."""
    _define(folder, "twice")
    rejected = _run()
    assert (rejected.code, rejected.error["code"]) == (2, "duplicate_key")
    assert _versions(folder) == 0
    assert call("runs", "prices", "--format", "json").json["runs"][0]["status"] == "rejected"


def test_check_lookahead_lets_an_honest_job_through_and_stops_the_other(folder: Path) -> None:
    """A job that opens its input behind the context's back is found out: exit 1, no version."""
    assert _run("--through", "2024-01-02", "--check-lookahead").code == 0
    _define(folder, "peeks")
    peeked = _run("--through", "2024-01-02", "--check-lookahead")
    assert (peeked.code, peeked.error["code"]) == (1, "looks_ahead")
    assert _versions(folder) == 1


def test_a_manual_policy_leaves_promotion_to_a_person(folder: Path) -> None:
    """A passing version stays a candidate, which is no failure, and the way to promote it is
    printed.
    """
    _define(folder, "last", promote="manual")
    done = call("run", "prices", "--through", "2024-01-02")
    assert done.code == 0
    assert "estimates promote prices 1" in done.text
    assert call("get", "prices", "A", "--format", "json").error["code"] == "nothing_promoted"


def test_publish_takes_a_table_with_the_contracts_types(folder: Path) -> None:
    """Leading zeros stay, columns come in any order, the file's digest and data_through are on
    record.
    """
    (folder / "table.csv").write_text("price,ticker\n1.5,007\n2.5,7\n")
    done = call(
        "publish",
        "prices",
        "table.csv",
        "--through",
        "2024-01-02",
        "--run-id",
        "w1",
        "--format",
        "json",
    )
    assert done.code == 0, done.err
    assert done.json["status"] == "promoted"
    assert call("get", "prices", "007", "--format", "json").json["estimate"]["price"] == 1.5
    version = call("versions", "prices", "--format", "json").json["versions"][0]
    assert version["provenance"]["inputs"][0]["rows"] == 2
    assert version["data_through"] == "2024-01-02T23:59:59.999999Z"
    again = call(
        "publish",
        "prices",
        "table.csv",
        "--through",
        "2024-01-02",
        "--run-id",
        "w1",
        "--format",
        "json",
    )
    assert again.json["version"] == 1
    (folder / "table.csv").write_text("price,ticker\n9.5,007\n2.5,7\n")
    reused = call(
        "publish",
        "prices",
        "table.csv",
        "--through",
        "2024-01-02",
        "--run-id",
        "w1",
        "--format",
        "json",
    )
    assert (reused.code, reused.error["code"]) == (1, "run_id_reused")


@pytest.mark.parametrize(
    ("table", "code"),
    [
        ("ticker\nA\n", "columns"),
        ("ticker,price,more\nA,1,2\n", "columns"),
        ("ticker,price\nA,much\n", "bad_value"),
        ("ticker,price\n,1\n", "null_key"),
        ("ticker,price\nA,1\nA,2\n", "duplicate_key"),
        ("ticker,price\nA,NaN\n", "not_finite"),
        ("ticker,price\n..,1\n", "bad_key"),
        ("", "bad_file"),
    ],
)
def test_a_table_that_cannot_be_published_is_rejected_with_a_code(
    folder: Path, table: str, code: str
) -> None:
    """Wrong columns, types, keys and numbers exit 2 and leave no version, neither visible nor in
    files.
    """
    (folder / "table.csv").write_text(table)
    called = call("publish", "prices", "table.csv", "--format", "json")
    assert (called.code, called.error["code"]) == (2, code)
    assert _versions(folder) == 0
    assert not list((folder / "store").glob("sets/prices/snapshots/*"))


def test_a_time_that_is_none_or_in_the_future_is_refused(folder: Path) -> None:
    """`--through` is a date or a time with an offset, and not later than now."""
    assert _run("--through", "yesterday").error["code"] == "bad_time"
    assert _run("--through", "2999-01-01").error["code"] == "future"


def test_gate_judges_a_file_and_stores_nothing(folder: Path) -> None:
    """A file gets the verdict that its version would get; nothing is published by asking."""
    assert _run("--through", "2024-01-02").code == 0
    before = Store(folder / "store").view().last_event
    (folder / "good.csv").write_text("ticker,price\nA,10.1\nB,20.1\n")
    (folder / "bad.csv").write_text("ticker,price\nA,10.1\nB,900.0\n")
    good = call(
        "gate", "prices", "--file", "good.csv", "--through", "2024-01-03", "--format", "json"
    )
    assert (good.code, good.json["blocks"], good.json["version"]) == (0, False, None)
    assert good.json["baseline"]["version"] == 1
    bad = call("gate", "prices", "--file", "bad.csv", "--through", "2024-01-03")
    assert bad.code == 1
    assert "hard_bounds" in bad.text
    assert Store(folder / "store").view().last_event == before


def test_with_mlflow_away_the_version_is_promoted_and_track_catches_up(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run succeeds without MLflow and says so; `track` exits 3 while it is away and records
    later.
    """
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    done = _run("--through", "2024-01-02")
    assert done.code == 0
    assert (done.json["status"], done.json["mlflow_run"]) == ("promoted", None)
    away = call("track", "--format", "json")
    assert (away.code, away.error["code"]) == (3, "mlflow_unreachable")
    assert "start it, or mend MLFLOW_TRACKING_URI; then" in away.error["message"]
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert [run["version"] for run in call("track", "--format", "json").json["tracked"]] == [1]
    assert call("versions", "prices", "--format", "json").json["versions"][0]["tracked"] is True
    assert "nothing to catch up with" in call("track").text


@pytest.mark.parametrize(
    ("number", "said", "code"), [("SIGINT", "interrupted", 130), ("SIGTERM", "terminated", 143)]
)
def test_a_run_that_is_ended_from_outside_says_so_at_once(
    folder: Path, number: str, said: str, code: int
) -> None:
    """Ctrl-C and SIGTERM: one line with how to go on, a row and a log that say it, and the same run
    goes on and is whole; a back-fill, too.
    """
    source = (
        "import os, signal\nfrom pathlib import Path\nfrom cli_jobs import last\n"
        "def job(context):\n"
        "    if not Path('ended').exists():\n"
        f"        Path('ended').touch(); os.kill(os.getpid(), signal.{number})\n"
        "    return last(context)\n"
    )
    (folder / f"{said}_job.py").write_text(source)
    (folder / "prices.toml").write_text(
        CONTRACT.format(function=f"{said}_job:job", promote="manual")
    )
    assert call("define", folder / "prices.toml").code == 0
    ended = call("run", "prices", "--through", "2024-01-02", "--run-id", "r1")
    goes_on = "the same command with --run-id r1 goes on with this run"
    assert (ended.code, ended.err.splitlines()[-1]) == (code, f"{said}: {goes_on}")
    shown = call("runs", "prices", "r1").text
    assert "[interrupted]" in shown
    assert "running" not in shown
    assert call("status", "prices", "--check").code == 1
    assert call("run", "prices", "--through", "2024-01-02", "--run-id", "r1").code == 0
    assert "[interrupted]" not in call("runs", "prices").text
    (folder / "ended").unlink()
    words = ("--from", "2024-01-02", "--to", "2024-01-02", "--every", "1d")
    ended = call("run", "prices", *words)
    assert ended.code == code
    assert "the same command goes on where it stopped" in ended.err
    assert "1 moment: 1 published" in call("run", "prices", *words).text


def test_progress_goes_to_standard_error(folder: Path, add_mlflow: AddMlflow) -> None:
    """Standard output of a run with JSON is JSON alone; the steps and the run's name are on
    standard error.
    """
    add_mlflow(folder / "store")
    done = call_process("run", "prices", "--through", "2024-01-02", "--format", "json", cwd=folder)
    assert done.code == 0, done.err
    assert json.loads(done.out)["version"] == 1
    shown = call_process("run", "prices", "--through", "2024-01-02", "--run-id", "x", cwd=folder)
    assert "run x" in shown.err
    assert "judge" in shown.err


def test_a_back_fill_makes_a_version_a_moment_and_goes_on_where_it_stopped(folder: Path) -> None:
    """--from, --to and --every: a run for each moment, a line for each; again, nothing is done
    twice, and what was left is done.
    """
    short = call("run", "prices", "--from", "2024-01-02", "--to", "2024-01-02", "--every", "1d")
    assert short.code == 0, short.err
    assert "prices: 1 moment: 1 promoted" in short.text
    done = _run("--from", "2024-01-02", "--to", "2024-01-03", "--every", "1d")
    assert done.json["counts"]["moments"] == 2
    assert done.json["counts"]["repeated"] == 1
    assert [run["data_through"][:10] for run in done.json["runs"]] == ["2024-01-02", "2024-01-03"]
    versions = _versions(folder)
    again = _run("--from", "2024-01-02", "--to", "2024-01-03", "--every", "1d")
    assert again.json["counts"]["repeated"] == 2
    assert _versions(folder) == versions


def test_a_back_fill_behind_production_is_kept_and_said_once(folder: Path) -> None:
    """Nothing is wrong with versions of older data: nobody has to do anything, and status says
    so.
    """
    prices = CLOSES.replace("900.0", "21.0").replace("B,2024-01-03", "B,2024-01-04")
    (folder / "closes.csv").write_text(prices)
    assert call("run", "prices", "--through", "2024-01-04").code == 0
    words = ("--from", "2024-01-02", "--to", "2024-01-03", "--every", "1d")
    done = call("run", "prices", *words)
    assert done.code == 0, done.err
    assert "2 versions saw older data than production, which stays where it is" in done.text
    assert "estimates promote" not in done.text
    assert "nothing" in call("status").text
    assert (
        "printed  compute" not in call("runs", "prices", "prices-2024-01-02T23:59:59.999999Z").text
    )


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (("--from", "2024-01-02", "--through", "2024-01-03"), "usage"),
        (("--to", "2024-01-02"), "usage"),
        (("--from", "2024-01-02", "--every", "soon"), "usage"),
        (("--from", "2024-01-02", "--every", "0d"), "usage"),
        (("--from", "2024-01-02", "--to", "2199-01-01", "--every", "1d"), "future"),
        (("--from", "2024-01-02", "--to", "2024-01-01", "--every", "1d"), "no_moments"),
    ],
)
def test_a_back_fill_that_makes_no_sense_is_refused(
    folder: Path, more: tuple[str, ...], code: str
) -> None:
    """One run or many, ends in their order, durations as elsewhere; nothing is run."""
    refused = _run(*more)
    assert (refused.code, refused.error["code"]) == (2, code)
    assert _versions(folder) == 0


def test_a_failed_job_names_file_and_line_and_its_log_is_kept(folder: Path) -> None:
    """The message has the line of the user's own file; `runs SET RUN` shows steps, what was printed
    and the trace without a line of a library; `runs` over all sets shows it first.
    """
    source = (
        "import polars as pl\n"
        "def helper(frame):\n"
        "    return frame.select('no_such_column')\n"
        "def job(context):\n"
        "    print('reading closes')\n"
        "    return helper(context.input('closes'))\n"
    )
    (folder / "lines_job.py").write_text(source)
    path = folder / "prices.toml"
    path.write_text(CONTRACT.format(function="lines_job:job", promote="manual"))
    assert call("define", path).code == 0
    failed = call("run", "prices", "--through", "2024-01-02", "--run-id", "bad/one")
    assert failed.code == 4
    assert "reading closes" in failed.text
    assert "job lines_job:job failed at lines_job.py, line 3: ColumnNotFoundError" in failed.err
    log = call("runs", "prices", "bad/one").text
    assert re.search(r"s  step     compute\n.*printed  reading closes\n", log)
    assert "lines_job.py, line 6, in job: return helper(context.input('closes'))" in log
    assert "lines_job.py, line 3, in helper: return frame.select('no_such_column')" in log
    assert "site-packages" not in log
    assert ",printed,reading closes\n" in call("runs", "prices", "bad/one", "--format", "csv").text
    in_json = call("runs", "prices", "bad/one", "--format", "json").json
    assert in_json["run"]["status"] == "failed"
    assert {entry["source"] for entry in in_json["log"]} == {"step", "printed", "error", "trace"}
    everything = call("runs").text.splitlines()
    assert everything[1].split()[:3] == ["prices", "bad/one", "failed"]
    unknown = call("runs", "prices", "other", "--format", "json")
    assert (unknown.code, unknown.error["code"]) == (2, "unknown_run")
