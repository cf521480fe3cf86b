"""Requests to a service: retries, the cache, errors; and what is asked of the service as a
whole.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import date, datetime, timedelta

import msgspec

from estimates import instants
from estimates.catalog.records import Event, LogHead
from estimates.client.plans import Pause, Plan, Reply, Request, Unreached
from estimates.client.problems import decoded, error_of, not_the_service
from estimates.client.response_cache import ResponseCache
from estimates.client.retries import FIRST_PAUSE_S, retry_after_s, send_with_retries
from estimates.client.urls import url
from estimates.errors import InvalidError, UnavailableError
from estimates.reading.page_cursor import DEFAULT_LIMIT, MAX_LIMIT
from estimates.storage.usage_days import UsageDay

CACHE_BYTES = 64 * 1024 * 1024
JSON = "application/json"
_START = "start it with `estimates serve`, or name another URL"
_TRUST = "name the file of its authority in SSL_CERT_FILE, or have the certificate renewed"
_COMPUTING = 202
_NOT_MODIFIED = 304


class _SetName(msgspec.Struct):
    name: str


class _SetList(msgspec.Struct):
    sets: list[_SetName]
    head: LogHead


class _UsageList(msgspec.Struct):
    days: list[UsageDay]


class _EventPage(msgspec.Struct):
    events: list[Event]


class ServiceRequests:
    """What the requests of one client share: patience, the cache, what is known of shapes.

    service      its URL, for messages
    patience_s   no attempt is begun later than this after the first one
    timeout_s    how long an answer may take to be computed
    max_age      how old the newest data of an answer may be; None: as old as they are
    shapes       for each set, the shape that answered last
    key_columns  of a set's shape
    """

    def __init__(
        self,
        service: str,
        patience_s: float,
        timeout_s: float,
        max_age: timedelta | None = None,
    ) -> None:
        self.service = service
        self.patience_s = patience_s
        self.timeout_s = timeout_s
        self.max_age = max_age
        self.shapes: dict[str, int] = {}
        self.key_columns: dict[tuple[str, int], list[str]] = {}
        self._cache = ResponseCache(CACHE_BYTES)

    def get(self, target: str, media_type: str = JSON) -> Plan[Reply]:
        """GET a URL as a media type. What can never change is answered from the cache, the rest is
        asked about with its tag.

        Raises the errors of the service, and UnavailableError: `service` when it cannot be reached,
        `computing` when the answer is not ready in time, `bad_gateway` when something else answers,
        RefusedError `not_the_service` where it would answer the same again.
        """
        name = target if media_type == JSON else f"{media_type} {target}"
        cached = self._cache.get(name)
        if cached is not None and _immutable(cached.headers):
            return cached
        headers = {"accept": media_type}
        if cached is not None:
            headers["if-none-match"] = cached.headers["etag"]
        reply = yield from self._computed(Request("GET", target, headers))
        if reply.status == _NOT_MODIFIED and cached is not None:
            reply = Reply(200, {**cached.headers, **reply.headers}, cached.body)
        _check(reply, media_type)
        if "etag" in reply.headers:
            self._cache.put(name, reply)
        return reply

    def post(self, target: str, body: bytes) -> Plan[Reply]:
        """POST a question; raises as `get` does."""
        headers = {"accept": JSON, "content-type": JSON}
        reply = yield from self._reply(Request("POST", target, headers, body))
        _check(reply, JSON)
        return reply

    def _computed(self, request: Request) -> Plan[Reply]:
        """The reply; while it is being computed, which is what 202 says, it is asked for again."""
        start = time.monotonic()
        while True:
            reply = yield from self._reply(request)
            if reply.status != _COMPUTING:
                return reply
            pause_s = max(FIRST_PAUSE_S, retry_after_s(reply.headers))
            if time.monotonic() - start + pause_s > self.timeout_s:
                raise UnavailableError(
                    "computing",
                    f"{self.service} is still computing this after {self.timeout_s:g} s and will "
                    "keep it",
                    remedy="ask again later, or with a longer timeout_s",
                )
            yield Pause(pause_s)

    def _reply(self, request: Request) -> Plan[Reply]:
        outcome, attempts = yield from send_with_retries(request, self.patience_s)
        if isinstance(outcome, Unreached):
            tried = "" if attempts == 1 else f" in {attempts} attempts"
            raise UnavailableError(
                "service",
                f"{self.service} cannot be reached{tried}: {outcome.reason}",
                remedy=_TRUST if outcome.untrusted else _START,
            )
        return outcome


def sets(requests: ServiceRequests, *, retired: bool = False) -> Plan[list[str]]:
    """The names of all sets, sorted; with `retired` also of those that are."""
    reply = yield from requests.get("/v1/sets?retired=true" if retired else "/v1/sets")
    return [entry.name for entry in decoded(reply, _SetList).sets]


def head(requests: ServiceRequests) -> Plan[LogHead]:
    """Where the log ends: kept elsewhere, it proves later whether the log was rewritten."""
    return decoded((yield from requests.get("/v1/sets")), _SetList).head


def usage(requests: ServiceRequests, since: date | None = None) -> Plan[list[UsageDay]]:
    """Who read which sets, a day and replica; needs a token that may `usage`.

    since  the first day, in UTC; None: all that is kept
    """
    target = url("/v1/usage", {"since": since})
    return decoded((yield from requests.get(target)), _UsageList).days


def events(
    requests: ServiceRequests, after: int = 0, limit: int = DEFAULT_LIMIT
) -> Plan[list[Event]]:
    """At most `limit` events with an id above `after`, oldest first; [] only when there is nothing
    newer.
    """
    return (yield from _event_page(requests, None, after, limit))[0]


def events_of_set(requests: ServiceRequests, name: str) -> Plan[tuple[list[Event], datetime]]:
    """All events of a set, oldest first, and the newest moment that the service knows."""
    events: list[Event] = []
    while True:
        after = events[-1].id if events else 0
        page, reply = yield from _event_page(requests, name, after, MAX_LIMIT)
        events += page
        if len(page) < MAX_LIMIT:
            return events, moment_of(reply)


def present_moment(requests: ServiceRequests) -> Plan[datetime]:
    """The time of the newest event that the service knows."""
    return moment_of((yield from requests.get("/v1/sets")))


def moment_of(reply: Reply) -> datetime:
    """The time of the newest event that an answer knows; raises RefusedError
    (`not_the_service`).
    """
    try:
        return instants.parse(reply.headers["estimates-as-of"])
    except (KeyError, InvalidError):
        raise not_the_service(reply) from None


def _event_page(
    requests: ServiceRequests, set_name: str | None, after: int, limit: int
) -> Plan[tuple[list[Event], Reply]]:
    parameters = {"set": set_name, "after": after, "limit": limit}
    reply = yield from requests.get(url("/v1/events", parameters))
    return decoded(reply, _EventPage).events, reply


def _check(reply: Reply, media_type: str) -> None:
    if reply.status != 200:
        raise error_of(reply)
    if not reply.headers.get("content-type", "").startswith(media_type):
        raise not_the_service(reply)


def _immutable(headers: Mapping[str, str]) -> bool:
    return "immutable" in headers.get("cache-control", "")
