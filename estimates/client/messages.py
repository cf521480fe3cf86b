"""What passes between a plan, which knows what to ask, and a face, which knows how to send it."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import TypeVar

import msgspec


class Request(msgspec.Struct, frozen=True):
    """A request to send; `url` is path and query, percent-encoded."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes | None = None


class Pause(msgspec.Struct, frozen=True):
    """Time to wait before the next step."""

    seconds: float


class Reply(msgspec.Struct, frozen=True):
    """What came back; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Unreached(msgspec.Struct, frozen=True):
    """No reply came; `again` says whether another attempt may help at once."""

    reason: str
    again: bool


T = TypeVar("T")
# A conversation: yields what to do, is sent what came of it (None after a pause), returns what the
# caller wanted.
Plan = Generator[Request | Pause, Reply | Unreached | None, T]
