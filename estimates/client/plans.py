"""Plans: what to ask and how to read the answers, without a network; a client carries them out.

A plan is a generator: it yields steps, is sent what came of each, and returns what the caller gets.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import Any, TypeVar

import msgspec


class Request(msgspec.Struct, frozen=True):
    """A request to send, answered by a `Reply` or `Unreached`.

    url  path and query, percent-encoded
    """

    method: str
    url: str
    headers: dict[str, str]
    body: bytes | None = None


class Pause(msgspec.Struct, frozen=True):
    """Time to wait before the next step; answered by None."""

    seconds: float


class Computation(msgspec.Struct, frozen=True):
    """Work that may take long, answered by its result: an event loop leaves it to a thread."""

    function: Callable[[], Any]


class Reply(msgspec.Struct, frozen=True):
    """What came back; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Unreached(msgspec.Struct, frozen=True):
    """No reply came; `retry` says whether another attempt may help at once, `untrusted` whether it
    was the service's certificate.
    """

    reason: str
    retry: bool
    untrusted: bool = False


T = TypeVar("T")
Step = Request | Pause | Computation
Plan = Generator[Step, Any, T]
