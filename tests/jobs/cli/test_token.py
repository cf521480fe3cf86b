"""`estimates token`: made, listed, revoked; `serve` asks who may read."""

from __future__ import annotations

import pytest

from estimates.store.store import Store
from tests.builders import SET
from tests.jobs.cli.calls import call, ok


def test_made_listed_revoked(store: Store) -> None:
    """The secret is printed once; the list and the log have what it opens, never a secret."""
    place = ("--store", store.root)
    options = ("--set", SET, "--where", "ticker=BRK/B", "--columns", "value", "--expires", "90d")
    made = ok("token", "create", "app", *options, "--format", "json", *place).json
    assert made["grants"] == [f"{SET}?ticker=BRK%2FB&columns=value"]
    assert made["secret"].startswith("est_")
    ok("token", "create", "prometheus", "--may", "metrics", *place)
    listed = ok("token", "list", *place).text + ok("log", *place).text
    assert "app" in listed
    assert "prometheus" in listed
    assert made["secret"][4:20] not in listed
    ok("token", "revoke", made["token"], "--reason", "left", *place)
    tokens = ok("token", "list", "--format", "json", *place).json["tokens"]
    assert [token["name"] for token in tokens] == ["prometheus"]
    ended = ok("token", "list", "--all", "--format", "json", *place).json["tokens"]
    assert [token["state"] for token in ended] == ["revoked", "valid"]
    assert f"token {made['token']} revoked" in ok("log", *place).text


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--where", "ticker"), "bad_grant"),
        (("--where", "ticker=A", "--where", "note=B"), "bad_grant"),
        (("--set", "nothing"), "unknown_set"),
        (("--columns", "volume"), "bad_grant"),
        (("--expires", "800d"), "bad_expiry"),
        (("--expires", "soon"), "bad_time"),
    ],
)
def test_wrong_tokens(store: Store, options: tuple[str, ...], code: str) -> None:
    """What can open nothing is wrong usage, and makes no token."""
    place = ("--store", store.root, "--format", "json")
    called = call("token", "create", "app", *options, *place)
    assert (called.code, called.error["code"]) == (2, code)
    assert ok("token", "list", "--all", *place).json["tokens"] == []


def test_serving_others(store: Store) -> None:
    """On another address than this machine's, `serve` wants to hear who may read."""
    called = call("serve", "--host", "0.0.0.0", "--port", 1, "--store", store.root)
    assert called.code == 2
    words = ("serve", "--host", "0.0.0.0", "--store", store.root, "--format", "json")
    assert call(*words, "--port", 18999).error["code"] == "access_needed"
    assert call("serve", "--tls-key", "pyproject.toml", "--store", store.root).code == 2
