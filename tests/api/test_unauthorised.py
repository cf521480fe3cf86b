"""The service of a store with an access record."""

from __future__ import annotations

from pathlib import Path

from litestar.testing import TestClient

from estimates.store.store import Store
from estimates_api.app import create_app
from tests.builders import SET, define, promoted, publish
from tests.principals.signed import ALL, Keys, forged_promotion
from tests.waiting import until


def test_a_move_that_nobody_signed_is_not_served(local_store: Store, tmp_path: Path) -> None:
    """Production stays, readiness says why, and the feed does not have it."""
    define(local_store)
    promoted(local_store, "first")
    publish(local_store, "second", 100.1)
    Keys(tmp_path).set(local_store, {"anna": ALL})
    with TestClient(create_app(Store(local_store.root))) as client:
        until(lambda: client.get("/health/ready").json()["status"] == "ready")
        forged = forged_promotion(local_store, SET, 2)

        def reported() -> bool:
            return client.get("/health/ready").json()["catalog"]["code"] == "unauthorised_move"

        until(reported)
        ready = client.get("/health/ready").json()
        assert (ready["status"], "estimates audit" in ready["catalog"]["detail"]) == (
            "degraded",
            True,
        )
        answer = client.get(f"/v1/sets/{SET}/estimates/AAPL/2024-06-03").json()
        assert answer["version"] == 1
        kinds = client.get("/v1/events").json()["events"]
        assert forged.id not in [event["id"] for event in kinds]
        assert "access_set" not in [event["kind"] for event in kinds]
