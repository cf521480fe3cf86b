"""The server: granian's workers, their limits, replaced when they die, stopped in order.

`python -m estimates_api.server`, which `estimates serve` becomes. The process that starts the
workers must not have used polars: they are forked, and its threads would be missing in them.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import logging
import math
import mmap
import multiprocessing
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Any, NamedTuple

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.net import SocketSpec
from granian.server.mp import MPServer

from estimates.errors import EstimatesError
from estimates_api.serving.interrupt import Interrupt
from estimates_api.serving.service_log import configuration

DRAIN_S = 10  # for the requests under way when the service is told to stop
# Connections of each worker at a time, silent ones too: not what limits requests.
CONNECTIONS = 16 * 1024
BACKLOG = 4096
# How long a connection may take to send the head of a request, and be silent between two.
HEAD_S = 15
NOT_READY = signal.SIGUSR1  # to a worker: its readiness goes, and it answers on
# Imported before the fork, so that a worker begins sooner: all that starts no thread.
_SHARED = ("litestar", "prometheus_client", "sqlalchemy.dialects.sqlite")
log = logging.getLogger("api")
_PDEATHSIG = 1  # prctl(2): the signal that a process gets when its parent dies
# A worker that died younger than this has to wait, twice as long each time.
_YOUNG_S = 5.0
_WAIT_S = 0.25
_MAX_WAIT_S = 8.0
_ANSWERS = 2  # from this byte of those that processes share: which workers have the application


class Server(MPServer):
    """Granian's server, of which a worker that dies is replaced whatever it died of.

    notice_s  how long after SIGTERM it answers on, not ready any more, before it drains
    """

    notice_s = 0.0

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.main_loop_interrupt: Any = Interrupt()
        # bytes that all processes share: whether any worker ever had the application, whether it is
        # told to stop soon, and of each worker whether it has the application
        self.loaded = mmap.mmap(-1, _ANSWERS + self.workers)

    def _init_shared_socket(self) -> None:
        """Listen here, for all workers, as granian does where there is no SO_REUSEPORT: while a
        worker is replaced connections wait, and are not refused or lost with it.
        """
        self._shd = SocketSpec(self.bind_addr, self.bind_port, self.backlog).build()
        self._sso = socket.socket(fileno=self._shd.get_fd())
        self._sso.set_inheritable(True)

    def _spawn_worker(self, idx: int, target: Any, callback_loader: Any) -> Any:
        """A worker, which is told its number."""
        self.loaded[_ANSWERS + idx] = 0
        return super()._spawn_worker(idx, target, partial(callback_loader, idx))

    def _serve_loop(
        self, spawn_target: Callable[..., Any], target_loader: Callable[..., Any]
    ) -> None:
        """Wait, and replace workers, until told to stop and for `notice_s` after it; or until all
        die as they start.
        """
        due: dict[int, float] = {}  # when a worker is replaced, by its number
        deaths = 0
        ends_at = math.inf
        while (now := time.monotonic()) < ends_at:
            moment = min(ends_at, *due.values()) if due else ends_at
            self.main_loop_interrupt.wait(None if moment == math.inf else max(moment - now, 0))
            if self.interrupt_signal and ends_at == math.inf:
                self._give_notice()
                ends_at = time.monotonic() + self.notice_s
            while self.interrupt_children:
                index = self.interrupt_children.pop(0)
                worker = self.wrks[index]
                self.loaded[_ANSWERS + index] = 0
                if not self.loaded[0] and (worker.inner.exitcode or 0) > 0:  # it said why
                    self.interrupt_children = [index]  # granian then exits with 1
                    return
                lived = time.monotonic() - worker.birth
                deaths = deaths + 1 if lived < _YOUNG_S else 0
                pause = min(_WAIT_S * 2 ** (deaths - 1), _MAX_WAIT_S) if deaths else 0
                due[index] = time.monotonic() + pause
            for index in [index for index, at in due.items() if at <= time.monotonic()]:
                del due[index]
                self.wrks[index] = self._spawn_worker(index, spawn_target, target_loader)
                self.wrks[index].start()

    def _give_notice(self) -> None:
        """Let readiness go, and answer on for a while: whoever sends requests here learns it."""
        self.loaded[1] = 1  # for workers that are replaced meanwhile
        for worker in self.wrks if self.notice_s > 0 else ():
            with suppress(ProcessLookupError):  # it has just died
                os.kill(worker.inner.pid, NOT_READY)

    def _stop_workers(self) -> None:
        """Have them end the requests under way; who has not after DRAIN_S is ended.

        Granian's own takes a worker that another thread saw end for one that refuses to.
        """
        for worker in self.wrks:
            worker.terminate()
        deadline = time.monotonic() + DRAIN_S
        while any(worker.is_alive() for worker in self.wrks) and time.monotonic() < deadline:
            time.sleep(0.01)
        for worker in self.wrks:
            if worker.is_alive():
                log.warning("worker %d was not done after %d s", worker.idx + 1, DRAIN_S)
                worker.kill()
        self.wrks.clear()


class Announcement(NamedTuple):
    """What the first worker that answers prints, and a number of all processes: which of them
    prints it, 0 before and -1 after.
    """

    url: str
    form: str
    speaker: Synchronized[int]

    def begins(self) -> bool:
        """Whether this worker is the first to ask, or the one that was died before it had said
        all.
        """
        with self.speaker.get_lock():
            first = self.speaker.value == 0 or (
                self.speaker.value > 0 and not _is_alive(self.speaker.value)
            )
            if first:
                self.speaker.value = os.getpid()
        return first

    def ends(self) -> None:
        """All was printed."""
        self.speaker.value = -1


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def load(master: int, loaded: mmap.mmap, announcement: Announcement | None, index: int) -> Any:
    """The application, in a worker: it ends when the process that started it does.

    The first worker that cannot open the store says why and ends the service. One that takes
    another's place waits for it where no other worker answers: connections are for those that do.
    """
    _end_with(master)
    with _importing():
        from estimates_api.app import create_app, try_store  # it loads polars: after the fork
        from estimates_api.serving.announcement import announcing
        from estimates_api.waiting_app import WaitingApp

    try:
        app = create_app(lifespan=[] if announcement is None else [announcing(announcement)])
    except EstimatesError as error:
        if loaded[0] and not any(loaded[_ANSWERS:]):
            log.error("a worker waits for the store: %s", error)
            return WaitingApp(try_store, lambda: os.kill(os.getpid(), signal.SIGTERM))
        sys.exit(f"the service cannot start: {error} [{error.code}]")
    loaded[0] = loaded[_ANSWERS + index] = 1
    signal.signal(NOT_READY, lambda _signal, _frame: app.follower.leave())
    if loaded[1]:
        app.follower.leave()
    return app


@contextmanager
def _importing() -> Iterator[None]:
    """Meanwhile nobody looks for garbage: imports leave hardly any, and looking takes as long as a
    twelfth of the start.
    """
    gc.disable()
    yield
    gc.enable()


def _as_worker() -> None:
    """Signals of a worker until it has its own: it ends when told to, also while it still imports,
    where there is nothing to drain; Ctrl-C is for the process that started it, which tells it.
    """
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def _end_with(master: int) -> None:
    """Have Linux end this process when `master` dies, so that no orphan keeps the port."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != master:  # it died before it was asked for
        os._exit(1)


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m estimates_api.server")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--notice", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--log-level", default="warning")
    parser.add_argument("--log-format", choices=["text", "json"], default="text")
    parser.add_argument("--access-log", action="store_true")
    parser.add_argument("--announce", choices=("text", "json"))
    parser.add_argument("--tls-certificate", type=Path)
    parser.add_argument("--tls-key", type=Path)
    options = parser.parse_args()
    multiprocessing.set_start_method("fork")
    with _importing():
        for module in _SHARED:
            import_module(module)
    signal.signal(NOT_READY, signal.SIG_IGN)  # what a worker does until it knows better
    os.register_at_fork(after_in_child=_as_worker)
    server = Server(
        "estimates_api.server",
        address=options.host,
        port=options.port,
        workers=options.workers,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        websockets=False,
        log_level=LogLevels(options.log_level),
        log_dictconfig=configuration(options.log_format, options.log_level, options.access_log),
        backlog=BACKLOG,
        backpressure=CONNECTIONS,
        http1_settings=HTTP1Settings(header_read_timeout=HEAD_S * 1000),
        ssl_cert=options.tls_certificate,
        ssl_key=options.tls_key,
    )
    server.notice_s = options.notice
    host = f"[{options.host}]" if ":" in options.host else options.host
    scheme = "http" if options.tls_certificate is None else "https"
    url = f"{scheme}://{host}:{options.port}"
    announcement = (
        Announcement(url, options.announce, multiprocessing.Value("i"))
        if options.announce
        else None
    )
    loader = partial(load, os.getpid(), server.loaded, announcement)
    server.serve(target_loader=loader, wrap_loader=False)


if __name__ == "__main__":
    main()
