"""The JSON Schema of one estimate, from its contract."""

from __future__ import annotations

from typing import Any

from estimates import Contract
from estimates.contract.columns import Column, ColumnType, KeyColumn

_TYPES: dict[ColumnType, dict[str, Any]] = {
    "float": {"type": "number"},
    "integer": {"type": "integer"},
    "string": {"type": "string"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "timestamp": {"type": "string", "format": "date-time"},
    "numbers": {"type": "array", "items": {"type": "number"}},
}


def estimate_schema(contract: Contract) -> dict[str, Any]:
    """A schema that every `estimate` of the set satisfies.

    Any column may be null: a null says that there is no estimate, and whether that may be is for
    the gate to judge. So are bounds: a refused version, read by its number, may break them.
    """
    keys = {name: _TYPES[key.type] | _described(key) for name, key in contract.key.items()}
    columns = {name: _column(column) for name, column in contract.columns.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": contract.name,
        "description": contract.description,
        "type": "object",
        "properties": keys | columns,
        "required": list(keys),
        "additionalProperties": False,
    }


def _column(column: Column) -> dict[str, Any]:
    kind = _TYPES[column.kind]
    promises = {name: getattr(column, name) for name in ("role", "unit", "level", "quantile")}
    extensions = {f"x-{name}": value for name, value in promises.items() if value is not None}
    return kind | {"type": [kind["type"], "null"]} | _described(column) | extensions


def _described(column: Column | KeyColumn) -> dict[str, str]:
    return {"description": column.description} if column.description else {}
