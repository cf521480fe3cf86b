"""What a request asks for, resolved to one version, and the headers its answer carries."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from datetime import datetime
from time import time
from zlib import crc32

import msgspec

from estimates import instants
from estimates.catalog.at import At
from estimates.catalog.freshness import stale_from
from estimates.catalog.records import Version
from estimates.catalog.released import Clock
from estimates.contract.contract import Contract
from estimates.reading.answer import Answer, Page
from estimates.reading.reader import Reader
from estimates_api.http.compression import COMPRESSED_FROM, VARY, Compressible
from estimates_api.http.links import next_link
from estimates_api.http.parameters import read_ref, read_time
from estimates_api.http.representation import (
    IMMUTABLE,
    JSON,
    REVALIDATE,
    Header,
    Representation,
    encoded,
    entity_tag,
    of_content,
)
from estimates_api.http.tables import CONTENT_TYPES, written

_IMPORTED: Header = (b"estimates-imported", b"true")
_STALE: Header = (b"estimates-stale", b"true")
# A reader whose view knows a moment, as `Follower.at` and `Follower.nonblocking` give it.
ReaderAt = Callable[[datetime | None], Reader]


class Question:
    """A ref at a moment, resolved: the version to answer from.

    moment    `Estimates-As-Of`: as_of if given, else the moment of the view, or of the fallback
    cache     `Cache-Control`
    fault     `Estimates-Degraded`: why another version answers
    imported  `Estimates-Imported`: the version's time of release is a claim, and was asked for
    """

    def __init__(
        self,
        reader: Reader,
        version: Version,
        moment: datetime,
        *,
        cache: str,
        fault: str | None = None,
        imported: bool = False,
    ) -> None:
        self.reader = reader
        self.version = version
        self.reading = reader.of(version)
        self.moment = moment
        self._head: list[Header] = encoded(
            {
                "estimates-version": str(version.version),
                "estimates-shape": str(version.shape),
                "estimates-published-at": instants.text(version.published_at),
                "estimates-data-through": instants.text(version.data_through),
                "estimates-as-of": instants.text(moment),
            }
            | ({} if fault is None else {"estimates-degraded": fault})
        )
        self._imported = imported
        if imported:
            self._head.append(_IMPORTED)
        kept = (b"cache-control", cache.encode())
        self._one = [*self._head, kept, (b"vary", b"accept")]
        self._many = [*self._head, kept, VARY]
        stale = stale_from(reader.view.set(version.set), version)
        self._stale_from = math.inf if stale is None else stale.timestamp()
        self._tag = entity_tag(version.set, version.version, version.snapshot_id)[:-1]

    @property
    def head(self) -> list[Header]:
        """What every answer from this version carries; past the contract's maximum age
        `Estimates-Stale`.
        """
        return self._head if time() <= self._stale_from else [*self._head, _STALE]

    @property
    def many(self) -> list[Header]:
        """The same with how long an answer may be kept."""
        return self._many if time() <= self._stale_from else [*self._many, _STALE]

    def tag_of(self, body: bytes) -> str:
        """The entity tag of an answer from this version: of one URL, and there of the form that was
        asked for.
        """
        return f'{self._tag}-{crc32(body):x}-{len(body):x}"'

    def tag(self, *names: object) -> str:
        """The same before there is a body; `names` say what of the version was asked for, and in
        which form.
        """
        asked = hashlib.md5(msgspec.json.encode(names), usedforsecurity=False).hexdigest()
        return f'{self._tag}-{asked}"'

    def one(self, answer: Answer, form: str) -> Representation:
        """One estimate."""
        body, kind = answer.json, form
        if form != JSON:
            body, kind = self.written(answer, form), CONTENT_TYPES.get(form, form)
        head = self._one if time() <= self._stale_from else [*self._one, _STALE]
        return Representation(body, etag=self.tag_of(body), cache=None, media_type=kind, head=head)

    def page(
        self, page: Page, form: str, query: Mapping[str, object], contract: Contract | None = None
    ) -> Representation:
        """A page of estimates; `query` are the parameters of the request, for the link to the next
        one.

        contract  what its rows are read with, where that is not the version's own
        """
        body, kind = page.json, form
        if form != JSON:
            body, kind = self.written(page, form, contract), CONTENT_TYPES.get(form, form)
        head = [*self.many, (b"estimates-total", b"%d" % page.total)]
        if page.imported and not self._imported:  # a cursor leads on by the version's number
            head.append(_IMPORTED)
        if page.cursor is not None:
            head.append((b"link", next_link(query, cursor=page.cursor).encode()))
        sent = Representation if len(body) < COMPRESSED_FROM else Compressible
        return sent(body, etag=self.tag_of(body), cache=None, media_type=kind, head=head)

    def batch(self, answer: Answer, form: str) -> Representation:
        """A batch, which nobody keeps."""
        body, head = self.written(answer, form), [*self.head, VARY]
        return Compressible(body, media_type=CONTENT_TYPES.get(form, form), head=head)

    def written(self, answer: Answer, form: str, contract: Contract | None = None) -> bytes:
        """An answer from this version in a form."""
        if form == JSON:
            return answer.json
        return written(answer, contract or self.reading.contract, form)

    def about(self, content: object) -> Representation:
        """An answer about this version that may change, such as its state."""
        found = of_content(content)
        found.head = self.head
        return found


def resolve(
    at: ReaderAt,
    name: str,
    ref: str | int,
    as_of: str | None = None,
    shape: int | None = None,
    *,
    readable: bool = True,
    clock: Clock = None,
) -> Question:
    """The question of a request; a reader remembers what it was asked.

    at        the reader that knows a moment
    readable  raise NotFoundError `expired` for a version whose files are gone
    The errors are those of `View.resolve`, `instants.parse` and `at`.
    """
    moment = read_time(as_of, "as_of")
    reader = at(moment)
    asked = ("question", name, ref, as_of, shape, readable, clock)
    return reader.memoized(asked) or reader.memoize(
        asked, lambda: _resolve(reader, name, ref, moment, shape, readable, clock)
    )


def _resolve(
    reader: Reader,
    name: str,
    ref: str | int,
    moment: datetime | None,
    shape: int | None,
    readable: bool,
    clock: Clock,
) -> Question:
    found = read_ref(ref)
    resolver = reader.resolve if readable else reader.view.resolve
    at = At(found, moment, clock, shape)
    version = resolver(name, at)
    fallback = reader.view.fallback(name, at)
    if fallback is not None:
        return Question(reader, version, fallback.moment, cache=REVALIDATE, fault=fallback.fault)
    cache = IMMUTABLE if isinstance(found, int) else REVALIDATE
    imported = clock is not None and version.released_at is not None
    return Question(reader, version, moment or reader.view.moment, cache=cache, imported=imported)
