"""A contract as a file: each wrong field by its path and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from estimates.contract.contract_file import parse_contract, read_contract
from estimates.errors import InvalidError
from tests.contract.contracts import MINIMAL, refusal


@pytest.mark.parametrize(
    ("toml", "line"),
    [('name = "a"\nname == 3\n', "line 2, column 7"), ('name = "a\n', "line 1, column 10")],
)
def test_toml_errors_name_the_line(toml: str, line: str) -> None:
    """What is not TOML is refused with file, line and column."""
    with pytest.raises(InvalidError) as caught:
        parse_contract(toml, "c.toml")
    assert caught.value.code == "bad_toml"
    assert "c.toml" in caught.value.message
    assert line in caught.value.message


def test_bytes_that_are_not_utf8_are_not_toml() -> None:
    """A contract in another encoding is refused, not guessed."""
    with pytest.raises(InvalidError, match="not TOML") as caught:
        parse_contract(b'name = "\xff"')
    assert caught.value.code == "bad_toml"


def test_missing_file_is_named(tmp_path: Path) -> None:
    """A contract file that cannot be read is an error of its own."""
    with pytest.raises(InvalidError, match=r"none\.toml: cannot be read: No such file") as caught:
        read_contract(tmp_path / "none.toml")
    assert caught.value.code == "no_file"


def test_file_is_read_and_named_in_errors(tmp_path: Path) -> None:
    """Errors in a contract file start with its path."""
    path = tmp_path / "c.toml"
    path.write_text(MINIMAL)
    assert read_contract(path) == parse_contract(MINIMAL)
    path.write_text(MINIMAL + "size = 3\n")
    with pytest.raises(InvalidError, match=str(path)):
        read_contract(path)


@pytest.mark.parametrize(
    ("extra", "path", "allowed"),
    [
        ("colour = 1", "columns.score", ["scale_floor", "nullable", "role"]),
        ('[columns."a.b"]\nrolle = "x"', "columns.a.b", ["role"]),
        ("[freshness]\nmaximum_age = 1", "freshness", ["cadence", "max_age", "blocks"]),
        ('[domain]\nkind = "open"\nsize = 1', "domain", ["minimum"]),
        ("[gate]\nauto = true", "gate", ["promote", "checks"]),
        (
            "[gate.checks.removed_keys]\nlimit = 1",
            "gate.checks.removed_keys",
            ["warn", "block", "off"],
        ),
        ('[job]\nfunction = "a:b"\nparams = {}', "job", ["parameters", "inputs"]),
        (
            '[job]\nfunction = "a:b"\ninputs.x = {path = "y", source = "s", static = true}',
            "job.inputs.x",
            ["source", "query", "static"],
        ),
        ("[retention]\nkeep = 1", "retention", ["keep_versions", "keep_for"]),
        ("[stability]\nabs = 1", "stability", ["rtol", "atol", "groups"]),
        ("[extra]\nx = 1", "top level", ["key", "columns", "owner"]),
    ],
)
def test_unknown_fields_name_path_and_allowed_ones(
    extra: str, path: str, allowed: list[str]
) -> None:
    """A field that is not known is refused with its path and the fields there are."""
    message = refusal(MINIMAL + extra)
    assert f": {path}: " in message
    assert "unknown field" in message
    listed = message.split("allowed: ")[1].split(", ")
    assert set(allowed) <= set(listed)


@pytest.mark.parametrize(
    ("extra", "path", "allowed"),
    [
        ('role = "pint"', "columns.score.role", "'point', 'lower', 'upper', 'quantile'"),
        ('type = "double"', "columns.score.type", "'float', 'integer', 'string'"),
        ('[domain]\nkind = "closed"', "domain.kind", "'open', 'file', 'product', 'rolling'"),
        ('[gate]\npromote = "yes"', "gate.promote", "'automatic', 'manual'"),
        (
            '[key.other]\ntype = "text"',
            "key.other.type",
            "'string', 'integer', 'date', 'timestamp'",
        ),
    ],
)
def test_wrong_choices_name_the_allowed_values(extra: str, path: str, allowed: str) -> None:
    """A value outside a list of choices is refused with its path and the choices."""
    message = refusal(MINIMAL + extra)
    assert f"{path}: " in message
    assert allowed in message


@pytest.mark.parametrize(
    ("extra", "path", "types"),
    [
        ('min = "low"', "columns.score.min", "got `str`"),
        ("nullable = 1", "columns.score.nullable", "Expected `bool`, got `int`"),
        (
            'role = "label"\nlabels = ["a", 3]',
            "columns.score.labels.1",
            "Expected `str`, got `int`",
        ),
        ("[gate.checks]\nfinite = 3", "gate.checks.finite", "got `int`"),
        ("[stability]\nrtol = true", "stability.rtol", "got `bool`"),
        (
            '[domain]\nkind = "product"\nvalues.customer_id = [2.5]',
            "domain.values.customer_id.0",
            "got `float`",
        ),
    ],
)
def test_wrong_types_name_the_path(extra: str, path: str, types: str) -> None:
    """A value of a wrong type is refused with its path, the types wanted and the type found."""
    message = refusal(MINIMAL + extra)
    assert f": {path}: " in message
    assert types in message


@pytest.mark.parametrize("field", ["name", "key", "columns"])
def test_mandatory_fields_are_named(field: str) -> None:
    """Without name, key or columns there is no contract."""
    parts = {
        "name": 'name = "a"',
        "key": 'key = {k = {type = "string"}}',
        "columns": "columns = {v = {}}",
    }
    assert f"missing required field `{field}`" in refusal(
        "\n".join(parts[name] for name in parts if name != field)
    )
