"""Runs: the write path from a job to a version, resumed where it stopped; jobs are real modules in
a folder.
"""

from __future__ import annotations

import bz2
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from estimates import instants
from estimates.catalog.run_record import Run
from estimates.contract.contract_file import parse_contract
from estimates.errors import ConflictError, GateError, InvalidError, NotFoundError
from estimates.store.store import Store
from estimates_jobs.run.job_function import JobError
from estimates_jobs.run.runner import Outcome, publish_file, read_candidate, run

ROOT = Path(__file__).parents[3]
CONTRACT = """
name = "demand"
[key.item]
type = "string"
[columns.p]
max = 1000
[domain]
kind = "open"
[gate]
promote = "{promote}"
[job]
function = "{module}:job"
parameters = {{ times = {times} }}
[job.inputs.sold]
source = "sold.csv"
time = "day"
{more}
"""
JOB = """
import polars as pl
def job(context):
    sold = context.input("sold")
    context.warn("hello")
    totals = sold.group_by("item").agg(pl.col("n").sum().alias("p"))
    return totals.with_columns(p=pl.col("p") * context.parameters["times"])
"""
LOOSE = """[gate.checks]
p95_change.off = "items move"
median_shift.off = "items move"
jumps.off = "items move"
rank_order.off = "items move"
added_keys.off = "items come"
removed_keys.off = "items go"
"""
SOLD = (
    "item,day,n\na,2024-05-01,1\nb,2024-05-01,2\na,2024-05-02,1\n"
    "b,2024-05-02,1\na,2024-05-03,9\nc,2024-05-04,7\n"
)
Write = Callable[..., str]


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", list(sys.path))
    # nobody listens; tracking has its own tests
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    Path("sold.csv").write_text(SOLD)


@pytest.fixture
def write_job(request: pytest.FixtureRequest) -> Write:
    """Writes a job module under a name of this test's own, because a process imports a name only
    once.
    """
    stem = f"job_{abs(hash(request.node.nodeid))}"
    count = 0

    def write(source: str = JOB) -> str:
        nonlocal count
        count += 1
        Path(f"{stem}_{count}.py").write_text(source)
        return f"{stem}_{count}"

    return write


def define(
    store: Store, module: str, *, promote: str = "automatic", times: int = 1, more: str = ""
) -> None:
    """Register the contract of this file."""
    text = CONTRACT.format(module=module, promote=promote, times=times, more=more)
    store.define(parse_contract(text), text)


def go(
    store: Store, day: str = "2024-05-02", run_id: str = "r1", *, check_lookahead: bool = False
) -> Outcome:
    """Run the set through a day."""
    return run(store, "demand", data_through=day, run_id=run_id, check_lookahead=check_lookahead)[0]


def row(store: Store, run_id: str = "r1") -> Run:
    """The row of a run."""
    stored = store.catalog.run(run_id)
    assert stored is not None
    return stored


def values(store: Store, version: int) -> dict[str, float]:
    """The estimates of a version by item."""
    return dict(store.frame(store.resolve("demand", version)).select("item", "p").rows())


def test_a_run_becomes_a_promoted_version(store: Store, write_job: Write) -> None:
    """A run sees the data up to its day, publishes, is judged and promoted, and the version says
    where it came from.
    """
    define(store, write_job(), times=2)
    outcome = go(store)
    assert (outcome.version, outcome.status, outcome.promoted, outcome.rows) == (
        1,
        "promoted",
        True,
        2,
    )
    assert values(store, 1) == {"a": 4.0, "b": 6.0}
    origin = store.resolve("demand").provenance
    assert origin.data_through == instants.parse("2024-05-02T23:59:59.999999Z")
    assert (origin.run_id, origin.parameters, origin.warnings) == ("r1", {"times": 2}, ("hello",))
    assert [(i.name, i.source, i.rows) for i in origin.inputs] == [("sold", "sold.csv", 4)]
    assert origin.code is not None
    assert len(origin.code) == 64
    assert (row(store).status, row(store).step, row(store).version) == ("promoted", "track", 1)


def test_a_later_day_is_a_later_version(store: Store, write_job: Write) -> None:
    """Each run is its own version."""
    define(store, write_job(), more=LOOSE)
    assert [go(store, f"2024-05-0{day}", f"r{day}").version for day in (1, 2)] == [1, 2]
    assert store.resolve("demand").version == 2


def test_the_gate_refuses_and_production_stays(store: Store, write_job: Write) -> None:
    """A version that breaks a bound is stored, refused and named; production does not move."""
    define(store, write_job())
    go(store)
    define(store, write_job(), times=2000)
    outcome = go(store, run_id="r2")
    assert (outcome.status, outcome.promoted, outcome.version) == ("refused", False, 2)
    assert outcome.not_promoted_because is not None
    assert "the gate refuses it: " in outcome.not_promoted_because
    assert store.resolve("demand").version == 1
    assert row(store, "r2").status == "refused"


def test_manual_policy_leaves_it_to_a_person(store: Store, write_job: Write) -> None:
    """Under a manual policy a passing run is published, and the outcome names the command."""
    define(store, write_job(), promote="manual")
    outcome = go(store)
    assert (outcome.status, outcome.promoted) == ("published", False)
    assert outcome.not_promoted_because is not None
    assert "estimates promote demand 1" in outcome.not_promoted_because
    with pytest.raises(NotFoundError, match="promote"):
        store.resolve("demand")


def test_not_promoted_while_held(local_store: Store, write_job: Write) -> None:
    """After a rollback a run still publishes, and says that production is held."""
    define(local_store, write_job(), more=LOOSE)
    for day in (1, 2):
        go(local_store, f"2024-05-0{day}", f"r{day}")
    local_store.rollback("demand", reason="wrong")
    outcome = go(local_store, "2024-05-03", "r3")
    assert (outcome.status, outcome.promoted) == ("published", False)
    assert outcome.not_promoted_because is not None
    assert "held" in outcome.not_promoted_because


def test_older_data_are_not_promoted(local_store: Store, write_job: Write) -> None:
    """A run over an earlier day becomes a version, but production does not go back in time."""
    define(local_store, write_job(), more=LOOSE)
    go(local_store, "2024-05-02")
    outcome = go(local_store, "2024-05-01", "r2")
    assert outcome.not_promoted_because is not None
    assert "saw data through 2024-05-01" in outcome.not_promoted_because
    assert local_store.resolve("demand").version == 1


def test_the_same_run_again_changes_nothing(store: Store, write_job: Write) -> None:
    """The same run_id gives the same outcome and no second version, verdict or promotion."""
    define(store, write_job())
    first = go(store)
    events = store.view().last_event
    assert go(store) == first
    assert run(store, "demand", run_id="r1")[0] == first
    assert store.view().last_event == events


def test_the_same_run_id_for_something_else(store: Store, write_job: Write) -> None:
    """A run_id belongs to one set and one data_through."""
    define(store, write_job())
    go(store)
    with pytest.raises(ConflictError, match="another run_id") as caught:
        go(store, "2024-05-01")
    assert caught.value.code == "run_id_reused"


def test_todays_date_again_resumes_the_run(local_store: Store, write_job: Write) -> None:
    """Today is not over: the same command later sees what the run saw when it began."""
    define(local_store, write_job())
    today = instants.now().date().isoformat()
    first = go(local_store, today)
    assert go(local_store, today) == first


@pytest.mark.parametrize(
    ("source", "code", "message"),
    [
        (
            "def job(context):\n    return 1 / 0",
            "job_failed",
            "job .*:job failed at job_.*py, line 2: ZeroDivisionError: division by zero",
        ),
        (
            "def job(context):\n    return context.input('nope')",
            "unknown_input",
            "no input 'nope'; inputs: sold",
        ),
        ("def job(context):\n    return 'x'", "job_result", "returned str, not a polars DataFrame"),
        (
            "def job(c):\n    return c.input('sold').lazy()",
            "job_result",
            r"returned LazyFrame, .*call .collect\(\)",
        ),
        ("def other(context):\n    pass", "no_job_function", "has no function 'job'; it has other"),
        (
            "import missing_thing\ndef job(context): pass",
            "job_failed",
            "cannot be imported: ModuleNotFoundError",
        ),
        ("def job(context:\n", "job_failed", "cannot be imported: SyntaxError"),
        (
            "class Odd(BaseException): pass\ndef job(c):\n    raise KeyError('day')",
            "job_failed",
            "KeyError: 'day'",
        ),
    ],
)
def test_a_failed_job_is_a_row_and_no_version(
    local_store: Store, write_job: Write, source: str, code: str, message: str
) -> None:
    """Whatever a job gets wrong: a clear error, a row in runs with its code, and nothing
    published.
    """
    define(local_store, write_job(source))
    with pytest.raises((JobError, InvalidError), match=message) as caught:
        go(local_store)
    assert caught.value.code == code
    assert (row(local_store).status, row(local_store).error, row(local_store).version) == (
        "failed",
        code,
        None,
    )
    assert row(local_store).finished_at is not None
    assert local_store.view().sets["demand"].versions == []


def test_a_job_error_keeps_its_cause(local_store: Store, write_job: Write) -> None:
    """The original exception is chained, for --debug."""
    define(local_store, write_job("def job(context):\n    return 1 / 0"))
    with pytest.raises(JobError) as caught:
        go(local_store)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_missing_module_says_where_it_was_sought(local_store: Store) -> None:
    """A module that does not exist is the contract's mistake, not a failure of the job."""
    define(local_store, "nowhere.at_all")
    with pytest.raises(InvalidError, match="there is no module 'nowhere' in the working directory"):
        go(local_store)


def test_a_rejected_frame_is_a_row_and_no_version(local_store: Store, write_job: Write) -> None:
    """A frame that publish does not store leaves the status `rejected` with publish's code."""
    source = "def job(context):\n    return context.input('sold').select('item', p='n')"
    define(local_store, write_job(source))
    with pytest.raises(InvalidError, match="appear more than once: a, b"):
        go(local_store)
    assert (row(local_store).status, row(local_store).error) == ("rejected", "duplicate_key")
    assert local_store.view().sets["demand"].versions == []


def test_a_failed_run_can_be_tried_again(local_store: Store, write_job: Write) -> None:
    """The same run_id succeeds once the cause is gone, and the error is forgotten."""
    define(local_store, write_job())
    Path("sold.csv").rename("away.csv")
    with pytest.raises(InvalidError, match=r"no file matches 'sold\.csv'"):
        go(local_store)
    assert (row(local_store).status, row(local_store).error) == ("failed", "no_file")
    Path("away.csv").rename("sold.csv")
    assert go(local_store).status == "promoted"
    assert (row(local_store).status, row(local_store).error) == ("promoted", None)


@pytest.mark.parametrize("step", ["_commit", "judge", "promote"])
def test_a_run_resumes_at_the_first_missing_step(
    local_store: Store, write_job: Write, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Killed before any step, the same run_id completes: one version, the job not computed again
    once published.
    """
    counting = JOB.replace("context.warn", "open('calls', 'a').write('x'); context.warn")
    define(local_store, write_job(counting))
    with monkeypatch.context() as patch:
        patch.setattr(f"estimates.store.publish.{step}", _killed)
        with pytest.raises(KeyboardInterrupt):
            go(local_store)
    assert row(local_store).status == "running"
    outcome = go(local_store)
    assert (outcome.version, outcome.status) == (1, "promoted")
    assert len(local_store.view().sets["demand"].versions) == 1
    assert Path("calls").read_text() == ("xx" if step == "_commit" else "x")
    assert [event.kind for event in local_store.view().sets["demand"].events] == [
        "defined", "published", "judged", "promoted",
    ]  # fmt: skip


def _killed(*_args: object, **_options: object) -> None:
    raise KeyboardInterrupt


def test_a_killed_process_resumes(tmp_path: Path, local_store: Store, write_job: Write) -> None:
    """Kill -9 in the middle of the job; the same command with the same run_id completes in another
    process.
    """
    slow = "import os, signal\n" + JOB.replace(
        "    context.warn",
        "    if not os.path.exists('tried'):\n        open('tried', 'w'); os.kill(os.getpid(), "
        "signal.SIGKILL)\n"
        "    context.warn",
    )
    define(local_store, write_job(slow))
    code = (
        "import sys; from estimates.store.store import Store; from estimates_jobs.run.runner "
        "import run; "
        "print(run(Store(sys.argv[1]), 'demand', data_through='2024-05-02', run_id='r1')[0].status)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "store")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    killed = subprocess.run(command, env=environment, check=False, capture_output=True)
    assert killed.returncode == -signal.SIGKILL
    assert row(local_store).status == "running"
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "promoted"
    assert values(local_store, 1) == {"a": 2.0, "b": 3.0}


def test_a_set_without_a_job_says_what_to_do(local_store: Store, write_job: Write) -> None:
    """A set without a job is published from files."""
    text = CONTRACT.format(module="x", promote="manual", times=1, more="").split("[job]")[0]
    local_store.define(parse_contract(text), text)
    with pytest.raises(InvalidError, match="estimates publish demand FILE"):
        go(local_store)


def test_the_future_is_refused(local_store: Store, write_job: Write) -> None:
    """No run sees data of tomorrow."""
    define(local_store, write_job())
    with pytest.raises(InvalidError, match="lies in the future"):
        run(local_store, "demand", data_through=instants.now() + timedelta(days=1), run_id="r1")


def test_unknown_set(local_store: Store) -> None:
    """A set that does not exist is not found."""
    with pytest.raises(NotFoundError, match="no set 'demand'"):
        go(local_store)


def test_a_run_without_a_run_id_gets_one(local_store: Store, write_job: Write) -> None:
    """Two runs without a run_id are two versions."""
    define(local_store, write_job())
    outcomes = [run(local_store, "demand", data_through="2024-05-02")[0] for _ in range(2)]
    assert [outcome.version for outcome in outcomes] == [1, 2]
    assert outcomes[0].run_id != outcomes[1].run_id


# -- files


def published(store: Store, text: str, run_id: str = "f1") -> Outcome:
    """Publish a CSV file of a set without a job."""
    contract = CONTRACT.format(module="x", promote="automatic", times=1, more="").split("[job]")[0]
    store.define(parse_contract(contract), contract)
    Path("table.csv").write_text(text)
    frame, provenance = read_candidate(
        store, "demand", "table.csv", data_through="2024-05-02", run_id=run_id
    )
    return publish_file(store, "demand", frame, provenance)[0]


def test_a_file_takes_the_same_steps(store: Store) -> None:
    """A published file is judged, promoted if automatic, and a row in runs; "01" stays "01";
    columns in any order.
    """
    outcome = published(store, "p,item\n1.5,01\n2.5,02\n")
    assert (outcome.status, outcome.promoted, outcome.version) == ("promoted", True, 1)
    assert values(store, 1) == {"01": 1.5, "02": 2.5}
    origin = store.resolve("demand").provenance
    assert origin.data_through == instants.parse("2024-05-02T23:59:59.999999Z")
    assert [(entry.name, entry.source, entry.rows) for entry in origin.inputs] == [
        ("file", "table.csv", 2)
    ]
    assert row(store, "f1").status == "promoted"
    assert published(store, "p,item\n1.5,01\n2.5,02\n") == outcome


def test_other_content_under_a_run_id_conflicts(store: Store) -> None:
    """The same run_id with another file is refused; the version stays as it was."""
    published(store, "item,p\na,1\n")
    with pytest.raises(ConflictError) as caught:
        published(store, "item,p\na,2\n")
    assert caught.value.code == "run_id_reused"
    assert values(store, 1) == {"a": 1.0}


def test_a_retired_set_has_no_failed_run(local_store: Store) -> None:
    """A table for a retired set is refused before a run begins: nothing of it stays to mend."""
    assert published(local_store, "item,p\na,1\n").version == 1
    local_store.retire("demand", reason="replaced")
    with pytest.raises(ConflictError, match="takes no new versions"):
        published(local_store, "item,p\na,2\n", "f2")
    assert local_store.catalog.run("f2") is None


def test_a_rejected_file_is_a_row(local_store: Store) -> None:
    """Duplicate keys in a file are rejected, recorded and stored nowhere."""
    with pytest.raises(InvalidError, match="more than once: a"):
        published(local_store, "item,p\na,1\na,2\n")
    assert (row(local_store, "f1").status, row(local_store, "f1").error) == (
        "rejected",
        "duplicate_key",
    )


# -- look-ahead

CLEAN = JOB
OPENS_THE_FILE = JOB.replace(
    'context.input("sold")', 'context.input("sold"); sold = pl.read_csv("sold.csv")'
)
REMEMBERS = """
import polars as pl
ALL = pl.read_csv("sold.csv")
def job(context):
    context.input("sold")
    return ALL.group_by("item").agg(pl.col("n").sum().alias("p"))
"""
COUNTS_ROWS = """
import polars as pl
def job(context):
    sold = context.input("sold")
    n = sum(1 for _ in open("sold.csv"))
    sums = sold.group_by("item").agg(pl.col("n").sum().alias("p"))
    return sums.with_columns(p=pl.col("p") + float(n))
"""
STATIC = '[job.inputs.all]\nsource = "sold.csv"\nstatic = true'
READS_STATIC = JOB.replace('context.input("sold")', 'context.input("all")')
QUERY = (
    '[job.inputs.shares]\nquery = "SELECT item, day, n / '
    'sum(n) OVER () AS n FROM \'sold.csv\'"\ntime = "day"'
)
READS_QUERY = JOB.replace('context.input("sold")', 'context.input("shares")')
PAST_QUERY = (
    '[job.inputs.shares]\nquery = "SELECT item, day, n FROM read_csv(\'sold.csv\')"\ntime = "day"'
)


@pytest.mark.parametrize(
    ("source", "more"), [(CLEAN, ""), (CLEAN, STATIC), (READS_QUERY, PAST_QUERY)]
)
def test_an_honest_job_passes_the_lookahead_check(
    local_store: Store, write_job: Write, source: str, more: str
) -> None:
    """A job that uses what it is given computes the same without the future, and is published."""
    define(local_store, write_job(source), more=more)
    outcome = go(local_store, check_lookahead=True)
    assert outcome.version == 1
    assert not any("proves nothing" in warning for warning in outcome.warnings)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("sold.ndjson", pl.read_csv(SOLD.encode(), try_parse_dates=True).write_ndjson().encode()),
        ("sold.csv.bz2", bz2.compress(SOLD.replace("a,", "007,").encode())),
    ],
    ids=["JSON", "bzip2"],
)
@pytest.mark.parametrize("static", [False, True])
def test_inputs_that_duckdb_does_not_read_are_checked_too(
    local_store: Store, write_job: Write, name: str, content: bytes, static: bool
) -> None:
    """JSON and other compressed text are cut at `data_through`, and a static one is seen through;
    codes stay as they are written.
    """
    Path(name).write_bytes(content)
    more = f'[job.inputs.more]\nsource = "{name}"\n'
    more += "static = true" if static else 'time = "day"'
    define(local_store, write_job(JOB.replace('input("sold")', 'input("more")')), more=more)
    if static:
        with pytest.raises(GateError, match="input 'more' depends on rows later"):
            go(local_store, check_lookahead=True)
        return
    assert not any("proves nothing" in w for w in go(local_store, check_lookahead=True).warnings)
    totals = local_store.frame(local_store.view().set("demand").versions[0])
    assert totals["p"].to_list() == [2.0, 3.0]


@pytest.mark.parametrize(
    ("source", "more", "message"),
    [
        (OPENS_THE_FILE, "", r"3 keys are different: a, c"),
        (REMEMBERS, "", r"keys are different: a, "),
        (COUNTS_ROWS, "", r"2 keys are different: a, b"),
        (
            READS_STATIC,
            STATIC,
            r"input 'all' depends on rows later than data_through: it is static",
        ),
        (READS_QUERY, QUERY, r"input 'shares' depends on rows later than data_through: its query"),
    ],
)
def test_a_job_that_looks_ahead_is_caught(
    local_store: Store, write_job: Write, source: str, more: str, message: str
) -> None:
    """However a job gets at later rows, the check names the keys or the input, and nothing is
    published.
    """
    define(local_store, write_job(source), more=more)
    with pytest.raises(GateError, match=message) as caught:
        go(local_store, check_lookahead=True)
    assert caught.value.code == "looks_ahead"
    assert row(local_store).error == "looks_ahead"
    assert local_store.view().sets["demand"].versions == []
    assert go(local_store, run_id="unchecked").version == 1


@pytest.mark.parametrize("ending", ["parquet", "arrow", "csv"])
@pytest.mark.parametrize("absolute", [False, True])
def test_the_check_covers_every_kind_of_file(
    local_store: Store, write_job: Write, tmp_path: Path, ending: str, absolute: bool
) -> None:
    """Parquet, Arrow and CSV, elsewhere or in the working directory: early rows are copied."""
    folder = tmp_path / "elsewhere" if absolute else Path("data")
    folder.mkdir()
    table = pl.read_csv("sold.csv", try_parse_dates=True).with_columns(
        note=pl.lit('x, "y"'), tiny=pl.lit(0.1) + 0.2, flag=pl.lit(True), small=pl.lit(1, pl.UInt8)
    )
    write = {"parquet": "write_parquet", "arrow": "write_ipc", "csv": "write_csv"}[ending]
    getattr(table, write)(folder / f"sold.{ending}")
    text = CONTRACT.replace("sold.csv", f"{folder}/*.{ending}")
    for version, static in enumerate((False, True), start=1):
        declared = text.format(module=write_job(), promote="manual", times=1, more="")
        if static:
            declared = declared.replace('time = "day"', "static = true")
        local_store.define(parse_contract(declared), declared)
        if static:
            with pytest.raises(GateError, match="it is static"):
                go(local_store, run_id="r2", check_lookahead=True)
        else:
            assert go(local_store, check_lookahead=True).version == version


def test_a_check_without_a_future_says_that_it_proves_nothing(
    local_store: Store, write_job: Write
) -> None:
    """When no input has later rows, passing means nothing, and the outcome says so."""
    define(local_store, write_job())
    outcome = go(local_store, "2024-05-04", check_lookahead=True)
    assert any("the check proves nothing" in warning for warning in outcome.warnings)


def test_the_checked_run_is_the_published_one(local_store: Store, write_job: Write) -> None:
    """The version comes from the real files; the copies and the folder they were in are gone."""
    define(local_store, write_job())
    here = Path.cwd()
    go(local_store, check_lookahead=True)
    assert values(local_store, 1) == {"a": 2.0, "b": 3.0}
    assert Path.cwd() == here
    assert local_store.resolve("demand", 1).provenance.inputs[0].source == "sold.csv"
