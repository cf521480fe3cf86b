"""What the configuration of a hub says of its rounds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from estimates_jobs.hub.hub_folder import Hub, is_required, type_ids, values
from tests.builders import code_of
from tests.hub_repository import ADMIN, TASKS


def hub(folder: Path, tasks: Any = TASKS, admin: Any = ADMIN) -> Hub:
    """A hub with this configuration; None: without `admin.json`."""
    (folder / "hub-config").mkdir(exist_ok=True)
    (folder / "hub-config" / "tasks.json").write_text(json.dumps(tasks))
    if admin is not None:
        (folder / "hub-config" / "admin.json").write_text(json.dumps(admin))
    return Hub(folder)


@pytest.mark.parametrize(
    ("spec", "ids"),
    [
        ({"required": [1], "optional": [2, 3]}, [1, 2, 3]),
        ({"required": None, "optional": ["a"]}, ["a"]),
        ({"required": "a"}, ["a"]),
        ({}, []),
    ],
)
def test_values(spec: dict[str, Any], ids: list[Any]) -> None:
    """Required ones first; null stands for none, a single one for itself."""
    assert values(spec) == ids
    assert type_ids({"output_type_id": spec}) == type_ids({"type_id": spec}) == ids


@pytest.mark.parametrize(
    ("spec", "required"),
    [
        ({"is_required": True}, True),
        ({"is_required": False, "output_type_id": {"required": [1]}}, False),
        ({"output_type_id_params": {"is_required": True}}, True),
        ({"output_type_id": {"required": [1]}}, True),
        ({"type_id": {"required": None, "optional": [1]}}, False),
        ({}, False),
    ],
)
def test_output_types_that_have_to_be_there(spec: dict[str, Any], required: bool) -> None:
    """As newer hubs say it, and as older ones do."""
    assert is_required(spec) is required


def test_rounds_are_named_by_a_task_id(tmp_path: Path) -> None:
    """Each of its values is a round, of which that task id has this value alone."""
    made = hub(tmp_path)
    assert made.round_names == ["2025-11-01", "2025-11-08", "2025-11-15"]
    of_round = made.round("2025-11-08")
    assert of_round is not None
    assert of_round.ids_of(of_round.tasks[0])["reference_date"] == {
        "required": ["2025-11-08"],
        "optional": None,
    }
    assert of_round.columns[0] == "reference_date"
    assert made.round("2025-11-09") is None


def test_a_round_with_a_name_of_its_own(tmp_path: Path) -> None:
    """Its task ids stay as they are, and what it says of files and tasks is its own."""
    tree = TASKS["rounds"][0] | {
        "round_id": "spring",
        "round_id_from_variable": False,
        "file_format": ["csv"],
        "derived_task_ids": ["target_end_date"],
    }
    of_round = hub(tmp_path, {"rounds": [tree]}).round("spring")
    assert of_round is not None
    assert of_round.ids_of(of_round.tasks[0]) == of_round.tasks[0]["task_ids"]
    assert (of_round.formats, of_round.derived) == (("csv",), frozenset(["target_end_date"]))


def test_a_hub_that_says_nothing(tmp_path: Path) -> None:
    """It has what hubs have."""
    made = hub(tmp_path, admin=None)
    assert (made.output, made.formats) == ("model-output", ("csv", "parquet", "arrow"))
    assert made.zone.key == "UTC"


@pytest.mark.parametrize("tasks", [[], {"rounds": 1}, {"rounds": [{"round_id": "x"}]}])
def test_no_hub(tmp_path: Path, tasks: Any) -> None:
    """Of a file that is no configuration, and of one that is not there."""
    assert code_of(lambda: Hub(tmp_path)) == "no_file"
    assert code_of(lambda: hub(tmp_path, tasks)) == "bad_file"


def test_a_time_zone_that_does_not_exist(tmp_path: Path) -> None:
    """Is said when it is needed."""
    made = hub(tmp_path, admin={"timezone": "Mars/Olympus"})
    assert code_of(lambda: made.zone) == "bad_timezone"
