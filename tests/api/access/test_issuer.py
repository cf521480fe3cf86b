"""JWTs of an identity provider."""

from __future__ import annotations

import base64
import json
import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from litestar.testing import TestClient

from estimates import instants
from estimates.access.access_rules import AccessRules, JwtRules
from estimates.store.store import Store
from estimates_api.access import issuer
from estimates_api.app import create_app
from tests.api.served import ODD, fill
from tests.builders import SET, make_store
from tests.waiting import until

_KEY, _OTHER = generate_private_key(SECP256R1()), generate_private_key(SECP256R1())
_CLAIMS = {
    "iss": "https://id.example.com",
    "aud": ["estimates", "other"],
    "sub": "ann",
    "realm": {"roles": [f"read:{SET}?ticker=AAPL", "offline_access"]},
}


def _token(key: Any = _KEY, name: str = "one", **changes: Any) -> str:
    claims = _CLAIMS | {"exp": instants.now() + timedelta(days=1)} | changes
    claims = {claim: value for claim, value in claims.items() if value is not None}
    return jwt.encode(claims, key, algorithm="ES256", headers={"kid": name})


def _encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _write_keys(file: Path, **keys: Any) -> None:
    algorithm = jwt.algorithms.ECAlgorithm
    listed = [
        algorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": name, "alg": "ES256"}
        for name, key in keys.items()
    ]
    file.write_text(json.dumps({"keys": listed}))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The store of `fill`."""
    store = make_store(tmp_path_factory.mktemp("issuer") / "store")
    fill(store)
    return store


@pytest.fixture
def client(store: Store, tmp_path: Path) -> Iterator[TestClient[Any]]:
    """The app, which knows one key of the issuer."""
    keys = tmp_path / "keys.json"
    _write_keys(keys, one=_KEY)
    rules = JwtRules(str(keys), "https://id.example.com", "estimates", claim="realm.roles")
    with TestClient(create_app(store, AccessRules("tokens", rules))) as client:
        yield client


def _ask(client: TestClient[Any], token: str, path: str = f"estimates/AAPL/{'2024-06-03'}") -> Any:
    return client.get(f"/v1/sets/{SET}/{path}", headers={"authorization": f"Bearer {token}"})


def test_claim_grants(client: TestClient[Any]) -> None:
    """The words of the claim grant what they say, and no more."""
    token = _token()
    assert _ask(client, token).status_code == 200
    assert _ask(client, token).status_code == 200  # its signature is known now
    assert _ask(client, token, "estimates/BRK%2FB/2024-06-03").json()["code"] == "outside_grant"
    headers = {"authorization": f"Bearer {token}"}
    assert client.get(f"/v1/sets/{ODD}", headers=headers).status_code == 404


@pytest.mark.parametrize(
    ("token", "code"),
    [
        (_token(_OTHER), "bad_token"),
        (_token(name="two"), "bad_token"),
        (_token(iss="https://evil.example"), "bad_token"),
        (_token(aud="other"), "bad_token"),
        (_token(sub=None), "bad_token"),
        (_token(exp=None), "bad_token"),
        (_token(exp=instants.now() - timedelta(hours=1)), "token_expired"),
        (_token(realm={"roles": ["read:a?b=1&c=2"]}), "bad_token"),
        (_token(realm={"roles": ["admin"]}), "not_permitted"),
        (_token(realm="x"), "not_permitted"),
        (_token(realm={"roles": 5}), "not_permitted"),
        (_token(realm={"roles": {"read:*": False}}), "not_permitted"),
        (_token(realm={"roles": [f"read:{SET}?"]}), "bad_token"),
        (_token(exp=10**30), "bad_token"),
        (_token(exp=float("inf")), "bad_token"),
        (_token(exp=[1]), "bad_token"),
        (_token(nbf=instants.now() + timedelta(days=1)), "bad_token"),
        (_token(sub=5), "bad_token"),
        (_token(name=""), "bad_token"),
        (f"{_encoded('[' * 20_000)}.e30.e30", "bad_token"),
        (f"{_encoded(json.dumps({'alg': 'ES256', 'kid': ['one']}))}.e30.e30", "bad_token"),
        (f"{_encoded(json.dumps({'alg': 'ES256', 'kid': 'one', 'crit': 5}))}.e30.", "bad_token"),
        (jwt.encode(_CLAIMS, "secret" * 8, algorithm="HS256", headers={"kid": "one"}), "bad_token"),
        (jwt.encode(_CLAIMS, None, algorithm="none"), "bad_token"),
    ],
)
def test_what_does_not_count(client: TestClient[Any], token: str, code: str) -> None:
    """Wrong keys, issuers, audiences, algorithms, times and claims are refused."""
    answer = _ask(client, token)
    assert answer.json()["code"] == code
    assert answer.status_code in (401, 403)


def test_new_keys_are_fetched(
    client: TestClient[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A JWT with an unknown key has the keys fetched again; a withdrawn key counts no longer."""
    monkeypatch.setattr("estimates_api.access.issuer._AT_ONCE_S", 0.05)
    old = _token()
    assert _ask(client, old).status_code == 200
    _write_keys(tmp_path / "keys.json", two=_OTHER)
    new = _token(_OTHER, "two")
    until(lambda: _ask(client, new).status_code == 200)
    assert _ask(client, old).json()["code"] == "bad_token"


def test_an_issuer_that_hangs_is_not_waited_for(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its JWTs are a 503 meanwhile; whoever has another token is answered."""
    monkeypatch.setattr(issuer, "_START_S", 0.05)
    secret = store.create_token("ben").secret
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/jwks"
        rules = JwtRules(url, "https://id.example.com", "estimates")
        begun = time.monotonic()
        monkeypatch.setattr(issuer, "_TIMEOUT_S", 60.0)
        with TestClient(create_app(store, AccessRules("tokens", rules))) as client:
            codes = [
                client.get("/v1/sets", headers={"authorization": f"Bearer {token}"}).status_code
                for token in (secret, _token())
            ]
        assert time.monotonic() - begun < issuer._TIMEOUT_S
    assert codes == [200, 503]


def test_a_secret_is_no_public_key(
    client: TestClient[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A symmetric key that an issuer lists by mistake signs nothing that counts."""
    monkeypatch.setattr("estimates_api.access.issuer._AT_ONCE_S", 0.05)
    secret = "known to all who read the list of keys"
    listed = {"kty": "oct", "kid": "two", "k": _encoded(secret)}
    keys = json.loads((tmp_path / "keys.json").read_text())["keys"]
    (tmp_path / "keys.json").write_text(json.dumps({"keys": [*keys, listed]}))
    claims = _CLAIMS | {"exp": instants.now() + timedelta(hours=1)}
    signed = jwt.encode(claims, secret, algorithm="HS256", headers={"kid": "two"})
    for _ in range(5):
        assert _ask(client, signed).json()["code"] == "bad_token"
        time.sleep(0.05)
