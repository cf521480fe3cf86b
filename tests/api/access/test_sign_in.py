"""Signing in to the desk with a token."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
from litestar.testing import TestClient

from estimates import instants
from estimates.access.access_rules import AccessRules
from estimates.store.store import Store
from estimates_api.app import create_app
from tests.api.desk.read_page import ReadPage
from tests.builders import SET, define, make_store, promoted
from tests.waiting import until

_PAGE = {"accept": "text/html"}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store with a version in production."""
    store = make_store(tmp_path_factory.mktemp("sign-in") / "store")
    define(store)
    promoted(store, "one")
    return store


@pytest.fixture(scope="module")
def secret(store: Store) -> str:
    """Ann's token, made before the service starts: it need not be waited for."""
    return store.create_token("ann").secret


@pytest.fixture
def browser(store: Store, secret: str) -> Iterator[TestClient[Any]]:
    """A browser that follows no redirect by itself."""
    with TestClient(create_app(store, AccessRules("tokens"))) as client:
        client.follow_redirects = False
        yield client


def test_sign_in_and_out(secret: str, browser: TestClient[Any]) -> None:
    """A page asks to sign in, then is shown with the reader's name; after signing out it asks
    again. The token stands in no URL and no page.
    """
    wanted = f"/sets/{SET}?as_of={instants.text(instants.now())}"
    sent = browser.get(wanted, headers=_PAGE)
    assert sent.status_code == 303
    form = browser.get(urljoin(wanted, sent.headers["location"]), headers=_PAGE)
    assert "password" in form.text
    assert ("value", wanted) in ReadPage("/", form.text).attributes
    wrong = browser.post("/sign-in", data={"token": "est_no", "next": f"/sets/{SET}"})
    assert wrong.status_code == 403
    assert "not known" in wrong.text
    assert "est_no" not in wrong.text
    right = browser.post("/sign-in", data={"token": secret, "next": f"/sets/{SET}"})
    assert (right.status_code, right.headers["location"]) == (303, f"./sets/{SET}")
    cookie = right.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "max-age" in cookie
    page = browser.get(f"/sets/{SET}", headers=_PAGE)
    assert page.status_code == 200
    assert "ann" in page.text
    assert secret not in page.text
    assert browser.get("/v1/sets").status_code == 200
    browser.post("/sign-out")
    assert browser.get("/", headers=_PAGE).status_code == 303


@pytest.mark.parametrize("page", ["https://evil.example", "//evil.example", "/\\evil", "evil", ""])
def test_leads_to_no_other_site(secret: str, browser: TestClient[Any], page: str) -> None:
    """Whatever a link to the form says, signing in goes on to a page of the desk."""
    answer = browser.post("/sign-in", data={"token": secret, "next": page})
    assert answer.headers["location"] == "./"


@pytest.mark.parametrize("site", ["cross-site", "same-site", "same-origin", "none"])
def test_no_other_site_signs_in_or_out(secret: str, browser: TestClient[Any], site: str) -> None:
    """A form of another site's page sets and forgets no cookie."""
    status = 403 if "site" in site else 303
    for path in ("/sign-in", "/sign-out"):
        answer = browser.post(path, data={"token": secret}, headers={"sec-fetch-site": site})
        assert (answer.status_code, "set-cookie" in answer.headers) == (status, status == 303)


@pytest.mark.parametrize("page", ["/", "/keys?q=a%26b", f"/sets/{SET}/keys/BRK%2FB/%C3%86"])
def test_below_a_path_of_a_proxy(secret: str, browser: TestClient[Any], page: str) -> None:
    """Signing in leads back to the page that was asked for, wherever the service stands."""
    sent = browser.get(page, headers=_PAGE).headers["location"]
    form = urlsplit(urljoin(f"http://proxy/below{page}", sent))
    assert form.path == "/below/sign-in"
    wanted = parse_qs(form.query)["next"][0]
    answer = browser.post("/sign-in", data={"token": secret, "next": wanted})
    assert urljoin(form.geturl(), answer.headers["location"]) == f"http://proxy/below{page}"
    assert urljoin(form.geturl(), browser.post("/sign-out").headers["location"]) == (
        "http://proxy/below/sign-in"
    )


def test_encrypted(secret: str, browser: TestClient[Any]) -> None:
    """A cookie that was set over HTTPS, also that of a proxy, is never sent in clear."""
    headers = {"x-forwarded-proto": "https"}
    answer = browser.post("/sign-in", data={"token": secret}, headers=headers)
    assert "secure" in answer.headers["set-cookie"].lower()


def test_revoked_and_expired(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A revoked token counts no longer once the service has followed; an expired one is said."""
    store = make_store(tmp_path / "store")
    define(store)
    lasting = store.create_token("ann")
    brief = store.create_token("bob", expires_at=instants.now() + timedelta(hours=1))
    with TestClient(create_app(store, AccessRules("tokens"))) as client:

        def code(secret: str) -> str | None:
            answer = client.get("/v1/sets", headers={"authorization": f"Bearer {secret}"})
            return answer.json().get("code")

        assert (code(lasting.secret), code(brief.secret)) == (None, None)
        with monkeypatch.context() as later:
            clock = instants.now
            later.setattr(instants, "now", lambda: clock() + timedelta(hours=2))
            assert (code(lasting.secret), code(brief.secret)) == (None, "token_expired")
        store.revoke_token(lasting.token.id, reason="left")
        until(lambda: code(lasting.secret) == "bad_token")
