"""One version, read: one estimate, many, a leading part of the key, and why a key has none.

Answers carry the exact bytes that HTTP sends. Rows are stored as JSON, so answers are put together
from slices and nothing is encoded but the frame around them.
"""

import zlib
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple, TypeVar, cast

import msgspec

from estimates import instants
from estimates.catalog.erased_keys import ErasedKeys, erased_error
from estimates.catalog.records import CarriedOver, Version
from estimates.catalog.set_view import SetView
from estimates.catalog.view import View
from estimates.contract.contract import Contract, OpenDomain
from estimates.contract.domain import FileDomain, RollingDomain
from estimates.errors import CorruptError, InvalidError, NotFoundError
from estimates.keys.key_form import Key, KeyForm
from estimates.keys.search_key import SearchKey
from estimates.lookup.parted_lookup import Lookup
from estimates.reading.answer import Answer, Page
from estimates.reading.field_selection import selection
from estimates.reading.page_cursor import (
    DEFAULT_LIMIT,
    ScanCursor,
    check_limit,
    decode_cursor,
    encode_cursor,
    other_request,
)

MAX_KEYS = 100_000
# Snapshots that production held before, in which a key is looked for to call it `removed`: each
# costs a read.
LOOK_BACK = 10

KeyStatus = Literal["erased", "no_estimate", "elapsed", "removed", "outside_domain"]
_NULL = b":null"  # in the JSON of each row that lacks a value
T = TypeVar("T")
_OK, _NO_ESTIMATE = b'{"status":"ok","estimate":', b'{"status":"no_estimate","estimate":'


class Files(NamedTuple):
    """The files that reading takes.

    open     what answers by key for a version
    discard  forget a damaged one, so that it is built again
    listed   whether a key, as text, is in the listed domain of a set with this digest
    rows     the row of one key in each of many versions
    """

    open: Callable[[Version], Lookup]
    discard: Callable[[Version], None]
    listed: Callable[[str, str, tuple[str, ...]], bool]
    rows: Callable[[Sequence[Version], SearchKey], list[bytes | None]]

    def read(self, version: Version, read: Callable[[Lookup], T]) -> T:
        """Read from a version; a damaged read file is made again from the verified snapshot,
        once.
        """
        try:
            return read(self.open(version))
        except CorruptError as error:
            if error.code != "lookup_damaged":
                raise
            self.discard(version)
            return read(self.open(version))


class VersionReader:
    """Reads one version, as a view of the catalog knows it; what every read needs is prepared once.

    form  how the keys of the version are written
    """

    def __init__(self, view: View, version: Version, files: Files) -> None:
        self.version = version
        self._set = view.set(version.set)
        self._store = view.head.store
        self.form = key_form(self._set, version.contract_revision)
        self._files = files
        self._lookup: Lookup | None = None
        self._head = b'{"set":"%b","version":%d,' % (version.set.encode(), version.version)
        if version.newest_data < version.data_through:
            newest = instants.text(version.newest_data)
            self._head += b'"newest_data":"%b",' % newest.encode()
        self._plain = self._head
        self._head_of_one = self._head + b'"estimate":'
        self._carried = version.provenance.carried_over
        if self._carried is not None:
            self._head += b'"carried_over":%b,' % msgspec.json.encode(mark_of(self._carried))

    @property
    def erased(self) -> ErasedKeys:
        """The keys whose numbers were erased."""
        return self._set.memoize(
            "erased", lambda: ErasedKeys(self._store, self.version.set, self._set.erased_keys)
        )

    @property
    def contract(self) -> Contract:
        """The contract that the version was published under."""
        return self._set.contract_of(self.version)

    def get(self, key: Key, fields: Sequence[str] | None = None) -> Answer:
        """One estimate: `{"set":…,"version":…,"estimate":{…}}`; raises as `get_json` does."""
        return Answer(self.version.set, self.version, self.get_json(key, fields), fields)

    def get_json(self, key: Key, fields: Sequence[str] | None = None) -> bytes:
        """The JSON of one estimate.

        Raises InvalidError `key_parts`, `bad_key_part`, `unknown_field`; NotFoundError with the
        key's status as code: `erased`, `no_estimate`, `elapsed`, `removed`, `outside_domain`.
        """
        search_key = self.form.search(key)
        try:
            row = (self._lookup or self._open()).get(search_key)
        except CorruptError:
            self._lookup = None
            row = self.read(lambda lookup: lookup.get(search_key))
        if row is None:
            raise self._not_found(self.form.texts(key))
        estimate = row if fields is None else self._select(fields)(row)
        if self._carried is not None:
            return self._head_of(row, self._carried) + b'"estimate":' + estimate + b"}"
        return self._head_of_one + estimate + b"}"

    def _head_of(self, row: bytes, carried: CarriedOver) -> bytes:
        """The mark of one estimate says whether that one is carried over."""
        mark = mark_of(carried) | {"this": is_carried(row, carried)}
        return self._plain + b'"carried_over":%b,' % msgspec.json.encode(mark)

    def get_many(self, keys: Sequence[Key], fields: Sequence[str] | None = None) -> Answer:
        """Many estimates, in the order asked:
        `{"set":…,"version":…,"results":[{"status":"ok","estimate":{…}},…]}`.

        Raises InvalidError `too_many_keys` (more than 100,000), `key_parts`, `bad_key_part`,
        `unknown_field`.
        """
        if len(keys) > MAX_KEYS:
            raise InvalidError(
                "too_many_keys",
                f"{self.version.set}: {len(keys)} keys in one batch",
                remedy=f"send at most {MAX_KEYS}",
            )
        search_keys = self.form.search_many(keys)
        rows = self.read(lambda lookup: lookup.get_many(search_keys))
        return Answer(self.version.set, self.version, self._batch(keys, rows, fields), fields)

    def _batch(
        self, keys: Sequence[Key], rows: Sequence[bytes | None], fields: Sequence[str] | None
    ) -> bytes:
        """The JSON of a batch: in one piece where each key has an estimate."""
        if rows and fields is None and None not in rows:
            results = (b"}," + _OK).join(cast("Sequence[bytes]", rows))
            if _NULL not in results:
                # `%` would take ten times as long for many
                return b"".join((self._head, b'"results":[', _OK, results, b"}]}"))
        select = selection(self.version.set, self.contract, fields)
        absent = [self.form.texts(key) for key, row in zip(keys, rows, strict=True) if row is None]
        absences = map(_absence, absent, self.statuses(absent) if absent else ())
        results = b"},".join(
            next(absences) if row is None else self._opening(row) + select(row) for row in rows
        )
        return b'%b"results":[%b%b' % (self._head, results, b"}]}" if rows else b"]}")

    def _opening(self, row: bytes) -> bytes:
        """How the result of a row begins: it is no estimate where all is null but what is carried
        along.
        """
        if _NULL not in row:
            return _OK
        cells = msgspec.json.decode(row)
        return (
            _OK if any(cells[name] is not None for name in self.contract.judged) else _NO_ESTIMATE
        )

    def scan(
        self,
        prefix: Key = (),
        *,
        fields: Sequence[str] | None = None,
        limit: int = DEFAULT_LIMIT,
        cursor: str | None = None,
    ) -> Page:
        """The estimates under a leading part of the key, in key order, a page at a time.

        `{"set":…,"version":…,"total":…,"limit":…,"next":cursor or null,"estimates":[{…},…]}`. The
        cursor belongs to this version and prefix. Raises InvalidError `bad_limit`, `bad_cursor`,
        `key_parts`, `bad_key_part`.
        """
        check_limit(limit)
        search_key = self.form.search(prefix, partial=True)
        few = None
        if cursor is None:
            try:  # as `read`, without two calls
                few = (self._lookup or self._open()).read_few(search_key)
            except CorruptError:
                few = self.read(lambda lookup: lookup.read_few(search_key))
        following = None
        if few is not None and few[0] <= limit:
            total, rows = few
        else:
            matches = self.read(lambda lookup: lookup.find(search_key))
            mark = _mark(self.version, search_key)
            start = matches.start
            if cursor is not None:
                start = _start(cursor, self.version.version, mark, matches)
            total, stop = len(matches), min(start + limit, matches.stop)
            rows = self.read(lambda lookup: lookup.read(range(start, stop)))
            if stop < matches.stop:
                following = encode_cursor([self.version.version, stop, mark])
        if fields is not None:
            rows = self._select(fields)(rows)
        following_json = b"null" if following is None else b'"%b"' % following.encode()
        body = b'%b"total":%d,"limit":%d,"next":%b,"estimates":[%b]}' % (
            self._head,
            total,
            limit,
            following_json,
            rows,
        )
        return Page(self.version.set, self.version, body, total, following, fields)

    def statuses(self, keys: Sequence[Sequence[str]]) -> list[tuple[KeyStatus, int | None]]:
        """Why a version has no row for keys (as text), and for `removed` the last version in
        production that had it.

        The first that is true: `erased` (its numbers went from all versions), `elapsed` (in a
        rolling set, for what its domain lists), `removed` (one of the newest 10 snapshots that
        production held before this version had it), `no_estimate` (in the domain),
        `outside_domain`.
        """
        statuses: dict[int, tuple[KeyStatus, int | None]] = {
            i: ("elapsed", None) for i, parts in enumerate(keys) if self._has_elapsed(parts)
        }
        if self._set.erasures:
            for i, parts in enumerate(keys):
                if parts in self.erased:
                    statuses[i] = "erased", None
        search_keys = self.form.search_many(keys)
        for version in self._predecessors:
            unknown = [i for i in range(len(keys)) if i not in statuses]
            if not unknown:
                break
            wanted = search_keys.take(unknown)
            rows = self._files.read(version, lambda lookup, keys=wanted: lookup.get_many(keys))
            for i, row in zip(unknown, rows, strict=True):
                if row is not None:
                    statuses[i] = ("removed", version.version)
        return [
            statuses.get(i) or ("no_estimate" if self.in_domain(parts) else "outside_domain", None)
            for i, parts in enumerate(keys)
        ]

    def _has_elapsed(self, parts: Sequence[str]) -> bool:
        form = self.form
        return (
            isinstance(form.contract.domain, RollingDomain)
            and form.is_listed(parts)
            and form.target(parts)[1] <= self.version.data_through
        )

    @property
    def _predecessors(self) -> list[Version]:
        return self._set.memoize(
            ("predecessors", self.version.version),
            lambda: self._set.predecessors(self.version, LOOK_BACK),
        )

    def _open(self) -> Lookup:
        self._lookup = self._files.open(self.version)
        return self._lookup

    def read(self, read: Callable[[Lookup], T]) -> T:
        """Read from its file; a damaged one is made again, once."""
        try:
            return read(self._lookup or self._open())
        except CorruptError:
            self._lookup = None
            return self._files.read(self.version, read)

    def _select(self, fields: Sequence[str]) -> Callable[[bytes], bytes]:
        return selection(self.version.set, self.contract, fields)

    def in_domain(self, parts: Sequence[str]) -> bool:
        """Whether a key, as text, is one that the domain asks for."""
        form, version, domain = self.form, self.version, self.form.contract.domain
        if isinstance(domain, OpenDomain):
            return False
        if isinstance(domain, FileDomain):
            return self._files.listed(version.set, domain.digest or "", tuple(parts))
        if not isinstance(domain, RollingDomain):
            return form.is_listed(parts)
        targets = self._set.memoize(
            ("targets", version.version), lambda: frozenset(version.provenance.targets)
        )
        return form.is_listed(parts) and form.target(parts)[0] in targets

    def _not_found(self, parts: Sequence[str]) -> NotFoundError:
        version, name = self.version, "/".join(parts)
        if self._set.erasures and (digest := self.erased.digest_of(parts)) is not None:
            raise erased_error(version, name, parts, self._set.erased_keys[digest])
        ((status, last),) = self.statuses([parts])
        through = instants.text(version.data_through)
        reasons = {
            "no_estimate": "the key is in the domain, but this version has no estimate for it",
            "elapsed": f"its time has come: the data of this version goes through {through}",
            "removed": f"the key is no longer estimated; version {last} was the last in production "
            "that had it",
            "outside_domain": ": ".join(
                filter(None, ["no such key is estimated", self.form.unlisted(parts)])
            ),
        }
        details = {} if last is None else {"last_version": last}
        message = f"{version.set} version {version.version} has no {name}: {reasons[status]}"
        return NotFoundError(status, message, version=version.version, key=list(parts), **details)


def key_form(view: SetView, revision: int) -> KeyForm:
    """How keys are written under a revision of a set's contract."""
    return view.memoize(("keys", revision), lambda: KeyForm(view.revision(revision)))


def mark_of(carried: CarriedOver) -> dict[str, Any]:
    """What an answer says of groups that keep the rows of an earlier version."""
    return {"by": carried.by, "groups": carried.groups, "since": carried.since}


def is_carried(row: bytes, carried: CarriedOver) -> bool:
    """Whether a row, as JSON, is one of those that were carried over."""
    cell = msgspec.json.decode(row)[carried.by]
    return cell is not None and str(cell) in carried.groups


def _absence(parts: Sequence[str], why: tuple[KeyStatus, int | None]) -> bytes:
    status, last_version = why
    result: dict[str, Any] = {"status": status, "key": parts}
    if last_version is not None:
        result["last_version"] = last_version
    return msgspec.json.encode(result)[:-1]


def _start(cursor: str, version: int, mark: int, matches: range) -> int:
    """The row that a cursor leads to; raises InvalidError (`bad_cursor`)."""
    pinned, row, mark_of_cursor = decode_cursor(cursor, ScanCursor)
    if (pinned, mark_of_cursor) != (version, mark) or row not in matches:
        raise other_request()
    return row


def _mark(version: Version, search_key: SearchKey) -> int:
    """A mark of what a cursor goes on with: the set, the content, a leading part of the key."""
    content = (version.set.encode(), version.snapshot_id.encode(), search_key[0])
    return zlib.crc32(b"\0".join(content))
