"""A request resolved to one version, and the headers that answers from it carry."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from datetime import datetime
from time import time
from urllib.parse import quote

import msgspec

from estimates import instants
from estimates.catalog.at import NOW, At
from estimates.catalog.records import Version
from estimates.contract.contract import Contract
from estimates.lookup.checksum import crc32
from estimates.reading.answer import Answer, Page
from estimates.reading.reader import Reader
from estimates.reading.row_query import resolved_at
from estimates.reading.row_request import RowRelease
from estimates_api.http.bodies import Batch
from estimates_api.http.parameters import (
    DataParameters,
    EstimateParameters,
    MomentParameters,
    PageParameters,
)
from estimates_api.http.representation import (
    COMPRESSED_FROM,
    IMMUTABLE,
    JSON,
    REVALIDATE,
    VARY,
    Compressible,
    Header,
    Representation,
    TaggedJson,
    encoded,
    entity_tag,
    next_link,
    of_content,
)
from estimates_api.http.tables import content_type, write_answer
from estimates_api.http.url_text import read_ref, read_time
from estimates_api.serving.follower import ReaderAt

_IMPORTED: Header = (b"estimates-imported", b"true")
_STALE: Header = (b"estimates-stale", b"true")
_ASK_AGAIN: Header = (b"cache-control", REVALIDATE.encode())
# What a ref is resolved at.
Moment = MomentParameters | DataParameters | EstimateParameters | PageParameters | Batch


class ResolvedRequest:
    """The version that answers a request, and what its answers have in common.

    moment    `Estimates-As-Of`: as_of, else the moment of the view or of the fallback
    cache     the Cache-Control header
    fault     `Estimates-Degraded`: why a fallback answers
    imported  `Estimates-Imported`: asked by the clock `released`, and the release time is a claim
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
        at: At = NOW,
    ) -> None:
        self.reader = reader
        self.at = at
        self.version = version
        self.reading = reader.of(version)
        self.moment = moment
        self.cache: Header = (b"cache-control", cache.encode())
        self.standing = reader.standing(version, fault)
        self._head = encoded(
            {
                "estimates-version": str(version.version),
                "estimates-shape": str(version.shape),
                "estimates-published-at": instants.text(version.published_at),
                "estimates-data-through": instants.text(version.data_through),
                "estimates-as-of": instants.text(moment),
            }
            | _newest_data(version)
            | ({} if fault is None else {"estimates-degraded": fault})
            | _carried_over(version)
            | _times("stale-from", self.standing.stale_from)
            | _times("retired", self.standing.retired)
        )
        self._imported = imported
        if imported:
            self._head.append(_IMPORTED)
        self._head_of_estimate = [*self._head, self.cache, (b"vary", b"accept")]
        self._head_of_many = [*self._head, self.cache, VARY]
        of_set = reader.view.set(version.set)
        stale = self.standing.stale_from
        self._stale_from = math.inf if stale is None else stale.timestamp()
        erased = [of_set.erasures[-1].id] if of_set.erasures else []
        names = (version.set, version.version, version.snapshot_id, *erased)
        self._tag = entity_tag(*names)[:-1]
        self._tag_bytes = self._tag.encode()

    @property
    def head(self) -> list[Header]:
        """The headers of every answer from this version."""
        return self._current(self._head)

    @property
    def cached_head(self) -> list[Header]:
        """The same with Cache-Control and Vary."""
        return self._current(self._head_of_many)

    def tag(self, *names: object) -> str:
        """The entity tag of an answer before there is a body.

        names  all that the answer depends on besides the version, its form too
        """
        digest = hashlib.md5(msgspec.json.encode(names), usedforsecurity=False).hexdigest()
        return f'{self._tag}-{digest}"'

    def estimate_of(self, body: bytes) -> TaggedJson:
        """The answer with one estimate: its JSON, to which nothing is added."""
        return TaggedJson(body, self._tag_of(body), self._current(self._head_of_estimate))

    def estimate(self, answer: Answer, form: str, *, standing: bool = False) -> Representation:
        """The same in any form.

        standing  also of pages and batches: the JSON says how the answer stands, which changes
        """
        head = self._head_of_estimate
        if standing:
            self._mark_standing(answer)
            head = [*self._head, _ASK_AGAIN, (b"vary", b"accept")]
        body = answer.json
        media_type = JSON
        if form != JSON:
            body = self._written(answer, form)
            media_type = content_type(form)
        return Representation(
            body,
            etag=self.content_tag(body),
            cache=None,
            media_type=media_type,
            head=self._current(head),
        )

    def last_page(self, page: Page) -> Representation | TaggedJson:
        """The answer with a page that no other follows: its JSON, to which nothing is added."""
        head = [*self._current(self._head_of_many), (b"estimates-total", b"%d" % page.total)]
        tag = self._tag_of(page.json)
        if len(page.json) < COMPRESSED_FROM:
            return TaggedJson(page.json, tag, head)
        return Compressible(page.json, etag=tag.decode(), cache=None, head=head)

    def page(
        self,
        page: Page,
        form: str,
        query: Mapping[str, object],
        contract: Contract | None = None,
        *,
        standing: bool = False,
    ) -> Representation:
        """The answer with a page of estimates or changes.

        query     the parameters of the request, for the link to the next page
        contract  for reading its rows, where that is not the version's own
        """
        head = self.cached_head
        if standing:
            self._mark_standing(page)
            head = [*self.head, _ASK_AGAIN, VARY]
        body = self._written(page, form, contract)
        head = [*head, (b"estimates-total", b"%d" % page.total)]
        if page.imported and not self._imported:  # a cursor leads on by the version's number
            head.append(_IMPORTED)
        if page.cursor is not None:
            head.append((b"link", next_link(query, cursor=page.cursor).encode()))
        kind = Representation if len(body) < COMPRESSED_FROM else Compressible
        tag = self.content_tag(body)
        return kind(body, etag=tag, cache=None, media_type=content_type(form), head=head)

    def batch(self, answer: Answer, form: str, *, standing: bool = False) -> Representation:
        """The answer to a batch, which no cache keeps."""
        if standing:
            self._mark_standing(answer)
        body = self._written(answer, form)
        return Compressible(body, media_type=content_type(form), head=[*self.head, VARY])

    def about(self, content: object) -> Representation:
        """An answer about this version that may change, such as its state."""
        return of_content(content, self.head)

    def _mark_standing(self, answer: Answer) -> None:
        answer.standing = self.standing
        answer.mark_standing()

    def _written(self, answer: Answer, form: str, contract: Contract | None = None) -> bytes:
        if form == JSON:
            return answer.json
        return write_answer(answer, contract or self.reading.contract, form)

    def content_tag(self, body: bytes) -> str:
        """The entity tag of an answer from this version at one URL in one form."""
        return self._tag_of(body).decode()

    def _tag_of(self, body: bytes) -> bytes:
        return b'%b-%x-%x"' % (self._tag_bytes, crc32(body), len(body))

    def _current(self, head: list[Header]) -> list[Header]:
        """The headers; past the contract's maximum age with `Estimates-Stale`."""
        return head if time() <= self._stale_from else [*head, _STALE]


def _carried_over(version: Version) -> dict[str, str]:
    """Which groups keep the rows of an earlier version; a column's name as in a URL."""
    carried = version.provenance.carried_over
    if carried is None:
        return {}
    mark = f'by="{quote(carried.by)}", groups={len(carried.groups)}, since={carried.since}'
    return {"estimates-carried-over": mark}


def _times(name: str, moment: datetime | None) -> dict[str, str]:
    """The header of a moment, where there is one."""
    return {} if moment is None else {f"estimates-{name}": instants.text(moment)}


def _newest_data(version: Version) -> dict[str, str]:
    """How new the data are that the version saw, where that is not its `data_through`."""
    if version.newest_data == version.data_through:
        return {}
    return {"estimates-newest-data": instants.text(version.newest_data)}


def resolve(
    reader_at: ReaderAt, name: str, ref: str | int, moment: Moment, *, readable: bool = True
) -> ResolvedRequest:
    """Resolve a ref of the set `name`; a reader remembers what its requests resolved to.

    reader_at  gives the reader that knows a moment
    readable   the version's files are needed: raise NotFoundError `expired` when they are gone
    Raises what `View.resolve` and `reader_at` raise, NotFoundError (`unknown_version`),
    InvalidError (`bad_time`).
    """
    as_of = read_time(moment.as_of, "as_of")
    reader = reader_at(as_of)
    many = moment.clock is not None and _of_many(moment)
    request = ("request", name, ref, moment.as_of, moment.shape, moment.clock, readable, many)
    return reader.memoized(request) or reader.memoize(
        request,
        lambda: _resolve(
            reader, name, At(read_ref(ref), as_of, moment.clock, moment.shape), readable, many
        ),
    )


def _of_many(moment: Moment) -> bool:
    """Whether rows of many versions are asked for."""
    return any(getattr(moment, name, None) is not None for name in RowRelease.__annotations__)


def _resolve(reader: Reader, name: str, at: At, readable: bool, many: bool) -> ResolvedRequest:
    then = resolved_at(at, of_many=many)
    version = reader.resolve(name, then) if readable else reader.view.resolve(name, then)
    fallback = reader.view.fallback(name, at)
    if fallback is not None:
        return ResolvedRequest(
            reader, version, fallback.moment, cache=REVALIDATE, fault=fallback.fault, at=at
        )
    return ResolvedRequest(
        reader,
        version,
        at.as_of or reader.view.moment,
        cache=IMMUTABLE if isinstance(at.ref, int) else REVALIDATE,
        imported=at.clock is not None and version.released_at is not None,
        at=at,
    )
