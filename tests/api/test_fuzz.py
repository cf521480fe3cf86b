"""The whole API asked what its own OpenAPI document allows, and what it does not: no 5xx, nothing
undocumented.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import httpx
import schemathesis
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.api.served import ODD
from tests.builders import SET
from tests.examples import examples

pytest_plugins = ("tests.api.fixtures",)
# What the service serves, as test_api_document holds it.
schema = schemathesis.openapi.from_path(Path(__file__).with_name("openapi.json"))
# What a schema cannot say: a set that is there, a cursor that was given, a time that has passed.
_BEYOND_THE_SCHEMA = [positive_data_acceptance]
_REAL = {
    "set": (SET, ODD),
    "key": ("AAPL/2024-06-03", "%C3%86%C3%98%C3%85/2024-06-04", "a%2Fb/2", "none/0"),
    "ref": ("production", "latest", "1", "2", "4"),
    "from": ("1", "3", "production"),
    "to": ("4", "latest"),
    "fields": ("value", "note", "score"),
    "ticker": ("AAPL", "BRK/B"),
}


def _made_real(parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    """Two of three made-up names become ones that the store knows; which ones, the made-up text
    decides.
    """
    for name, value in (parameters or {}).items():
        number = zlib.crc32(repr(value).encode())
        if name in _REAL and number % 3:
            parameters[name] = _REAL[name][number // 3 % len(_REAL[name])]  # type: ignore[index]
    return parameters


@schema.hook
def map_path_parameters(
    _context: object, path_parameters: dict[str, Any] | None
) -> dict[str, Any] | None:
    """Sets and keys that are there."""
    return _made_real(path_parameters)


@schema.hook
def map_query(_context: object, query: dict[str, Any] | None) -> dict[str, Any] | None:
    """Refs, columns and key parts that are there."""
    return _made_real(query)


@examples(12)
@schema.parametrize()
def test_any_request_gets_a_documented_answer(
    case: schemathesis.Case, server: httpx.Client
) -> None:
    """Whatever is asked, the status, media type, headers and body are documented ones, and never
    those of a fault.
    """
    case.call_and_validate(base_url=str(server.base_url), excluded_checks=_BEYOND_THE_SCHEMA)
