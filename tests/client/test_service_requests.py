"""What is asked of a service, and when it is asked again, without a network."""

from __future__ import annotations

import math

import msgspec
import pytest

from estimates import instants
from estimates.client.plans import Reply, Unreached
from estimates.client.service_requests import ServiceRequests, events_of_set, moment_of
from estimates.errors import EstimatesError, NotFoundError, RefusedError, UnavailableError
from estimates.reading.page_cursor import MAX_LIMIT
from tests.client.played import HEAD, play, reply

URL = "http://service"


def requests(patience_s: float = 15.0, timeout_s: float = 30.0) -> ServiceRequests:
    """Those of a client."""
    return ServiceRequests(URL, patience_s, timeout_s)


def test_what_may_change_is_asked_about_with_its_tag() -> None:
    """An unchanged answer has the body from before and the newest headers."""
    of = requests()
    first, sent, _ = play(of.get("/v1/sets"), [reply(b"[1]", etag='"a"')])
    assert "if-none-match" not in sent[0].headers
    unchanged = reply(b"", 304, etag='"a"', estimates_as_of="2026-02-01T00:00:00Z")
    second, sent, _ = play(of.get("/v1/sets"), [unchanged])
    assert sent[0].headers["if-none-match"] == '"a"'
    assert (second.status, second.body) == (200, first.body)
    assert second.headers["estimates-as-of"] == "2026-02-01T00:00:00Z"
    third, _, _ = play(of.get("/v1/sets"), [reply(b"[2]", etag='"b"')])
    assert third.body == b"[2]"


def test_what_never_changes_is_asked_once() -> None:
    """By media type: the same route as JSON is another answer."""
    of = requests()
    fixed = {"etag": '"a"', "cache_control": "max-age=1, immutable"}
    play(of.get("/x"), [reply(b"[1]", **fixed)])
    again, sent, _ = play(of.get("/x"), [])
    assert (again.body, sent) == (b"[1]", [])
    html = reply(b"<p>", **(fixed | {"content_type": "text/html; charset=utf-8"}))
    page, sent, _ = play(of.get("/x", "text/html"), [html])
    assert (page.body, sent[0].headers) == (b"<p>", {"accept": "text/html"})


def test_an_answer_that_is_being_computed_is_asked_for_again() -> None:
    """After as long as it says, at least a tenth of a second; not beyond the time limit."""
    computing = reply(status=202, retry_after="2")
    done, sent, pauses = play(requests().get("/x"), [computing, reply(status=202), reply(b"[1]")])
    assert (done.body, len(sent), pauses) == (b"[1]", 3, [2.0, 0.1])
    with pytest.raises(UnavailableError, match="still computing this after 1 s") as caught:
        play(requests(timeout_s=1.0).get("/x"), [computing])
    assert caught.value.code == "computing"


def test_who_cannot_be_reached_is_named_with_what_to_do() -> None:
    """How often it was tried, and whether its certificate is to blame."""
    with pytest.raises(UnavailableError, match=rf"^{URL} cannot be reached: refused") as caught:
        play(requests().get("/x"), [Unreached("refused", retry=False)])
    assert "estimates serve" in caught.value.message
    with pytest.raises(UnavailableError) as caught:
        play(requests().get("/x"), [Unreached("expired", retry=False, untrusted=True)])
    assert "SSL_CERT_FILE" in caught.value.message
    with pytest.raises(UnavailableError, match="in 6 attempts"):
        play(requests(math.inf).get("/x"), [Unreached("refused", retry=True)] * 6)


@pytest.mark.parametrize(
    ("status", "content", "code"),
    [
        (200, "text/html", "not_the_service"),
        (200, "", "not_the_service"),
        (502, "text/html", "bad_gateway"),
        (404, "application/problem+json", "unknown_set"),
    ],
)
def test_what_is_no_answer_is_an_error(status: int, content: str, code: str) -> None:
    """A page of somebody else, or a problem of the service."""
    body = msgspec.json.encode({"code": "unknown_set", "detail": "no such set", "status": 404})
    with pytest.raises(EstimatesError) as caught:
        play(requests().post("/x", b"{}"), [reply(body, status, content_type=content)])
    assert caught.value.code == code
    assert isinstance(caught.value, NotFoundError) == (code == "unknown_set")


def test_all_events_of_a_set_are_asked_for_page_by_page() -> None:
    """From the last one on, until a page is not full; the moment is that of the last page."""

    def page(first: int, count: int, moment: str = HEAD["estimates-as-of"]) -> Reply:
        rows = [
            {"id": n, "set": "s", "kind": "published", "actor": "a", "at": "2026-01-01T00:00:00Z"}
            for n in range(first, first + count)
        ]
        return reply(msgspec.json.encode({"events": rows}), estimates_as_of=moment)

    newest = "2026-02-01T00:00:00Z"
    pages = [page(1, MAX_LIMIT), page(MAX_LIMIT + 1, 0, newest)]
    (events, moment), sent, _ = play(events_of_set(requests(), "s"), pages)
    assert len(events) == MAX_LIMIT
    assert moment == instants.parse(newest)
    assert [request.url.partition("after=")[2].partition("&")[0] for request in sent] == [
        *("0", str(MAX_LIMIT))
    ]


@pytest.mark.parametrize("text", ["", "yesterday", "2026-01-01"])
def test_a_moment_that_is_none_is_not_the_services(text: str) -> None:
    """Somebody between the two changed it."""
    with pytest.raises(RefusedError) as caught:
        moment_of(reply(estimates_as_of=text))
    assert caught.value.code == "not_the_service"
