"""Waiting for what another process or thread does, where nothing could tell a test of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
# Of a machine that is slow and busy. What has a time of its own to keep is not asserted by this.
LONGEST_S = 120


def until(condition: Callable[[], T]) -> T:
    """What a condition gives once it holds, which is asked for again and again."""
    deadline = time.monotonic() + LONGEST_S
    while True:
        late = time.monotonic() >= deadline
        if result := condition():
            return result
        assert not late, "it did not happen in time"
        time.sleep(0.02)
