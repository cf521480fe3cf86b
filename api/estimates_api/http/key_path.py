"""The key in a URL: one path segment per key column, or leading key parts as query parameters.

A part is the text of `estimates.keys.key_form`: a date is `2026-11-24`, a timestamp
`2026-11-24T16:00:00Z`, an integer its decimal digits. In a path it is percent-encoded UTF-8.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from estimates.errors import InvalidError
from estimates_api.http.query_text import check_names


def read_segment(segment: str) -> str:
    """A path segment, percent-decoded once; `routing.raw_path` has made sure that it is UTF-8."""
    return unquote(segment)


def read_key(path: str) -> list[str]:
    """The key parts of a path that is still percent-encoded: split first, then decoded once."""
    parts = path.strip("/").split("/")
    return parts if "%" not in path else [read_segment(part) for part in parts]


def leading_key(
    query: Mapping[str, Any],
    key: Sequence[str],
    parameters: Sequence[str],
    reserved: Collection[str] = (),
) -> list[str]:
    """The leading key parts among the query parameters, in the order of the key columns.

    parameters  names of the route's own parameters
    reserved    names that never mean a key column
    Raises InvalidError (`key_parts`, `unknown_parameter`, `repeated_parameter`).
    """
    check_names(query, (*key, *parameters))
    present = [name in query and name not in reserved for name in key]
    count = sum(present)
    if not all(present[:count]):
        missing = key[present.index(False)]
        raise InvalidError(
            "key_parts",
            f"a leading part of the key is {', '.join(key)}, in this order; {missing} is missing",
        )
    return [query[name] for name in key[:count]]
