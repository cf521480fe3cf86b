"""docs/new-set.md, "From a CSV to a served forecast": its commands are typed, and what it shows is
printed; what `estimates new` writes runs as it stands.
"""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

import pytest
import yaml

from estimates.store.store import Store
from tests.docs.commands import BLOCK, typed
from tests.jobs.cli.calls import call

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "new-set.md").read_text(encoding="utf-8")
NEW = "new demand --from examples/sales.csv --time day --id shop,product --value units --horizon 28"
SECONDS = re.compile(r" +\d+\.\d(?=( +taken)?$)", re.MULTILINE)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory):
    """A folder in which the guide was followed, and what its commands printed."""
    place = tmp_path_factory.mktemp("guide")
    (place / "examples").mkdir()
    for table in ("sales.csv", "umsatz.csv"):
        shutil.copy(ROOT / "examples" / table, place / "examples")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.setattr(sys, "path", list(sys.path))
        patch.setenv("ESTIMATES_STORE", "estimates-store")
        printed = ""
        for kind, _, text in BLOCK.findall(DOCUMENT):
            if kind == "toml":
                written = (place / "umsatz.toml").read_text()
                assert not [line for line in text.splitlines() if line not in written]
            elif kind == "sh":
                printed = typed(text)
                assert "\nexit " not in printed, printed
            elif kind == "text":
                shown, said = (SECONDS.sub("", part) for part in (text, printed))
                missing = [line for line in shown.splitlines() if line.strip() not in said]
                assert not missing, f"{missing} not in\n{printed}"
        yield place


def test_the_guide_ends_with_a_version_in_production(folder: Path) -> None:
    """The first version is in production, of the data in the table, by a job of the user's own."""
    store = Store(str(folder / "estimates-store"))
    version = store.view().set("demand").versions[0]
    assert version.rows == 3 * 2 * 28
    assert version.provenance.job == "demand_job:forecast_units"
    assert version.newest_data == version.data_through
    assert store["demand"].get("bern", "0007", "2026-11-20")["units"] >= 0
    store.catalog.engine.dispose()


def test_a_second_call_writes_over_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that are there, or a set of the name in the store, are refused before anything is
    written.
    """
    monkeypatch.chdir(folder)
    before = {path: path.read_bytes() for path in folder.glob("*.*") if path.is_file()}
    again = call(*NEW.split(), "--format", "json")
    assert (again.code, again.error["code"]) == (2, "file_exists")
    moved = folder / "elsewhere"
    moved.mkdir()
    monkeypatch.chdir(moved)
    again = call(*NEW.split(), "--format", "json", "--store", str(folder / "estimates-store"))
    assert (again.code, again.error["code"]) == (2, "set_exists")
    assert list(moved.iterdir()) == []
    assert before == {path: path.read_bytes() for path in before}


def test_the_test_that_is_written_passes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `python -m unittest test_demand_job` runs."""
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)
    suite = unittest.defaultTestLoader.loadTestsFromName("test_demand_job")
    result = unittest.TestResult()
    suite.run(result)
    assert (result.testsRun, result.errors, result.failures) == (2, [], [])


def test_the_schedules_are_what_their_programs_read(folder: Path) -> None:
    """YAML, units of systemd and a crontab that name the set, an absolute program and one time."""
    schedule = folder / "schedule"
    actions = yaml.safe_load((schedule / "demand.github.yml").read_text())
    job = yaml.safe_load((schedule / "demand.kubernetes.yaml").read_text())
    times = {actions[True]["schedule"][0]["cron"], job["spec"]["schedule"]}
    template = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    moved, failed = job["spec"]["jobTemplate"]["spec"]["podFailurePolicy"]["rules"]
    assert (moved["action"], failed["onExitCodes"]["values"]) == ("Ignore", [3])
    assert template["containers"][0]["command"][:3] == ["estimates", "run", "demand"]
    *_, line = (schedule / "demand.cron").read_text().splitlines()
    assert times == {" ".join(line.split()[:5])}
    shell = line.split(maxsplit=5)[5].replace("\\%", "%")
    subprocess.run(["sh", "-n", "-c", shell], check=True)
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read([schedule / "demand.service", schedule / "demand.timer"])
    program = Path(unit["Service"]["ExecStart"].split('"')[1])
    assert program.is_absolute()
    assert unit["Service"]["WorkingDirectory"] == str(folder)
    assert unit["Service"]["RestartPreventExitStatus"] == "2 4"
    assert unit["Timer"]["OnCalendar"] == "*-*-* 06:00:00 UTC"
    if shutil.which("systemd-analyze"):
        units = [str(schedule / f"demand.{kind}") for kind in ("service", "timer")]
        said = subprocess.run(
            ["systemd-analyze", "verify", *units], capture_output=True, check=True
        )
        assert said.stderr == b""
