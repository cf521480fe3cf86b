"""The head of a page of two versions says how they stand."""

from __future__ import annotations

from estimates.store.store import Store
from estimates_jobs.cli.output.dated_page import dated_page
from tests import builders


def test_the_head_says_when_and_what_each_version_is(local_store: Store) -> None:
    """Data, publication and state of both, with all digits of times for programs."""
    builders.define(local_store, more='[about]\ntags = ["x"]\n')
    builders.promoted(local_store, "r1")
    builders.publish(local_store, "r2", 101.0, day=1)
    page = dated_page("<header><h1>x</h1></header>", local_store[builders.SET], ("1", "2"))
    assert "<p>version 1, production: data through" in page
    assert "<p>version 2, unjudged: data through" in page
    assert 'datetime="2024-01-02T21:00:00Z"' in page
    assert page.endswith("</header>")
