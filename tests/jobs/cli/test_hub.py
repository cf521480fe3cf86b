"""A forecast hub: from its folder to a set for each model."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from estimates.contract.contract_file import parse_contract, read_contract
from estimates.store.store import Store
from estimates_jobs.hub.hub_contracts import HubContract, hub_contracts
from estimates_jobs.tables.table_files import typed
from tests.builders import make_store
from tests.jobs.cli.calls import Called, call, ok

DAYS = ("2025-11-01", "2025-11-08")
MODELS = ("UMass-trends", "CDC_base.2")
TASKS: dict[str, Any] = {
    "rounds": [
        {
            "round_id_from_variable": True,
            "round_id": "reference_date",
            "model_tasks": [
                {
                    "task_ids": {
                        "reference_date": {"required": None, "optional": list(DAYS)},
                        "target": {"required": ["wk inc flu"], "optional": None},
                        "location": {"required": ["US"], "optional": ["01"]},
                        "horizon": {"required": [1], "optional": None},
                        "target_end_date": {"required": None, "optional": ["2025-11-08"]},
                    },
                    "output_type": {
                        "quantile": {
                            "output_type_id": {"required": [0.5, 0.025, 0.975]},
                            "value": {"type": "double", "minimum": 0},
                        },
                        "sample": {"output_type_id_params": {"type": "integer"}, "value": {}},
                    },
                    "target_metadata": [
                        {
                            "target_id": "wk inc flu",
                            "target_name": "Admissions",
                            "target_units": "count",
                            "target_keys": {"target": "wk inc flu"},
                        }
                    ],
                },
                {
                    "task_ids": {
                        "reference_date": {"required": None, "optional": list(DAYS)},
                        "target": {"required": ["change"], "optional": None},
                        "location": {"required": ["US"], "optional": None},
                        "horizon": {"required": [0, 1], "optional": None},
                    },
                    "output_type": {
                        "pmf": {"output_type_id": {"required": ["up", "same/down"]}, "value": {}}
                    },
                    "target_metadata": [
                        {"target_id": "change", "target_keys": {"target": "change"}}
                    ],
                },
            ],
        }
    ]
}


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A hub with two models and two rounds beside an empty store; commands run beside it."""
    folder = tmp_path / "hub"
    (folder / "hub-config").mkdir(parents=True)
    (folder / "hub-config" / "tasks.json").write_text(json.dumps(TASKS))
    (folder / "model-metadata").mkdir()
    (folder / "model-metadata" / f"{MODELS[0]}.yml").write_text(
        "team_name: UMass\nlicense: CC-BY-4.0\ndesignated_model: true\ncontributors:\n  - name: N\n"
    )
    for model in MODELS:
        (folder / "model-output" / model).mkdir(parents=True)
        for number, day in enumerate(DAYS):
            submit(folder, model, day, number)
    make_store(tmp_path / "store").catalog.engine.dispose()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ESTIMATES_STORE", str(tmp_path / "store"))
    return folder


def submit(hub: Path, model: str, day: str, number: int, target: str = "wk inc flu") -> None:
    """A model's file of a round."""
    rows = [
        f'{day},"{target}",{place},{step},{date(2025, 11, 8) + timedelta(weeks=number + step)},'
        f"{kind},{100 + 6 * number + 5 * step + add}"
        for place in ("US", "01")
        for step in (0, 1)
        for kind, add in (
            ("quantile,0.025", -10),
            ("quantile,0.5", 0),
            ("quantile,0.975", 10),
            ("sample,1", 3),
            ("sample,2", -3),
        )
    ]
    header = "reference_date,target,location,horizon,target_end_date,output_type,output_type_id"
    text = "\n".join([f"\ufeff{header},value", *rows, ""])
    (hub / "model-output" / model / f"{day}-{model}.csv").write_text(text)


def define(hub: Path) -> None:
    """The family of the hub's first target; of so few rows the gate would refuse what it compares,
    so a person promotes.
    """
    ok("draft", "--hub", hub)
    path = Path("wk-inc-flu.toml")
    path.write_text(path.read_text().replace('promote = "automatic"', 'promote = "manual"'))
    ok("define", path)


def publish(*words: object) -> Called:
    """Publish the hub's models as a family."""
    return call("publish", "wk-inc-flu", *words, "--through", "{date-7d}", "--format", "json")


def sets() -> dict[str, int]:
    """How many versions each set has."""
    store = Store("store")
    counts = {name: len(of_set.versions) for name, of_set in store.view().sets.items()}
    store.catalog.engine.dispose()
    return counts


def test_a_hubs_tasks_are_contracts(hub: Path) -> None:
    """One for each target, shared by the models: the levels, the unit, the key and which rows are
    its own. A file that is there is not written over.
    """
    assert "wk-inc-flu.toml" in ok("draft", "--hub", hub).text
    contract = read_contract("wk-inc-flu.toml")
    assert list(contract.key) == ["location", "target_end_date"]
    assert contract.target == "target_end_date"
    assert list(contract.columns) == ["horizon", "q0.025", "q0.5", "q0.975", "samples"]
    assert (contract.columns["q0.5"].unit, contract.columns["q0.5"].min) == ("count", 0)
    assert contract.load.where == {"target": "wk inc flu", "output_type": ("quantile", "sample")}
    assert contract.freshness.cadence == "7d"
    change = read_contract("change.toml")
    assert (list(change.key), change.target) == (["location", "horizon"], "horizon")
    assert [column.label for column in change.columns.values()] == ["up", "same/down"]
    again = call("draft", "--hub", hub)
    assert (again.code, "file_exists" in again.err) == (2, True)


def test_each_model_of_a_hub_is_a_set(hub: Path) -> None:
    """Made when it first publishes, with what the hub says of it; the same command again adds only
    the rounds that are new, and a revised contract is that of every model.
    """
    define(hub)
    called = publish(hub / "model-output")
    assert called.code == 0, called.err
    names = ["wk-inc-flu.cdc_base.2", "wk-inc-flu.umass-trends"]
    assert sets() == {"wk-inc-flu": 0} | dict.fromkeys(names, 2)
    store = Store("store")
    assert store[names[1]].frame(2)["q0.5"].to_list() == [106.0, 111.0] * 2
    member = store.contract(names[1]).member
    assert member is not None
    assert member.details == {
        "team_name": "UMass",
        "license": "CC-BY-4.0",
        "designated_model": "true",
    }
    store.catalog.engine.dispose()
    submit(hub, "UMass-trends", "2025-11-15", 2)
    assert publish(hub / "model-output").json["counts"] == {
        "tables": 5,
        "promoted": 0,
        "published": 1,
        "refused": 0,
        "rejected": 0,
        "repeated": 4,
    }
    revised = Path("wk-inc-flu.toml").read_text().replace("min = 0", "min = 0, max = 1e6")
    Path("wk-inc-flu.toml").write_text(revised)
    assert "the same for 2 members" in ok("define", "wk-inc-flu.toml").text
    store = Store("store")
    assert all(store.contract(name).columns["q0.5"].max == 1e6 for name in names)
    store.catalog.engine.dispose()


def test_status_shows_the_models_of_a_family(hub: Path) -> None:
    """A family has no line of its own, and asked for shows its members."""
    define(hub)
    assert "family without members" in ok("status", "wk-inc-flu").text
    publish(hub / "model-output" / "UMass-trends")
    for words in ((), ("wk-inc-flu",)):
        shown = ok("status", *words, "--format", "json").json["sets"]
        assert [line["set"] for line in shown] == ["wk-inc-flu.umass-trends"]


def test_a_column_names_the_member_too(hub: Path) -> None:
    """One table with the rows of several models is a version of each."""
    define(hub)
    lines = ["location,target_end_date,target,horizon,output_type,output_type_id,value,model_id"]
    lines += [
        f"US,2025-11-08,wk inc flu,1,quantile,{level},{value},{model}"
        for model, value in (("B", 2), ("a", 1))
        for level in (0.025, 0.5, 0.975)
    ]
    Path("all.csv").write_text("\n".join(lines))
    called = call("publish", "wk-inc-flu", "all.csv", "--through", "2025-11-01")
    assert called.code == 0, called.err
    assert sets() == {"wk-inc-flu": 0, "wk-inc-flu.a": 1, "wk-inc-flu.b": 1}


def test_models_that_differ_in_case_are_not_mixed_up(hub: Path) -> None:
    """The second one is rejected, also where its rows are those of the first; a family that has
    members stays one.
    """
    define(hub)
    ok("publish", "wk-inc-flu", hub / "model-output" / "UMass-trends", "--through", "{date-7d}")
    other = hub / "model-output" / "UMASS-Trends"
    other.mkdir(exist_ok=True)
    for day in DAYS:
        source = hub / "model-output" / "UMass-trends" / f"{day}-UMass-trends.csv"
        (other / f"{day}-UMASS-Trends.csv").write_bytes(source.read_bytes())
    runs = publish(other).json["runs"]
    assert [(run["status"], run["error"]) for run in runs] == [("rejected", "bad_member")] * 2
    path = Path("wk-inc-flu.toml")
    lines = path.read_text().splitlines()
    path.write_text("\n".join(line for line in lines if not line.startswith("[family]")))
    called = call("define", path, "--format", "json")
    assert (called.code, called.error["code"]) == (2, "bad_member")


def test_a_model_without_rows_of_the_target_is_passed_over(hub: Path) -> None:
    """It answers other questions of the hub: no set is made for it, and a note says so."""
    define(hub)
    for day in DAYS:
        submit(hub, MODELS[1], day, 0, target="change")
    called = publish(hub / "model-output")
    assert (called.code, len(called.json["runs"])) == (0, 2)
    assert sets() == {"wk-inc-flu": 0, "wk-inc-flu.umass-trends": 2}
    assert called.err.count("without rows of wk-inc-flu") == 1
    assert "passed over 2 tables without rows of wk-inc-flu: CDC_base.2 (2)" in called.err


@pytest.mark.parametrize("more", ["", ",model_id"])
def test_a_withdrawn_file_is_told(hub: Path, more: str) -> None:
    """It has a header and no rows, which is not the same as rows of other targets."""
    define(hub)
    folder = hub / "model-output" / MODELS[0]
    (folder / f"{DAYS[1]}-{MODELS[0]}.csv").unlink()
    path = folder / f"{DAYS[0]}-{MODELS[0]}.csv"
    path.write_text(path.read_text().splitlines()[0] + more + "\n")
    called = publish(folder)
    (run,) = called.json["runs"]
    assert (called.code, run["status"], run["error"]) == (2, "rejected", "no_rows")
    assert "no rows" in run["message"]


@pytest.mark.parametrize(
    ("file", "words", "code"),
    [
        ("x.csv", ["--through", "2025-11-01"], "no_member"),
        ("2025-11-01-ümlaut.csv", ["--through", "{date}"], "bad_member"),
    ],
)
def test_rows_of_nobody_are_rejected(hub: Path, file: str, words: list[str], code: str) -> None:
    """Where neither a column nor the file's name says whose they are, or it names no set."""
    define(hub)
    source = hub / "model-output" / MODELS[0] / f"{DAYS[0]}-{MODELS[0]}.csv"
    Path(file).write_text(source.read_text())
    called = call("publish", "wk-inc-flu", file, *words, "--format", "json")
    assert (called.code, called.json["runs"][0]["error"]) == (2, code)
    assert sets() == {"wk-inc-flu": 0}


@pytest.mark.parametrize("content", ["{", "[]", '{"rounds": [{"model_tasks": [{}]}]}'])
def test_what_is_no_hub_is_refused(tmp_path: Path, content: str) -> None:
    """With the file that is to blame; so is a folder without one."""
    assert call("draft", "--hub", tmp_path, "--format", "json").error["code"] == "no_file"
    (tmp_path / "hub-config").mkdir()
    (tmp_path / "hub-config" / "tasks.json").write_text(content)
    called = call("draft", "--hub", tmp_path, "--format", "json")
    assert (called.code, called.error["code"]) == (2, "bad_file")
    assert "tasks.json" in called.error["message"]


def test_it_is_said_how_many_keys_elapse(hub: Path) -> None:
    """When --through makes a horizon elapse: of a file that is judged or published, and of all
    files of a batch together.
    """
    define(hub)
    for model in MODELS:
        submit(hub, model, "2025-11-15", 1)
    files = [hub / "model-output" / model / f"2025-11-15-{model}.csv" for model in MODELS]
    called = call("publish", "wk-inc-flu", *files, "--through", "{date}")
    assert "elapsed: 4 of 8 keys of 2 tables: the target is not after --through" in called.text
    words = ("gate", "wk-inc-flu.umass-trends", "--file", files[0], "--through")
    assert (
        "2 of 4 keys elapse: the target is not after 2025-11-15T" in call(*words, "2025-11-15").err
    )
    assert "elapse" not in call(*words, DAYS[0]).err


def drafted(folder: Path, task: dict[str, Any], **of_round: Any) -> HubContract:
    """The contract of a hub with one task and these fields of its round."""
    target = {"target_id": "t", "target_keys": None, "time_unit": "week"}
    task = {"target_metadata": [target], "output_type": {"mean": {"value": {}}}} | task
    (folder / "hub-config").mkdir(exist_ok=True)
    tree = {"rounds": [{"round_id_from_variable": False, "round_id": "r1"} | of_round]}
    tree["rounds"][0]["model_tasks"] = [task]
    (folder / "hub-config" / "tasks.json").write_text(json.dumps(tree))
    (contract,) = hub_contracts(folder)
    return contract


def test_task_ids_that_do_not_apply_are_no_columns(tmp_path: Path) -> None:
    """Of a target without horizon and date these are ignored; the date of a round that has a name
    of its own is no part of the key.
    """
    ids = {
        "origin_date": {"required": ["2025-11-08"], "optional": None},
        "location": {"required": None, "optional": ["US", "01"]},
        "horizon": {"required": None, "optional": None},
        "target_end_date": {"required": None, "optional": None},
    }
    made = drafted(tmp_path, {"task_ids": ids})
    contract = parse_contract(made.source, "t")
    assert list(contract.key) == ["location"]
    assert contract.load.ignore == ("origin_date", "horizon", "target_end_date")
    assert made.through == "{date}"


def test_what_a_hub_does_not_require_may_be_left_out(tmp_path: Path) -> None:
    """Levels and output types that are optional are null where a submission has none."""
    output_type = {
        "quantile": {"output_type_id": {"required": [0.5], "optional": [0.1, 0.9]}, "value": {}},
        "mean": {"output_type_id": {"required": None}, "is_required": False, "value": {}},
    }
    ids = {"location": {"required": ["US"], "optional": None}}
    source = drafted(tmp_path, {"task_ids": ids, "output_type": output_type}).source
    contract = parse_contract(source, "t")
    frame = pl.DataFrame(
        {
            "location": ["US"],
            "output_type": ["quantile"],
            "output_type_id": ["0.5"],
            "value": ["3"],
        }
    )
    (row,) = typed(frame, contract).to_dicts()
    assert row == {"location": "US", "mean": None, "q0.1": None, "q0.5": 3.0, "q0.9": None}


@pytest.mark.parametrize(
    ("steps", "unit", "through"),
    [
        ([1, 2], "week", "{date}"),
        ([0, 1], "week", "{date-7d}"),
        ([-1, 0], "week", "{date-14d}"),
        ([0], "day", "{date-1d}"),
        ([0], "month", "{date}"),
    ],
)
def test_the_draft_says_what_a_forecast_knew(
    tmp_path: Path, steps: list[int], unit: str, through: str
) -> None:
    """By the least horizon: what is not after --through elapses."""
    ids = {"horizon": {"required": steps, "optional": None}}
    target = {"target_id": "t", "target_keys": None, "time_unit": unit}
    assert drafted(tmp_path, {"task_ids": ids, "target_metadata": [target]}).through == through
