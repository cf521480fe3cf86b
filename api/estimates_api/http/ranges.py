"""Parts of a file: the Range header (RFC 9110, 14)."""

from __future__ import annotations

import re

from estimates.errors import InvalidError

_SINGLE = re.compile(
    rb"bytes=[ \t]*(?:([0-9]{1,18})-([0-9]{0,18})|-([0-9]{1,18}))[ \t]*", re.IGNORECASE
)


def byte_range(text: bytes, size: int) -> range | None:
    """The bytes that a Range header names in a file of `size` bytes; None: send the whole file.

    None also for another unit, several ranges and a header that is none: a server may ignore them.
    Raises InvalidError (`bad_range`) when nothing of the file lies in the range.
    """
    match = _SINGLE.fullmatch(text)
    if match is None:
        return None
    first, last, suffix = (int(digits) if digits else None for digits in match.groups())
    if first is None:
        start, stop = max(0, size - (suffix or 0)), size
    elif last is not None and last < first:
        return None
    else:
        start, stop = first, size if last is None else min(last + 1, size)
    if start >= stop:
        raise InvalidError(
            "bad_range",
            f"the file has {size} bytes, and none of them is in this range",
            remedy=f"ask for bytes from 0 to {size - 1}",
            size=size,
        )
    return range(start, stop)
