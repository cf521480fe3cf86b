"""Waiting for what another process or thread does, where nothing could tell a test of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(condition: Callable[[], T], seconds: float = 5.0) -> T:
    """What a condition gives once it holds; asked again and again, at last when the time is over.

    seconds  within which it has to hold
    """
    deadline = time.monotonic() + seconds
    while True:
        late = time.monotonic() >= deadline
        if result := condition():
            return result
        assert not late, "it did not happen in time"
        time.sleep(0.02)
