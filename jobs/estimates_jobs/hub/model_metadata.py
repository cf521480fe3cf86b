"""What a team says of a model, `model-metadata/TEAM-MODEL.yml`, against what the hub asks for in
`hub-config/model-metadata-schema.json`, a JSON Schema.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from estimates.errors import InvalidError
from estimates.extras import needs
from estimates.render.wording import cut
from estimates_jobs.hub.hub_folder import Hub
from estimates_jobs.hub.request_report import Finding
from estimates_jobs.hub.submission_path import METADATA
from estimates_jobs.tables.family_tables import yaml_fault

_ENDINGS = ("yml", "yaml")
_LONGEST = 300  # characters of what a schema says


class MetadataSchema:
    """The hub's schema of metadata, made ready once for all files."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub

    @cached_property
    def _validator(self) -> Any:
        """None where the hub has no schema. Raises InvalidError `bad_file`."""
        path = self.hub.folder / "hub-config" / "model-metadata-schema.json"
        if not path.is_file():
            return None
        with needs("hub"):
            from jsonschema import SchemaError
            from jsonschema.validators import validator_for
        try:
            schema = json.loads(path.read_bytes())
            kind = validator_for(schema)
            kind.check_schema(schema)
        except (ValueError, SchemaError) as error:
            raise InvalidError(
                "bad_file",
                f"{path}: is no JSON Schema: {cut(' '.join(str(error).split()), _LONGEST)}",
                remedy="mend the hub's schema of metadata first",
            ) from None
        return kind(schema, format_checker=kind.FORMAT_CHECKER)

    def faults(self, model: str, file: str) -> Iterator[Finding]:
        """What is wrong with the metadata of a model in a file below the hub's folder."""
        tree = _read(self.hub.folder / file)
        if isinstance(tree, Finding):
            yield tree
            return
        if self._validator is not None:
            errors = sorted(self._validator.iter_errors(tree), key=lambda e: str(e.json_path))
            for error in errors:
                where = error.json_path.removeprefix("$.").removeprefix("$")
                message = cut(" ".join(error.message.split()), _LONGEST)
                yield Finding("metadata", f"{where}: {message}" if where else message)
        yield from _name_faults(tree, model)
        yield from self._licence_faults(tree)

    def _licence_faults(self, tree: dict[str, Any]) -> Iterator[Finding]:
        """A licence that is none of those in `licenses` of the hub's admin.json, if it has any."""
        allowed = self.hub.admin.get("licenses")
        licence = tree.get("license", tree.get("data_license"))
        if isinstance(allowed, list) and licence is not None and licence not in allowed:
            known = ", ".join(map(str, allowed))
            yield Finding("metadata", f"license: {licence} is none of those of the hub: {known}")


def metadata_file(hub: Hub, model: str) -> str | None:
    """Where the metadata of a model stand, from the hub's folder; None where there are none."""
    files = [f"{METADATA}/{model}.{ending}" for ending in _ENDINGS]
    return next((file for file in files if (hub.folder / file).is_file()), None)


def _read(path: Path) -> dict[str, Any] | Finding:
    with needs("hub"):
        import yaml
    try:
        text = path.read_text(encoding="utf-8")
        # a few lines of them stand for more than a machine holds, or for themselves
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text)):
            return Finding("metadata", "has an alias (*): write what it stands for")
        tree = yaml.safe_load(text)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        return Finding("metadata", f"is no YAML: {cut(yaml_fault(error), _LONGEST)}")
    if not isinstance(tree, dict):
        return Finding("metadata", "has no fields, such as team_abbr: and model_abbr:")
    return {str(name): _plain(value) for name, value in tree.items()}


def _plain(value: Any) -> Any:
    """YAML's dates as text, which is what a schema speaks of."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def _name_faults(tree: dict[str, Any], model: str) -> Iterator[Finding]:
    """The model that the fields name is that of the file."""
    team, abbreviation = tree.get("team_abbr"), tree.get("model_abbr")
    whole = tree.get("model_id")
    if whole is not None and whole != model:
        yield Finding("metadata", f"model_id is {whole}, and the file is of {model}")
    if team is None or abbreviation is None:
        return
    # older hubs write the whole name as model_abbr
    named = {f"{team}-{abbreviation}", str(abbreviation)}
    if model not in named:
        yield Finding(
            "metadata",
            f"team_abbr and model_abbr are {team} and {abbreviation}, and the file is of {model}",
        )
