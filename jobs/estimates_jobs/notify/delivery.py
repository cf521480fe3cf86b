"""Posting notifications: again while the receiver is unavailable, from a thread, never delaying the
work.

A receiver's URL may hold a password, or a token in its path: messages and logs name its scheme,
host and port only.
"""

from __future__ import annotations

import logging
import math
import random
import threading
import time
from functools import cached_property
from itertools import count
from queue import SimpleQueue
from typing import NamedTuple

import httpx
import msgspec

from estimates import __version__
from estimates.catalog.records import Event
from estimates.client.retries import retry_after_s
from estimates.errors import EstimatesError, InvalidError, RefusedError, UnavailableError
from estimates.store.store import Store
from estimates_jobs.notify.notification import (
    KINDS,
    Notification,
    headers,
    notification,
    signing_keys,
)
from estimates_jobs.time_limit import within

PATIENCE_S = 5.0  # after a command's work, and for each event that is sent again
_ANSWER_S = 10.0
_CONNECT_S = 3.0
_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 2.0


class Attempt(NamedTuple):
    """What came of a post. `reason` says why it was not accepted, None when it was; `again` whether
    to post again, after `after_s` seconds.
    """

    reason: str | None
    again: bool = False
    after_s: float = 0.0


class Receiver:
    """Who gets notifications; `origin` is its scheme, host and port, for messages.

    Raises InvalidError: `bad_url` unless the URL is one of http or https, `bad_secret`.
    """

    def __init__(self, url: str, secret: str | None) -> None:
        try:
            parsed = httpx.URL(url)
        except (httpx.InvalidURL, UnicodeError):  # its message has parts of the URL
            parsed = httpx.URL()
        if parsed.scheme not in ("http", "https") or not parsed.host:
            raise InvalidError(
                "bad_url",
                "notifications go to a URL of http or https",
                remedy="such as https://receiver.example/path",
            )
        self._url = parsed.copy_with(userinfo=b"", fragment=None)
        self._auth = httpx.BasicAuth(parsed.username, parsed.password) if parsed.userinfo else None
        self._keys = () if secret is None else signing_keys(secret)
        self.origin = str(self._url.copy_with(raw_path=b"/")).rstrip("/")
        logging.getLogger("httpx").addFilter(self._hide_url)

    def attempt(self, message: Notification, within_s: float) -> Attempt:
        """Post once, `within_s` seconds being left; the answer's body is not read and redirects are
        not followed.
        """
        answer_s = min(_ANSWER_S, within_s)
        try:
            status, after_s = within(answer_s, lambda: self._post(message, answer_s))
        except TimeoutError:
            return Attempt("no answer in time", again=True)
        except httpx.TimeoutException:
            return Attempt("no answer in time", again=True)
        except httpx.TransportError as error:
            return Attempt(str(error) or type(error).__name__, again=True)
        if httpx.codes.is_success(status):
            return Attempt(None)
        if httpx.codes.is_redirect(status):
            return Attempt(f"status {status}, and redirects are not followed")
        again = status == 429 or status >= 500
        wait = f", and it asks for {after_s:.0f} s of patience" if again and after_s else ""
        return Attempt(f"status {status}{wait}", again, after_s)

    def _post(self, message: Notification, answer_s: float) -> tuple[int, float]:
        """The status, and after how many seconds it asks to be tried again."""
        with self._client.stream(
            "POST",
            self._url,
            content=message.body,
            headers=headers(message, self._keys, int(time.time())),
            timeout=httpx.Timeout(answer_s, connect=min(_CONNECT_S, answer_s)),
        ) as response:
            return response.status_code, retry_after_s(response.headers)

    def _hide_url(self, record: logging.LogRecord) -> bool:
        """Have httpx log the origin in place of the URL."""
        if isinstance(record.args, tuple):
            record.args = tuple(self.origin if arg == self._url else arg for arg in record.args)
        return True

    @cached_property
    # in the thread that posts: reading certificates takes a moment
    def _client(self) -> httpx.Client:
        return httpx.Client(auth=self._auth, headers={"user-agent": f"estimates/{__version__}"})


class Patience:
    """How long attempts go on: without a limit until `end` says how many seconds are left."""

    def __init__(self) -> None:
        self._until = math.inf
        self._ending = threading.Event()

    def end(self, seconds: float) -> Patience:
        """Begin no attempt later than this."""
        self._until = time.monotonic() + seconds
        self._ending.set()
        return self

    @property
    def left_s(self) -> float:
        """Seconds until the end; infinite while it is not known."""
        return self._until - time.monotonic()

    def pause(self, seconds: float) -> bool:
        """Wait, then True; False at once when it would be too late by then."""
        until = time.monotonic() + seconds
        while (remaining_s := until - time.monotonic()) > 0:
            if remaining_s > self.left_s:
                return False
            if self._ending.is_set():
                time.sleep(remaining_s)
            else:
                self._ending.wait(remaining_s)
        return True


def send(receiver: Receiver, message: Notification, patience: Patience) -> Attempt:
    """Post until it is accepted or refused, or patience ends; returns what came of the last post.

    Tried again are failed connections, 429 and 5xx, after what Retry-After asks for and at least a
    growing pause.
    """
    last = Attempt("no time was left for it", again=True)
    for attempt in count():
        left_s = patience.left_s
        if left_s <= 0:
            break
        last = receiver.attempt(message, left_s)
        if not last.again or not patience.pause(max(last.after_s, _pause_s(attempt))):
            break
    return last


class Outbox:
    """Sends events to a receiver, in their order, while the work goes on; `close` gives it a last
    few seconds.
    """

    def __init__(self, store: Store, receiver: Receiver) -> None:
        self.receiver = receiver
        self._store = store
        self._events: SimpleQueue[Event | None] = SimpleQueue()
        self._undelivered: dict[int, str] = {}
        self._patience = Patience()
        # A daemon: it never keeps the process from ending.
        self._thread = threading.Thread(target=self._work, daemon=True)

    def put(self, event: Event) -> None:
        """Have an event sent soon; returns at once and raises nothing."""
        self._undelivered[event.id] = "no answer yet"
        self._events.put(event)
        if not self._thread.ident:
            self._thread.start()

    def close(self) -> dict[int, str]:
        """Wait at most `PATIENCE_S`; returns the ids of the events that were not delivered, and
        why.
        """
        if self._thread.ident:
            self._patience.end(PATIENCE_S)
            self._events.put(None)
            self._thread.join(PATIENCE_S)
        return dict(self._undelivered)

    def _work(self) -> None:
        while (event := self._events.get()) is not None:
            try:
                reason = send(
                    self.receiver, notification(self._store, event), self._patience
                ).reason
            except EstimatesError as error:
                reason = error.message
            # whatever it is, only the notification fails; its text may name the URL
            except Exception as error:
                reason = f"unexpected {type(error).__name__}"
            if reason is None:
                del self._undelivered[event.id]
            else:
                self._undelivered[event.id] = reason


class Sent(msgspec.Struct, frozen=True):
    """How many events were sent; `last` is the id to go on after."""

    sent: int
    last: int


def send_after(store: Store, receiver: Receiver, after: int) -> Sent:
    """Send the events of `KINDS` that the log holds after an id, in order, up to the first not
    accepted.

    Raises UnavailableError (`undelivered`) for that one, RefusedError (`receiver_refused`) where
    the receiver will not take it another time either.
    """
    sent, last = 0, after
    for event in store.view().events(after=after):
        if event.kind not in KINDS:
            continue
        reason, again, _ = send(receiver, notification(store, event), Patience().end(PATIENCE_S))
        if reason is not None:
            text = (
                f"event {event.id} was not delivered to {receiver.origin}: {reason}; {sent} were "
                "delivered before it"
            )
            remedy = f"go on with --after {last}"
            if not again:
                raise RefusedError("receiver_refused", text, remedy=remedy, sent=sent, last=last)
            raise UnavailableError("undelivered", text, remedy=remedy, sent=sent, last=last)
        sent, last = sent + 1, event.id
    return Sent(sent, last)


def _pause_s(attempt: int) -> float:
    """Pauses double; a random half of each keeps senders that failed together from coming back
    together.
    """
    return min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2**attempt) * random.uniform(0.5, 1.0)
