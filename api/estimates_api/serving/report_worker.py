"""The process that computes large reports: lookups keep the interpreter, its memory is given back.

`python -m estimates_api.serving.report_worker` reads its work from standard input and writes the
results to standard output. It caches what it has computed, and ends when the service does.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from select import select
from threading import Lock, Thread
from typing import NamedTuple

import polars as pl

from estimates.catalog.records import ErasedPart, Version
from estimates.compare.frozen_versions import Window
from estimates.compare.series import cached_reads
from estimates.compare.shared_versions import VersionRows
from estimates.compare.two_versions import Comparison, Form
from estimates.errors import EstimatesError, UnavailableError
from estimates.stability.report import Report
from estimates.storage.column_cache import ColumnCache
from estimates.storage.manifests import Manifests
from estimates.storage.objects import Objects
from estimates.storage.report_cache import ReportCache

_LOOK_S = 0.5  # how often it is asked whether anybody waits
_NICE = 10  # lookups come first, but a busy service still gives it a tenth of a core


# A report, the bytes of a page, or why there is none.
Result = Report | bytes | EstimatesError


class Work(NamedTuple):
    """What to compute of a store in `root`; results are cached in `folder`.

    windows  their reports are cached, and not returned
    replaced  by set: what is read in place of parts from which something was erased
    """

    root: str
    folder: Path
    comparisons: list[Comparison]
    form: Form
    windows: list[Window]
    replaced: Mapping[str, Mapping[str, ErasedPart]]


class ReportWorker:
    """Runs such processes, one at a time: each may need as much memory as two versions.

    is_wanted  whether anybody waits for what the calling thread asks for; else the process is ended
    """

    def __init__(
        self,
        root: str,
        cache: ReportCache,
        manifests: Manifests,
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        self._root = root
        self._cache = cache
        self._manifests = manifests
        self._is_wanted = is_wanted
        self._turn = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False

    def reports(
        self, comparisons: Sequence[Comparison], form: Form, windows: Sequence[Window] = ()
    ) -> list[Result]:
        """The result of each comparison, in order.

        Raises UnavailableError (`report_ended`).
        """
        unread = [comparison.reading_with(_unread) for comparison in comparisons]
        replaced = self._manifests.replaced
        folder = self._cache.folder
        work = pickle.dumps(Work(self._root, folder, unread, form, list(windows), replaced))
        command = [sys.executable, "-m", "estimates_api.serving.report_worker"]
        with self._turn:
            if self._closed:
                raise _ended("the service is stopping")
            if not self._is_wanted():
                raise _ended("nobody waits for it any more")
            results = b""
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            self._process = process
            # of one that ends before it has read all; closing what it is sent says so once more
            with suppress(BrokenPipeError), process:
                results = self._results(process, work)
            code = process.returncode
            self._process = None
        if code < 0:
            raise _ended(f"signal {-code} ended the process that computed it")
        if code > 0:
            raise RuntimeError("the process that computes reports failed; the log has its trace")
        return pickle.loads(results)

    def _results(self, process: subprocess.Popen[bytes], work: bytes) -> bytes:
        """What a process writes of its work; it is ended where nobody waits for that any more."""
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(work)
        process.stdin.flush()  # it stays open: the process takes its end for ours
        while not select([process.stdout], [], [], _LOOK_S)[0]:
            # closed: as it began, and nobody has ended it
            if self._closed or not self._is_wanted():
                process.kill()
        return process.stdout.read()

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
    Thread(target=_end_with_service, daemon=True).start()
    pickle.dump(_results(work), sys.stdout.buffer)
    sys.stdout.buffer.flush()


def _results(work: Work) -> list[Result]:
    objects = Objects(work.root)
    cache = ReportCache(work.folder)
    count = max((len(window.versions) for window in work.windows), default=2)
    rows = max((version.rows for window in work.windows for version in window.versions), default=0)
    of_machine = work.folder.parent
    manifests = Manifests(objects, of_machine)
    manifests.replaced = work.replaced
    version_rows = VersionRows(
        objects,
        manifests,
        cache,
        ColumnCache(of_machine / "columns"),
        lambda _version: nullcontext(),
    )
    read = cached_reads(version_rows, count, rows)
    results = [_result(c.reading_with(read), work.form, cache) for c in work.comparisons]
    for window in work.windows:
        with suppress(EstimatesError):  # whoever asks for it meets the error again
            window.cached_report(cache, read)
    return results


def _result(comparison: Comparison, form: Form, cache: ReportCache) -> Result:
    try:
        if form == "page":
            return comparison.cached_page(cache)
        if form == "pictures":
            return comparison.cached_pictures(cache)
        return comparison.cached_report(cache, headline_only=form == "headline")
    except EstimatesError as error:
        return error


def _unread(version: Version) -> pl.DataFrame:
    """Stands for the reader of a comparison that is sent to the process."""
    raise NotImplementedError(f"{version.set} version {version.version} is not read here")


def _end_with_service() -> None:
    """End when standard input does: nobody is left who wants the results."""
    # not through Python's buffer, whose lock would be held when we end
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(1)


def _ended(reason: str) -> UnavailableError:
    return UnavailableError(
        "report_ended", f"the report could not be computed: {reason}", remedy="ask again"
    )


if __name__ == "__main__":
    main()
