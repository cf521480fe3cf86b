"""A store whose commands notify."""

from __future__ import annotations

import pytest

from estimates.store.store import Store
from estimates_jobs.notify import delivery
from tests.builders import define, promoted, publish
from tests.jobs.notify.receivers import SECRET
from tests.waiting import LONGEST_S


@pytest.fixture
def store(local_store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store with version 1 in production and version 2 not judged, which commands use; MLflow
    writes into it.
    """
    monkeypatch.setenv("ESTIMATES_STORE", local_store.root)
    monkeypatch.setenv("ESTIMATES_ACTOR", "ada")
    monkeypatch.setenv("ESTIMATES_NOTIFY_SECRET", SECRET)
    monkeypatch.delenv("ESTIMATES_NOTIFY", raising=False)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr(delivery, "PATIENCE_S", LONGEST_S)  # what is about its end sets its own
    define(local_store)
    promoted(local_store, "first")
    publish(local_store, "second", 101.0)
    return local_store
