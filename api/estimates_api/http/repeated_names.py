"""Names that stand twice in a JSON body, of which readers of JSON silently take one."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from estimates.errors import InvalidError


def may_repeat(body: bytes, kind: type[msgspec.Struct]) -> bool:
    """Whether a field of `kind` may stand twice in a body; text that looks like one counts too."""
    if body.count(b":") < 2:  # of a batch that says nothing but its keys
        return False
    return any(body.count(b'"%b"' % name.encode()) > 1 for name in kind.__struct_encode_fields__)


def refuse_repeated(body: bytes, kind: type[msgspec.Struct]) -> None:
    """Raises InvalidError (`bad_body`) for a field of `kind` that stands twice in a JSON object."""
    if not may_repeat(body, kind):
        return
    outermost: list[list[tuple[str, Any]]] = []
    json.loads(body, object_pairs_hook=lambda pairs: outermost.append(pairs) or dict(pairs))
    names = [name for name, _ in outermost[-1]] if outermost else []
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        fields = ", ".join(kind.__struct_encode_fields__)
        raise InvalidError(
            "bad_body",
            f"{twice!r} stands twice in the body",
            remedy=f"allowed, each once: {fields}",
        )
