"""Waking the process that starts the workers: told to stop, or a worker died."""

from __future__ import annotations

from contextlib import suppress
from queue import Empty, SimpleQueue


class Interrupt:
    """An event that signals may set at any moment.

    A `threading.Event` that a signal sets while the same thread is about to wait for it, or has
    just waited, locks up for ever: a second signal to stop was one too many.
    """

    def __init__(self) -> None:
        self._news = SimpleQueue[None]()

    def set(self) -> None:
        """Wake who waits, or the next who does."""
        self._news.put(None)

    def wait(self, timeout: float | None = None) -> None:
        """Wait until it is set, or for so many seconds."""
        with suppress(Empty):
            self._news.get(timeout=timeout)

    def clear(self) -> None:
        """Nothing: whoever waits again, and has nothing to do, waits again."""
