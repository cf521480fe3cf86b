"""Keys that have too few parts, or too many: one error, in process and in clients."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from estimates.errors import InvalidError
from estimates.render.wording import count


def wrong_length(name: str, columns: Sequence[str], key: Sequence[Any]) -> InvalidError:
    """The error (`key_parts`) for a key of the set `name` that has another number of parts than
    there are key columns.
    """
    parts = [str(part) for part in key]
    wanted = "/".join(f"{{{column}}}" for column in columns)
    parts_text = f"{len(parts)}: {', '.join(parts)}" if parts else "none"
    return InvalidError(
        "key_parts",
        f"{name}: a key has {count(len(columns), 'part')}, {wanted}; got {parts_text}",
        remedy=_remedy(name, columns, parts),
    )


def _remedy(name: str, columns: Sequence[str], parts: Sequence[str]) -> str:
    if len(parts) > len(columns):
        return f"leave out what comes after {columns[-1]}"
    lacking = f"give {', '.join(columns[len(parts) :])} too"
    query = urlencode(dict(zip(columns, parts, strict=False)), errors="replace")
    over_http = f"?{query}" if parts else ""
    return (
        f"{lacking}, or list what begins so: `estimates get {shlex.join([name, *parts])}`, "
        f"scan in Python, /v1/sets/{name}/estimates{over_http} over HTTP"
    )
