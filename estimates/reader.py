"""Reading by ref: one estimate, many, a leading part of the key, one key through the versions.

Each answer comes from one version and carries the exact bytes that HTTP sends. Rows are stored as JSON, so answers are
put together from slices and nothing is encoded but the frame around them.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Callable, Hashable, Iterator, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, Literal, TypeVar

import msgspec

from estimates import instants
from estimates.answer import Answer, Page
from estimates.catalog import PRODUCTION, Ref, SetView, View
from estimates.contract import FileDomain, OpenDomain, RollingDomain
from estimates.errors import CorruptError, InvalidError, NotFoundError
from estimates.keys import Key, KeyForm
from estimates.lookup import NO_ESTIMATE, OK, Lookup
from estimates.records import Version

DEFAULT_LIMIT = 1000
MAX_LIMIT = 10_000
MAX_KEYS = 100_000
# Snapshots that production held before, in which a key is looked for to call it `removed`: each costs a read.
LOOK_BACK = 10

KeyStatus = Literal["no_estimate", "elapsed", "removed", "outside_domain"]
# What a reader needs of its store: a read file opened, the one that is open already, a damaged one dropped, and whether
# a listed key is in the domain.
Open = Callable[[Version], Lookup]
Opened = Callable[[Version], Lookup | None]
Discard = Callable[[Version], None]
Listed = Callable[[str, str, tuple[str, ...]], bool]
_KEPT = 10_000
T = TypeVar("T")
_OPENING = {OK: b'{"status":"ok","estimate":', NO_ESTIMATE: b'{"status":"no_estimate","estimate":'}


class NotAtHand(Exception):  # noqa: N818 (no error: a reason to ask elsewhere)
    """An answer that takes a file to be opened, built or repaired first."""


class Reader:
    """Reads at one view of the catalog; all parts of an answer come from that view."""

    def __init__(self, view: View, open_lookup: Open, opened: Opened, discard: Discard, listed: Listed) -> None:
        self.view = view
        self._open = open_lookup
        self._opened = opened
        self._discard = discard
        self._listed = listed
        self._kept: dict[Hashable, Any] = {}

    def keep(self, what: Hashable, make: Callable[[], T]) -> T:
        """What was derived for this reader, such as what a ref means: made once, however many ask.

        Clients choose `what`, and a reader lives long while the catalog is away: at times all that was kept is dropped.
        """
        found = self._kept.get(what)
        if found is None:
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            found = self._kept[what] = make()
        return found

    @cached_property
    def at_once(self) -> Reader:
        """Reads the same from open files alone: raises NotAtHand instead of opening, building or repairing one."""

        def opened(version: Version) -> Lookup:
            found = self._opened(version)
            if found is None:
                raise NotAtHand
            return found

        def not_at_hand(*_: object) -> Any:
            raise NotAtHand

        return Reader(self.view, opened, self._opened, not_at_hand, not_at_hand)

    def resolve(
        self, name: str, ref: Ref = PRODUCTION, as_of: datetime | None = None, shape: int | None = None
    ) -> Version:
        """The version to read; like `View.resolve`, and NotFoundError `expired` when its files are gone."""
        version = self.view.resolve(name, ref, as_of, shape)
        if version.expired_at is not None:
            when = instants.text(version.expired_at)
            raise NotFoundError("expired", f"{name}: version {version.version} expired at {when}; its files are gone")
        return version

    def get(self, name: str, key: Key, *, version: Version, fields: Sequence[str] | None = None) -> Answer:
        """One estimate: `{"set":…,"version":…,"estimate":{…}}`.

        Raises InvalidError `key_parts`, `bad_key_part`, `unknown_field`; NotFoundError with the key's status as code:
        `no_estimate`, `elapsed`, `removed`, `outside_domain`.
        """
        form = self._form(version)
        sought = form.search(key)
        row = self._use(version, lambda lookup: lookup.get(sought))
        if row is None:
            raise self._not_found(name, version, form.texts(key))
        estimate = row[1] if fields is None else self._select(name, version.contract_revision, fields)(row[1])
        return Answer(name, version, _head(name, version) + b'"estimate":' + estimate + b"}", fields)

    def get_many(
        self, name: str, keys: Sequence[Key], *, version: Version, fields: Sequence[str] | None = None
    ) -> Answer:
        """Many estimates, in the order asked: `{"set":…,"version":…,"results":[{"status":"ok","estimate":{…}},…]}`.

        Raises InvalidError `too_many_keys` (more than 100,000), `key_parts`, `bad_key_part`, `unknown_field`.
        """
        if len(keys) > MAX_KEYS:
            raise InvalidError("too_many_keys", f"{name}: {len(keys)} keys in one batch; send at most {MAX_KEYS}")
        form = self._form(version)
        sought = form.search_many(keys)
        rows = self._use(version, lambda lookup: lookup.get_many(sought))
        if fields is not None:
            select = self._select(name, version.contract_revision, fields)
            rows = [row and (row[0], select(row[1])) for row in rows]
        why: Iterator[bytes] = iter(())
        if None in rows:
            absent = [form.texts(key) for key, row in zip(keys, rows, strict=True) if row is None]
            why = map(_absence, absent, self.statuses(name, version, absent))
        results = [_OPENING[row[0]] + row[1] if row else next(why) for row in rows]
        return Answer(
            name,
            version,
            _head(name, version) + b'"results":[' + b"},".join(results) + (b"}]}" if results else b"]}"),
            fields,
        )

    def scan(
        self,
        name: str,
        prefix: Key = (),
        *,
        version: Version,
        fields: Sequence[str] | None = None,
        limit: int = DEFAULT_LIMIT,
        cursor: str | None = None,
    ) -> Page:
        """The estimates under a leading part of the key, in key order, a page at a time.

        `{"set":…,"version":…,"total":…,"limit":…,"next":cursor or null,"estimates":[{…},…]}`. The cursor belongs to
        this version and prefix. Raises InvalidError `bad_limit`, `bad_cursor`, `key_parts`, `bad_key_part`.
        """
        if not 1 <= limit <= MAX_LIMIT:
            raise InvalidError("bad_limit", f"limit {limit} is not between 1 and {MAX_LIMIT}")
        sought = self._form(version).search(prefix, partial=True)

        def take(lookup: Lookup) -> tuple[range, int, list[bytes]]:
            found = lookup.find(sought)
            start = found.start if cursor is None else _decode_cursor(cursor, version, sought, found)
            stop = min(start + limit, found.stop)
            return found, stop, lookup.read(range(start, stop))

        found, stop, rows = self._use(version, take)
        if fields is not None:
            rows = list(map(self._select(name, version.contract_revision, fields), rows))
        following = None if stop >= found.stop else _encode_cursor(version, sought, stop)
        told = "null" if following is None else f'"{following}"'
        head = _head(name, version) + f'"total":{len(found)},"limit":{limit},"next":{told}'.encode()
        return Page(name, version, head + b',"estimates":[' + b",".join(rows) + b"]}", len(found), following, fields)

    def history(
        self,
        name: str,
        key: Key,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        only: Literal["promoted"] | None = None,
        fields: Sequence[str] | None = None,
    ) -> Answer:
        """One key through the versions published in [since, until], oldest first, expired ones left out.

        Only versions of production's shape (before the first promotion: the newest contract's) are told of: in another
        shape the same key may mean something else. `only="promoted"` keeps what production ever pointed to.
        `{"set":…,"key":[…],"history":[{"version":…,"published_at":…,"data_through":…,"state":…,
        "production":[{"from":…,"to":…}],"estimate":{…} or null},…]}`
        """
        view = self.view.set(name)
        shape = view.present_shape
        revision = max(contract.revision for contract in view.contracts if contract.shape == shape)
        form = _form_of(view, revision)
        sought = form.search(key)
        told = [
            version
            for version in view.versions
            if version.expired_at is None
            and version.shape == shape
            and (since is None or version.published_at >= since)
            and (until is None or version.published_at <= until)
            and (only is None or version.version in view.ever_production)
        ]
        selects = {number: self._select(name, number, fields) for number in {v.contract_revision for v in told}}
        entries: list[bytes] = []
        near = 0  # versions mostly have the same keys: where a key is in one says where to look in the next
        for version in told:
            row, near = self._use(version, lambda lookup, near=near: lookup.get_near(sought, near))
            estimate = b"null" if row is None else selects[version.contract_revision](row[1])
            entries.append(self._history_head(view, version) + b',"estimate":' + estimate + b"}")
        head = msgspec.json.encode({"set": name, "key": form.texts(key)})[:-1]
        return Answer(name, None, head + b',"history":[' + b",".join(entries) + b"]}", fields)

    def statuses(
        self, name: str, version: Version, keys: Sequence[Sequence[str]]
    ) -> list[tuple[KeyStatus, int | None]]:
        """Why a version has no row for keys (as text), and for `removed` the last version in production that had it.

        The first that is true: `elapsed` (in a rolling set, for what its domain lists), `removed` (one of the newest
        10 snapshots that production held before this version had it), `no_estimate` (in the domain), `outside_domain`.
        """
        form = self._form(version)
        rolling = isinstance(form.contract.domain, RollingDomain)
        found: dict[int, tuple[KeyStatus, int | None]] = {}
        if rolling:
            through = version.data_through
            found = {
                i: ("elapsed", None)
                for i, parts in enumerate(keys)
                if form.is_listed(parts) and form.target(parts)[1] <= through
            }
        view = self.view.set(name)
        left = [i for i in range(len(keys)) if i not in found]
        sought = form.search_many(keys)
        for before in view.keep(("before", version.version), lambda: view.predecessors(version, LOOK_BACK)):
            if not left:
                break
            asked = [sought[i] for i in left]
            rows = self._use(before, lambda lookup, asked=asked: lookup.get_many(asked))
            for i, row in zip(left, rows, strict=True):
                if row is not None:
                    found[i] = ("removed", before.version)
            left = [i for i in left if i not in found]
        for i in left:
            found[i] = ("no_estimate" if self._in_domain(name, version, form, keys[i]) else "outside_domain"), None
        return [found[i] for i in range(len(keys))]

    def _form(self, version: Version) -> KeyForm:
        return _form_of(self.view.set(version.set), version.contract_revision)

    def _history_head(self, view: SetView, version: Version) -> bytes:
        """What a history says of a version whatever the key is."""

        def make() -> bytes:
            spans = view.spans.get(version.version, [])
            facts = {
                "version": version.version,
                "published_at": instants.text(version.published_at),
                "data_through": instants.text(version.data_through),
                "state": self.view.state(version),
                "production": [
                    {"from": instants.text(start), "to": end and instants.text(end)} for start, end in spans
                ],
            }
            return msgspec.json.encode(facts)[:-1]

        return view.keep(("history", version.version), make)

    def _use(self, version: Version, read: Callable[[Lookup], Any]) -> Any:
        """Read from a version's read file; a damaged one is built again from the verified snapshot, once."""
        try:
            return read(self._open(version))
        except CorruptError as error:
            if error.code != "lookup_damaged":
                raise
            self._discard(version)
            return read(self._open(version))

    def _select(self, name: str, revision: int, fields: Sequence[str] | None) -> Callable[[bytes], bytes]:
        """Keeps the asked columns of a row's JSON, in contract order, and always the key."""
        if fields is None:
            return lambda row: row
        contract = self.view.set(name).revision(revision)
        unknown = [field for field in fields if field not in contract.columns and field not in contract.key]
        if unknown:
            raise InvalidError(
                "unknown_field", f"{name}: no column {unknown[0]!r}; columns: {', '.join(contract.columns)}"
            )
        kept = set(contract.key) | set(fields)

        def select(row: bytes) -> bytes:
            return msgspec.json.encode(
                {name: value for name, value in msgspec.json.decode(row).items() if name in kept}
            )

        return select

    def _in_domain(self, name: str, version: Version, form: KeyForm, parts: Sequence[str]) -> bool:
        domain = form.contract.domain
        if isinstance(domain, OpenDomain):
            return False
        if isinstance(domain, FileDomain):
            return self._listed(name, domain.digest or "", tuple(parts))
        if not isinstance(domain, RollingDomain):
            return form.is_listed(parts)
        targets = self.view.set(name).keep(("targets", version.version), lambda: frozenset(version.provenance.targets))
        return form.is_listed(parts) and form.target(parts)[0] in targets

    def _not_found(self, name: str, version: Version, parts: Sequence[str]) -> NotFoundError:
        ((status, last),) = self.statuses(name, version, [parts])
        key = "/".join(parts)
        through = instants.text(version.data_through)
        reasons = {
            "no_estimate": "the key is in the domain, but this version has no estimate for it",
            "elapsed": f"its time has come: the data of this version goes through {through}",
            "removed": f"the key is no longer estimated; version {last} was the last in production that had it",
            "outside_domain": "no such key is estimated",
        }
        details = {} if last is None else {"last_version": last}
        message = f"{name} version {version.version} has no {key}: {reasons[status]}"
        return NotFoundError(status, message, version=version.version, key=list(parts), **details)


def _head(name: str, version: Version) -> bytes:
    return b'{"set":"' + name.encode() + b'","version":' + str(version.version).encode() + b","


def _form_of(view: SetView, revision: int) -> KeyForm:
    return view.keep(("keys", revision), lambda: KeyForm(view.revision(revision)))


def _absence(parts: Sequence[str], why: tuple[KeyStatus, int | None]) -> bytes:
    status, last = why
    facts: dict[str, Any] = {"status": status, "key": parts}
    return msgspec.json.encode(facts if last is None else facts | {"last_version": last})[:-1]


def _encode_cursor(version: Version, sought: bytes, row: int) -> str:
    content = msgspec.json.encode([version.version, row, _question(version, sought)])
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def cursor_version(cursor: str) -> int:
    """The version that a cursor is pinned to; raises InvalidError `bad_cursor`."""
    return _cursor_fields(cursor)[0]


def _cursor_fields(cursor: str) -> tuple[int, int, int]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        return msgspec.json.decode(base64.b64decode(padded, altchars=b"-_", validate=True), type=tuple[int, int, int])
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        raise InvalidError("bad_cursor", "this cursor was not made by this service; start again without it") from None


def _decode_cursor(cursor: str, version: Version, sought: bytes, found: range) -> int:
    pinned, row, mark = _cursor_fields(cursor)
    if pinned != version.version or mark != _question(version, sought) or row not in found:
        raise InvalidError("bad_cursor", "this cursor belongs to another question; start again without it")
    return row


def _question(version: Version, sought: bytes) -> int:
    """A mark of what a cursor goes on with: the set, the content, the search key of the leading part of the key."""
    return zlib.crc32(b"\0".join((version.set.encode(), version.snapshot_id.encode(), sought)))
