"""How a peer is asked for keys over HTTP, and where the values stand in its answers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

import httpx

from benchmarks.load import http_request
from benchmarks.peers.rows import COLUMNS, SET, Key

Values = tuple[float, ...]


@dataclass(frozen=True)
class Request:
    """One request; `content` is its JSON body."""

    method: str
    path: str
    content: object = None

    def raw(self) -> bytes:
        """As wrk sends it."""
        if self.content is None:
            return http_request(self.path, self.method)
        body = json.dumps(self.content, separators=(",", ":")).encode()
        return http_request(self.path, self.method, {"Content-Type": "application/json"}, body)

    def answer(self, url: str) -> Any:
        """The JSON of the answer; raises httpx.HTTPStatusError."""
        return (
            httpx.request(self.method, url + self.path, json=self.content, timeout=60)
            .raise_for_status()
            .json()
        )


class Route(Protocol):
    """Requests for one key and for many, and the values of the columns in an answer, in the order
    asked.
    """

    ready: str

    def single(self, key: Key) -> Request: ...

    def many(self, keys: Sequence[Key]) -> Request: ...

    def values(self, answer: Any) -> list[Values]: ...


class EstimatesRoute:
    """The read service's, which the apps before Redis, PostgreSQL and DuckDB have too."""

    def __init__(self, ready: str) -> None:
        self.ready = ready

    def single(self, key: Key) -> Request:
        """A GET of the key's path."""
        return Request(
            "GET", f"/v1/sets/{SET}/estimates/{quote(key[0], safe='')}/{key[1]}?ref=production"
        )

    def many(self, keys: Sequence[Key]) -> Request:
        """A POST of the keys."""
        return Request(
            "POST", f"/v1/sets/{SET}/estimates", {"keys": list(keys), "ref": "production"}
        )

    def values(self, answer: Any) -> list[Values]:
        """From `estimate`, or from each of `results`."""
        results = answer.get("results", [answer])
        return [tuple(each["estimate"][column] for column in COLUMNS) for each in results]


class FeastRoute:
    """Feast's own: a POST for one key as for many."""

    ready = "/health"

    def single(self, key: Key) -> Request:
        """A POST of one entity."""
        return self.many([key])

    def many(self, keys: Sequence[Key]) -> Request:
        """A POST of entities, column by column."""
        entities = {"name": [name for name, _ in keys], "step": [step for _, step in keys]}
        features = [f"estimates:{column}" for column in COLUMNS]
        return Request("POST", "/get-online-features", {"features": features, "entities": entities})

    def values(self, answer: Any) -> list[Values]:
        """From `results`, one entry a column, in the order of the metadata's names."""
        names = answer["metadata"]["feature_names"]
        columns = [answer["results"][names.index(column)]["values"] for column in COLUMNS]
        return list(zip(*columns, strict=True))
