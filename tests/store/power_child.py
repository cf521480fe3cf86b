"""The work whose writes are recorded: test_power_loss.py runs it under strace.

`python -m tests.store.power_child ROOT ACKNOWLEDGED` publishes, judges and promotes a version,
rolls back, gives a version up and sweeps. After each of these it writes a line into the file
ACKNOWLEDGED: the id of the newest event then.
"""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from pathlib import Path

from estimates.store.store import Store
from estimates.store.sweep import sweep
from tests.builders import SET, publish


def work(root: Path, acknowledged: int) -> None:
    """Do it all."""
    store = Store(root, actor="child")

    def done() -> None:
        os.write(acknowledged, f"{store.catalog.last_event()}\n".encode())

    publish(store, "second", 101.0, day=1)
    done()
    store.judge(SET, 2)
    done()
    store.promote(SET, 2, reason="test")
    done()
    publish(store, "third", 102.0, day=2)
    done()
    store.rollback(SET, reason="bad")
    done()
    store.catalog.expire(store.resolve(SET, 3), actor="child", reason="test")
    done()
    sweep(store, grace=timedelta(0))
    done()
    store.catalog.engine.dispose()  # the last connection writes SQLite's log into the database


if __name__ == "__main__":
    work(Path(sys.argv[1]), os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT))
