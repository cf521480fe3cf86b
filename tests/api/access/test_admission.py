"""Who is let in, by which secret, and what answers say to caches."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from estimates import instants
from estimates.access.access_rules import AccessRules, LimitRules
from estimates.access.tokens import Token, details_of, digest_of
from estimates.catalog.records import Event
from estimates.errors import RefusedError
from estimates_api.access import request_rate
from estimates_api.access.admission import Admission, secret_of
from tests.builders import code_of
from tests.catalog.histories import event, hour

_AUTHORIZATION, _COOKIE = b"authorization", b"cookie"


@pytest.mark.parametrize(
    ("headers", "secret"),
    [
        ([], None),
        ([(_AUTHORIZATION, b"Bearer a")], "a"),
        ([(_AUTHORIZATION, b"bearer  a ")], "a"),
        ([(_AUTHORIZATION, b"Basic a")], None),
        ([(_AUTHORIZATION, b"Bearer ")], None),
        ([(_COOKIE, b"estimates_token=b")], "b"),
        ([(_AUTHORIZATION, b"Bearer a"), (_COOKIE, b"estimates_token=b")], "a"),
        ([(_AUTHORIZATION, b"Basic a"), (_COOKIE, b"estimates_token=b")], "b"),
        ([(_COOKIE, b'other={"a": [1, 2]}; estimates_token=b; =; x')], "b"),
        ([(_COOKIE, b"an_estimates_token=c")], None),
    ],
)
def test_secret(headers: list[tuple[bytes, bytes]], secret: str | None) -> None:
    """A header counts before the cookie; other schemes and odd cookies of others do no harm."""
    assert secret_of({"headers": headers}) == secret


@pytest.mark.parametrize(
    "headers",
    [
        [(_AUTHORIZATION, b"Bearer a"), (_AUTHORIZATION, b"Bearer b")],
        [(_COOKIE, b"estimates_token=a; estimates_token=b")],
        [(_COOKIE, b"estimates_token=a"), (_COOKIE, b"estimates_token=b")],
    ],
)
def test_two_secrets(headers: list[tuple[bytes, bytes]]) -> None:
    """Two are refused: who stands before the service may have looked at the other."""
    with pytest.raises(RefusedError) as refused:
        secret_of({"headers": headers})
    assert refused.value.code == "bad_token"


def made(number: int, secret: str, days: float = 1) -> Event:
    """The event that made a token, which ends after some days."""
    ends = instants.now() + timedelta(days=days)
    token = Token(number, "ann", digest_of(secret), ("read",), (), hour(number), "op", ends)
    return event(number, "token_created", set="", details=details_of(token))


def admission(*events: Event, readers: str = "tokens", **limits: Any) -> Admission:
    """What lets requests in, over a log with these events of the store."""
    follower: Any = SimpleNamespace(view=SimpleNamespace(of_store=list(events)))
    return Admission(AccessRules(readers, limits=LimitRules(**limits)), follower)


def scope(path: str = "/v1/sets", method: str = "GET", **headers: str) -> dict[str, Any]:
    """A request."""
    sent = [(name.encode(), value.encode()) for name, value in headers.items()]
    return {"path": path, "method": method, "headers": sent, "client": ("10.0.0.1", 1)}


async def nowhere(message: Any) -> None:
    """Sends nothing."""


@pytest.mark.parametrize(
    ("secret", "code"),
    [("a", None), ("b", "bad_token"), ("over", "token_expired"), (None, "no_token")],
)
def test_who_asks(secret: str | None, code: str | None) -> None:
    """A token that counts, or why there is none."""
    door = admission(made(1, "a"), made(2, "over", days=-1))
    sent = {} if secret is None else {"authorization": f"Bearer {secret}"}
    request = scope(**sent)
    assert code_of(lambda: door.admit(request, nowhere)) == code
    assert door.still_admits(scope(**sent)) == (code is None)
    if code is None:
        assert request["principal"].name == "ann"


def test_a_token_that_is_revoked_later() -> None:
    """The newest events count, without a restart."""
    events = [made(1, "a")]
    door = admission()
    door._follower.view.of_store = events
    request = scope(authorization="Bearer a")
    assert door.still_admits(request)
    events.append(event(2, "token_revoked", set="", details={"token": 1}))
    assert not door.still_admits(request)


@pytest.mark.parametrize("path", ["/health/live", "/desk/desk.css", "/docs", "/sign-in"])
def test_what_anybody_may_see(path: str) -> None:
    """Nothing of it is about a set, and whoever asks is nobody who may read."""
    request = scope(path)
    admission().admit(request, nowhere)
    assert request["principal"].may == ()


def test_anyone() -> None:
    """Where anybody may read, nobody is asked who they are."""
    request = scope()
    assert admission(readers="anyone").admit(request, nowhere) is nowhere
    assert request["principal"] is None


@pytest.mark.parametrize(
    ("host", "code"),
    [
        ("a.example", None),
        ("A.example:8000", None),
        ("b.example", "unknown_host"),
        ("", "unknown_host"),
    ],
)
def test_hosts(host: str, code: str | None) -> None:
    """With or without a port, in any case; those that watch the service may use any name."""
    door = admission(readers="anyone", hosts=("a.example",))
    assert code_of(lambda: door.admit(scope(host=host), nowhere)) == code
    door.admit(scope("/health/live", host=host), nowhere)


def test_guesses_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong token is a request of its address; right ones are requests of their principal."""
    monkeypatch.setattr(request_rate, "monotonic", lambda: 100.0)
    door = admission(made(1, "a"), requests_per_second=1)
    wrong = [
        code_of(lambda: door.admit(scope(authorization="Bearer x"), nowhere)) for _ in range(3)
    ]
    assert wrong == ["bad_token", "bad_token", "too_many_requests"]
    door.admit(scope(authorization="Bearer a"), nowhere)


def headers_of(door: Admission, request: dict[str, Any], **headers: str) -> dict[str, str]:
    """The headers of an answer as they leave."""
    left: dict[str, str] = {}

    async def send(message: Any) -> None:
        left.update({name.decode(): value.decode() for name, value in message["headers"]})

    start = [(name.encode(), value.encode()) for name, value in headers.items()]
    message: Any = {"type": "http.response.start", "status": 200, "headers": start}
    asyncio.run(door.admit(request, send)(message))
    return left


def test_no_shared_cache_keeps_what_needs_a_token() -> None:
    """What a service says to everybody may be kept by anybody."""
    public = {"cache-control": "public, max-age=5"}
    request = scope(authorization="Bearer a")
    assert headers_of(admission(made(1, "a")), request, **public) == {
        "cache-control": "private, max-age=5"
    }
    assert headers_of(admission(readers="anyone"), scope(), **public) == public


@pytest.mark.parametrize(
    ("vary", "sent"),
    [
        (None, "origin"),
        ("accept", "accept, origin"),
        ("Origin", "accept, accept-encoding, origin"),
        ("accept, origin", "accept, origin"),
    ],
)
def test_answers_depend_on_the_origin(vary: str | None, sent: str) -> None:
    """Also those to pages of the same origin, or a cache would give them to others."""
    door = admission(readers="anyone", origins=("https://a.example",))
    said = {} if vary is None else {"vary": vary}
    assert headers_of(door, scope(), **said)["vary"] == sent
