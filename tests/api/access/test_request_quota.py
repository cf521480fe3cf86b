"""Quotas: so many requests a day, each name for itself."""

from __future__ import annotations

import pytest
from litestar.testing import TestClient

from estimates.access.access_rules import AccessRules, LimitRules
from estimates.errors import UnavailableError
from estimates.store.store import Store
from estimates_api.access import request_quota
from estimates_api.access.request_quota import RequestQuota
from estimates_api.app import create_app


def test_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused requests do not count, another name has its own number, a new day begins anew."""
    now = 86_400.0 * 100 + 10
    monkeypatch.setattr(request_quota, "time", lambda: now)
    quota = RequestQuota(2, {"app": 3, "blocked": 0})
    for _ in range(2):
        quota.take("ann", "by ann")
    for _ in range(2):
        with pytest.raises(UnavailableError, match="2 requests of this day") as refused:
            quota.take("ann", "by ann")
    assert refused.value.details == {"retry_after": 86_390}
    for _ in range(3):
        quota.take("app", "by app")
    with pytest.raises(UnavailableError):
        quota.take("blocked", "by blocked")
    now = 86_400.0 * 101
    quota.take("ann", "by ann")


def test_answer(local_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A 429 that says when the day ends; who watches the service is not counted."""
    monkeypatch.setattr(request_quota, "time", lambda: 86_400.0 * 100 + 10)
    rules = AccessRules(limits=LimitRules(requests_per_day=1))
    with TestClient(create_app(local_store, rules)) as client:
        assert client.get("/v1/sets").status_code == 200
        refused = client.get("/v1/sets")
        assert (refused.status_code, refused.json()["code"]) == (429, "quota_spent")
        assert refused.headers["retry-after"] == "86390"
        assert client.get("/health/live").status_code == 200
