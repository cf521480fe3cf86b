"""What a team says of a model, against what the hub asks for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from estimates_jobs.hub.hub_folder import Hub
from estimates_jobs.hub.model_metadata import MetadataSchema, metadata_file
from tests.builders import code_of
from tests.hub_repository import ADMIN, MODEL, TASKS

_FILE = f"model-metadata/{MODEL}.yml"
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["team_abbr"],
    "properties": {"since": {"type": "string", "format": "date"}, "n": {"type": "integer"}},
}


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    """A hub with a schema of metadata and two licences."""
    for name, content in (
        ("tasks", TASKS),
        ("admin", ADMIN | {"licenses": ["CC0-1.0", "MIT"]}),
        ("model-metadata-schema", _SCHEMA),
    ):
        (tmp_path / "hub-config").mkdir(exist_ok=True)
        (tmp_path / "hub-config" / f"{name}.json").write_text(json.dumps(content))
    (tmp_path / "model-metadata").mkdir()
    return Hub(tmp_path)


def faults(hub: Hub, text: str) -> list[str]:
    """What is wrong with metadata of the model."""
    (hub.folder / _FILE).write_text(text)
    return [finding.message for finding in MetadataSchema(hub).faults(MODEL, _FILE)]


@pytest.mark.parametrize(
    "text",
    [
        "team_abbr: UMass\nmodel_abbr: trends\nsince: 2025-11-08\nlicense: MIT\n",
        "team_abbr: UMass\nmodel_abbr: UMass-trends\n",
        "team_abbr: UMass\nmodel_id: UMass-trends\n",
    ],
)
def test_metadata_as_hubs_ask_for_them(hub: Hub, text: str) -> None:
    """A date of YAML is the text that a schema speaks of; older hubs write the whole name."""
    assert faults(hub, text) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("model_abbr: trends\n", ["'team_abbr' is a required property"]),
        ("team_abbr: UMass\nn: many\n", ["n: 'many' is not of type 'integer'"]),
        ("team_abbr: UMass\nsince: soon\n", ["since: 'soon' is not a 'date'"]),
        ("team_abbr: UMass\nmodel_abbr: flu\n", ["are UMass and flu, and the file is of"]),
        ("team_abbr: UMass\nmodel_id: UMass-flu\n", ["model_id is UMass-flu, and the file is of"]),
        ("team_abbr: UMass\nlicense: secret\n", ["license: secret is none of those of the hub"]),
        ("- a\n- b\n", ["has no fields"]),
        ("", ["has no fields"]),
        ("a: [\n", ["is no YAML"]),
    ],
)
def test_what_is_wrong(hub: Hub, text: str, words: list[str]) -> None:
    """By the schema, by the name of the file, by the hub's licences, as YAML."""
    messages = faults(hub, text)
    assert len(messages) == len(words)
    assert all(word in message for word, message in zip(words, messages, strict=True))


@pytest.mark.parametrize(
    "text", ["team_abbr: &a [*a]\n", "a: &a [x]\nb: &b [*a, *a]\nteam_abbr: [*b, *b]\n"]
)
def test_an_alias_is_refused(hub: Hub, text: str) -> None:
    """It may stand for itself, and ten lines of them for more than a machine holds."""
    assert faults(hub, text) == ["has an alias (*): write what it stands for"]


def test_a_hub_whose_schema_is_none(hub: Hub) -> None:
    """Nothing can be said of any file."""
    (hub.folder / "hub-config" / "model-metadata-schema.json").write_text('{"type": 7}')
    assert code_of(lambda: faults(hub, "team_abbr: UMass\n")) == "bad_file"


def test_where_metadata_stand(hub: Hub) -> None:
    """With either ending of YAML."""
    assert metadata_file(hub, MODEL) is None
    (hub.folder / f"model-metadata/{MODEL}.yaml").write_text("")
    assert metadata_file(hub, MODEL) == f"model-metadata/{MODEL}.yaml"
