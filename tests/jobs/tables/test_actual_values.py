"""A set whose versions are the vintages of actual values."""

from __future__ import annotations

from datetime import timedelta

import pytest

from estimates.errors import NotFoundError
from estimates.store.store import Store
from estimates_jobs.tables.actual_values import is_set_of, read_actuals_of_set
from tests import builders
from tests.jobs.cli.calls import call


@pytest.fixture
def store(local_store: Store) -> Store:
    """A set of closes, and one of what became of them, revised once."""
    builders.define(local_store)
    builders.promoted(local_store, "r1", 100.0)
    builders.define(local_store, "truth")
    for number, level in enumerate((101.0, 102.0), start=1):
        origin = builders.provenance(f"truth-{number}", number)
        version = local_store.publish(
            "truth",
            builders.frame(level),
            origin,
            released_at=origin.data_through + timedelta(hours=1),
        )
        local_store.promote("truth", version.version, reason="revised")
    return local_store


def test_versions_are_vintages(store: Store) -> None:
    """The version that was released at the vintage is used, by default the newest; scores keep
    which vintage it was.
    """
    assert is_set_of(store, "truth")
    first = read_actuals_of_set(store, "truth", "2024-01-02")
    assert first["value"].min() == 101.0
    with pytest.raises(NotFoundError):
        read_actuals_of_set(store, "truth", "2023-01-01")
    root = str(store.root)
    for vintage, known, mean_error in (
        ((), "2024-01-03T22", 2.0),
        (("2024-01-02",), "2024-01-02T22", 1.0),
    ):
        options = [word for text in vintage for word in ("--vintage", text)]
        done = call("score", "closes", "--actuals", "truth", *options, "--store", root)
        assert done.code == 0, done.err
        (scored,) = store["closes"].accuracy(vintage=vintage[0] if vintage else None).versions
        point = scored.scores.columns["value"].point
        assert point is not None
        assert point.mae == pytest.approx(mean_error)
        assert (scored.scores.vintage or "").startswith(known)
