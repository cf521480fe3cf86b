"""The function that a contract names: built-in jobs, their former names, and a user's own
modules.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import estimates_migrations
from estimates import redaction
from estimates.contract.contract_file import parse_contract
from estimates.store.open_store import catalog_url
from estimates.store.store import Store
from estimates_jobs.builtin import forecast, load
from estimates_jobs.run.job_function import Function, JobError
from tests.frozen.make_format1 import FOLDER
from tests.jobs.cli.calls import call

# Of the releases whose built-in jobs were the modules jobs.forecast and jobs.load.
FORECAST_CODE = "232ff02e53b9b65a046794524d74fe4529ad8cde6c8eaf5cf33c12903ca9f500"
LOAD_CODE = "02633d1ceec8f09a92387abdf39740d91369f665b792d8d3e6057be6964d00f6"
OWN = """
import polars as pl

def forecast(context):
    return pl.DataFrame({"mine": [1]})

def load(context):
    return pl.DataFrame({"mine": [2]})
"""


@pytest.fixture
def working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working directory in which nothing of the user's was imported before, or is afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] == "jobs"]:
        del sys.modules[name]


@pytest.mark.parametrize("name", ["forecast", "jobs.forecast:forecast"])
def test_the_forecast_job_has_the_code_it_had(working_directory: Path, name: str) -> None:
    """Under its name and its former one the job is the built-in, with the revision of before it
    moved.
    """
    job = Function(name)
    assert job.revision == forecast.REVISION == FORECAST_CODE
    assert "estimates_jobs.builtin.forecast" in job.modules


@pytest.mark.parametrize("name", ["load", "jobs.load:load"])
def test_the_load_job_has_the_code_it_had(working_directory: Path, name: str) -> None:
    """The same of the job that loads a table."""
    job = Function(name)
    assert job.revision == load.REVISION == LOAD_CODE


@pytest.mark.parametrize("module", ["forecast", "load"])
def test_a_users_own_module_wins(working_directory: Path, module: str) -> None:
    """Where the working directory has a module of the former name, the contract means that one."""
    (working_directory / "jobs").mkdir()
    (working_directory / "jobs" / "__init__.py").touch()
    (working_directory / "jobs" / f"{module}.py").write_text(OWN)
    job = Function(f"jobs.{module}:{module}")
    assert job.modules[-1] == f"jobs.{module}"
    assert job.revision not in (FORECAST_CODE, LOAD_CODE)


def test_another_module_of_a_users_package_hides_no_built_in(working_directory: Path) -> None:
    """A package `jobs` without such a module leaves the former names to the built-in jobs."""
    (working_directory / "jobs").mkdir()
    (working_directory / "jobs" / "__init__.py").touch()
    (working_directory / "jobs" / "demand.py").write_text(OWN.replace("forecast", "mean_sold"))
    assert Function("jobs.forecast:forecast").revision == FORECAST_CODE
    assert Function("jobs.demand:mean_sold").modules[-1] == "jobs.demand"


def test_a_stored_contract_runs_unchanged(
    working_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A set of a store of format 1 whose contract says `jobs.load:load` runs, and its version names
    the code that versions named before.
    """
    root = working_directory / "store"
    shutil.copytree(FOLDER / "store", root)
    estimates_migrations.upgrade(catalog_url(root))
    (working_directory / "scores.csv").write_text("customer,score\n01,0.5\n02,0.25\n")
    text = """
name = "scores"
[key.customer]
type = "string"
[columns.score]
role = "score"
[job]
function = "jobs.load:load"
[job.inputs.table]
source = "scores.csv"
static = true
"""
    store = Store(root, clock_is_right=True)  # it rested since it was frozen
    store.define(parse_contract(text), text)
    done = call("run", "scores", "--store", root, "--format", "json")
    assert done.code == 0, done.err
    version = Store(root)["scores"].resolve("latest")
    assert (version.provenance.job, version.provenance.code) == ("jobs.load:load", LOAD_CODE)
    store.catalog.engine.dispose()


def test_what_a_module_says_when_it_is_imported_has_no_secret(
    working_directory: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Printed, logged later on a stream that was set up then, or raised."""
    monkeypatch.setattr(redaction, "_kept", set[str]())
    monkeypatch.setenv("SHOP_PASSWORD", "hunter2-hunter2")
    (working_directory / "jobs").mkdir()
    source = """import os, sys
secret = os.environ["SHOP_PASSWORD"]
print(secret)
sys.stdout.writelines([secret])
out = sys.stdout
def job(context): out.write(secret)
if os.path.exists("fails"): raise RuntimeError(secret)
"""
    (working_directory / "jobs" / "shop_says.py").write_text(source)
    Function("jobs.shop_says:job")._module.job(None)
    (working_directory / "fails").touch()
    del sys.modules["jobs.shop_says"]
    with pytest.raises(JobError, match="RuntimeError") as error:
        Function("jobs.shop_says:job")
    shown = capsys.readouterr()
    assert "hunter2" not in shown.out + shown.err + str(error.value)
    assert "***" in shown.out
