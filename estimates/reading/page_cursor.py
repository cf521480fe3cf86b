"""How many rows a page has, and the cursor that leads to the next one."""

from __future__ import annotations

import base64
import binascii

import msgspec

from estimates.errors import InvalidError

DEFAULT_LIMIT = 1000
MAX_LIMIT = 10_000


def cursor_version(cursor: str) -> int:
    """The version that a cursor is pinned to; raises InvalidError `bad_cursor`."""
    return cursor_fields(cursor)[0]


def cursor_fields(cursor: str) -> tuple[int, int, int]:
    """Version, row and the mark of the request; raises InvalidError (`bad_cursor`)."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        return msgspec.json.decode(
            base64.b64decode(padded, altchars=b"-_", validate=True), type=tuple[int, int, int]
        )
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        raise InvalidError(
            "bad_cursor", "this cursor was not made by this service; start again without it"
        ) from None
