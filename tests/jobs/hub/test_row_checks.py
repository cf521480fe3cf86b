"""The rows of a submission against the tasks of its round."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from estimates_jobs.hub.hub_folder import Hub
from estimates_jobs.hub.request_check import ROW_CHECKS
from estimates_jobs.hub.request_report import Finding
from estimates_jobs.hub.submission_rows import submission_of
from estimates_jobs.tables.csv_files import read_csv
from estimates_jobs.tables.text_options import TextOptions
from tests.hub_repository import ADMIN, HEADER, TASKS, rows

Lines = list[str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A hub's configuration."""
    (tmp_path / "hub-config").mkdir()
    (tmp_path / "hub-config" / "admin.json").write_text(json.dumps(ADMIN))
    configure(tmp_path, TASKS)
    return tmp_path


def configure(folder: Path, tasks: dict[str, Any]) -> None:
    """Write the hub's tasks."""
    (folder / "hub-config" / "tasks.json").write_text(json.dumps(tasks))


def findings(
    folder: Path, lines: Lines, of_round: str = "2025-11-08", header: str = HEADER
) -> list[Finding]:
    """What is wrong with lines below a header."""
    options = TextOptions()
    frame = read_csv("\n".join([header, *lines, ""]).encode(), "x.csv", options)
    return in_frame(folder, frame, of_round)


def in_frame(folder: Path, frame: pl.DataFrame, of_round: str = "2025-11-08") -> list[Finding]:
    """What is wrong with a frame."""
    made = Hub(folder).round(of_round)
    assert made is not None
    submission = submission_of(frame, made, TextOptions())
    return [finding for _, faults in ROW_CHECKS for finding in faults(submission)]


def replaced(*pairs: tuple[str, str], within: str = "") -> Callable[[Lines], Lines]:
    """An edit of the lines that have some text."""

    def edit(lines: Lines) -> Lines:
        for old, new in pairs:
            lines = [line.replace(old, new) if within in line else line for line in lines]
        return lines

    return edit


def without(*texts: str) -> Callable[[Lines], Lines]:
    """An edit that leaves lines out that have all these texts."""
    return lambda lines: [line for line in lines if not all(text in line for text in texts)]


FAULTS: dict[str, tuple[Callable[[Lines], Lines], dict[str, int | None]]] = {
    "unknown location": (replaced((",01,", ",99,")), {"tasks": 33}),
    "lost zero": (replaced((",01,", ",1,")), {"tasks": 33}),
    "other round": (
        replaced(("2025-11-08,wk flu", "2025-11-01,wk flu")),
        {"round": 27},
    ),
    "combination": (
        replaced(("quantile", "pmf"), within=",2,06,"),
        {"tasks": 5, "required": None},
    ),
    "unknown type": (replaced(("pmf", "pdf")), {"output_types": 27}),
    "unknown level": (replaced(("e,0.25,", "e,0.2,")), {"output_types": 9, "required": None}),
    "unknown category": (replaced(("stable", "same")), {"output_types": 9, "required": None}),
    "twice": (lambda lines: [*lines, lines[3]], {"duplicates": 2}),
    "twice, written otherwise": (
        lambda lines: [*lines, lines[1].replace("0.25,", "0.250,")],
        {"duplicates": 2},
    ),
    "no value": (replaced(("0.25,120", "0.25,"), within=",0,US,"), {"values": 1}),
    "infinite": (replaced(("0.975,178", "0.975,inf"), within=",0,US,"), {"values": 1}),
    "no integer": (replaced(("sample,1,100", "sample,1,100.5")), {"values": 3}),
    "below": (replaced(("0.025,102", "0.025,-1")), {"bounds": 9}),
    "above": (replaced(("stable,0.5", "stable,1.5")), {"bounds": 9, "sums": 27}),
    "crossing": (replaced(("0.25,120", "0.25,150"), within=",0,US,"), {"crossing": 1}),
    "sum of one decimal": (replaced(("stable,0.5", "stable,0.6")), {"sums": 27}),
    "one date": (replaced(("2025-11-22", "2025-11-29"), within="0.975"), {"dates": 3}),
    "too many samples": (
        lambda lines: [*lines, *(x.replace("e,1,", "e,9,") for x in lines if "sample,1" in x)],
        {"samples": None},
    ),
    "too few samples": (
        lambda lines: without("sample,3")(without("sample,2")(lines)),
        {"samples": None},
    ),
    "sample in parts": (without(",0,US,", "sample,3"), {"samples": None}),
    "sample without number": (replaced(("sample,1", "sample,s1")), {"samples": 9}),
    "required task": (without("hosp,1,US"), {"required": None}),
    "required level": (without(",0,06,", "0.025"), {"required": None}),
    "required category": (without(",0,06,", "stable"), {"required": None, "sums": 2}),
    "required type": (without(",0,06,", "quantile"), {"required": None}),
    "required of an optional place": (without("hosp,1,01"), {"required": None}),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_seen(folder: Path, name: str) -> None:
    """With the check that it belongs to and how many rows it is about, and nothing else."""
    edit, expected = FAULTS[name]
    seen = findings(folder, edit(rows()))
    assert {finding.check: finding.rows for finding in seen} == expected, seen
    assert {finding.severity for finding in seen} == {"fail"}


def test_a_sound_submission_has_no_findings(folder: Path) -> None:
    """Whatever the order of columns and rows, with optional parts left out, in text or in types."""
    lines = rows()
    assert findings(folder, lines) == []
    assert findings(folder, lines[::-1]) == []
    assert findings(folder, without(",06,")(without("sample")(lines))) == []
    frame = read_csv("\n".join([HEADER, *lines, ""]).encode(), "x.csv", TextOptions())
    typed = frame.with_columns(
        pl.col("reference_date", "target_end_date").str.to_date(),
        pl.col("horizon").cast(pl.Int64),
        pl.col("value").cast(pl.Float64),
    )
    assert in_frame(folder, typed.select(reversed(typed.columns))) == []
    floats = typed.filter(pl.col("output_type") == "quantile").with_columns(
        pl.col("output_type_id").cast(pl.Float64), pl.col("horizon").cast(pl.Float64)
    )
    assert in_frame(folder, floats) == []


def test_rounded_probabilities_are_a_warning(folder: Path) -> None:
    """What the rounding of three decimals explains is no fault."""
    edit = replaced(("stable,0.5", "stable,0.499"), within=",0,US,")
    (finding,) = findings(folder, edit(rows()))
    assert (finding.check, finding.severity) == ("sums", "warn")


def test_older_hubs_say_otherwise_what_is_required(folder: Path) -> None:
    """Levels that are optional may be left out, and an output type without required ids, too; mean
    and median have no id.
    """
    tasks = copy.deepcopy(TASKS)
    kinds = tasks["rounds"][0]["model_tasks"][0]["output_type"]
    kinds["quantile"] = {
        "output_type_id": {"required": [0.5], "optional": [0.025, 0.25, 0.75, 0.975]},
        "value": {"type": "double", "minimum": 0},
    }
    kinds["mean"] = {
        "output_type_id": {"required": None, "optional": ["NA"]},
        "value": {"type": "double", "minimum": 0},
    }
    configure(folder, tasks)
    assert findings(folder, without("0.025")(rows())) == []
    (finding,) = findings(folder, without(",0,06,", "quantile,0.5")(rows()))
    assert finding.check == "required"
    means = [line.split(",quantile")[0] + ",mean,NA,5" for line in rows() if "e,0.5," in line]
    assert findings(folder, [*rows(), *means]) == []
    (finding,) = findings(folder, [*rows(), means[0].replace("NA", "0.5")])
    assert (finding.check, finding.rows) == ("output_types", 1)


def test_task_ids_that_do_not_apply_are_empty(folder: Path) -> None:
    """A task id without values in a task is NA in its rows."""
    tasks = copy.deepcopy(TASKS)
    change = tasks["rounds"][0]["model_tasks"][1]
    change["task_ids"] |= {
        "horizon": {"required": None, "optional": None},
        "target_end_date": {"required": None, "optional": None},
    }
    configure(folder, tasks)
    lines = [line for line in rows() if "inc flu" in line]
    peak = [
        f"2025-11-08,wk flu hosp rate change,NA,US,NA,pmf,{label},{chance}"
        for label, chance in (("decrease", 0.2), ("stable", 0.5), ("increase", 0.3))
    ]
    assert findings(folder, lines + peak) == []
    (finding,) = findings(folder, lines + [line.replace("NA,US", "1,US") for line in peak])
    assert (finding.check, finding.rows) == ("tasks", 3)


def test_derived_task_ids_are_not_looked_up(folder: Path) -> None:
    """Where the hub says that they follow from others; their dates are compared all the same."""
    tasks = copy.deepcopy(TASKS) | {"derived_task_ids": ["target_end_date"]}
    for task in tasks["rounds"][0]["model_tasks"]:
        task["task_ids"]["target_end_date"] = {"required": None, "optional": ["2025-11-08"]}
    configure(folder, tasks)
    assert findings(folder, rows()) == []
    assert [
        finding.check
        for finding in findings(
            folder, replaced(("2025-11-22", "2025-11-23"), within=",01,")(rows())
        )
    ] == ["dates"]


def test_a_round_with_a_name_of_its_own(folder: Path) -> None:
    """Rounds that are not named by a task id."""
    tasks = copy.deepcopy(TASKS)
    tasks["rounds"][0] |= {"round_id_from_variable": False, "round_id": "round1"}
    configure(folder, tasks)
    assert findings(folder, rows(), "round1") == []
    assert Hub(folder).round("2025-11-08") is None
    assert Hub(folder).round_names == ["round1"]
