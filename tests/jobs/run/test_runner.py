"""Runs: the write path from a job to a version, resumed where it stopped; jobs are real modules in
a folder.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from estimates import instants
from estimates.contract.contract_file import parse_contract
from estimates.errors import ConflictError, InvalidError, NotFoundError
from estimates.store.store import Store
from estimates_jobs.run.job_function import JobError
from estimates_jobs.run.runner import Outcome, publish_file, read_candidate, run
from tests.jobs.run.sold import CONTRACT, JOB, LOOSE, define, go, row, values

ROOT = Path(__file__).parents[3]
Write = Callable[..., str]

pytestmark = pytest.mark.usefixtures("job_folder")


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


@pytest.mark.parametrize("step", ["_publish", "judge", "promote"])
def test_a_run_resumes_at_the_first_missing_step(
    local_store: Store, write_job: Write, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Interrupted before any step it says so, and the same run_id completes: one version, the job
    not computed again once published.
    """
    counting = JOB.replace("context.warn", "open('calls', 'a').write('x'); context.warn")
    define(local_store, write_job(counting))
    with monkeypatch.context() as patch:
        patch.setattr(f"estimates.store.publish.{step}", _killed)
        with pytest.raises(KeyboardInterrupt):
            go(local_store)
    assert (row(local_store).status, row(local_store).error) == ("failed", "interrupted")
    outcome = go(local_store)
    assert (outcome.version, outcome.status) == (1, "promoted")
    assert len(local_store.view().sets["demand"].versions) == 1
    assert Path("calls").read_text() == ("xx" if step == "_publish" else "x")
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
