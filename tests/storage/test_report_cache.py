"""Kept reports: made once by whoever asks first, whatever process, and never more than a cache."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from estimates.storage import report_cache
from estimates.storage.report_cache import ReportCache
from tests.waiting import until

ROOT = Path(__file__).parents[2]
# Makes a report, slowly, and says in a file that it did.
MAKER = """
import sys, time
from pathlib import Path
from estimates.storage.report_cache import ReportCache

folder, log, pause = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])

def make():
    with log.open("a") as file:
        file.write("made\\n")
    time.sleep(pause)
    return b"report"

sys.stdout.buffer.write(ReportCache(folder).get_or_make("name", make))
"""


def maker(folder: Path, pause: float = 0.0) -> subprocess.Popen[bytes]:
    """A process that asks for the report, and takes its time when it is the one to make it."""
    command = [
        sys.executable,
        "-c",
        MAKER,
        str(folder / "reports"),
        str(folder / "log"),
        str(pause),
    ]
    return subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT)


def made(folder: Path) -> int:
    """How often the report was begun."""
    return len((folder / "log").read_text().splitlines()) if (folder / "log").exists() else 0


def fail() -> bytes:
    """A report that must not be made."""
    raise AssertionError("it is kept")


def test_it_is_kept(tmp_path: Path) -> None:
    """What was made once is found by name, here and in another object over the same folder; no lock
    is left.
    """
    assert ReportCache(tmp_path / "reports").get("name") is None
    assert ReportCache(tmp_path / "reports").get_or_make("name", lambda: b"report") == b"report"
    assert ReportCache(tmp_path / "reports").get_or_make("name", fail) == b"report"
    assert os.listdir(tmp_path / "reports") == ["name"]


def test_two_processes_make_it_once(tmp_path: Path) -> None:
    """Processes that ask at the same time get the report of the one that was first."""
    processes = [maker(tmp_path, 0.5) for _ in range(3)]
    assert [process.communicate(timeout=120)[0] for process in processes] == [b"report"] * 3
    assert made(tmp_path) == 1


def test_a_killed_maker_leaves_nothing_broken(tmp_path: Path) -> None:
    """kill -9 while it is made: nothing is kept, and the next one who asks makes it at once."""
    killed = maker(tmp_path, 60)
    until(lambda: made(tmp_path) == 1)
    waiting = maker(tmp_path)
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert waiting.communicate(timeout=120)[0] == b"report"
    assert made(tmp_path) == 2
    assert ReportCache(tmp_path / "reports").get_or_make("name", fail) == b"report"


@pytest.mark.parametrize("damage", [b"", b"x", b"\0" * 40])
def test_a_damaged_one_is_made_again(tmp_path: Path, damage: bytes) -> None:
    """Other bytes than were written, fewer, or those of another report are no report."""
    kept = ReportCache(tmp_path)
    kept.get_or_make("name", lambda: b"report")
    kept.get_or_make("other", lambda: b"another report")
    whole = (tmp_path / "name").read_bytes()
    for content in (damage, whole[:-1], whole[:-1] + b"T", (tmp_path / "other").read_bytes()):
        (tmp_path / "name").write_bytes(content)
        assert kept.get("name") is None
        assert kept.get_or_make("name", lambda: b"report") == b"report"
        assert (tmp_path / "name").read_bytes() == whole


def test_an_error_is_not_kept(tmp_path: Path) -> None:
    """It is raised, and the next one who asks makes the report."""
    with pytest.raises(ZeroDivisionError):
        ReportCache(tmp_path).get_or_make("name", lambda: bytes([1 // 0]))
    assert ReportCache(tmp_path).get_or_make("name", lambda: b"report") == b"report"


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    """The report is made each time."""
    (tmp_path / "file").write_bytes(b"")
    for _ in range(2):
        assert (
            ReportCache(tmp_path / "file" / "reports").get_or_make("name", lambda: b"report")
            == b"report"
        )


def test_a_full_disk_is_no_error(tmp_path: Path) -> None:
    """What does not fit is made each time, and no part of it is left."""
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_on_a_full_disk, args=(tmp_path,))
    process.start()
    process.join(120)
    assert process.exitcode == 0
    assert os.listdir(tmp_path) == []


def _on_a_full_disk(folder: Path) -> None:
    import resource

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
    assert ReportCache(folder).get_or_make("name", lambda: b"a long report") == b"a long report"


def test_the_oldest_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond a number of files, or of bytes, the oldest ones are removed, leftovers too."""
    monkeypatch.setattr(report_cache, "MAX_FILES", 5)
    (tmp_path / "old.1234.new").write_bytes(b"left by a killed process")
    os.utime(tmp_path / "old.1234.new", (0, 0))
    for number in range(101):
        ReportCache(tmp_path).get_or_make(f"{number:03d}", lambda: b"report")
        os.utime(tmp_path / f"{number:03d}", (number + 1, number + 1))
    left = {path.name for path in tmp_path.iterdir()}
    assert "100" in left
    assert left <= {f"{number:03d}" for number in range(95, 101)}
    monkeypatch.setattr(report_cache, "MAX_BYTES", 60)
    ReportCache(tmp_path).get_or_make("new", lambda: b"report")
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 60
