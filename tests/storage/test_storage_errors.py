"""What a failure of the storage means to somebody who has to do something."""

from __future__ import annotations

import errno
import os

import pytest
from obstore.exceptions import PermissionDeniedError

from estimates.errors import LOOK_AT_DISK, MAKE_ROOM
from estimates.storage.storage_errors import storage_error


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_asks_for_room(number: int) -> None:
    """As the operating system says it, and as obstore passes it on."""
    for error in (
        OSError(number, os.strerror(number)),
        RuntimeError(f"Generic LocalFileSystem error: {os.strerror(number)} (os error {number})"),
    ):
        said = storage_error("store", error)
        assert (said.code, said.message.endswith(MAKE_ROOM)) == ("storage", True)
    assert storage_error("store", OSError(errno.EBUSY, "busy")).message.endswith("; retry")
    for of_disk in (errno.EIO, errno.EFBIG, errno.ENODEV):
        said = storage_error("store", OSError(of_disk, os.strerror(of_disk)))
        assert said.message.endswith(LOOK_AT_DISK)


def test_a_clock_that_a_bucket_refuses_is_to_be_set() -> None:
    """Nobody is sent to look at keys that are right."""
    body = "<Error><Code>RequestTimeTooSkewed</Code></Error>"
    said = storage_error("s3://b/a", PermissionDeniedError(f"status 403 Forbidden: {body}"))
    assert said.code == "storage_refused"
    assert "RequestTimeTooSkewed; set the clock of this machine" in said.message
