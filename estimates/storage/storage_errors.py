"""What a failure of the storage means: try again, or change permissions or settings."""

import errno
import re

from obstore.exceptions import PermissionDeniedError, UnauthenticatedError

from estimates.errors import (
    FULL,
    LOOK_AT_DISK,
    MAKE_ROOM,
    EstimatesError,
    RefusedError,
    UnavailableError,
)

# What to do with a file that is missing or damaged.
MEND = "mend it with `estimates repair --from BACKUP`"
_NUMBER = re.compile(r"os error (\d+)")
_STATUS = re.compile(r"status code: (\d+)")
_CODE = re.compile(r"<Code>(\w+)</Code>")
_CODE_OF_ONE = re.compile(r"\(code: (\w+)\)")
# Of a file system; what else fails there (no space, a bad disk) may succeed later.
FOREVER = frozenset(
    (
        errno.EACCES,
        errno.EISDIR,
        errno.ENAMETOOLONG,
        errno.ENOTDIR,
        errno.EOPNOTSUPP,
        errno.EPERM,
        errno.EROFS,
    )
)
_OF_DISKS = frozenset((errno.EIO, errno.EFBIG, errno.ENODEV, errno.ENXIO))
# Client errors of HTTP that ask for another try.
_PASSING = frozenset(("408", "409", "412", "423", "425", "429"))


def storage_error(place: str, error: BaseException) -> EstimatesError:
    """The error to raise for what the storage said of an object or a root.

    RefusedError (`storage_refused`) for what cannot succeed later, else UnavailableError
    (`storage`).
    """
    if is_panic(error):
        return RefusedError(
            "storage_refused",
            f"{place}: the address or its settings cannot be used: {error}",
            remedy="write it as s3://BUCKET/PREFIX, and look at the AWS_ settings",
        )
    text = str(error)
    line = (text.splitlines() or [type(error).__name__])[0]
    if "builder error" in line and "BadScheme" in text:
        return RefusedError(
            "storage_refused",
            f"{place}: the endpoint's URL begins with http://",
            remedy="allow that with AWS_ALLOW_HTTP=true",
        )
    if "169.254.169.254" in text:
        return RefusedError(
            "storage_refused",
            f"{place}: there are no keys to reach it with, and this machine has no role",
            remedy="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        )
    if is_refusal(error):
        code = _CODE.search(text) or _CODE_OF_ONE.search(text)
        reason = code[1] if code is not None else line
        return RefusedError(
            "storage_refused",
            f"{place}: the storage refuses: {reason}",
            remedy=_who_may(error),
        )
    if "kind: Timeout" in text:
        line = "no answer in time"
    return UnavailableError(
        "storage", f"{place}: the storage failed: {line}", remedy=_what_next(_number(error))
    )


def _who_may(error: BaseException) -> str:
    """What to do about a refusal of a bucket, or of a folder's file system."""
    number = _number(error)
    if number in (errno.ENOTDIR, errno.EISDIR):
        return (
            "look what has that name there: a folder where a file belongs, or the other way round"
        )
    if number == errno.EOPNOTSUPP:
        return "name a folder on another disk: its file system cannot do what a store needs"
    if number == errno.EROFS:
        return "make its disk writable, or name another folder in ESTIMATES_STORE"
    if number is not None:
        return "work as the user who owns it, or change its permissions"
    if "RequestTimeTooSkewed" in str(error):
        return "set the clock of this machine, which is a quarter of an hour or more from theirs"
    return "use keys that may write this set (docs/security.md), or another store's name"


def _what_next(number: int | None) -> str:
    if number in FULL:
        return MAKE_ROOM
    return LOOK_AT_DISK if number in _OF_DISKS else "retry"


def is_panic(error: BaseException) -> bool:
    """Whether obstore broke down, as it does on an address that is none."""
    return type(error).__name__ == "PanicException"


def is_refusal(error: BaseException) -> bool:
    """Whether the same call fails until somebody changes permissions or settings."""
    if isinstance(error, PermissionDeniedError | UnauthenticatedError | PermissionError):
        return True
    text = str(error)
    if "(code: AccessDenied)" in text:  # of one of several that were to be deleted
        return True
    status = _STATUS.search(text)
    if status is not None:
        return status[1].startswith("4") and status[1] not in _PASSING
    return _number(error) in FOREVER


def _number(error: BaseException) -> int | None:
    """The operating system's number of what went wrong; None where it was something else."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    number = _NUMBER.search(str(error))
    return None if number is None else int(number[1])
