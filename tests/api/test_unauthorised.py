"""The service of a store with an access record."""

from __future__ import annotations

from pathlib import Path

from litestar.testing import TestClient

from estimates.store.recover import after_end, find_log, give_up_end
from estimates.store.store import Store
from estimates_api.app import create_app
from tests.builders import SET, define, promoted, publish
from tests.principals.signed import ALL, Keys, forged_promotion
from tests.store.catalog_rows import lose_catalog, recovered
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
        assert ready["unauthorised"] == [
            {"set": SET, "event": forged.id, "kind": "promoted", "actor": "anna"}
        ]
        assert "estimates_unauthorised_events 1.0" in client.get("/metrics").text
        for page in ("/", f"/sets/{SET}"):
            text = client.get(page, headers={"accept": "text/html"}).text
            assert f"event {forged.id} (promoted by anna) was not allowed" in text
        answer = client.get(f"/v1/sets/{SET}/estimates/AAPL/2024-06-03").json()
        assert answer["version"] == 1
        kinds = client.get("/v1/events").json()["events"]
        assert forged.id not in [event["id"] for event in kinds]
        assert "access_set" not in [event["kind"] for event in kinds]


def test_a_move_without_approvals_is_named_while_it_stands(local_store: Store) -> None:
    """Without an access record it is followed; readiness, the catalogue and a metric name it until
    production moves on.
    """
    define(local_store, more='[gate]\napprovals = 1\napprovers = ["bea"]\n')
    version, of_set = publish(local_store, "first"), local_store.refresh().set(SET)
    with TestClient(create_app(Store(local_store.root))) as client:
        until(lambda: client.get("/health/ready").json()["status"] == "ready")
        assert "estimates_unauthorised_events 0.0" in client.get("/metrics").text
        event = local_store.catalog.promote(version, alias="production", seen=of_set, actor="eve")
        until(lambda: client.get("/health/ready").json()["catalog"]["code"] == "not_approved")
        ready = client.get("/health/ready").json()
        named = {"set": SET, "event": event.id, "kind": "promoted", "actor": "eve"}
        assert (ready["status"], ready["not_approved"]) == ("degraded", [named])
        assert "estimates_unauthorised_events 1.0" in client.get("/metrics").text
        text = client.get("/", headers={"accept": "text/html"}).text
        assert f"event {event.id} (promoted by eve) was not approved" in text
        production = local_store.refresh().set(SET).aliases["production"]
        local_store.catalog.remove_alias(production, actor="bea", reason="nobody approved it")
        until(lambda: client.get("/health/ready").json()["status"] == "ready")


def test_a_service_follows_what_was_rebuilt(local_store: Store, tmp_path: Path) -> None:
    """A catalog that ends before the unlawful event has all that clients were told: it is followed
    without a restart.
    """
    define(local_store)
    promoted(local_store, "first")
    publish(local_store, "second", 100.1)
    keys = Keys(tmp_path)
    keys.set(local_store, {"anna": ALL})
    anna = keys.open(local_store, "anna")
    anna.judge(SET, 2)
    with TestClient(create_app(Store(local_store.root))) as client:
        until(lambda: client.get("/health/ready").json()["status"] == "ready")
        forged = forged_promotion(anna, SET, 2)
        anna.notify_and_copy()

        def code() -> str | None:
            return client.get("/health/ready").json()["catalog"]["code"]

        until(lambda: code() == "unauthorised_move")
        lose_catalog(local_store)
        log = find_log(local_store.objects, forged.id - 1)
        give_up_end(log, after_end(log))
        recovered(local_store.root)
        until(lambda: code() is None)
        keys.open(local_store, "anna").promote(SET, 2, reason="as it should be")
        path = f"/v1/sets/{SET}/estimates/AAPL/2024-06-03"
        until(lambda: client.get(path).json()["version"] == 2)
