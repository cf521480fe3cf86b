"""docs/hub.md, "Bring your hub": its commands are typed beside a made-up hub, and what it shows is
printed.
"""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from itertools import islice
from pathlib import Path

import pytest

from tests import made_up_hub
from tests.docs.commands import BLOCK, typed
from tests.hub_repository import HubRepository, rows
from tests.jobs.cli.calls import call

DOCUMENT = (Path(__file__).parents[2] / "docs" / "hub.md").read_text(encoding="utf-8")
MODELS: dict[str, made_up_hub.Model] = {"Walk-rw": "walk", "Trend-ar": "trend"}
ROUNDS = 5

pytestmark = pytest.mark.slow


def test_the_guide_does_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a hub's folder to forecasts that are judged, scored, compared and served."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ESTIMATES_STORE", str(tmp_path / "store"))
    write_hub(tmp_path / "hub")
    printed = ""
    typed_commands = 0
    for kind, _, text in BLOCK.findall(DOCUMENT.partition("## Pull requests")[0]):
        if kind == "sh":
            printed = typed(text)
            typed_commands += len(text.splitlines())
            assert "\nexit " not in printed, printed
        else:
            missing = [line for line in text.splitlines() if line.strip() not in printed]
            assert not missing, f"{missing} not in\n{printed}"
    assert typed_commands <= 10
    lines = Path("wk-inc-flu-hosp.toml").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 30, "23 quantiles and samples fit on a page"


def test_the_guide_shows_what_a_request_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The text of a check, and a line for each of the checks."""
    section = DOCUMENT.partition("## Pull requests")[2].partition("\n## ")[0]
    hub = HubRepository(tmp_path)
    lines = [line.replace("0.25,120", "0.25,150") if ",0,US," in line else line for line in rows()]
    hub.submit(lines=lines)
    monkeypatch.delenv("ESTIMATES_STORE", raising=False)
    words = ("hub", "check", "--changed-since", "main", "--hub", tmp_path)
    called = call(*words, "--now", "2025-11-06T12:00:00Z")
    (shown,) = [text for kind, _, text in BLOCK.findall(section) if kind == "text"]
    assert called.text == shown
    (report,) = call(*words, "--format", "json").json["files"]
    made = {*report["checks"], "bounds", "files", "gate", "team"}
    named = {
        name
        for row in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    }
    assert named == made


def write_hub(folder: Path) -> None:
    """The made-up hub as a folder: its tasks, two models, and the target data of the last round."""
    last = date.min
    for model, kind in MODELS.items():
        output = folder / "model-output" / model
        output.mkdir(parents=True)
        for submission in islice(first_of_each_week(kind), ROUNDS):
            file = output / f"{submission.reference}-{model}.csv"
            made_up_hub.long_form(submission).write_csv(file)
            last = submission.reference
        metadata = folder / "model-metadata" / f"{model}.yml"
        metadata.parent.mkdir(exist_ok=True)
        metadata.write_text(f"team_name: {model.split('-')[0]}\nlicense: CC0-1.0\n")
    (folder / "target-data").mkdir()
    made_up_hub.truth(last).write_csv(folder / "target-data" / "time-series.csv")
    (folder / "hub-config").mkdir()
    (folder / "hub-config" / "tasks.json").write_text(json.dumps(tasks()))


def first_of_each_week(kind: made_up_hub.Model):
    """A model's submissions without those that came again."""
    before = None
    for submission in made_up_hub.submissions(kind, seasons=1):
        if submission.reference != before:
            yield submission
        before = submission.reference


def tasks() -> dict[str, object]:
    """The hub's configuration, as hubs of this kind have it."""
    weeks = [str(week) for week in made_up_hub.weeks(0)]
    days = {week + timedelta(weeks=step) for week in made_up_hub.weeks(0) for step in range(4)}
    ends = sorted(map(str, days))
    ids = {
        "reference_date": {"required": None, "optional": weeks},
        "target": {"required": None, "optional": ["wk inc flu hosp"]},
        "horizon": {"required": None, "optional": [0, 1, 2, 3]},
        "target_end_date": {"required": None, "optional": ends},
        "location": {"required": None, "optional": made_up_hub.LOCATIONS},
    }
    metadata = {
        "target_id": "wk inc flu hosp",
        "target_name": "weekly hospital admissions",
        "target_units": "count",
        "target_keys": {"target": "wk inc flu hosp"},
        "target_type": "continuous",
        "is_step_ahead": True,
        "time_unit": "week",
    }
    value = {"type": "double", "minimum": 0}
    output_type = {
        "quantile": {"output_type_id": {"required": made_up_hub.LEVELS}, "value": value},
        "sample": {
            "is_required": False,
            "output_type_id_params": {
                "type": "integer",
                "min_samples_per_task": 100,
                "max_samples_per_task": 100,
                "compound_taskid_set": ["reference_date", "location"],
            },
            "value": value,
        },
    }
    task = {"task_ids": ids, "output_type": output_type, "target_metadata": [metadata]}
    return {
        "rounds": [
            {
                "round_id_from_variable": True,
                "round_id": "reference_date",
                "submissions_due": {"relative_to": "reference_date", "start": -6, "end": -3},
                "model_tasks": [task],
            }
        ]
    }
