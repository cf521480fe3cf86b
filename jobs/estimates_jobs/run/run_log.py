"""What happened in a run, line by line: its steps, what its job printed and logged, how it failed.
Kept beside the store's files, so that it can be read when the terminal is gone.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import traceback
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO, cast

import msgspec

from estimates import instants
from estimates.errors import EstimatesError, NotFoundError
from estimates.redaction import redacted
from estimates.storage.objects import Objects
from estimates.storage.run_logs import name_of

_MOST = 2_000  # lines kept of a run, its newest


class LogLine(msgspec.Struct, frozen=True):
    """One line of a run's log.

    source  `step`, `printed` or `logged` by the job, `error`, or `trace`: where in the job's own
            files it was raised
    """

    at: datetime
    source: str
    text: str


class RunLog:
    """The log of a run; a run that goes on adds to what was kept of it. Without a storage nothing
    is kept, as of a run that only publishes a file.
    """

    def __init__(self, run_id: str, objects: Objects | None = None) -> None:
        self.run_id = run_id
        self._objects = objects
        self._name = name_of(run_id)
        self._lines: list[LogLine] = []

    def add(self, source: str, text: str) -> None:
        """Add lines, without their secrets, each with the time of now."""
        now = instants.now()
        lines = redacted(text).splitlines()
        self._lines += [LogLine(now, source, line) for line in lines if line.strip()]

    def add_error(self, error: BaseException) -> None:
        """Add what an error says, and where in the files of the job it was raised."""
        message = " ".join(str(error).split())
        self.add(
            "error", f"{message or type(error).__name__} [{getattr(error, 'code', 'unexpected')}]"
        )
        self.add("trace", "\n".join(own_trace(error)))

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Inside, what is printed and logged is added, and still goes where it went."""
        handler = _Handler(self)
        root = logging.getLogger()
        root.addHandler(handler)
        out, err = (cast(TextIO, _Tee(stream, self)) for stream in (sys.stdout, sys.stderr))
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                yield
        finally:
            root.removeHandler(handler)

    def keep(self) -> None:
        """Write it. A storage that does not take it keeps no run from its end."""
        if self._objects is None:
            return
        with contextlib.suppress(EstimatesError):
            lines = [*_read(self._objects, self._name), *self._lines][-_MOST:]
            self._objects.put(self._name, msgspec.json.encode(lines))
            self._lines.clear()


def run_log(objects: Objects, run_id: str) -> list[LogLine]:
    """What was kept of a run; empty for one without a log, such as that of a file."""
    return _read(objects, name_of(run_id))


def own_trace(error: BaseException) -> list[str]:
    """Where an error was raised, in the files of the working directory alone: `file, line 3, in
    function: source`, the outermost call first.
    """
    frames = traceback.extract_tb((error.__cause__ or error).__traceback__)
    folder = Path.cwd().resolve()
    lines: list[str] = []
    for frame in frames:
        path = Path(frame.filename).resolve()
        inside = path.is_relative_to(folder) and "site-packages" not in path.parts
        if inside:
            where = f"{path.relative_to(folder)}, line {frame.lineno}, in {frame.name}"
            lines.append(f"{where}: {frame.line}" if frame.line else where)
    return lines


def _read(objects: Objects, name: str) -> list[LogLine]:
    try:
        return msgspec.json.decode(objects.get(name), type=list[LogLine])
    except (NotFoundError, msgspec.DecodeError):
        return []


class _Tee:
    """A stream that also writes into a log."""

    def __init__(self, stream: TextIO, log: RunLog) -> None:
        self._stream = stream
        self._log = log
        self._begun = ""

    def write(self, text: str) -> int:
        """Write on, and add the lines that are complete."""
        *lines, self._begun = (self._begun + text).split("\n")
        self._log.add("printed", "\n".join(lines))
        return self._stream.write(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write each."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Handler(logging.Handler):
    """Adds what is logged to a run's log."""

    def __init__(self, log: RunLog) -> None:
        super().__init__(logging.INFO)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Add a record."""
        self._log.add("logged", f"{record.levelname} {record.name}: {record.getMessage()}")
