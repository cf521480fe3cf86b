"""Ending a run from outside: Ctrl-C, and SIGTERM of what started it, leave a run that says so."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Terminated(KeyboardInterrupt):
    """SIGTERM, of systemd, Kubernetes or a job that is cancelled; ends a run as Ctrl-C does."""


@contextmanager
def interruptible(how_to_go_on: str) -> Iterator[None]:
    """Inside, SIGTERM ends the work as Ctrl-C does, and either says how it goes on."""
    is_main = threading.current_thread() is threading.main_thread()  # others take no signals
    before = signal.signal(signal.SIGTERM, _terminate) if is_main else None
    try:
        yield
    except KeyboardInterrupt as interruption:
        interruption.add_note(how_to_go_on)
        raise
    finally:
        if is_main:
            signal.signal(signal.SIGTERM, before)


def words(interruption: BaseException | None) -> str:
    """What is said of it, with how to go on where that is known."""
    what = "terminated" if isinstance(interruption, Terminated) else "interrupted"
    return ": ".join([what, *getattr(interruption, "__notes__", ())])


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise Terminated
