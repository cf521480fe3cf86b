"""Work that one process or thread of a machine does at a time; what others waited for they need not
do again.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# Longer than anything takes: after that whoever holds the lock is taken for stuck, and the work is
# done twice.
WAIT_S = 300.0
_POLL_S = 0.02


@contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Nobody else who names the same lock file works meanwhile; where files cannot be locked,
    without that promise.
    """
    lock = _locked(path)
    try:
        yield
    finally:
        if lock is not None:
            # whoever waits for this very file finds the work done when it gets it
            with suppress(OSError):
                os.unlink(path)
            os.close(lock)


def _locked(path: Path) -> int | None:
    """The lock file, open and locked: the system lets go of it when its holder dies. None when it
    cannot be had.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError:
        return None
    deadline = time.monotonic() + WAIT_S
    try:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return file
            except BlockingIOError:
                if time.monotonic() > deadline:
                    break
            time.sleep(_POLL_S)
    except OSError:  # a file system without locks
        pass
    os.close(file)
    return None
