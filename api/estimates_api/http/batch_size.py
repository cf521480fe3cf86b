"""How many keys a body has: seen before they are read, which takes a second for a million."""

from __future__ import annotations

import msgspec

from estimates.errors import InvalidError
from estimates.reading.version_reader import MAX_KEYS
from estimates_api.http.request_bodies import SMALL_BYTES

_LONGEST_KEY = 64 * 1024  # bytes of JSON


class _Keys(msgspec.Struct):
    """A batch whose keys are not looked into."""

    keys: list[msgspec.Raw] = []


_decode = msgspec.json.Decoder(_Keys).decode


def refuse_too_many_keys(body: bytes) -> None:
    """Raises InvalidError (`too_many_keys`, `bad_body`) for a large body with more keys than are
    answered, or with one that is too long for a key; whatever else is wrong the route says.
    """
    if len(body) <= SMALL_BYTES:
        return
    try:
        keys = _decode(body).keys
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return
    if len(keys) > MAX_KEYS:
        raise InvalidError(
            "too_many_keys", f"{len(keys)} keys in one batch", remedy=f"send at most {MAX_KEYS}"
        )
    if any(len(memoryview(key)) > _LONGEST_KEY for key in keys):
        raise InvalidError(
            "bad_body",
            f"a key of the batch has more than {_LONGEST_KEY} bytes",
            remedy="send keys of the set",
        )
