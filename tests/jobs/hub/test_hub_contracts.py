"""What a hub's tasks ask for: samples, and until when."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from estimates.contract.contract_file import parse_contract
from estimates_jobs.hub.hub_contracts import hub_contracts

IDS = {
    "reference_date": {"required": None, "optional": ["2026-01-03", "2026-01-10"]},
    "horizon": {"required": None, "optional": [0, 1]},
    "target_end_date": {"required": None, "optional": ["2026-01-03", "2026-01-10"]},
    "location": {"required": None, "optional": ["01", "US"]},
}


def drafted(folder: Path, params: dict[str, Any], **more: Any) -> Any:
    """The contract of a hub that asks for samples alone."""
    sample = {"output_type_id_params": params, "value": {"type": "double", "minimum": 0}, **more}
    task = {
        "task_ids": IDS,
        "output_type": {"sample": sample},
        "target_metadata": [{"target_id": "wk inc", "target_keys": None, "target_units": "count"}],
    }
    of_round = {"round_id": "reference_date", "round_id_from_variable": True}
    (folder / "hub-config").mkdir()
    tree = {"rounds": [of_round | {"model_tasks": [task]}]}
    (folder / "hub-config" / "tasks.json").write_text(json.dumps(tree))
    (made,) = hub_contracts(folder)
    assert not made.left_out
    return parse_contract(made.source)


@pytest.mark.parametrize(
    ("params", "draws", "joint"),
    [
        ({"min_samples_per_task": 100, "max_samples_per_task": 100}, 100, ()),
        ({"min_samples_per_task": 50, "max_samples_per_task": 100}, None, ()),
        ({"compound_taskid_set": ["reference_date", "location"]}, None, ("target_end_date",)),
        ({"compound_taskid_set": ["reference_date"]}, None, ("location", "target_end_date")),
        ({"compound_taskid_set": ["reference_date", "horizon"]}, None, ("location",)),
        ({"compound_taskid_set": list(IDS)}, None, ()),
    ],
)
def test_a_draw_goes_along_what_is_no_compound_task(
    tmp_path: Path, params: dict[str, Any], draws: int | None, joint: tuple[str, ...]
) -> None:
    """A horizon and its target date say the same; numbers that may differ are not promised."""
    column = drafted(tmp_path, params).columns["samples"]
    assert (column.draws, set(column.joint)) == (draws, set(joint))
    assert (column.unit, column.min) == ("count", 0)


@pytest.mark.parametrize(
    ("params", "more", "nullable"),
    [({}, {"is_required": True}, False), ({"is_required": True}, {}, False), ({}, {}, True)],
)
def test_samples_that_are_not_asked_for_may_be_missing(
    tmp_path: Path, params: dict[str, Any], more: dict[str, Any], nullable: bool
) -> None:
    """Newer and older hubs say it in two places."""
    contract = drafted(tmp_path, params, **more)
    assert contract.columns["samples"].nullable is nullable
    assert "samples_q0.5" in contract.judged


def deadlines(folder: Path, days: list[str], due: dict[str, Any] | None, zone: str | None) -> Any:
    """What the contract of a hub with these rounds says under `[freshness]`."""
    task = {
        "task_ids": IDS | {"reference_date": {"required": None, "optional": days}},
        "output_type": {"mean": {"value": {}}},
        "target_metadata": [{"target_id": "wk inc", "target_keys": None}],
    }
    of_round = {"round_id": "reference_date", "round_id_from_variable": True}
    of_round |= {"model_tasks": [task]} | ({} if due is None else {"submissions_due": due})
    config = folder / "hub-config"
    config.mkdir()
    (config / "tasks.json").write_text(json.dumps({"rounds": [of_round]}))
    if zone is not None:
        (config / "admin.json").write_text(json.dumps({"timezone": zone}))
    (made,) = hub_contracts(folder)
    return parse_contract(made.source).freshness


DUE = {"relative_to": "reference_date", "start": -6, "end": -3}


def test_submissions_are_due_when_the_hub_says(tmp_path: Path) -> None:
    """The end of a day of each week in the hub's zone, but for weeks without a round; the window
    has whole days.
    """
    days = ["2026-01-03", "2026-01-10", "2026-01-24"]
    freshness = deadlines(tmp_path, days, DUE, "US/Eastern")
    assert (freshness.due, freshness.calendar) == ("24:00 US/Eastern", "weekly-wednesday")
    assert (freshness.window, [str(day) for day in freshness.holidays]) == ("4d", ["2026-01-14"])


@pytest.mark.parametrize(
    ("days", "due"),
    [
        (["2026-01-03", "2026-01-10"], None),
        (["2026-01-03", "2026-01-11"], DUE),
        (["2026-01-03", "2026-01-10"], DUE | {"relative_to": "target_end_date"}),
        (["2026-01-03", "2026-01-10"], {"start": "2026-01-01", "end": "2026-01-04"}),
    ],
)
def test_of_other_rounds_nothing_is_due(
    tmp_path: Path, days: list[str], due: dict[str, Any] | None
) -> None:
    """No calendar has days that are not weeks apart, nor days that each round names itself."""
    assert deadlines(tmp_path, days, due, None).due is None


def test_each_target_has_a_name_of_its_own(tmp_path: Path) -> None:
    """Ids that are alike in small letters are numbered; a target of `cdf` alone has no contract,
    and the others have theirs.
    """
    mean, cdf = {"mean": {"value": {}}}, {"cdf": {"output_type_id": {"required": [1]}}}
    tasks = [
        {"task_ids": IDS, "output_type": kinds, "target_metadata": [{"target_id": target}]}
        for target, kinds in (("wk inc", mean), ("peak", cdf), ("wk_inc", mean), ("入院", mean))
    ]
    (tmp_path / "hub-config").mkdir()
    rounds = [{"round_id": "r", "model_tasks": tasks}]
    (tmp_path / "hub-config" / "tasks.json").write_text(json.dumps({"rounds": rounds}))
    made = hub_contracts(tmp_path)
    assert [contract.name for contract in made] == ["wk-inc", "peak", "wk-inc-2", "target"]
    assert [parse_contract(c.source).name for c in made if c.source] == [
        "wk-inc",
        "wk-inc-2",
        "target",
    ]
    assert (made[1].source, made[1].left_out) == ("", ("cdf",))


def test_levels_that_an_older_hub_leaves_free_may_be_missing(tmp_path: Path) -> None:
    """Its `type_id` says what `output_type_id` says today: quantiles with optional ones may be
    null.
    """
    nullable: dict[str, bool] = {}
    for field in ("output_type_id", "type_id"):
        levels = {"required": [0.5], "optional": [0.1, 0.9]}
        kinds = {"quantile": {field: levels, "value": {}}}
        task = {"task_ids": IDS, "output_type": kinds, "target_metadata": [{"target_id": "inc"}]}
        folder = tmp_path / field / "hub-config"
        folder.mkdir(parents=True)
        rounds = [{"round_id": "r", "model_tasks": [task]}]
        (folder / "tasks.json").write_text(json.dumps({"rounds": rounds}))
        (made,) = hub_contracts(tmp_path / field)
        columns = parse_contract(made.source).columns.values()
        nullable[field] = all(column.nullable for column in columns if column.role == "quantile")
    assert nullable == {"output_type_id": True, "type_id": True}
