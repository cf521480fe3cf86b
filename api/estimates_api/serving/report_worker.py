"""A process apart that computes reports: lookups keep the interpreter, and the memory is given back
at the end.

`python -m estimates_api.serving.report_worker` reads what to compute from standard input and writes
what came of it to standard output. It keeps what it has computed, and ends when whoever started it
does.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock, Thread
from typing import NamedTuple

import polars as pl

from estimates.catalog.records import Version
from estimates.compare.frozen_versions import Window
from estimates.compare.series import cached_reads
from estimates.compare.two_versions import Comparison, Form
from estimates.errors import EstimatesError, UnavailableError
from estimates.stability.report import Report
from estimates.storage import snapshot
from estimates.storage.objects import Objects
from estimates.storage.report_cache import ReportCache

_ROOT = Path(__file__).parent.parent
_NICE = 10  # lookups come first, but a busy service still gives it a tenth of a core


class Work(NamedTuple):
    """What to compute of these pairs of versions of the store in `root`, kept in `folder`.

    windows  what stands still in them is only kept
    """

    root: str
    folder: Path
    pairs: list[Comparison]
    form: Form
    windows: list[Window]


class Apart:
    """Runs such processes, one at a time: each may need as much memory as two versions."""

    def __init__(self, root: str, kept: ReportCache) -> None:
        self._root = root
        self._kept = kept
        self._turn = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False

    def reports(
        self, found: Sequence[Comparison], form: Form, windows: Sequence[Window] = ()
    ) -> list[Report | bytes | EstimatesError]:
        """The report of each comparison, of a page its bytes, or why there is none.

        Raises UnavailableError (`report_ended`).
        """
        pairs = [one.reading_with(_unread) for one in found]
        work = pickle.dumps(Work(self._root, self._kept.folder, pairs, form, list(windows)))
        command = [sys.executable, "-m", "estimates_api.serving.report_worker"]
        with self._turn:
            if self._closed:
                raise _ended()
            environment = os.environ | {"PYTHONPATH": str(_ROOT)}
            with subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
            ) as self._process:
                assert self._process.stdin is not None
                assert self._process.stdout is not None
                try:
                    self._process.stdin.write(work)
                    self._process.stdin.flush()  # it stays open: the process takes its end for ours
                    results = self._process.stdout.read()
                except BrokenPipeError:
                    results = b""
            self._process, code = None, self._process.returncode
        if code < 0:
            raise _ended(code)
        if code > 0:
            raise RuntimeError(
                "the process that computes reports failed; its trace stands above in the log"
            )
        return pickle.loads(results)

    def close(self) -> None:
        """End the process that runs, and begin no other."""
        self._closed = True
        process = self._process
        if process is not None:
            process.kill()


def main() -> None:
    """Do the work of standard input."""
    os.nice(_NICE)
    work: Work = pickle.load(sys.stdin.buffer)
    Thread(target=_end_with_parent, daemon=True).start()
    pickle.dump(_results(work), sys.stdout.buffer)
    sys.stdout.buffer.flush()


def _results(work: Work) -> list[Report | bytes | EstimatesError]:
    objects, kept = Objects(work.root), ReportCache(work.folder)
    count = max((len(window.versions) for window in work.windows), default=2)
    rows = max((version.rows for window in work.windows for version in window.versions), default=0)
    read = cached_reads(
        lambda version: snapshot.read_frame(objects, version.set, version.snapshot_id), count, rows
    )
    results: list[Report | bytes | EstimatesError] = []
    for pair in work.pairs:
        found = pair.reading_with(read)
        try:
            page = work.form == "page"
            results.append(
                found.cached_page(kept)
                if page
                else found.cached_report(kept, headline_only=work.form == "headline")
            )
        except EstimatesError as error:
            results.append(error)
    for window in work.windows:
        with suppress(EstimatesError):  # whoever asks for it meets the error again
            window.cached_report(kept, read)
    return results


def _unread(version: Version) -> pl.DataFrame:
    """What a comparison reads with on its way from process to process."""
    raise NotImplementedError(f"{version.set} version {version.version} is not read here")


def _end_with_parent() -> None:
    """What is computed for nobody is not computed to its end."""
    # not through Python's buffer, whose lock would be held when we end
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(1)


def _ended(code: int | None = None) -> UnavailableError:
    how = (
        "the service is stopping"
        if code is None
        else f"signal {-code} ended the process that computed it"
    )
    return UnavailableError("report_ended", f"the report could not be computed: {how}; ask again")


if __name__ == "__main__":
    main()
