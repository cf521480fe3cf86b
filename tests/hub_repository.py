"""A small made-up forecast hub in a git repository: a branch `main`, and a request beside it.

Two targets in one file: weekly counts as quantiles and samples, and the direction of change as
probabilities.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

ROUND = date(2025, 11, 8)  # a Saturday; the round is open from the Sunday before to the Wednesday
OPEN = "2025-11-04T12:00:00Z"
MODEL = "UMass-trends"
LEVELS = (0.025, 0.25, 0.5, 0.75, 0.975)
LOCATIONS = ("US", "01", "06")
CATEGORIES = ("decrease", "stable", "increase")
HEADER = "reference_date,target,horizon,location,target_end_date,output_type,output_type_id,value"
IDS: dict[str, Any] = {
    "reference_date": {"required": None, "optional": ["2025-11-01", "2025-11-08", "2025-11-15"]},
    "target": {"required": ["wk inc flu hosp"], "optional": None},
    "horizon": {"required": [0, 1], "optional": [2]},
    "location": {"required": ["US"], "optional": ["01", "06"]},
    "target_end_date": {
        "required": None,
        "optional": [str(date(2025, 11, 1) + timedelta(weeks=week)) for week in range(6)],
    },
}
TASKS: dict[str, Any] = {
    "schema_version": "https://raw.githubusercontent.com/hubverse-org/schemas/main/v5.0.0/"
    "tasks-schema.json",
    "rounds": [
        {
            "round_id_from_variable": True,
            "round_id": "reference_date",
            "submissions_due": {"relative_to": "reference_date", "start": -6, "end": -3},
            "model_tasks": [
                {
                    "task_ids": IDS,
                    "output_type": {
                        "quantile": {
                            "output_type_id": {"required": list(LEVELS)},
                            "is_required": True,
                            "value": {"type": "double", "minimum": 0},
                        },
                        "sample": {
                            "output_type_id_params": {
                                "type": "integer",
                                "min_samples_per_task": 2,
                                "max_samples_per_task": 3,
                                "compound_taskid_set": ["reference_date", "location"],
                            },
                            "is_required": False,
                            "value": {"type": "integer", "minimum": 0},
                        },
                    },
                    "target_metadata": [
                        {
                            "target_id": "wk inc flu hosp",
                            "target_name": "weekly admissions",
                            "target_units": "count",
                            "target_keys": {"target": "wk inc flu hosp"},
                            "target_type": "continuous",
                            "is_step_ahead": True,
                            "time_unit": "week",
                        }
                    ],
                },
                {
                    "task_ids": IDS
                    | {"target": {"required": None, "optional": ["wk flu hosp rate change"]}}
                    | {"horizon": {"required": None, "optional": [0, 1, 2]}}
                    | {"location": {"required": None, "optional": list(LOCATIONS)}},
                    "output_type": {
                        "pmf": {
                            "output_type_id": {"required": list(CATEGORIES)},
                            "is_required": True,
                            "value": {"type": "double", "minimum": 0, "maximum": 1},
                        }
                    },
                    "target_metadata": [
                        {
                            "target_id": "wk flu hosp rate change",
                            "target_keys": {"target": "wk flu hosp rate change"},
                            "target_type": "ordinal",
                            "is_step_ahead": True,
                            "time_unit": "week",
                        }
                    ],
                },
            ],
        }
    ],
}
ADMIN = {
    "name": "Made-up hub",
    "file_format": ["csv", "parquet"],
    "timezone": "US/Eastern",
    "model_output_dir": "model-output",
}
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "team_name": {"type": "string"},
        "team_abbr": {"type": "string", "pattern": "^[a-zA-Z0-9_]+$", "maxLength": 16},
        "model_abbr": {"type": "string", "pattern": "^[a-zA-Z0-9_]+$", "maxLength": 16},
        "license": {"type": "string", "enum": ["CC0-1.0", "CC-BY-4.0"]},
        "designated_model": {"type": "boolean"},
    },
    "required": ["team_abbr", "model_abbr", "license", "designated_model"],
}


def metadata(model: str, **fields: object) -> str:
    """The metadata of a model as YAML."""
    team, _, abbreviation = model.partition("-")
    known = {
        "team_name": team,
        "team_abbr": team,
        "model_abbr": abbreviation,
        "license": "CC-BY-4.0",
        "designated_model": "true",
    }
    return "".join(f"{name}: {value}\n" for name, value in (known | fields).items())


def rows(of_round: date = ROUND) -> list[str]:
    """The lines of a submission, without a header."""
    lines: list[str] = []
    for place in LOCATIONS:
        for step in (0, 1, 2):
            end = of_round + timedelta(weeks=step)
            task = f"{of_round},wk inc flu hosp,{step},{place},{end}"
            lines += [f"{task},quantile,{level},{100 + 80 * level:g}" for level in LEVELS]
            lines += [f"{task},sample,{mark},{90 + 10 * mark + step}" for mark in (1, 2, 3)]
            task = f"{of_round},wk flu hosp rate change,{step},{place},{end}"
            chances = (0.2, 0.5, 0.3)
            lines += [
                f"{task},pmf,{label},{chance}"
                for label, chance in zip(CATEGORIES, chances, strict=True)
            ]
    return lines


class HubRepository:
    """The hub's folder, with commits on `main`, on the branch of a request."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write("hub-config/admin.json", json.dumps(ADMIN))
        self.write("hub-config/tasks.json", json.dumps(TASKS))
        self.write("hub-config/model-metadata-schema.json", json.dumps(SCHEMA))
        self.write(f"model-metadata/{MODEL}.yml", metadata(MODEL))
        self.write("model-metadata/CDC-base.yml", metadata("CDC-base"))
        self.submit("CDC-base", date(2025, 11, 1))
        self.submit(MODEL, date(2025, 11, 1))
        self.write("README.md", "# Made-up hub\n")
        self.git("init", "-q", "-b", "main")
        self.commit("a hub")
        self.git("checkout", "-q", "-b", "request")

    def git(self, *words: str) -> str:
        """Run git in the folder; its output."""
        names = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "gc.auto=0"]
        done = subprocess.run(
            ["git", *names, *words], cwd=self.folder, check=True, capture_output=True, text=True
        )
        return done.stdout

    def commit(self, message: str) -> None:
        """All changes as a commit."""
        self.git("add", "--all")
        self.git("commit", "-q", "--allow-empty", "-m", message)

    def write(self, path: str, content: str | bytes) -> Path:
        """A file below the folder."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def submit(
        self, model: str = MODEL, of_round: date = ROUND, lines: Iterable[str] | None = None
    ) -> Path:
        """A model's file of a round."""
        content = "\n".join([HEADER, *(rows(of_round) if lines is None else lines), ""])
        return self.write(f"model-output/{model}/{of_round}-{model}.csv", content)
