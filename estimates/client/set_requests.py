"""Requests to the routes of one set: paths, parameters, and the version that answered."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from estimates import instants
from estimates.catalog.records import VersionHead
from estimates.catalog.ref import Ref, version_number
from estimates.catalog.release_clock import Clock
from estimates.client.plans import Plan, Reply
from estimates.client.problems import decoded, not_the_service
from estimates.client.service_requests import JSON, ServiceRequests
from estimates.client.urls import Parameters, Time, key_part, segment, time_text, url
from estimates.compare.queries import PairOptions, diff_query
from estimates.errors import CorruptError, InvalidError, StaleError
from estimates.keys.key_length import wrong_length

if TYPE_CHECKING:
    from estimates.keys.key_form import Key

ARROW = "application/vnd.apache.arrow.stream"
PARQUET = "application/vnd.apache.parquet"


class PageHead(msgspec.Struct):
    """What a page says besides its rows: how many there are in all, and the cursor of the next."""

    total: int
    next: str | None


class _Schema(msgspec.Struct):
    required: list[str]


class SetRequests:
    """Requests to one set.

    as_of  the moment that aliases and `latest` are asked about where the caller names none
    """

    def __init__(self, service: ServiceRequests, name: str, as_of: datetime | None) -> None:
        self.service = service
        self.name = name
        self.as_of = as_of
        self.path = f"/v1/sets/{segment(name)}"

    def get(self, path: str, *parameters: Parameters, media_type: str = JSON) -> Plan[Reply]:
        """GET a route of the set; raises as `ServiceRequests.get` does."""
        return (yield from self.service.get(url(f"{self.path}{path}", *parameters), media_type))

    def rows(self, version: int) -> Plan[list[bytes]]:
        """The Parquet files of a version's parts, in key order; raises as `parquet` does, and
        RefusedError (`not_the_service`).
        """
        path = f"/versions/{version}/data"
        first = yield from self._parquet(path, {"part": 1})
        count = first.headers.get("estimates-parts", "1")
        if not (count.isascii() and count.isdigit()):
            raise not_the_service(first)
        replies = [first]
        for number in range(2, int(count) + 1):
            replies += [(yield from self._parquet(path, {"part": number}))]
        return [reply.body for reply in replies]

    def parquet(self, path: str) -> Plan[bytes]:
        """A Parquet file under the set's path; raises CorruptError (`file_damaged`) when it is not
        what was sent.
        """
        return (yield from self._parquet(path)).body

    def _parquet(self, path: str, *parameters: Parameters) -> Plan[Reply]:
        reply = yield from self.get(path, *parameters, media_type=PARQUET)
        digest = base64.b64encode(hashlib.sha256(reply.body).digest()).decode()
        if reply.headers.get("repr-digest") != f"sha-256=:{digest}:":
            raise CorruptError(
                "file_damaged",
                f"{self.service.service}{self.path}{path} does not match its digest",
                remedy="ask again",
            )
        return reply

    def version_parameters(
        self, ref: Ref, as_of: Time | None = None, clock: Clock = None
    ) -> Parameters:
        """`ref`, `as_of`, `clock`; a number means the same at all times and is never pinned."""
        pinned = None if is_number(ref) else self.as_of
        return {
            "ref": str(ref),
            "as_of": time_text(pinned if as_of is None else as_of),
            "clock": clock,
        }

    def pair_parameters(self, a: Ref, b: Ref, options: PairOptions) -> Parameters:
        """Two refs, their moment and pairing; two numbers mean the same at all times and are never
        pinned.
        """
        pair = diff_query(a, b, options)
        pinned = None if is_number(a) and is_number(b) else self.as_of
        return {
            "from": str(a),
            "to": str(b),
            "as_of": time_text(pair.as_of or pinned),
            "pairing": pair.pairing,
            "other": pair.other,
        }

    def key_path(self, key: Key) -> str:
        """A whole key as path segments; raises InvalidError (`key_parts`, `bad_key_part`)."""
        if not key:
            raise InvalidError(
                "key_parts",
                f"{self.name}: the key is missing",
                remedy="give one part for each key column",
            )
        return "/".join(segment(key_part(self.name, part)) for part in key)

    def prefix_parameters(self, prefix: Key, shape: int) -> Plan[Parameters]:
        """The parts of a prefix under the names of a shape's key columns, which never change.

        Raises InvalidError (`key_parts`, `bad_key_part`), NotFoundError (`unknown_shape`).
        """
        columns = self.service.key_columns.get((self.name, shape))
        if columns is None:
            reply = yield from self.get("/schema", {"shape": shape})
            columns = decoded(reply, _Schema).required
            self.service.key_columns[self.name, shape] = columns
        if len(prefix) > len(columns):
            raise wrong_length(self.name, columns, prefix)
        return {
            column: key_part(self.name, part) for column, part in zip(columns, prefix, strict=False)
        }

    def check_age(self, reply: Reply, ref: Ref, as_of: Time | None) -> None:
        """Raises StaleError (`stale`) where the newest data of an answer are older than the client
        takes. A version by number and a moment of the past are as old as they were asked for.
        """
        max_age = self.service.max_age
        if max_age is None or is_number(ref) or as_of is not None or self.as_of is not None:
            return
        headers = reply.headers
        newest = headers.get("estimates-newest-data") or headers.get("estimates-data-through")
        if newest is None:
            return
        age = instants.now() - instants.parse(newest)
        if age > max_age:
            raise StaleError(
                "stale",
                f"{self.name}: the newest data of version {headers.get('estimates-version')} are "
                f"of {newest}, older than max_age",
                remedy="wait for a newer version, or read with a longer max_age",
                newest_data=newest,
                version=headers.get("estimates-version"),
            )

    def answering_version(self, reply: Reply, set_name: str | None = None) -> VersionHead:
        """Which version answered, of this set or another; remembers its shape.

        Raises RefusedError (`not_the_service`).
        """
        name = set_name or self.name
        headers = ("version", "shape", "published-at", "data-through")
        try:
            version, shape, *moments = (reply.headers[f"estimates-{header}"] for header in headers)
            published_at, data_through = map(instants.parse, moments)
            head = VersionHead(name, int(version), int(shape), published_at, data_through)
        except (KeyError, ValueError):
            raise not_the_service(reply) from None
        self.service.shapes[name] = head.shape
        return head


def is_number(ref: Ref) -> bool:
    """Whether a ref is a version number; raises InvalidError (`bad_ref`)."""
    return version_number(ref) is not None


def read_max_age(text: str) -> timedelta:
    """How old data may be, such as `2d`; raises InvalidError (`bad_max_age`)."""
    try:
        return instants.duration(str(text))
    except ValueError:
        raise InvalidError(
            "bad_max_age", f"max_age {text!r} is no duration", remedy="write 2d, 36h or 90m"
        ) from None
