"""What the configuration of a hub says of its rounds (https://docs.hubverse.io, "Hub configuration
files"): `hub-config/admin.json` and `hub-config/tasks.json`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from estimates.errors import InvalidError

Tree = dict[str, Any]
Specs = Mapping[str, Tree]  # by name: what is required, what is optional


class Round(NamedTuple):
    """A round that submissions are made to.

    name      as files name it, such as 2025-11-08
    variable  the task id whose value names it; None where the round itself has a name
    tasks     its model tasks, as the configuration has them
    derived   task ids that follow from others, whose values are not looked up
    """

    name: str
    variable: str | None
    tasks: list[Tree]
    due: Tree | None
    formats: tuple[str, ...]
    derived: frozenset[str]

    def ids_of(self, task: Tree) -> Specs:
        """The task ids of a model task, the round's own one with this round alone."""
        ids: Tree = task["task_ids"]
        if self.variable is None:
            return ids
        return {**ids, self.variable: {"required": [self.name], "optional": None}}

    @property
    def columns(self) -> list[str]:
        """The task ids of all its tasks."""
        return list(dict.fromkeys(name for task in self.tasks for name in task["task_ids"]))


class Hub:
    """A hub's folder and its configuration."""

    def __init__(self, folder: Path) -> None:
        """A hub without `admin.json` has what hubs have where that says nothing.

        Raises InvalidError: `no_file`, `bad_file` (no JSON, or without the fields of a hub).
        """
        self.folder = folder
        self.tasks_file = folder / "hub-config" / "tasks.json"
        self.tasks = _read(self.tasks_file)
        admin = folder / "hub-config" / "admin.json"
        self.admin = _read(admin) if admin.exists() else {}
        rounds = self.tasks.get("rounds")
        if not isinstance(rounds, list) or not all(map(_is_round, rounds)):
            raise _no_hub(self.tasks_file, "has no list of rounds, each with model_tasks")
        self.rounds: list[Tree] = rounds

    @property
    def output(self) -> str:
        """The folder of submissions, from the hub's."""
        return str(self.admin.get("model_output_dir") or "model-output").strip("/")

    @property
    def formats(self) -> tuple[str, ...]:
        """How files of submissions may end."""
        return tuple(self.admin.get("file_format") or ("csv", "parquet", "arrow"))

    @cached_property
    def zone(self) -> ZoneInfo:
        """In which days begin and end; UTC where the hub says nothing.

        Raises InvalidError `bad_timezone`.
        """
        name = str(self.admin.get("timezone") or "UTC")
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise InvalidError(
                "bad_timezone",
                f"{self.folder / 'hub-config' / 'admin.json'}: there is no time zone {name!r}",
                remedy="write one such as US/Eastern",
            ) from None

    def round(self, name: str) -> Round | None:
        """The round of a name; None where there is none."""
        for tree in self.rounds:
            if name in _names(tree):
                return Round(
                    name,
                    _variable(tree),
                    tree["model_tasks"],
                    tree.get("submissions_due"),
                    tuple(tree.get("file_format") or self.formats),
                    frozenset(_derived(tree) or self.tasks.get("derived_task_ids") or ()),
                )
        return None

    @property
    def round_names(self) -> list[str]:
        """What all rounds are called, sorted."""
        names: set[str] = set()
        for tree in self.rounds:
            names |= _names(tree)
        return sorted(names)


def values(spec: Tree) -> list[Any]:
    """What is required and what is optional, in this order; null stands for nothing."""
    parts = [spec.get(part) for part in ("required", "optional")]
    return [
        value
        for part in parts
        for value in (part if isinstance(part, list) else [] if part is None else [part])
    ]


def type_ids(spec: Tree) -> list[Any]:
    """The ids of an output type."""
    return values(type_id_spec(spec))


def is_required(spec: Tree) -> bool:
    """Whether an output type has to be there: newer hubs say so, in older ones it is whether ids
    are required.
    """
    params = spec.get("output_type_id_params") or {}
    required = spec.get("is_required", params.get("is_required"))
    return bool(type_id_spec(spec).get("required")) if required is None else required is True


def type_id_spec(spec: Tree) -> Tree:
    """What an output type says of its ids; older hubs write it as `type_id`."""
    return spec.get("output_type_id") or spec.get("type_id") or {}


def _variable(tree: Tree) -> str | None:
    """The task id whose value names a round; None where the round itself has a name."""
    return str(tree["round_id"]) if tree.get("round_id_from_variable") else None


def _names(tree: Tree) -> set[str]:
    variable = _variable(tree)
    if variable is None:
        return {str(tree["round_id"])}
    return {
        str(value)
        for task in tree["model_tasks"]
        for value in values(task["task_ids"].get(variable) or {})
    }


def _derived(tree: Tree) -> list[str] | None:
    """Those that the round says, or all of its tasks together."""
    own = tree.get("derived_task_ids")
    of_tasks = [name for task in tree["model_tasks"] for name in task.get("derived_task_ids") or ()]
    return own or of_tasks or None


def _is_round(tree: object) -> bool:
    return (
        isinstance(tree, dict)
        and "round_id" in tree
        and isinstance(tree.get("model_tasks"), list)
        and all(
            isinstance(task, dict)
            and isinstance(task.get("task_ids"), dict)
            and isinstance(task.get("output_type"), dict)
            for task in tree["model_tasks"]
        )
    )


def _read(path: Path) -> Tree:
    try:
        tree = json.loads(path.read_bytes())
    except OSError as error:
        raise InvalidError(
            "no_file",
            f"{path}: cannot be read: {error.strerror}",
            remedy="name the folder of a hub with --hub",
        ) from None
    except ValueError as error:
        raise _no_hub(path, f"is no JSON: {error}") from None
    if not isinstance(tree, dict):
        raise _no_hub(path, "is no object")
    return tree


def _no_hub(path: Path, what: str) -> InvalidError:
    return InvalidError(
        "bad_file",
        f"{path}: {what}",
        remedy="name the folder of a hub whose configuration is whole",
    )
