"""The JSON Schema of one estimate."""

from __future__ import annotations

from jsonschema import Draft202012Validator

from estimates.contract.contract_file import parse_contract
from estimates_api.http.estimate_schema import estimate_schema
from tests.contract.contracts import ROLLING

SCHEMA = estimate_schema(parse_contract(ROLLING))


def test_a_schema_that_estimates_satisfy() -> None:
    """Also one with a null; not one without its key, with text for a number, or with more."""
    Draft202012Validator.check_schema(SCHEMA)
    is_valid = Draft202012Validator(SCHEMA).is_valid
    row = {"ticker": "A", "target_date": "2024-06-03", "value": 1.5, "lower_80": None}
    assert is_valid(row)
    assert not is_valid(row | {"value": "1.5"})
    assert not is_valid(row | {"other": 1})
    assert not is_valid({name: value for name, value in row.items() if name != "ticker"})
    assert not is_valid(row | {"ticker": None})


def test_what_the_contract_promises() -> None:
    """Role, unit and level are extensions; what is not said is not there."""
    assert SCHEMA["properties"]["value"] == {
        "type": ["number", "null"],
        "x-role": "point",
        "x-unit": "USD",
    }
    assert SCHEMA["properties"]["lower_80"]["x-level"] == 0.8
    assert SCHEMA["properties"]["target_date"] == {"type": "string", "format": "date"}
