"""What happened in a run, kept."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import pytest

from estimates.errors import InvalidError
from estimates.storage.objects import Objects
from estimates_jobs.run import run_log as kept
from estimates_jobs.run.run_log import RunLog, own_trace, run_log


@pytest.fixture
def objects(tmp_path: Path) -> Objects:
    """An empty root."""
    return Objects(str(tmp_path))


def lines(objects: Objects, run_id: str = "r/1") -> list[tuple[str, str]]:
    """Source and text of each line that was kept."""
    return [(line.source, line.text) for line in run_log(objects, run_id)]


def test_what_a_job_prints_and_logs(objects: Objects, capsys: pytest.CaptureFixture[str]) -> None:
    """Line by line, and it still goes where it went; afterwards nothing is added."""
    log = RunLog("r/1", objects)
    log.add("step", "job")
    with log.listening():
        sys.stdout.write("one\ntw")
        sys.stdout.write("o\n\n")
        print("err", file=sys.stderr)
        logging.getLogger("demand").warning("few %s", "rows")
        logging.getLogger("demand").debug("detail")
    print("later")
    log.keep()
    assert lines(objects) == [
        ("step", "job"),
        ("printed", "one"),
        ("printed", "two"),
        ("printed", "err"),
        ("logged", "WARNING demand: few rows"),
    ]
    out, err = capsys.readouterr()
    assert (out, err) == ("one\ntwo\n\nlater\n", "err\n")


def test_a_run_that_goes_on_adds_to_its_log(
    objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Up to a number of lines, the newest of them; kept twice, nothing is there twice."""
    monkeypatch.setattr(kept, "_MOST", 3)
    for text in ("a\nb", "c\nd"):
        log = RunLog("r/1", objects)
        log.add("step", text)
        log.keep()
        log.keep()
    assert lines(objects) == [("step", "b"), ("step", "c"), ("step", "d")]
    assert lines(objects, "other") == []


def test_without_a_storage_nothing_is_kept() -> None:
    """And nothing fails."""
    log = RunLog("r/1")
    log.add("step", "job")
    log.keep()


def test_an_error_has_its_code_and_its_own_lines(
    objects: Objects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the files of the working directory alone; the cause counts where there is one."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "demand.py"
    file.write_text("def job():\n    return 1 / 0\n")
    space: dict[str, object] = {}
    exec(compile(file.read_text(), str(file), "exec"), space)
    log = RunLog("r/1", objects)
    with pytest.raises(ZeroDivisionError) as cause:
        space["job"]()  # pyrefly: ignore
    error = InvalidError("bad_input", "no  rows\nat all", remedy="give some")
    error.__cause__ = cause.value
    assert own_trace(error) == ["demand.py, line 2, in job: return 1 / 0"]
    log.add_error(error)
    log.add_error(KeyError())
    log.keep()
    assert lines(objects) == [
        ("error", "no rows at all; give some [bad_input]"),
        ("trace", "demand.py, line 2, in job: return 1 / 0"),
        ("error", "KeyError [unexpected]"),
    ]
