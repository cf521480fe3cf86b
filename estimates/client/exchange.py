"""One request until it is answered: tried again while the service is unavailable, from the cache
where it may be.
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import count

from estimates.client.messages import Pause, Plan, Reply, Request, Unreached
from estimates.client.problems import error_of, foreign
from estimates.client.response_cache import Cache
from estimates.errors import UnavailableError

ATTEMPTS = 6
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 2.0
CACHE_BYTES = 64 * 1024 * 1024
JSON = "application/json"


class Exchange:
    """What the questions of one client share: patience, and the cache.

    service     its URL, for messages
    patience_s  no attempt is begun later than this after the first one
    timeout_s   how long an answer may take to be computed
    shapes      for each set, the shape that answered last
    key_columns of a set's shape
    """

    def __init__(self, service: str, patience_s: float, timeout_s: float) -> None:
        self.service = service
        self.patience_s = patience_s
        self.timeout_s = timeout_s
        self.shapes: dict[str, int] = {}
        self.key_columns: dict[tuple[str, int], list[str]] = {}
        self._cache = Cache(CACHE_BYTES)

    def ask(self, url: str, form: str = JSON) -> Plan[Reply]:
        """GET a URL. What can never change is answered from the cache, the rest is asked about with
        its tag.

        form  the media type that is wanted

        Raises the errors of the service, and UnavailableError: `service` when it cannot be reached,
        `computing` when the answer is not ready in time, `bad_gateway` when something else answers.
        """
        name = url if form == JSON else f"{form} {url}"
        kept = self._cache.get(name)
        if kept is not None and _immutable(kept.headers):
            return kept
        condition: dict[str, str] = {} if kept is None else {"if-none-match": kept.headers["etag"]}
        reply = yield from self._computed(Request("GET", url, {"accept": form} | condition))
        if reply.status == 304 and kept is not None:
            reply = Reply(200, {**kept.headers, **reply.headers}, kept.body)
        _check(reply, form)
        if "etag" in reply.headers:
            self._cache.put(name, reply)
        return reply

    def send(self, url: str, body: bytes) -> Plan[Reply]:
        """POST a question; the errors are those of `ask`."""
        headers = {"accept": JSON, "content-type": JSON}
        reply = yield from self._reach(Request("POST", url, headers, body))
        _check(reply)
        return reply

    def _computed(self, request: Request) -> Plan[Reply]:
        """The reply; while it is being computed, which is what 202 says, it is asked for again."""
        start = time.monotonic()
        while True:
            reply = yield from self._reach(request)
            if reply.status != 202:
                return reply
            pause_s = max(FIRST_PAUSE_S, retry_after_s(reply.headers))
            if time.monotonic() - start + pause_s > self.timeout_s:
                raise UnavailableError(
                    "computing",
                    f"{self.service} is still computing this after {self.timeout_s:g} s and will "
                    "keep it; "
                    "ask again later, or with a longer timeout_s",
                )
            yield Pause(pause_s)

    def _reach(self, request: Request) -> Plan[Reply]:
        """Every request only reads, so that asking again is harmless."""
        start = time.monotonic()
        for attempt in count(1):
            found = yield request
            pause_s = _pause_s(found, attempt)
            late = pause_s is None or time.monotonic() - start + pause_s > self.patience_s
            if pause_s is None or late or attempt == ATTEMPTS:
                break
            yield Pause(pause_s)
        if isinstance(found, Reply):
            return found
        assert found is not None
        tried = "" if attempt == 1 else f" in {attempt} attempts"
        raise UnavailableError(
            "service", f"{self.service} cannot be reached{tried}: {found.reason}"
        )


def _check(reply: Reply, form: str = JSON) -> None:
    if reply.status != 200:
        raise error_of(reply)
    if not reply.headers.get("content-type", "").startswith(form):
        raise foreign(reply)


def _immutable(headers: Mapping[str, str]) -> bool:
    return "immutable" in headers.get("cache-control", "")


def _pause_s(found: Reply | Unreached | None, attempt: int) -> float | None:
    """How long to wait before asking again; None when this is the answer.

    Pauses double, and a random half of each keeps clients that failed together from coming back
    together.
    """
    if isinstance(found, Reply) and found.status != 503:
        return None
    if isinstance(found, Unreached) and not found.again:
        return None
    longest = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** (attempt - 1))
    asked = retry_after_s(found.headers) if isinstance(found, Reply) else 0.0
    return asked + longest * random.uniform(0.5, 1.0)


def retry_after_s(headers: Mapping[str, str]) -> float:
    """Seconds, or the time until a date (RFC 9110, 10.2.3); 0 without one."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
