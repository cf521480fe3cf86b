"""What a signal sets, and the main thread waits for."""

from __future__ import annotations

import signal
from typing import Any

from estimates_api.serving.interrupt import Interrupt


def test_it_may_be_set_at_any_moment() -> None:
    """By signals that come while the same thread begins to wait, waits, and has waited."""
    interrupt, signals = Interrupt(), 0

    def handle(_signal: int, _frame: Any) -> None:
        nonlocal signals
        signals += 1
        interrupt.set()

    before = signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, 1e-4, 1e-4)
    try:
        while signals < 500:
            interrupt.wait(60)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_it_wakes_who_waits_later() -> None:
    """What was set before the wait is not lost, and no wait goes on for longer than its time."""
    interrupt = Interrupt()
    interrupt.set()
    interrupt.wait(60)
    interrupt.wait(0)
