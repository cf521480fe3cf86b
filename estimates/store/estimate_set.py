"""An estimate set, for reading: `store["sp500-close"].get("AAPL", "2026-11-24")`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Unpack

import polars as pl

from estimates import instants
from estimates.catalog.at import NOW, At
from estimates.catalog.records import Provenance, State, Version, VersionHead, VersionSummary
from estimates.catalog.ref import PRODUCTION, Ref
from estimates.catalog.release_clock import Clock
from estimates.compare.queries import ChangeQuery, PairOptions, diff_query
from estimates.compare.series_report import DEFAULT_LAST, Series
from estimates.contract.contract import Contract
from estimates.keys.key_form import Key
from estimates.reading.answer import Answer, Page
from estimates.reading.page_cursor import DEFAULT_LIMIT, cursor_version
from estimates.reading.reader import Reader
from estimates.render.notebook import rendered, short
from estimates.render.wording import count
from estimates.store.open_store import OpenStore
from estimates.store.set_scores import SetScores

if TYPE_CHECKING:  # who reads by key does not pay for the rest
    from estimates.compare.change_page import ChangePage
    from estimates.compare.frozen_keys import FrozenKeys
    from estimates.compare.two_versions import Comparison
    from estimates.compare.vintages import Vintages
    from estimates.gate.policy_table import PolicyInForce
    from estimates.gate.verdict import Verdict
    from estimates.reading.row_request import RowOptions
    from estimates.stability.report import Report
    from estimates.stability.through_time.revision_report import Across, Revisions
    from estimates.store.judge import JudgeOptions

Time = datetime | str
A = TypeVar("A", bound=Answer)


class EstimateSet(SetScores):
    """One set of a store, for reading: the same answers as HTTP, byte for byte (`answer.json`).

    Methods take `ref` (a version number, an alias, or `latest`; default `production`) and `as_of`
    (a datetime with offset, or its text); with `clock="released"` as_of is read by claimed times of
    release, and answers from versions that have one are marked `imported`. The errors are those of
    `View.resolve` and `Reader`.
    """

    def __init__(self, store: OpenStore, name: str) -> None:
        self.store = store
        self.name = name

    def __repr__(self) -> str:
        of_set = self.store.view().set(self.name)
        points = [
            f"  {alias} is version {pointer.version}" for alias, pointer in of_set.aliases.items()
        ]
        newest = [f"  newest: {of_set.versions[-1]!r}"] if of_set.versions else []
        title = f"EstimateSet {self.name}: {count(len(of_set.versions), 'version')}"
        return short([title, *points, *newest], "  …")

    def _repr_html_(self) -> str:
        return rendered("store.set_pictures", "set_fragment", self)

    def plot(self, *prefix: Any, ref: Ref = PRODUCTION, column: str | None = None) -> Any:
        """What a version says under a leading part of the key, over the target where there is one,
        as an Altair chart; raises InvalidError (`no_charts`) and as `frame`.
        """
        return rendered("store.set_pictures", "set_plot", self, prefix, ref, column)

    @property
    def contract(self) -> Contract:
        """The newest contract."""
        return self.store.contract(self.name)

    def policy(self) -> PolicyInForce:
        """What each check of the gate is held to, and where each limit comes from."""
        from estimates.gate.policy_table import policy_in_force

        of_set = self.store.view().set(self.name)
        return policy_in_force(of_set.contract, len(of_set.contracts))

    def versions(self) -> list[Version]:
        """All versions, oldest first."""
        return list(self.store.view().set(self.name).versions)

    def resolve(
        self, ref: Ref = PRODUCTION, as_of: Time | None = None, clock: Clock = None
    ) -> Version:
        """The version a ref names, now or as of a time."""
        return self.store.resolve(self.name, ref, instants.instant_of(as_of), clock)

    def verdict(
        self, ref: Ref = PRODUCTION, as_of: Time | None = None, clock: Clock = None
    ) -> Verdict:
        """The newest verdict on the version a ref names; NotFoundError (`no_verdict`) where it was
        not judged.
        """
        from estimates.gate.verdict import no_verdict

        number = self.resolve(ref, as_of, clock).version
        verdict = self.store.verdict(self.name, number)
        if verdict is None:
            raise no_verdict(self.name, number)
        return verdict

    def state(self, version: Version | VersionHead) -> State:
        """The derived state of a version."""
        return self.store.state(self.resolve(version.version))

    def contract_of(self, version: Version | VersionHead | VersionSummary) -> Contract:
        """The contract a version was published under."""
        return self.store.view().set(self.name).contract_of(self.resolve(version.version))

    def contract_of_changes(self, page: ChangePage) -> Contract:
        """The contract that a page of changes is read with; of two sets, that of the columns which
        both have.
        """
        from estimates.compare.shared_contract import shared_contract

        assert page.version is not None
        if page.set:
            return self.contract_of(page.version)
        contract = self.contract_of(self.resolve(page.first(self.name)))
        other = EstimateSet(self.store, page.version.set)
        return shared_contract(contract, other.contract_of(page.version))

    def get(
        self,
        *key: Any,
        ref: Ref = PRODUCTION,
        as_of: Time | None = None,
        fields: Sequence[str] | None = None,
        clock: Clock = None,
        standing: bool = False,
    ) -> Answer:
        """One estimate; `answer["value"]` is its cell.

        standing  also of pages and batches: say in the JSON, too, whether the data are too old
        """
        reader, version = self._reading(At(ref, instants.instant_of(as_of), clock))
        answer = reader.of(version).get(key, fields).marked_by(clock)
        return _standing(answer, reader, version, standing)

    def get_many(
        self,
        keys: Sequence[Key],
        *,
        ref: Ref = PRODUCTION,
        as_of: Time | None = None,
        fields: Sequence[str] | None = None,
        clock: Clock = None,
        standing: bool = False,
    ) -> Answer:
        """Many estimates in the order asked, each with its status."""
        reader, version = self._reading(At(ref, instants.instant_of(as_of), clock))
        answer = reader.of(version).get_many(keys, fields).marked_by(clock)
        return _standing(answer, reader, version, standing)

    def scan(
        self,
        *prefix: Any,
        ref: Ref = PRODUCTION,
        as_of: Time | None = None,
        fields: Sequence[str] | None = None,
        limit: int = DEFAULT_LIMIT,
        cursor: str | None = None,
        clock: Clock = None,
        standing: bool = False,
    ) -> Page:
        """The estimates under a leading part of the key, a page at a time; a cursor stays with its
        version.
        """
        at = At(ref, instants.instant_of(as_of), clock)
        reader, version = self._reading(at if cursor is None else At(cursor_version(cursor)))
        page = reader.of(version).scan(prefix, fields=fields, limit=limit, cursor=cursor)
        return _standing(page.marked_by(clock), reader, version, standing)

    def history(
        self,
        *key: Any,
        clock: Clock = None,
        since: Time | None = None,
        until: Time | None = None,
        only: Literal["promoted"] | None = None,
        fields: Sequence[str] | None = None,
        chain: bool = False,
        shape: int | None = None,
        deadline: str | None = None,
        last: int | None = None,
    ) -> Answer:
        """One key through the versions of production's shape, or of another, oldest first;
        `Reader.history`.

        chain     also what became of its numbers: a `through_time.chain.Chain` a column
        deadline  published until then before the key's target: `D-1T06:00`, `PT36H`
        last      only so many versions, the newest
        """
        return self.store.reader().history(
            self.name,
            key,
            since=instants.instant_of(since),
            until=instants.instant_of(until),
            only=only,
            fields=fields,
            chain=chain,
            clock=clock,
            shape=shape,
            deadline=deadline,
            last=last,
        )

    def explain(self, *key: Any, ref: Ref = PRODUCTION, as_of: Time | None = None) -> Answer:
        """Why an estimate is what it is: JSON of an `explanation.Explanation`."""
        from estimates.reading.explanation import explain

        reader, version = self._reading(At(ref, instants.instant_of(as_of)))
        return explain(reader, self.store.catalog, version, key)

    def triangle(
        self, *key: Any, column: str | None = None, across: Across | None = None
    ) -> pl.DataFrame:
        """The revision triangle of a column: a row a key, a column a horizon (`h5`) or, without, a
        version (`v5`).

        key     only keys under this leading part
        column  default: the contract's main column
        across  `version` also where keys have a dated target
        Refused versions are left out. Raises what `Vintages` does.
        """
        return self._vintages(key, column).triangle(across)

    def revisions(
        self, *key: Any, column: str | None = None, actuals: pl.DataFrame | None = None
    ) -> Revisions:
        """How the estimates of a column are revised; with actual values, as for `score`, also
        whether that was news.
        """
        return self._vintages(key, column).revisions(actuals)

    def frame(
        self, ref: Ref = PRODUCTION, as_of: Time | None = None, clock: Clock = None
    ) -> pl.DataFrame:
        """All estimates of one version as a polars frame, sorted by key, verified against its
        digest.
        """
        return self.store.frame(self.resolve(ref, as_of, clock))

    def as_of_join(
        self,
        frame: Any,
        time: str | None = None,
        *,
        fields: Sequence[str] | None = None,
        clock: Clock = None,
        deadline: str | None = None,
    ) -> pl.DataFrame:
        """The rows of `frame` in order, each with the estimate that production gave at its `time`,
        or at a deadline before its target (`D-1T06:00`, `PT36H`), and its version.

        frame  has the key columns and a column `time`, a timestamp with time zone: a polars frame,
               a lazy one, or what `polars.DataFrame` takes; see `reading.as_of_join.as_of_join`
        """
        from estimates.reading.as_of_join import as_of_join

        return as_of_join(
            self.store.reader(), self.store.columns, self.name, frame, time, fields, clock, deadline
        )

    def rows(
        self,
        where: Mapping[str, Any] | None = None,
        *,
        at: At = NOW,
        **query: Unpack[RowOptions],
    ) -> pl.DataFrame:
        """The rows whose keys lie in ranges, of one version or of many; `RowQuery` says what the
        options mean.

        where  by key column a value or a pair of ends, both in it: `{"day": ("2026-12-01", None)}`
        """
        from estimates.reading.row_query import query_rows
        from estimates.reading.row_request import row_query

        request = row_query(where, query)
        return query_rows(self.store.reader(), self.store.columns, self.name, request, at)

    def diff(self, a: Ref, b: Ref = PRODUCTION, **pair: Unpack[PairOptions]) -> Report:
        """How version `b` differs from version `a`; `DiffQuery` says what the options mean."""
        return self._compared(a, b, pair).cached_report(self.store.reports)

    def page(self, a: Ref, b: Ref = PRODUCTION, **pair: Unpack[PairOptions]) -> str:
        """The report of `diff` as one HTML page with pictures; InvalidError (`no_charts`) without
        the extra.
        """
        return self._compared(a, b, pair).cached_page(self.store.reports).decode()

    def stability(self, last: int = DEFAULT_LAST, *, as_of: Time | None = None) -> Series:
        """What each of the last moves of production changed, rollbacks too, oldest first;
        `.frame()` is a table.
        """
        return self.store.stability(self.name, last, instants.instant_of(as_of))

    def frozen(self, last: int | None = None, *, as_of: Time | None = None) -> FrozenKeys:
        """Which keys have the same estimates, to the last bit, in each of the last versions that
        production pointed to.

        last  how many, from 2 to 100; default: what the contract says with `frozen_after`, else 5
        """
        from estimates.compare.frozen_versions import frozen_keys, frozen_window

        window = frozen_window(self.store.view(), self.name, last, as_of=instants.instant_of(as_of))
        report = window.cached_report(self.store.reports, self.store.version_rows())
        return frozen_keys(self.name, window, report)

    def changes(
        self,
        a: Ref,
        b: Ref = PRODUCTION,
        *,
        key: Key = (),
        by: str | None = None,
        min_change: float = 0.0,
        **pair: Unpack[PairOptions],
    ) -> pl.DataFrame:
        """What changed key by key from version `a` to version `b`, what moved most first: a row a
        key.

        key         only keys under this leading part
        by          the metric to sort by, such as `close.r`; default: `d` of the main column
        min_change  leaves out keys whose metric is smaller; what has none (an added key, a lost
                    value) always stays
        pair        `DiffQuery` says what the other options mean
        `estimates.stability.changes` says which columns there are.
        """
        return self._compared(a, b, pair).changes(ChangeQuery(by, min_change, tuple(key)))

    def changes_page(
        self,
        a: Ref,
        b: Ref = PRODUCTION,
        *,
        key: Key = (),
        by: str | None = None,
        min_change: float = 0.0,
        limit: int = DEFAULT_LIMIT,
        cursor: str | None = None,
        **pair: Unpack[PairOptions],
    ) -> ChangePage:
        """A page of `changes`; a cursor stays with its versions. Each page is computed anew."""
        comparison = self._compared(a, b, pair, cursor)
        completed = comparison.completed(ChangeQuery(by, min_change, tuple(key)))
        rows = comparison.changes(completed)
        return comparison.page(completed, rows, limit=limit, cursor=cursor)

    def judge_frame(
        self,
        frame: pl.DataFrame,
        provenance: Provenance,
        *,
        against: Ref = PRODUCTION,
        functions: bool = True,
        **options: Unpack[JudgeOptions],
    ) -> Verdict:
        """Judge a frame before it is published; nothing is stored. See `Store.judge_frame`."""
        from estimates.store.judge import judge_frame

        return judge_frame(
            self.store,
            self.name,
            frame,
            provenance,
            against=against,
            functions=functions,
            **options,
        )

    def _compared(self, a: Ref, b: Ref, pair: PairOptions, cursor: str | None = None) -> Comparison:
        return self.store.compare(self.name, diff_query(a, b, pair), cursor)

    def _vintages(self, key: Key, column: str | None) -> Vintages:
        from estimates.compare.vintages import Vintages

        return Vintages(self.store.view(), self.store.columns, self.name, key, column)

    def _reading(self, at: At) -> tuple[Reader, Version]:
        reader = self.store.reader()
        return reader, reader.resolve(self.name, at)


def _standing(answer: A, reader: Reader, version: Version, in_json: bool) -> A:
    """The answer, with how it stands."""
    answer.standing = reader.standing(version)
    if in_json:
        answer.mark_standing()
    return answer
