"""Metrics of all workers of one server: each writes a file, the one scraped reads them all."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import secrets
import socket
import struct
import zlib
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgspec
from litestar import Litestar

from estimates_api.serving.background import in_background
from estimates_api.serving.targets import Fault

INTERVAL_S = 0.25
# length and CRC-32 of what follows: a file may be read while it is written
_HEAD = struct.Struct("<II")
_READS = 100
log = logging.getLogger("api")


class WorkerMetrics(msgspec.Struct, frozen=True, array_like=True):
    """The metrics of one worker.

    requests    route template, method, status, then the counters of `request_counts`
    streams     open event streams
    read_files  open read files
    errors      how often the catalog could not be read; read_at: when it last was, Unix time;
                last_event: its newest
    faults      aliases whose version this worker cannot read
    """

    requests: list[tuple[str, str, int, list[float]]]
    streams: int
    read_files: int
    errors: int
    read_at: float | None
    last_event: int | None
    faults: list[Fault]


class SharedMetrics:
    """The metrics of the workers that one server process has started.

    Their files are in a folder of the cache named after the machine and that process. A worker
    locks its file while it lives: a file that nobody locks is left over, and removed.
    """

    def __init__(self, cache: Path, own: Callable[[], WorkerMetrics]) -> None:
        self._folder = cache / "workers" / f"{socket.gethostname()}-{os.getppid()}"
        self._own = own
        self._file: int | None = None
        self._path: Path | None = None
        self._writing: asyncio.Future[None] | None = None  # in a thread, which nothing stops

    def all(self) -> list[WorkerMetrics]:
        """This worker's metrics as they are now, the others' as of INTERVAL_S ago at most."""
        paths = sorted(self._folder.glob("*.tally"))
        others = [_read(path) for path in paths if path != self._path]
        return [self._own(), *(metrics for metrics in others if metrics is not None)]

    @asynccontextmanager
    async def lifespan(self, _app: Litestar) -> AsyncGenerator[None, None]:
        """Write for the other workers while the app runs."""
        await asyncio.to_thread(self._begin)
        try:
            async with in_background(self._write_often()):
                yield
        finally:
            if self._writing is not None:  # another file may get the descriptor when it is closed
                await asyncio.gather(self._writing, return_exceptions=True)
            self._end()

    def _begin(self) -> None:
        for path in self._folder.parent.glob("*/*.tally"):
            _read(path)
        for folder in self._folder.parent.glob("*"):
            with suppress(OSError):
                folder.rmdir()
        try:
            self._create()
        except OSError as error:
            log.error(
                "%s cannot be written; /metrics covers one worker only: %s",
                self._folder,
                error.strerror,
            )

    def _create(self) -> None:
        """Make the file and lock it; again if it was removed as left over before it was locked."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._path = self._folder / f"{os.getpid()}-{secrets.token_hex(4)}.tally"
        while self._file is None:
            file = os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600)
            fcntl.flock(file, fcntl.LOCK_EX)
            if self._path.exists():
                self._file = file
            else:
                os.close(file)
        self._write()

    async def _write_often(self) -> None:
        while self._file is not None:
            await asyncio.sleep(INTERVAL_S)
            self._writing = asyncio.ensure_future(asyncio.to_thread(self._write))
            with suppress(OSError):  # a disk that is full has room again
                await asyncio.shield(self._writing)

    def _write(self) -> None:
        assert self._file is not None
        content = msgspec.msgpack.encode(self._own())
        os.pwrite(self._file, _HEAD.pack(len(content), zlib.crc32(content)) + content, 0)

    def _end(self) -> None:
        if self._file is None or self._path is None:
            return
        os.close(self._file)
        self._file = None
        with suppress(OSError):  # what is gone, or may not be written any more
            self._path.unlink(missing_ok=True)
        with suppress(OSError):  # not the last worker
            self._folder.rmdir()


def _read(path: Path) -> WorkerMetrics | None:
    """The metrics of a living worker; the file of a dead one is removed. Nothing of a service that
    shares the cache and is another user's.
    """
    with suppress(OSError):
        with path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return _parse(file.fileno())
        path.unlink()
    return None


def _parse(file: int) -> WorkerMetrics | None:
    for _ in range(_READS):
        content = os.pread(file, os.fstat(file).st_size, 0)
        if len(content) < _HEAD.size:
            continue
        length, digest = _HEAD.unpack_from(content)
        body = content[_HEAD.size : _HEAD.size + length]
        if zlib.crc32(body) == digest:
            return msgspec.msgpack.decode(body, type=WorkerMetrics)
    return None
