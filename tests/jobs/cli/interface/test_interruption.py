"""Ending a run from outside."""

from __future__ import annotations

import signal
import threading

import pytest

from estimates_jobs.cli.interface.interruption import Terminated, interruptible, words


def test_sigterm_ends_the_work_and_says_how_it_goes_on() -> None:
    """As Ctrl-C does, with a word of its own; afterwards the signal does what it did before."""
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Terminated) as ended, interruptible("run it again"):
        signal.raise_signal(signal.SIGTERM)
    assert words(ended.value) == "terminated: run it again"
    assert signal.getsignal(signal.SIGTERM) == before


def test_ctrl_c() -> None:
    """Whoever is interrupted outside of a run is told nothing more."""
    with pytest.raises(KeyboardInterrupt) as ended, interruptible("run it again"):
        raise KeyboardInterrupt
    assert words(ended.value) == "interrupted: run it again"
    assert words(KeyboardInterrupt()) == "interrupted"
    assert words(None) == "interrupted"


def test_other_threads_take_no_signals() -> None:
    """The work runs there all the same."""
    done: list[str] = []

    def work() -> None:
        with interruptible("again"):
            done.append("work")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == ["work"]
