"""Work that one thread or process of a machine does at a time."""

from __future__ import annotations

import threading
from pathlib import Path

from estimates.storage.file_lock import file_lock


def test_the_second_waits_for_the_first(tmp_path: Path) -> None:
    """Whoever names the same file enters only after the first has left."""
    path, order = tmp_path / "work.lock", list[str]()
    started = threading.Event()

    def second() -> None:
        started.set()
        with file_lock(path):
            order.append("second")

    thread = threading.Thread(target=second)
    with file_lock(path):
        thread.start()
        assert started.wait(120)
        order.append("first")
    thread.join(120)
    assert order == ["first", "second"]
    assert not path.exists()


def test_without_locks_the_work_is_done_all_the_same(tmp_path: Path) -> None:
    """A place where no lock file can be made promises nothing and hinders nobody."""
    (tmp_path / "file").write_bytes(b"")
    with file_lock(tmp_path / "file" / "work.lock"):
        pass
