"""Reading at one moment: what a ref names, the reader of a version, one key through the
versions.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal, TypeVar

import msgspec

from estimates import instants
from estimates.catalog.at import NOW, At
from estimates.catalog.erased_keys import ErasedKeys
from estimates.catalog.expiry import expired_error
from estimates.catalog.freshness import stale_from
from estimates.catalog.records import Expiry, Version
from estimates.catalog.release_clock import Clock, check_clock, released
from estimates.catalog.set_view import SetView
from estimates.catalog.view import View
from estimates.errors import InvalidError
from estimates.keys.key_form import Key
from estimates.lookup.parted_lookup import Lookup, WouldBlock
from estimates.reading.answer import Answer
from estimates.reading.field_selection import selection
from estimates.reading.standing import Standing
from estimates.reading.version_reader import Files, VersionReader, is_carried, key_form, mark_of

# What answers by key for a version if it is open already.
Opened = Callable[[Version], Lookup | None]
_MEMOIZED = 10_000  # results of one reader
T = TypeVar("T")


class Reader:
    """Reads at one view of the catalog; all parts of an answer come from that view."""

    def __init__(self, view: View, files: Files, opened: Opened) -> None:
        self.view = view
        self._files = files
        self._opened = opened
        self._memo: dict[Hashable, Any] = {}
        self.memoized = self._memo.get  # a result of `memoize`, or None

    def memoize(self, what: Hashable, make: Callable[[], T]) -> T:
        """What was derived for this reader, such as what a ref means: made once, however many ask.

        Clients choose `what`, and a reader lives long while the catalog is away: a full memo is
        emptied.
        """
        result = self._memo.get(what)
        if result is None:
            if len(self._memo) >= _MEMOIZED:
                self._memo.clear()
            result = self._memo[what] = make()
        return result

    @cached_property
    def nonblocking(self) -> Reader:
        """Reads the same from open files alone: raises WouldBlock instead of opening, building or
        repairing one.
        """

        def would_block(*_: object) -> Any:
            raise WouldBlock

        def opened(version: Version) -> Lookup:
            return self._opened(version) or would_block()

        return Reader(self.view, Files(opened, would_block, would_block, would_block), self._opened)

    def resolve(self, name: str, at: At = NOW) -> Version:
        """The version to read; like `View.resolve`, and NotFoundError `expired` when its files are
        gone.
        """
        version = self.view.resolve(name, at)
        if version.expired_at is not None:
            expiry = self.view.set(name).expiries[version.version]
            raise expired_error(version, expiry, None if at.number is not None else str(at.ref))
        return version

    def of(self, version: Version) -> VersionReader:
        """Reads a version that `resolve` gave."""
        return self.memoize(
            (version.set, version.version), lambda: VersionReader(self.view, version, self._files)
        )

    def standing(self, version: Version, degraded: str | None = None) -> Standing:
        """How answers from a version stand.

        degraded  code of the fault for which it answers
        """
        of_set = self.view.set(version.set)
        retired = None if of_set.retirement is None else of_set.retirement.at
        return Standing(stale_from(of_set, version), degraded, retired)

    def history(
        self,
        name: str,
        key: Key,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        only: Literal["promoted"] | None = None,
        fields: Sequence[str] | None = None,
        chain: bool = False,
        clock: Clock = None,
        shape: int | None = None,
        deadline: str | None = None,
        last: int | None = None,
    ) -> Answer:
        """One key through the versions published in [since, until], oldest first; of expired ones
        the answer only says when and why they went.

        Only versions of one shape count, by default production's (before the first promotion: the
        newest contract's).
        `deadline` is an end of its own, a moment before the key's target.
        `only="promoted"` keeps what production ever pointed to; `last` that many, the newest.
        `{"set":…,"key":[…],"history":[{"version":…,"published_at":…,"data_through":…,"state":…,
        "production":[{"from":…,"to":…}],"estimate":{…} or null},…]}`; with `chain` also
        `"chain":{column: Chain,…}`, where versions expired before `history`
        `"expired":[{"version":…,"at":…,"actor":…,"reason":…},…]`, of an erased key
        `"erased":{"at":…,"actor":…,"reason":…}`; by the clock `released` times in
        production and bounds go by claims, and each entry has `released_at` and `imported` too.
        Raises NotFoundError (`unknown_set`, `unknown_shape`), InvalidError (`bad_clock`,
        `unknown_field`, `key_parts`, `bad_key_part`, `bad_deadline`, `no_horizon`, `bad_limit`).
        """
        check_clock(name, clock, asks_alias=True)
        view = self.view.set(name)
        shape = view.present_shape if shape is None else shape
        form = key_form(view, view.newest_of(shape))
        search_key = form.search(key)
        if deadline is not None:
            from estimates.reading.deadline import deadline_of_key  # few ask for it

            moment = deadline_of_key(form.contract, key, deadline)
            until = moment if until is None else min(moment, until)
        since, until = (t and self.view.time_of(t) for t in (since, until))
        in_bounds = newest(versions_within(view, shape, since, until, only, clock), last)
        versions = [version for version in in_bounds if version.expired_at is None]
        rows = self._files.rows(versions, search_key)
        entries = self._entries(view, versions, rows, fields, clock)
        head = msgspec.json.encode(self._about(name, form.texts(key), in_bounds))[:-1]
        json = head + b',"history":[' + b"},".join(entries) + (b"}]}" if entries else b"]}")
        if chain:
            from estimates.reading.key_chain import chained  # few ask for it

            json = chained(json, form, versions, fields)
        answer = Answer(name, None, json, fields)
        answer.imported = clock is not None and any(
            version.released_at is not None for version in versions
        )
        return answer

    def _entries(
        self,
        view: SetView,
        versions: Sequence[Version],
        rows: Sequence[bytes | None],
        fields: Sequence[str] | None,
        clock: Clock,
    ) -> list[bytes]:
        """What a history says of each version, without the closing brace."""
        revisions = {version.contract_revision for version in versions}
        contracts = {number: view.revision(number) for number in revisions}
        select = {
            n: selection(contract.name, contract, fields) for n, contract in contracts.items()
        }
        openings: dict[int, bytes] = view.memoize(("history openings", clock), dict)
        entries: list[bytes] = []
        for version, row in zip(versions, rows, strict=True):
            estimate = b"null" if row is None else select[version.contract_revision](row)
            opening = openings.get(version.version)
            if opening is None:
                opening = openings[version.version] = self._opening(view, version, clock)
            entries.append(opening + _carried_mark(version, row) + b'"estimate":' + estimate)
        return entries

    def _about(
        self, name: str, texts: Sequence[str], versions: Sequence[Version]
    ) -> dict[str, Any]:
        """What a history says first: of versions whose files are gone, of a key whose numbers went
        from all versions.
        """
        of_set = self.view.set(name)
        about = {"set": name, "key": texts} | _expired(of_set, versions)
        return about | self._erased(of_set, name, texts)

    def _erased(self, of_set: SetView, name: str, texts: Sequence[str]) -> dict[str, Any]:
        if not of_set.erasures:
            return {}
        digest = ErasedKeys(self.view.head.store, name, of_set.erased_keys).digest_of(texts)
        if digest is None:
            return {}
        erasure = of_set.erased_keys[digest]
        about = {"at": erasure.at, "actor": erasure.actor, "reason": erasure.reason}
        return {"erased": about}

    def _opening(self, view: SetView, version: Version, clock: Clock) -> bytes:
        """What a history says of a version whatever the key is."""
        spans = view.spans if clock is None else view.released_spans
        entry: dict[str, Any] = {
            "version": version.version,
            "published_at": version.published_at,
            "data_through": version.data_through.astimezone(UTC),  # published in whatever zone
            "state": self.view.state(version),
            "production": [
                {"from": instants.text(start), "to": end and instants.text(end)}
                for start, end in spans.get(version.version, [])
            ],
        }
        if clock is not None:
            entry["released_at"] = version.released_at
            entry["imported"] = version.released_at is not None
        return msgspec.json.encode(entry)[:-1] + b","


def _carried_mark(version: Version, row: bytes | None) -> bytes:
    """What an entry of a history says of groups that keep earlier rows; `this`: its own does."""
    carried = version.provenance.carried_over
    if carried is None:
        return b""
    this = row is not None and is_carried(row, carried)
    return b'"carried_over":%b,' % msgspec.json.encode(mark_of(carried) | {"this": this})


def _expired(view: SetView, versions: Sequence[Version]) -> dict[str, list[Expiry]]:
    """What a history says of versions whose files are gone; nothing where there are none."""
    gone = [view.expiries[v.version] for v in versions if v.expired_at is not None]
    return {"expired": gone} if gone else {}


def versions_within(
    view: SetView,
    shape: int,
    since: datetime | None = None,
    until: datetime | None = None,
    only: Literal["promoted"] | None = None,
    clock: Clock = None,
) -> list[Version]:
    """The versions of a shape, oldest first, expired ones too; see `Reader.history` for the
    bounds.
    """
    return [
        version
        for version in view.versions
        if version.shape == shape
        and (since is None or released(version, clock) >= since)
        and (until is None or released(version, clock) <= until)
        and (only is None or version.version in view.ever_production)
    ]


def newest(versions: list[Version], last: int | None) -> list[Version]:
    """The last of some versions, oldest first; all for None. Raises InvalidError (`bad_limit`)."""
    if last is None:
        return versions
    if last < 1:
        raise InvalidError(
            "bad_limit", f"last {last} is less than 1", remedy="choose a number from 1 on"
        )
    return versions[-last:]


def readable_versions(view: SetView, shape: int, **bounds: Any) -> list[Version]:
    """The same without expired ones."""
    return [v for v in versions_within(view, shape, **bounds) if v.expired_at is None]
