"""What is asked of a set and how answers are read, as plans: the part of the client that knows no
network.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, TypeVar

import msgspec
import polars as pl

from estimates import instants
from estimates.accuracy.accuracy_report import SetAccuracy
from estimates.catalog.records import Event, State, Version, VersionHead
from estimates.catalog.ref import PRODUCTION, Ref, version_number
from estimates.catalog.released import Clock, Moves, released_moves
from estimates.client.exchange import Exchange
from estimates.client.messages import Plan, Reply
from estimates.client.problems import decoded, foreign
from estimates.client.urls import Time, comma_list, key_part, segment, time_text, url
from estimates.compare.change_page import ChangeCursor, ChangePage
from estimates.compare.series_report import Series
from estimates.compare.shared_contract import shared_contract
from estimates.contract.contract import Contract, Pairing
from estimates.errors import CorruptError, InvalidError, NotFoundError
from estimates.gate.policy_table import PolicyInForce, policy_in_force
from estimates.keys.key_form import Key
from estimates.reading.answer import Answer, Page
from estimates.reading.as_of_plan import NONE, STATUS, AsOfJoin
from estimates.reading.page_cursor import MAX_LIMIT, cursor_version, decode_cursor
from estimates.stability.report import Report
from estimates.stability.through_time.revision_report import Across, Revisions

A = TypeVar("A", bound=Answer)
PARQUET = "application/vnd.apache.parquet"
_BATCH = 20_000  # keys of an as_of_join in one request
_ARROW = "application/vnd.apache.arrow.stream"


class VersionSummary(msgspec.Struct, frozen=True):
    """A version as the list of versions has it: a `Version` without its provenance, with its state
    now.

    blocks  whether its newest verdict blocks; None without a verdict
    """

    version: int
    state: State
    snapshot_id: str
    shape: int
    contract_revision: int
    rows: int
    published_at: datetime
    data_through: datetime
    released_at: datetime | None
    expired_at: datetime | None
    blocks: bool | None
    mlflow_run: str | None


class _VersionPage(msgspec.Struct):
    next: str | None
    versions: list[VersionSummary]


class _EstimatePage(msgspec.Struct):
    total: int
    next: str | None


class _EventPage(msgspec.Struct):
    events: list[Event]


class _SetName(msgspec.Struct):
    name: str


class _SetList(msgspec.Struct):
    sets: list[_SetName]


class SetDetail(msgspec.Struct):
    """The newest contract of a set."""

    shape: int
    contract_revision: int
    contract: Contract


class _VersionState(msgspec.Struct):
    state: State


class _Schema(msgspec.Struct):
    required: list[str]


class Questions:
    """The questions about one set.

    as_of  the moment that aliases and `latest` are asked about where the caller names none
    """

    def __init__(self, exchange: Exchange, name: str, as_of: datetime | None) -> None:
        self.name = name
        self.as_of = as_of
        self._exchange = exchange
        self._path = f"/v1/sets/{segment(name)}"

    def get(
        self, key: Key, ref: Ref, as_of: Time | None, fields: Sequence[str] | None, clock: Clock
    ) -> Plan[Answer]:
        """One estimate."""
        reply = yield from self._ask(
            f"/estimates/{self._key(key)}",
            self._named(ref, as_of, clock),
            {"fields": comma_list(fields)},
        )
        return _marked(Answer(self.name, self._head(reply), reply.body, fields), reply)

    def get_many(
        self,
        keys: Sequence[Key],
        ref: Ref,
        as_of: Time | None,
        fields: Sequence[str] | None,
        clock: Clock,
    ) -> Plan[Answer]:
        """Many estimates."""
        given = self._named(ref, as_of, clock).items()
        named: dict[str, Any] = {name: value for name, value in given if value is not None}
        question = named | {"keys": [[key_part(self.name, part) for part in key] for key in keys]}
        if fields is not None:
            question["fields"] = list(fields)
        reply = yield from self._exchange.send(
            f"{self._path}/estimates", msgspec.json.encode(question)
        )
        return _marked(Answer(self.name, self._head(reply), reply.body, fields), reply)

    def scan(
        self,
        prefix: Key,
        ref: Ref,
        as_of: Time | None,
        fields: Sequence[str] | None,
        limit: int,
        cursor: str | None,
        clock: Clock,
    ) -> Plan[Page]:
        """A page of the estimates under a leading part of the key.

        A prefix is sent under the names of the key columns, which depend on the version's shape.
        Most of the time that is the shape that answered last; where it is not, the version is
        looked up and asked by its number.
        """
        ref, as_of = (ref, as_of) if cursor is None else (cursor_version(cursor), None)
        more = {"fields": comma_list(fields), "limit": str(limit), "cursor": cursor}
        if not prefix:
            return (yield from self._page(self._named(ref, as_of, clock) | more, fields))
        shape = self._exchange.shapes.get(self.name)
        if shape is not None:
            try:
                leading = yield from self._leading(prefix, shape)
                page = yield from self._page(
                    leading | self._named(ref, as_of, clock) | more, fields
                )
                if page.version is not None and page.version.shape == shape:
                    return page
            except InvalidError:
                pass  # perhaps the names are those of another shape
        version = yield from self.resolve(ref, as_of, clock if cursor is None else None)
        leading = yield from self._leading(prefix, version.shape)
        page = yield from self._page(leading | {"ref": str(version.version)} | more, fields)
        if clock is not None:
            page.mark(version.released_at is not None)
        return page

    def history(
        self,
        key: Key,
        since: Time | None,
        until: Time | None,
        only: Literal["promoted"] | None,
        fields: Sequence[str] | None,
        chain: bool,
        clock: Clock,
        shape: int | None,
    ) -> Plan[Answer]:
        """One key through the versions; at a moment, those published until then."""
        last = [moment for moment in (instants.instant_of(until), self.as_of) if moment is not None]
        bounds = {"since": time_text(since), "until": time_text(min(last, default=None))}
        more = {
            "only": only,
            "fields": comma_list(fields),
            "chain": "true" if chain else None,
            "clock": clock,
        }
        of = {"shape": None if shape is None else str(shape)}
        reply = yield from self._ask(f"/history/{self._key(key)}", bounds, more, of)
        return _marked(Answer(self.name, None, reply.body, fields), reply)

    def explain(self, key: Key, ref: Ref, as_of: Time | None) -> Plan[Answer]:
        """Why an estimate is what it is."""
        reply = yield from self._ask(f"/explain/{self._key(key)}", self._named(ref, as_of))
        return Answer(self.name, self._head(reply), reply.body)

    def diff(
        self, a: Ref, b: Ref, as_of: Time | None, pairing: Pairing | None, other: str | None
    ) -> Plan[Report]:
        """The stability report."""
        reply = yield from self._ask(
            "/diff", self._pair(a, b, as_of), {"pairing": pairing, "other": other}
        )
        return decoded(reply, Report)

    def page(
        self, a: Ref, b: Ref, as_of: Time | None, pairing: Pairing | None, other: str | None
    ) -> Plan[str]:
        """The same as an HTML page."""
        asked = url(
            f"{self._path}/diff", self._pair(a, b, as_of), {"pairing": pairing, "other": other}
        )
        return (yield from self._exchange.ask(asked, "text/html")).body.decode()

    def triangle(self, key: Key, column: str | None, across: Across | None) -> Plan[pl.DataFrame]:
        """The revision triangle, in the types of Arrow."""
        asked = url(self._triangle(key), {"column": column, "across": across})
        return pl.read_ipc_stream((yield from self._exchange.ask(asked, _ARROW)).body)

    def revisions(self, key: Key, column: str | None) -> Plan[Revisions]:
        """How estimates are revised."""
        return decoded(
            (yield from self._exchange.ask(url(self._triangle(key), {"column": column}))), Revisions
        )

    def stability(self, last: int, as_of: Time | None) -> Plan[Series]:
        """The moves of production."""
        moment = time_text(self.as_of if as_of is None else as_of)
        reply = yield from self._ask("/stability", {"last": str(last), "as_of": moment})
        return decoded(reply, Series)

    def changes(
        self,
        a: Ref,
        b: Ref,
        key: Key,
        by: str | None,
        min_change: float,
        as_of: Time | None,
        pairing: Pairing | None,
        other: str | None,
    ) -> Plan[pl.DataFrame]:
        """All changes, page by page."""
        frames: list[pl.DataFrame] = []
        cursor: str | None = None
        contract: Contract | None = None
        while not frames or cursor is not None:
            page = yield from self.changes_page(
                a, b, key, by, min_change, as_of, MAX_LIMIT, cursor, pairing, other
            )
            contract = contract or (yield from self.contract_of_changes(page))
            frames.append(page.frame(contract))
            cursor = page.cursor
        return pl.concat(frames)

    def changes_page(
        self,
        a: Ref,
        b: Ref,
        key: Key,
        by: str | None,
        min_change: float,
        as_of: Time | None,
        limit: int,
        cursor: str | None,
        pairing: Pairing | None,
        other: str | None,
    ) -> Plan[ChangePage]:
        """A page of changes; a leading part of the key is sent under the names of the versions' key
        columns.
        """
        leading: dict[str, str | None] = {}
        if key:
            ref = a if cursor is None else decode_cursor(cursor, ChangeCursor).first
            version = yield from self.resolve(ref, None if _is_number(ref) else as_of)
            leading = yield from self._leading(key, version.shape)
        asked = {
            "by": by,
            "min_change": str(min_change),
            "limit": str(limit),
            "cursor": cursor,
            "pairing": pairing,
        }
        asked |= self._pair(a, b, as_of) | {"other": other}
        if taken := sorted(leading.keys() & asked.keys()):
            raise InvalidError(
                "key_parts",
                f"{self.name}: {taken[0]!r} is a parameter of the route, not a key column: leave "
                "the key out",
            )
        reply = yield from self._ask("/diff/changes", leading, asked)
        page = decoded(reply, _EstimatePage)
        told = self.name if other is None else ""
        return ChangePage(told, self._head(reply, other), reply.body, page.total, page.next)

    def accuracy(self, version: int | None, last: int) -> Plan[SetAccuracy]:
        """The stored scores; a moment counts for nothing, scores come later than what they are
        about.
        """
        of: dict[str, str | None] = (
            {"last": str(last)} if version is None else {"version": str(version)}
        )
        reply = yield from self._ask("/accuracy", of)
        return decoded(reply, SetAccuracy)

    def resolve(self, ref: Ref, as_of: Time | None, clock: Clock = None) -> Plan[Version]:
        """The version a ref names."""
        named = self._named(ref, as_of, clock)
        reply = yield from self._ask(
            f"/versions/{segment(str(ref))}", {"as_of": named["as_of"], "clock": clock}
        )
        return decoded(reply, Version)

    def versions(self) -> Plan[list[VersionSummary]]:
        """All versions, oldest first; at a moment, those published until then."""
        found: list[VersionSummary] = []
        cursor: str | None = None
        while True:
            reply = yield from self._ask("/versions", {"limit": str(MAX_LIMIT), "cursor": cursor})
            page = decoded(reply, _VersionPage)
            found += page.versions
            cursor = page.next
            if cursor is None:
                break
        return [
            one for one in reversed(found) if self.as_of is None or one.published_at <= self.as_of
        ]

    def events(self) -> Plan[list[Event]]:
        """All events of the set, oldest first."""
        found: list[Event] = []
        page: list[Event] | None = None
        while page is None or len(page) == MAX_LIMIT:
            after = str(found[-1].id) if found else "0"
            asked = url("/v1/events", {"set": self.name, "after": after, "limit": str(MAX_LIMIT)})
            page = decoded((yield from self._exchange.ask(asked)), _EventPage).events
            found += page
        return found

    def state(self, version: Version | VersionHead) -> Plan[State]:
        """The state of a version now."""
        reply = yield from self._ask(f"/versions/{version.version}")
        return decoded(reply, _VersionState).state

    def detail(self) -> Plan[SetDetail]:
        """The newest contract, with the numbers of its shape and revision."""
        return decoded((yield from self._ask("")), SetDetail)

    def contract(self) -> Plan[Contract]:
        """The newest contract."""
        return (yield from self.detail()).contract

    def policy(self) -> Plan[PolicyInForce]:
        """The policy in force: that of the newest contract."""
        newest = yield from self.detail()
        return policy_in_force(newest.contract, newest.contract_revision)

    def contract_of(self, version: Version | VersionHead) -> Plan[Contract]:
        """The newest contract, if it is of the version's shape: keys, columns and units are then
        the version's.
        """
        newest = yield from self.detail()
        if newest.shape != version.shape:
            raise NotFoundError(
                "unknown_shape",
                f"{self.name}: version {version.version} has shape {version.shape}; "
                f"the service shows the newest contract only, and its shape is {newest.shape}",
            )
        return newest.contract

    def contract_of_changes(self, page: ChangePage) -> Plan[Contract]:
        """The contract that a page of changes is read with; of two sets, that of the columns which
        both have.
        """
        assert page.version is not None
        if page.set:
            return (yield from self.contract_of(page.version))
        mine = yield from self.contract_of((yield from self.resolve(page.first(self.name), None)))
        other = Questions(self._exchange, page.version.set, self.as_of)
        return shared_contract(mine, (yield from other.contract_of(page.version)))

    def parquet(self, path: str) -> Plan[bytes]:
        """A Parquet file under the set's path; raises CorruptError (`file_damaged`) when it is not
        what was sent.
        """
        reply = yield from self._exchange.ask(f"{self._path}{path}", PARQUET)
        digest = base64.b64encode(hashlib.sha256(reply.body).digest()).decode()
        if reply.headers.get("repr-digest") != f"sha-256=:{digest}:":
            raise CorruptError(
                "file_damaged",
                f"{self._exchange.service}{self._path}{path} does not match its digest; ask again",
            )
        return reply.body

    def as_of_join(
        self, frame: Any, time: str, fields: Sequence[str] | None, clock: Clock
    ) -> Plan[pl.DataFrame]:
        """The join, of one batch or a few for each version that was in force at any of the times."""
        moves, moment = yield from self._moves()
        versions = yield from self.versions()
        contract, shape = yield from self._present()
        moves = moves if clock is None else released_moves(moves, versions)
        present = self.as_of or max(instants.now(), moment)
        join = AsOfJoin(contract, frame, time, fields, clock, moves, present)
        answers: list[pl.DataFrame] = []
        for number, keys in join.groups:
            version = None if number == NONE else versions[number - 1]
            answer = join.refused(keys, version, shape)
            if answer is None:
                answer = join.answered((yield from self._rows(join, keys, number)), version)
            answers.append(answer)
        return join.put_together(answers)

    def _moves(self) -> Plan[tuple[Moves, datetime]]:
        """When production moved and where to, oldest first, and the newest moment that the service
        knows.
        """
        moves: Moves = []
        after = 0
        while True:
            asked = url(
                "/v1/events", {"set": self.name, "after": str(after), "limit": str(MAX_LIMIT)}
            )
            reply = yield from self._exchange.ask(asked)
            page = decoded(reply, _EventPage).events
            moves += [
                (one.at, one.version)
                for one in page
                if one.alias == PRODUCTION and one.version is not None
            ]
            if len(page) < MAX_LIMIT:
                break
            after = page[-1].id
        moves = [move for move in moves if self.as_of is None or move[0] <= self.as_of]
        return moves, moment_of(reply)

    def _present(self) -> Plan[tuple[Contract, int]]:
        """The contract of the shape that readers see now, production's, and the number of this
        shape.
        """
        try:
            version = decoded((yield from self._ask(f"/versions/{PRODUCTION}")), Version)
        except NotFoundError as error:
            if error.code != "nothing_promoted":
                raise
            newest = decoded((yield from self._ask("")), SetDetail)
            return newest.contract, newest.shape
        return (yield from self.contract_of(version)), version.shape

    def _rows(self, join: AsOfJoin, keys: pl.DataFrame, number: int) -> Plan[pl.DataFrame]:
        """What a version says of keys, in their order, with STATUS."""
        once = keys.unique(maintain_order=True)
        found: list[pl.DataFrame] = []
        for start in range(0, once.height, _BATCH):
            answer = yield from self.get_many(
                once[start : start + _BATCH].rows(), number, None, join.columns, None
            )
            found.append(answer.frame(join.contract))
        rows = pl.concat(found).select(*join.columns, pl.col("status").alias(STATUS))
        return keys.join(once.hstack(rows), on=keys.columns, how="left", maintain_order="left")

    def _ask(self, path: str, *parameters: dict[str, str | None]) -> Plan[Reply]:
        return (yield from self._exchange.ask(url(f"{self._path}{path}", *parameters)))

    def _page(self, parameters: dict[str, str | None], fields: Sequence[str] | None) -> Plan[Page]:
        reply = yield from self._ask("/estimates", parameters)
        page = decoded(reply, _EstimatePage)
        return _marked(
            Page(self.name, self._head(reply), reply.body, page.total, page.next, fields), reply
        )

    def _leading(self, prefix: Key, shape: int) -> Plan[dict[str, str | None]]:
        """The parts of a prefix under the names of a shape's key columns, which never change."""
        columns = self._exchange.key_columns.get((self.name, shape))
        if columns is None:
            reply = yield from self._ask("/schema", {"shape": str(shape)})
            columns = self._exchange.key_columns[self.name, shape] = decoded(
                reply, _Schema
            ).required
        if len(prefix) > len(columns):
            wanted, got = (
                "/".join(f"{{{column}}}" for column in columns),
                ", ".join(map(str, prefix)),
            )
            raise InvalidError(
                "key_parts",
                f"{self.name}: a key has {len(columns)} parts, {wanted}; got {len(prefix)}: {got}",
            )
        return {
            column: key_part(self.name, part) for column, part in zip(columns, prefix, strict=False)
        }

    def _pair(self, a: Ref, b: Ref, as_of: Time | None) -> dict[str, str | None]:
        """Two refs and their moment; two numbers mean the same at all times and are never pinned."""
        numbers = [_is_number(ref) for ref in (a, b)]
        pinned = None if all(numbers) else self.as_of
        return {
            "from": str(a),
            "to": str(b),
            "as_of": time_text(pinned if as_of is None else as_of),
        }

    def _named(self, ref: Ref, as_of: Time | None, clock: Clock = None) -> dict[str, str | None]:
        """`ref`, `as_of`, `clock` as parameters; a number means the same at all times and is never
        pinned.
        """
        pinned = None if _is_number(ref) else self.as_of
        return {
            "ref": str(ref),
            "as_of": time_text(pinned if as_of is None else as_of),
            "clock": clock,
        }

    def _head(self, reply: Reply, other: str | None = None) -> VersionHead:
        """Which version answered, of this set or another; remembers its shape."""
        name = self.name if other is None else other
        names = ("version", "shape", "published-at", "data-through")
        try:
            version, shape, *moments = (reply.headers[f"estimates-{name}"] for name in names)
            head = VersionHead(
                name, int(version), int(shape), *(instants.parse(moment) for moment in moments)
            )
        except (KeyError, ValueError):
            raise foreign(reply) from None
        self._exchange.shapes[name] = head.shape
        return head

    def _triangle(self, key: Key) -> str:
        return f"{self._path}/triangle" + (f"/{self._key(key)}" if key else "")

    def _key(self, key: Key) -> str:
        """A whole key as path segments."""
        if not key:
            raise InvalidError(
                "key_parts", f"{self.name}: the key is missing; give one part for each key column"
            )
        return "/".join(segment(key_part(self.name, part)) for part in key)


def set_names(exchange: Exchange) -> Plan[list[str]]:
    """The names of all sets, sorted."""
    reply = yield from exchange.ask("/v1/sets")
    return [one.name for one in decoded(reply, _SetList).sets]


def present_moment(exchange: Exchange) -> Plan[datetime]:
    """The time of the newest event that the service knows."""
    return moment_of((yield from exchange.ask("/v1/sets")))


def moment_of(reply: Reply) -> datetime:
    """The time of the newest event that an answer knows."""
    try:
        return instants.parse(reply.headers["estimates-as-of"])
    except (KeyError, InvalidError):
        raise foreign(reply) from None


def events(exchange: Exchange, after: int, limit: int) -> Plan[list[Event]]:
    """The events with an id above `after`, at most `limit`."""
    reply = yield from exchange.ask(url("/v1/events", {"after": str(after), "limit": str(limit)}))
    return decoded(reply, _EventPage).events


def _marked(answer: A, reply: Reply) -> A:
    """The answer, with the mark of a claimed time of release."""
    answer.imported = reply.headers.get("estimates-imported") == "true"
    return answer


def _is_number(ref: Ref) -> bool:
    return version_number(ref) is not None
