"""`estimates gate suggest` and `backtest` on the versions of a real job, whose reruns differ by a
known noise.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from estimates import instants
from estimates.catalog.records import Provenance
from estimates.contract.contract_file import parse_contract
from estimates.store.store import Store
from estimates_jobs.run.context import Context
from estimates_jobs.run.job_function import Function
from tests.builders import make_store
from tests.jobs.cli.calls import call

WEEKS = 22
BAD = WEEKS  # the last one, rolled back
# Each week moves by r = 0.015, the last one by 0.045; the job's numbers depend on a file that it
# does not declare.
JOB = """
from pathlib import Path
import polars as pl
def job(context):
    week = context.input("days").height
    level = (1.0075 / 0.9925) ** min(week, 21) * (1.0225 / 0.9775 if week == 22 else 1)
    level *= 1.01 / 0.99 if Path("another-day").exists() else 1
    ids, values = [f"k{i}" for i in range(40)], [level * (1 + i) for i in range(40)]
    return pl.DataFrame({"id": ids, "value": values})
"""
CONTRACT = """\
name = "jobbed"
[key.id]
type = "string"
[columns.value]

[gate]            # who decides
promote = "manual"

# --- the job ---
[job]
function = "MODULE:job"
[job.inputs.days]
source = "days.csv"
time = "day"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the job, its input, its contract and the store of its versions."""
    folder = tmp_path_factory.mktemp("jobbed")
    module = f"calibrated_{os.urandom(4).hex()}"
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        patched.syspath_prepend(str(folder))
        (folder / f"{module}.py").write_text(JOB)
        text = CONTRACT.replace("MODULE", module)
        (folder / "jobbed.toml").write_text(text)
        days = [f"2024-{1 + i // 28:02}-{1 + i % 28:02}" for i in range(WEEKS)]
        (folder / "days.csv").write_text("day\n" + "\n".join(days) + "\n")
        store = make_store(folder / "store")
        store.define(parse_contract(text), text)
        function = Function(f"{module}:job")
        for number, day in enumerate(days, 1):
            publish(store, function, day)
            store.judge("jobbed", number)
            store.promote("jobbed", number, reason="as every week")
        store.rollback("jobbed", reason="it was wrong")
        patched.setenv("ESTIMATES_STORE", str(store.root))
        yield folder
        store.catalog.engine.dispose()


def publish(store: Store, function: Function, day: str) -> None:
    """What a run publishes."""
    context = Context(store.contract("jobbed"), instants.parse_through(day))
    frame = function(context)
    made = Provenance(
        context.data_through, day, context.digests, job=function.name, code=function.revision
    )
    store.publish("jobbed", frame, made)


def test_the_diff_is_applied_by_patch_and_defined(folder: Path, tmp_path: Path) -> None:
    """As the output says: all of it goes to `patch`, the contract to `define`; the policy has the
    new limits.
    """
    said = call("gate", "suggest", "jobbed")
    assert said.code == 0, said.err
    assert said.text.startswith("jobbed: limits from 20 moves between promoted versions\n")
    contract = tmp_path / "jobbed.toml"
    contract.write_text((folder / "jobbed.toml").read_text())
    subprocess.run(["patch", "--silent", str(contract)], input=said.out, check=True)
    text = contract.read_text()
    assert '[gate]            # who decides\npromote = "manual"\n\n[gate.checks.' in text
    assert "\n\n# --- the job ---\n[job]\n" in text
    other = Store(make_store(tmp_path / "store").root)
    assert call("define", contract, "--store", other.root).code == 0
    rules = call("gate", "policy", "jobbed", "--store", other.root, "--format", "json").json[
        "checks"
    ]
    p95 = next(rule for rule in rules if rule["name"] == "p95_change")
    assert (p95["warn"], p95["warn_from"], p95["block_from"]) == (0.015, "contract", "contract")


def test_nothing_is_changed_and_the_answer_is_the_same(folder: Path) -> None:
    """The catalog has no new event, and the second answer has the bytes of the first."""
    before = call("log", "--format", "json").out
    for command in (("gate", "suggest", "jobbed"), ("gate", "backtest", "jobbed")):
        for form in ("text", "json"):
            assert call(*command, "--format", form).out == call(*command, "--format", form).out
    assert call("log", "--format", "json").out == before


def test_noise_is_measured_by_running_the_job_again(folder: Path) -> None:
    """The rerun of the newest version differs by r = 0.02, so the warning limit is 0.06; without,
    noise is unknown.
    """
    checks = {
        check["name"]: check
        for check in call("gate", "suggest", "jobbed", "--format", "json").json["checks"]
    }
    assert checks["p95_change"]["noise"] is None
    (folder / "another-day").touch()
    try:
        shown = call("gate", "suggest", "jobbed", "--noise", "--format", "json").json
    finally:
        (folder / "another-day").unlink()
    p95 = next(check for check in shown["checks"] if check["name"] == "p95_change")
    assert shown["noise"] is None
    assert (p95["noise"], p95["new_warn"]) == (pytest.approx(0.02), 0.06)


def test_a_job_that_has_changed_says_nothing_about_noise(folder: Path) -> None:
    """The reason is told, and the limits come from the history alone."""
    job = next(folder.glob("calibrated_*.py"))
    text = job.read_text()
    job.write_text(text + "# other code\n")
    try:
        said = call("gate", "suggest", "jobbed", "--noise")
    finally:
        job.write_text(text)
    assert said.code == 0
    assert "the noise is not known: the code of " in said.text
    assert " has changed since" in said.text


def test_a_backtest_of_proposed_limits_catches_the_bad_version(
    folder: Path, tmp_path: Path
) -> None:
    """The default misses what was rolled back; the proposed contract catches it and blocks nothing
    else.
    """
    now = call("gate", "backtest", "jobbed")
    assert "rolled back, and would not have been caught" in now.text
    diff = call("gate", "suggest", "jobbed", "--format", "json").json["diff"]
    contract = tmp_path / "jobbed.toml"
    contract.write_text((folder / "jobbed.toml").read_text())
    subprocess.run(["patch", "--silent", str(contract)], input=diff.encode(), check=True)
    page = tmp_path / "page.html"
    said = call(
        "gate", "backtest", "jobbed", "--policy", contract, "--html", page, "--format", "json"
    )
    assert said.code == 0, said.err
    assert (said.json["caught"], said.json["promoted_blocked"]) == ([BAD], [])
    assert "caught 1 of 1 that were rolled back" in page.read_text()
    text = call("gate", "backtest", "jobbed", "--policy", contract).text
    assert f"{BAD}       {BAD - 1}  p95_change" in text
    (p95,) = (line for line in text.splitlines() if " p95_change " in line and "█" in line)
    assert p95.endswith("   " + "▃" * 20 + "█"), p95


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["suggest", "jobbed", "--last", 4], "too_few_versions"),
        (["suggest", "jobbed", "--last", 0], "usage"),
        (["backtest", "nothing"], "unknown_set"),
        (["backtest", "jobbed", "--policy", "missing.toml"], "no_file"),
        (["backtest", "jobbed", "--html", "no/folder/page.html"], "not_written"),
    ],
)
def test_errors_say_what_to_do(folder: Path, arguments: list[object], code: str) -> None:
    """Exit code 2 and a code of their own."""
    said = call("gate", *arguments, "--format", "json")
    assert (said.code, said.error["code"]) == (2, code)
