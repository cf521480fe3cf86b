"""Deadlines for all of a call, where a byte now and then would go on for hours."""

from __future__ import annotations

import threading
import time
from itertools import count
from types import SimpleNamespace

import pytest

from estimates import UnavailableError
from estimates.client import clients
from estimates.client.clients import Client
from estimates_jobs.time_limit import within
from tests.dripping import dripping


def test_a_call_ends_in_time() -> None:
    """Its result, its error, or that it took too long."""
    assert within(20, lambda: 1) == 1
    with pytest.raises(ZeroDivisionError):
        within(20, lambda: 1 / 0)
    began = time.monotonic()
    with pytest.raises(TimeoutError, match=r"0\.05 s in all"):
        within(0.05, threading.Event().wait)
    assert time.monotonic() - began < 60


def test_an_answer_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client does not wait for a body a byte at a time, however long each takes."""
    monkeypatch.setattr(clients, "SLOWEST_BYTES", 1 << 40)
    seconds = count()  # one passes whenever the client looks, long before a byte is late
    monkeypatch.setattr(clients, "time", SimpleNamespace(monotonic=lambda: next(seconds)))
    with (
        dripping(seconds=0.02) as url,
        Client(url, timeout_s=20, patience_s=0.0) as client,
        pytest.raises(UnavailableError, match="too slowly"),
    ):
        client.sets()
