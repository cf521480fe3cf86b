"""A call that ends in time: of libraries that have a limit of silence only."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


def within(seconds: float, call: Callable[[], T]) -> T:
    """The result of a call; raises TimeoutError after so long, and what the call raises.

    The call is made in a thread of its own, which is left behind when it takes longer: it ends with
    the process.
    """
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append((call(), None))
        except BaseException as error:
            outcome.append((None, error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if not outcome:
        raise TimeoutError(f"no answer within {seconds:g} s in all")
    result, error = outcome[0]
    if error is not None:
        raise error
    return result
