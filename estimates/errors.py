"""Errors, grouped by what the caller does next.

EstimatesError
├── InvalidError      (ValueError)   fix the input
├── NotFoundError     (LookupError)  ask for something that exists
├── ConflictError                    re-read and decide
├── GateError                        a person decides
├── UnavailableError                 retry
├── RefusedError                     change permissions or settings
├── StaleError                       wait for newer data, or take older ones
└── CorruptError                     stop, page someone

Each error carries a stable `code` (the precise cause; docs/spec.md lists them, names are only ever
added) and a message that says what, where and what to do. Programmer errors are assertions, not
members of this tree.

What to do is the `remedy`, with which the message ends: whoever is refused a table that is right
reads there which option to give, which line to write or which command to run. Secrets of URLs
are taken out of every message.
"""

from __future__ import annotations

import errno

from estimates.redaction import redacted

# Numbers of the operating system for a disk, or a share of one, that is full; what to do then.
FULL = frozenset((errno.ENOSPC, errno.EDQUOT))
MAKE_ROOM = "make room on its disk, then the same command again goes on"
# What to do where the system only says that a disk failed, which a quota looks like, too.
LOOK_AT_DISK = (
    "look at its disk, quota and limit of file sizes (`ulimit -f`), then the same command again "
    "goes on"
)


class EstimatesError(Exception):
    """Something that a caller can act on; `code` is stable, `details` are JSON-ready facts for
    machines, but for `remedy`, with which the message ends.
    """

    def __init__(self, code: str, message: str, **details: object) -> None:
        remedy = details.pop("remedy", "")
        message = redacted(f"{message}; {remedy}" if remedy else message)
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.code, self.message, self.details)


def _rebuild(
    kind: type[EstimatesError], code: str, message: str, details: dict[str, object]
) -> EstimatesError:
    return kind(code, message, **details)


class InvalidError(EstimatesError, ValueError):
    """The input is wrong; the same call cannot succeed until it is changed."""


class NotFoundError(EstimatesError, LookupError):
    """The thing asked for does not exist (any more)."""


class ConflictError(EstimatesError):
    """Somebody else was faster, or the call contradicts what is recorded; read again and decide."""


class GateError(EstimatesError):
    """The gate does not let this version through; a person decides."""


class UnavailableError(EstimatesError):
    """Something needed could not be reached; the same call may succeed later."""


class RefusedError(EstimatesError):
    """Something needed says no, and will until permissions or settings are changed."""


class StaleError(EstimatesError):
    """The data of an answer are older than its reader takes."""


class CorruptError(EstimatesError):
    """Stored bytes do not match their digest; stop and repair."""
