"""An open store: its parts, and everything that reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import polars as pl

from estimates.catalog.at import At
from estimates.catalog.clock import check_agreement
from estimates.catalog.event_kinds import EventKind
from estimates.catalog.expiry import expired_error
from estimates.catalog.guard import guard_of
from estimates.catalog.records import ErasedPart, Event, State, Version
from estimates.catalog.ref import PRODUCTION, Ref
from estimates.catalog.release_clock import Clock
from estimates.catalog.run_record import Run
from estimates.catalog.sqlite_file import FileId, file_of
from estimates.catalog.view import View
from estimates.compare.queries import DiffQuery
from estimates.compare.series_report import DEFAULT_LAST, Series
from estimates.contract.contract import Contract
from estimates.errors import (
    CorruptError,
    EstimatesError,
    InvalidError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)
from estimates.gate.verdict import Verdict, parse_json
from estimates.keys.search_key import SearchKey
from estimates.lookup.cache_bound import Added, CacheBound
from estimates.lookup.key_rows import KeyRows
from estimates.lookup.parted_lookup import Lookup
from estimates.lookup.read_file_cache import ReadFileCache
from estimates.lookup.version_lookups import VersionLookups
from estimates.reading.reader import Reader
from estimates.reading.version_reader import Files
from estimates.settings import default_cache, default_key, system_user
from estimates.storage import log_copies, snapshot
from estimates.storage.column_cache import ColumnCache
from estimates.storage.data_files import DataFiles
from estimates.storage.listed_keys import ListedKeys
from estimates.storage.manifests import Manifests
from estimates.storage.objects import Objects, check_root
from estimates.storage.report_cache import ReportCache
from estimates.storage.seal_file import SealFile
from estimates.store import sql
from estimates.store.identity import check_identity, missing_here, open_catalog
from estimates.struct_types import make_ready

if TYPE_CHECKING:  # a process that publishes, or reads by key, does not pay for comparing
    from estimates.compare.shared_versions import VersionRows
    from estimates.compare.two_versions import Comparison

T = TypeVar("T")
ERASED = "erased"  # in the cache: the newest erasure after which reports were removed


def catalog_url(root: str | Path, catalog: str | None = None) -> str:
    """The catalog's URL: the one given, else the SQLite file in the store's folder; raises
    InvalidError (`catalog_needed`) for a bucket without one, and as `check_root`.
    """
    check_root(str(root))
    if catalog is not None:
        return catalog
    if "://" in str(root):
        raise InvalidError(
            "catalog_needed",
            f"{root} is a bucket, which holds no catalog",
            remedy="set ESTIMATES_CATALOG to a PostgreSQL URL",
        )
    return f"sqlite:///{Path(root).absolute() / 'catalog.db'}"


class OpenStore:
    """The catalog, the objects and this machine's caches of a store, and what they say.

    `Store` adds what writes. What both need of a set is `estimate_set.EstimateSet`.
    """

    def __init__(
        self,
        root: str | Path,
        *,
        catalog: str | None = None,
        cache: str | Path | None = None,
        actor: str | None = None,
        claimed: str | None = None,
        clock_is_right: bool = False,
        key: str | Path | None = None,
        key_password: str | None = None,
        root_key: str | None = None,
    ) -> None:
        make_ready()  # manifests, copies of the log and backups are decoded in several threads
        guard = guard_of(key or default_key(), key_password, root_key)
        self.catalog = open_catalog(str(root), catalog_url(root, catalog), guard)
        self.objects = Objects(str(root))
        self.root = self.objects.root
        self.cache = Path(cache or default_cache(self.objects.folder, self.root))
        self.catalog.guard.seals = SealFile(self.cache, self.objects.folder, self.root)
        self.manifests = Manifests(self.objects, self.cache)
        self.read_files = ReadFileCache(self.cache)
        self.lookups = VersionLookups(self.objects, self.manifests, self.read_files)
        self.cache_bound = CacheBound(
            self.read_files, self.lookups.parts.stored, self.lookups.known, self.manifests
        )
        self.lookups.parts.on_added = self._bound_cache
        self.reports = ReportCache(self.cache / "reports")
        self.columns_in_order = ColumnCache(self.cache / "columns")
        self.reports.keeps = self.columns_in_order.keeps = self._may_keep
        self._erased = 0  # the newest erasure that this process knows
        self.data_files = DataFiles(self.objects, self.manifests)
        self.key_rows = KeyRows(
            self.objects, self.lookups.known, self.lookups.parts, self.data_files
        )
        self.listed_keys = ListedKeys(self.objects)
        self.user = actor or system_user()
        # Called with each event made through this store that people are told of, once committed.
        self.on_event: Callable[[Event], None] = lambda event: None
        self._view: View | None = None
        self.only_on = False  # whether a catalog that came back older is refused, not read anew
        self._may_write = False
        self._written_file: FileId | None = None
        self.catalog.before_writing = self.check_identity
        self.catalog.claimed = claimed
        # A bucket's clock is compared when the first write is allowed.
        self.catalog.clock_is_right = clock_is_right or self.objects.folder is None

    def check_identity(self) -> None:
        """Refuse to write where catalog and root do not belong together; asked once of a catalog.

        Raises CorruptError (`other_store`, `catalog_behind`), RefusedError (`read_only`;
        `clock_differs` where a bucket's clock says something else).
        """
        self.catalog.check_writable()
        file = file_of(self.catalog.engine)
        if not self._may_write or file != self._written_file:
            check_identity(self.objects, self.catalog)
            if self.objects.folder is None:
                check_agreement(self.objects.clock(), self.root)
            self._may_write, self._written_file = True, file

    @property
    def actor(self) -> str:
        """Who acts: the principal of this process's key where the store has an access record, else
        the user.
        """
        return self.catalog.guard.actor(self.view().law, self.user)

    @actor.setter
    def actor(self, user: str) -> None:
        self.user = user

    def check_writable(self, kind: EventKind | None = None, set_name: str = "") -> None:
        """Refuse to write now: asked before files are written, as each write to the catalog asks.

        kind  of the event that is to come of it; None: several may come of it
        Raises what `check_identity` raises, RefusedError (`clock_differs`, `clock_jump`) and what
        `Guard.sign` raises.
        """
        self.check_identity()
        self.catalog.check_clock()
        if kind is not None:
            self.catalog.check_allowed(kind, set_name)

    def sets(self) -> list[str]:
        """The names of all sets, sorted."""
        return list(self.view().sets)

    def contract(self, name: str, revision: int | None = None) -> Contract:
        """The newest contract of a set, or one revision; NotFoundError (`unknown_set`,
        `unknown_revision`).
        """
        view = self.view().set(name)
        if revision is not None and not 1 <= revision <= len(view.contracts):
            raise NotFoundError(
                "unknown_revision",
                f"{name}: contract revisions are 1 to {len(view.contracts)}",
                remedy="name one of them",
            )
        return view.contract if revision is None else view.revision(revision)

    def verdict(self, name: str, version: int) -> Verdict | None:
        """The newest verdict of a version; None when it was never judged."""
        body = self.catalog.verdict(name, self.view().resolve(name, At(version)).version)
        return None if body is None else parse_json(body)

    def view(self) -> View:
        """The catalog in memory, read again if anything happened since."""
        view = self._view
        if view is None or self.catalog.head().log_head() != view.head:
            view = self.refresh()
        return view

    def refresh(self) -> View:
        """The catalog as of this moment, whether or not anything happened since the last view.

        Raises CorruptError (`other_store`; `catalog_behind` with `only_on`), where it was replaced.
        """
        view = self.catalog.view(self._view, only_on=self.only_on)
        self._forget_erased(view)
        self._view = view
        return view

    def replaced(self, name: str) -> Mapping[str, ErasedPart]:
        """What is read in place of a set's parts from which something was erased, by digest."""
        return self.manifests.replaced.get(name, {})

    def _forget_erased(self, view: View) -> None:
        """Read manifests through what was erased, and keep nothing of it on this machine."""
        of_sets = {name: of_set.replaced for name, of_set in view.sets.items() if of_set.erasures}
        if of_sets == self.manifests.replaced:
            return
        self.manifests.replaced = of_sets
        self.lookups.forget(digest for replaced in of_sets.values() for digest in replaced)
        newest = max(of_set.erasures[-1].id for of_set in view.sets.values() if of_set.erasures)
        self._erased = newest
        mark = self.cache / ERASED
        with suppress(OSError):
            if mark.read_text(errors="replace") == str(newest):
                return
        with suppress(OSError):  # first: who keeps more sees it; a full disk has no room for it
            mark.parent.mkdir(parents=True, exist_ok=True)
            mark.write_text(f"{newest} is being removed")
        with suppress(OSError):  # a cache that may only be read is none of ours
            self.reports.clear()
            self.columns_in_order.clear()
            self.cache_bound.keep_named(view, list(of_sets))
            mark.write_text(str(newest))

    def _may_keep(self) -> bool:
        """Whether this cache knows no erasure after the view that something was computed from."""
        try:
            mark = (self.cache / ERASED).read_text(errors="replace")
        except FileNotFoundError:
            return True
        except OSError:
            return False
        newest = mark.split(" ")[0]
        return newest.isdecimal() and int(newest) <= self._erased

    def reader(self, view: View | None = None) -> Reader:
        """Reads at a view; default: the present one."""
        return Reader(
            view or self.view(),
            Files(self.open, self.lookups.discard, self.listed_keys.contains, self.rows),
            self.lookups.opened,
        )

    def resolve(
        self, name: str, ref: Ref = PRODUCTION, as_of: datetime | None = None, clock: Clock = None
    ) -> Version:
        """The version a ref names; see `View.resolve` for the errors."""
        return self.view().resolve(name, At(ref, as_of, clock))

    def state(self, version: Version) -> State:
        """The derived state of a version."""
        return self.view().state(version)

    def open(self, version: Version) -> Lookup:
        """What answers by key for a version; raises CorruptError, NotFoundError (`expired`)."""
        return self.readable(version, lambda: self.lookups.open(version))

    def rows(self, versions: Sequence[Version], key: SearchKey) -> list[bytes | None]:
        """The row of one key in each version; raises as `open` does."""
        return self.key_rows.get(versions, key, self.unexpired)

    def frame(self, version: Version) -> pl.DataFrame:
        """All estimates of a version, sorted by key, verified; raises as `open` does."""

        def read() -> pl.DataFrame:
            replaced = self.replaced(version.set)
            return snapshot.read_frame(self.objects, version.set, version.snapshot_id, replaced)

        return self.readable(version, read)

    def version_rows(self) -> VersionRows:
        """Reads rows of versions, of two those that they do not share where that is enough."""
        from estimates.compare.shared_versions import VersionRows

        return VersionRows(
            self.objects, self.manifests, self.reports, self.columns_in_order, self.unexpired
        )

    def columns(
        self, version: Version, names: Sequence[str], where: pl.Expr | None = None
    ) -> pl.DataFrame:
        """Some columns of a version, of the rows that fulfil a condition; otherwise as `frame`."""

        def read() -> pl.DataFrame:
            return self.data_files.open(version.set, version.snapshot_id).select(names, where)

        return self.readable(version, read)

    def manifest(self, version: Version) -> bytes:
        """The version's manifest file, as it was written; raises CorruptError."""
        return snapshot.encode(self.manifests.stored(version.set, version.snapshot_id))

    def compare(self, name: str, query: DiffQuery, cursor: str | None = None) -> Comparison:
        """Two versions side by side; see `two_versions.compare`, also for the errors."""
        from estimates.compare.two_versions import compare

        return compare(self.reader(), self.version_rows(), name, query, cursor)

    def stability(
        self, name: str, last: int = DEFAULT_LAST, as_of: datetime | None = None
    ) -> Series:
        """What the last moves of production changed, oldest first; see `series.compared_moves` for
        the errors.
        """
        from estimates.compare.series import cached_series, compared_moves

        moves = compared_moves(self.view(), name, self.version_rows(), last=last, as_of=as_of)
        return cached_series(
            moves, self.reports, lambda pair: pair.cached_report(self.reports, headline_only=True)
        )

    def sql(self, query: str, *, other_files: bool = False) -> pl.DataFrame:
        """Run DuckDB SQL over the sets: a view a set, `SELECT * FROM "sp500-close"`; see
        `estimates.store.sql`. Files and addresses that are not the store's are read only where
        `other_files` says so.
        """
        return sql.query(self.view(), self._sql_source, query, other_files=other_files)

    def runs(self, name: str | None = None, limit: int | None = None) -> list[Run]:
        """The runs of a set, or of all, newest first, failed ones too; at most `limit`."""
        if name is not None:
            self.view().set(name)
        return self.catalog.runs(name, limit)

    def domain_keys(self, name: str) -> pl.DataFrame | None:
        """The listed keys of a `file` domain; None for other domains."""
        return self.listed_keys.read(self.contract(name))

    def notify_and_copy(self, event: Event | None = None) -> None:
        """Tell `on_event` of an event, and complete the copies of what was committed.

        Copies are only a second line: a failure waits for the next time.
        """
        if event is not None:
            self.on_event(event)
        try:
            if event is not None and event.alias is not None:  # production needs other read files
                self.cache_bound.trim(self.view())
            log_copies.complete(self.objects, self.catalog.last_event(), self.catalog.entries)
        except (UnavailableError, RefusedError):
            return

    @contextmanager
    def unexpired(self, version: Version) -> Iterator[None]:
        """What reads a version's files: missing ones are no damage where it has expired, also since
        it was looked up. Raises NotFoundError (`expired`).
        """
        if version.expired_at is None:
            try:
                yield
                return
            except CorruptError as error:
                if error.code not in ("file_missing", "manifest_missing"):
                    raise
                if version.version not in self.view().set(version.set).expiries:
                    raise missing_here(self.objects, self.catalog, error) from None
        raise expired_error(version, self.view().set(version.set).expiries[version.version])

    def _bound_cache(self, added: Added) -> None:
        with suppress(EstimatesError):  # the catalog is away; until the next time
            self.cache_bound.trim(self._view or self.view(), added)

    def _sql_source(self, version: Version) -> list[Path] | pl.DataFrame:
        """A version's rows for SQL: the files when they are here and were verified since they last
        changed, else a frame.
        """
        if self.objects.folder is None:
            return self.frame(version)
        return self.readable(
            version, lambda: self.data_files.open(version.set, version.snapshot_id).paths()
        )

    def readable(self, version: Version, read: Callable[[], T]) -> T:
        """What `read` gives of a version; once more where a part went because something was erased
        since the catalog was read. Raises NotFoundError (`expired`).
        """
        with self.unexpired(version):
            before = self.replaced(version.set)
            try:
                return read()
            except CorruptError as error:
                if error.code != "file_missing":
                    raise
                self.view()
                if self.replaced(version.set) == before:
                    raise
                return read()
