"""How many rows a page has, and the cursor that leads to the next one."""

import base64
import binascii
from typing import TypeVar

import msgspec

from estimates.errors import InvalidError

DEFAULT_LIMIT = 1000
MAX_LIMIT = 10_000
# Of a page of estimates: the version, the row, and a mark of the request.
ScanCursor = tuple[int, int, int]
T = TypeVar("T")


def encode_cursor(content: object) -> str:
    """A cursor as text for a URL."""
    return base64.urlsafe_b64encode(msgspec.json.encode(content)).decode().rstrip("=")


def decode_cursor(text: str, kind: type[T]) -> T:
    """The inverse of `encode_cursor`; raises InvalidError (`bad_cursor`)."""
    try:
        padded = text + "=" * (-len(text) % 4)
        return msgspec.json.decode(
            base64.b64decode(padded, altchars=b"-_", validate=True), type=kind
        )
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        raise InvalidError(
            "bad_cursor",
            "this cursor was not made by this service",
            remedy="start again without it",
        ) from None


def cursor_version(cursor: str) -> int:
    """The version that a page of estimates is pinned to; raises InvalidError (`bad_cursor`)."""
    return decode_cursor(cursor, ScanCursor)[0]


def other_request() -> InvalidError:
    """The error for a cursor that goes on with another request."""
    return InvalidError(
        "bad_cursor", "this cursor belongs to another question", remedy="start again without it"
    )


def check_limit(limit: int, most: int = MAX_LIMIT, *, least: int = 1, name: str = "limit") -> None:
    """Raises InvalidError (`bad_limit`) for a page of no rows or of too many, or another number of
    things that is none of those from `least` to `most`; `name` is what it is called.
    """
    if not least <= limit <= most:
        raise InvalidError(
            "bad_limit",
            f"{name} {limit} is not between {least} and {most}",
            remedy="choose a number between them",
        )
