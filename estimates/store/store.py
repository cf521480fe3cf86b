"""The store: publish, judge, promote, roll back, open. What architecture.md tells as a story is
told here in code.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from estimates import instants
from estimates.accuracy import accuracy_json
from estimates.accuracy.accuracy_report import Accuracy
from estimates.catalog.catalog import Catalog
from estimates.catalog.records import (
    ContractRevision,
    Event,
    Provenance,
    Run,
    State,
    Version,
    Waiver,
)
from estimates.catalog.ref import PRODUCTION, Ref
from estimates.catalog.released import Clock, check_claim
from estimates.catalog.view import View
from estimates.compare.series import kept_series, promoted_pairs
from estimates.compare.series_report import DEFAULT_LAST, Series
from estimates.compare.two_sets import two_sets
from estimates.compare.two_versions import Comparison, compare
from estimates.contract.columns import key_text
from estimates.contract.conform import conform
from estimates.contract.contract import Contract, FileDomain, Pairing
from estimates.errors import CorruptError, GateError, InvalidError, NotFoundError, UnavailableError
from estimates.gate.candidate import Candidate
from estimates.gate.offender_table import Offenders
from estimates.gate.policy import validate_policy
from estimates.gate.verdict import Verdict, parse_json, render_json
from estimates.keys.key_form import Key
from estimates.lookup.read_file import Lookup
from estimates.lookup.read_file_cache import ReadFiles
from estimates.reading.reader import Reader
from estimates.reading.version_reader import Files
from estimates.settings import default_cache
from estimates.stability.report import Report
from estimates.storage import copies, snapshot
from estimates.storage.data_files import DataFiles
from estimates.storage.listed_keys import ListedKeys
from estimates.storage.objects import Objects
from estimates.storage.report_cache import KeptReports
from estimates.store import judge as judging
from estimates.store import promotion, sql, waiving
from estimates.store.estimate_set import EstimateSet

SAMPLED_READS = 100
# each lost to a sweep that deleted just this content; a pause grows between them
_WRITE_ATTEMPTS = 20


def catalog_url(root: str | Path, catalog: str | None = None) -> str:
    """The catalog's URL: the one given, else the SQLite file in the store's folder.

    Raises InvalidError (`catalog_needed`) for a bucket without one.
    """
    if catalog is not None:
        return catalog
    if "://" in str(root):
        raise InvalidError(
            "catalog_needed", f"{root} is a bucket: set ESTIMATES_CATALOG to a PostgreSQL URL"
        )
    return f"sqlite:///{Path(root).absolute() / 'catalog.db'}"


class Store:
    """A store of estimate sets: `root` is a folder or a URL such as s3://bucket/prefix.

    catalog  SQLAlchemy URL; default: SQLite in the folder
    cache    folder of this machine for read files; default: `cache` in the folder
    actor    who appears in the event log
    Raises NotFoundError (`no_store`), UnavailableError (`catalog`, `schema_revision`, `storage`).
    """

    def __init__(
        self,
        root: str | Path,
        *,
        catalog: str | None = None,
        cache: str | Path | None = None,
        actor: str = "unknown",
    ) -> None:
        self.catalog = Catalog(catalog_url(root, catalog))
        self.objects = Objects(str(root))
        self.root = self.objects.root
        self.read_files = ReadFiles(Path(cache or default_cache(self.objects.folder, self.root)))
        self.reports = KeptReports(self.read_files.folder / "reports")
        self.data_files = DataFiles(self.objects)
        self.listed_keys = ListedKeys(self.objects)
        self.actor = actor
        # Called with each verdict, move of an alias, waiver and grade made through this store, once
        # it is committed.
        self.on_event: Callable[[Event], None] = lambda event: None
        self._view: View | None = None

    def __getitem__(self, name: str) -> EstimateSet:
        """The set of that name, for reading; raises NotFoundError (`unknown_set`)."""
        self.view().set(name)
        return EstimateSet(self, name)

    def sets(self) -> list[str]:
        """The names of all sets, sorted."""
        return list(self.view().sets)

    # -- contracts
    # ---------------------------------------------------------------------------------------------------

    def define(
        self, contract: Contract, source: str, domain_keys: pl.DataFrame | None = None
    ) -> ContractRevision:
        """Register a contract, `source` being its TOML; the one in force again gives its revision
        back.

        domain_keys  the listed keys of a `file` domain, copied into the store
        Raises InvalidError (`bad_contract`, `domain_keys_needed`, and those of `conform` for the
        keys).
        """
        validate_policy(contract)
        if isinstance(contract.domain, FileDomain):
            contract = self.listed_keys.write(contract, domain_keys)
        revision = self.catalog.define(contract, source, self.actor)
        self._copy(contract.name)
        return revision

    def contract(self, name: str, revision: int | None = None) -> Contract:
        """The newest contract of a set, or one revision; NotFoundError (`unknown_set`,
        `unknown_revision`).
        """
        view = self.view().set(name)
        if revision is not None and not 1 <= revision <= len(view.contracts):
            raise NotFoundError(
                "unknown_revision", f"{name}: contract revisions are 1 to {len(view.contracts)}"
            )
        return view.contract if revision is None else view.revision(revision)

    # -- publishing
    # --------------------------------------------------------------------------------------------------

    def publish(
        self,
        name: str,
        frame: pl.DataFrame,
        provenance: Provenance,
        *,
        released_at: datetime | None = None,
    ) -> Version:
        """Make a version exist: conform the frame, write the snapshot, commit. Not judged yet, not
        promoted.

        released_at  of a history that is older than the store: when the version is claimed to have
                     been released
        The same run_id with the same content gives the version back that it made before. Raises
        InvalidError (`bad_released_at`, and see `conform`; nothing is stored), ConflictError
        (`run_id_reused`, `contract_changed`), UnavailableError.
        """
        check_claim(name, released_at, provenance.data_through)
        view = self.view().set(name)
        revision, contract = view.contracts[-1], view.contract
        conformed = conform(frame, contract)
        prepared = snapshot.prepare(conformed, contract.shape())
        version = self._commit(name, prepared, revision, provenance, released_at)
        self._copy(name)
        return version

    def _commit(
        self,
        name: str,
        prepared: snapshot.Prepared,
        revision: ContractRevision,
        provenance: Provenance,
        released_at: datetime | None,
    ) -> Version:
        """Write the files, then the version row; again when a sweep took the files in between."""
        snapshot_id, rows = prepared.manifest.snapshot_id, prepared.manifest.rows
        attempt = 0
        while True:
            attempt += 1
            deletions = self._finish_deletion(name, snapshot_id)
            snapshot.write(self.objects, name, prepared)
            try:
                return self.catalog.publish(
                    revision,
                    snapshot_id,
                    rows,
                    provenance,
                    actor=self.actor,
                    deletions=deletions,
                    released_at=released_at,
                )
            except UnavailableError as error:
                if error.code != "being_swept" or attempt == _WRITE_ATTEMPTS:
                    raise
                time.sleep(0.01 * attempt)

    def delete_claimed(self, name: str, snapshot_id: str) -> bool:
        """Delete the files of a snapshot that was claimed for it; False when somebody else did."""
        with self.catalog.deleting(name, snapshot_id) as wanted:
            if wanted:
                snapshot.delete(self.objects, name, snapshot_id)
        return wanted

    def _finish_deletion(self, name: str, snapshot_id: str) -> int:
        """How often a snapshot was deleted; a deletion that was claimed and not done, by a sweep
        that died, is done.
        """
        deletions, done = self.catalog.deletions(name, snapshot_id)
        if not done:
            self.delete_claimed(name, snapshot_id)
        return deletions

    # -- judging
    # -----------------------------------------------------------------------------------------------------

    def judge(
        self,
        name: str,
        version: int,
        *,
        judged_at: datetime | None = None,
        actuals: pl.DataFrame | None = None,
        offenders: Offenders | None = None,
    ) -> Verdict:
        """Judge a stored version against what production points to now, and keep the verdict.

        actuals  what was observed, for the checks of stage 4; see `accuracy.read_actuals` for its
                 form and errors
        offenders  takes every offender; the verdict names the first 100 of each check
        Raises NotFoundError (`unknown_version`, `expired`).
        """
        view = self.view()
        found = self.reader(view).resolve(name, version)
        at, waivers = judged_at or view.present, view.set(name).waivers_of(found)
        verdict = judging.judge(
            self,
            view,
            name,
            self.candidate(found),
            judged_at=at,
            actuals=actuals,
            waivers=waivers,
            offenders=offenders,
        )
        body = render_json(verdict)
        event = self.catalog.judged(
            found, verdict.blocks, body, verdict.outcome, actor=self.actor, actuals=verdict.actuals
        )
        self.on_event(event)
        self._copy(name)
        return verdict

    def judge_frame(
        self,
        name: str,
        frame: pl.DataFrame,
        provenance: Provenance,
        *,
        against: Ref = PRODUCTION,
        judged_at: datetime | None = None,
        actuals: pl.DataFrame | None = None,
        offenders: Offenders | None = None,
    ) -> Verdict:
        """Judge a frame before it is published; nothing is stored.

        against  the version it is compared with
        actuals, offenders  as for `judge`
        Raises NotFoundError (`unknown_version`, `unknown_alias`, `expired`).
        """
        candidate = Candidate(frame, None, provenance, domain_keys=self.domain_keys(name))
        view = self.view()
        at = judged_at or view.present
        return judging.judge(
            self,
            view,
            name,
            candidate,
            against=against,
            judged_at=at,
            actuals=actuals,
            offenders=offenders,
        )

    def verdict(self, name: str, version: int) -> Verdict | None:
        """The newest verdict of a version; None when it was never judged."""
        body = self.catalog.verdict(name, self.view().resolve(name, version).version)
        return None if body is None else parse_json(body)

    def candidate(self, version: Version) -> Candidate:
        """A stored version as the gate sees it, with whatever is wrong with its files."""
        return judging.stored_candidate(self.objects, version, self.domain_keys(version.set))

    # -- exceptions
    # --------------------------------------------------------------------------------------------------

    def waive(
        self,
        name: str,
        check: str,
        version: int,
        *,
        keys: Sequence[Key] | None = None,
        reason: str,
        until: datetime | str,
    ) -> Waiver:
        """Except a version's content from a check until a moment; whoever judges it from now on
        takes it into account.

        keys   the check leaves out these keys, typed or as text; None: the check as a whole
        until  an instant, or a date for all of that day in UTC
        Several waivers may hold at once. Raises InvalidError (`unknown_check`, `unwaivable`,
        `not_by_key`, `no_keys`, `key_parts`, `bad_key_part`, `reason_needed`, `bad_time`,
        `bad_until`: not in the future), NotFoundError (`unknown_set`, `unknown_version`,
        `expired`).
        """
        view = self.view()
        found = self.reader(view).resolve(name, version)
        texts = waiving.check(view.set(name).contract, check, keys, reason)
        end = instants.given(instants.parse_until(until) if isinstance(until, str) else until)
        assert end is not None
        event, waiver = self.catalog.waive(
            found, check, texts, reason=reason, until=end, actor=self.actor
        )
        self.on_event(event)
        self._copy(name)
        return waiver

    def unwaive(self, name: str, waiver: int, *, reason: str) -> Event:
        """Take a waiver back before its end; what was promoted under it stays where it is.

        waiver  its id
        Raises InvalidError (`reason_needed`), NotFoundError (`unknown_set`, `unknown_waiver`),
        ConflictError (`waiver_over`).
        """
        self.view().set(name)
        waiving.check_reason(reason)
        event = self.catalog.unwaive(name, waiver, reason=reason, actor=self.actor)
        self.on_event(event)
        self._copy(name)
        return event

    # -- moving aliases
    # ----------------------------------------------------------------------------------------------

    def promote(
        self,
        name: str,
        version: int,
        *,
        reason: str | None = None,
        automatic: bool = False,
        alias: str = PRODUCTION,
        new_shape: bool = False,
    ) -> Event:
        """Point an alias at a version whose verdict does not block; a person gives a reason.

        A verdict for another baseline or policy, or with other waivers than are in force, counts
        for nothing: the version is judged again first. Raises GateError (`blocked`); ConflictError
        (`already`, `moved`, `other_shape`, `contract_changed`, `waivers_changed`, and for automatic
        promotion `held`, `lower_version`, `older_data`, `rolled_back`); InvalidError
        (`reason_needed`, `bad_alias`); CorruptError when sampled reads by key do not equal the
        Parquet cells.
        """
        promotion.check_alias(alias)
        if not automatic and not (reason and reason.strip()):
            raise InvalidError(
                "reason_needed", f"{name}: say why version {version} is promoted (--reason)"
            )
        view = self.view()
        found = self.reader(view).resolve(name, version)
        promotion.check_promotion(view.set(name), found, alias, automatic, new_shape)
        verdict = self.verdict(name, found.version)
        if verdict is None or not promotion.is_valid(verdict, view.set(name), found, view.present):
            verdict = self.judge(name, found.version)
        if verdict.blocks:
            failing = ", ".join(check.name for check in verdict.failing())
            raise GateError(
                "blocked",
                f"{name}: version {found.version} does not pass the gate: {failing}",
                checks=failing,
            )
        promotion.check_actuals(view.set(name), found)
        sampled = self._check_reads(found)
        event = self.catalog.promote(
            found,
            alias=alias,
            seen=view.set(name),
            actor=self.actor,
            reason=reason,
            automatic=automatic,
            waivers=[waiver.id for waiver in verdict.in_force],
            details={
                "sampled_reads": sampled,
                "judged_against": verdict.baseline.version if verdict.baseline else None,
                "policy": verdict.policy,
                "waivers": sorted(
                    {number for check in verdict.checks for number in check.waived_by}
                ),
            },
        )
        self.on_event(event)
        self._copy(name)
        return event

    def rollback(
        self, name: str, *, reason: str, to: int | None = None, alias: str = PRODUCTION
    ) -> Event:
        """Point an alias back at the newest version it held before that is neither expired nor
        rolled back, or at `to`.

        Needs no verdict. The content it leaves is marked as rolled back, and the alias is held:
        nothing is promoted automatically until a person promotes. Raises NotFoundError
        (`nothing_promoted`, `nothing_before`), InvalidError (`reason_needed`, `bad_alias`),
        ConflictError (`never_held`, `rolled_back`, `moved`), CorruptError when the target's files
        are damaged.
        """
        promotion.check_alias(alias)
        if not reason.strip():
            raise InvalidError(
                "reason_needed", f"{name}: say why {alias} is rolled back (--reason)"
            )
        view = self.view()
        current = view.resolve(name, alias)
        target = promotion.rollback_target(view.set(name), current, alias, to)
        self.open(target)
        event = self.catalog.roll_back(
            target, expected=view.set(name).aliases[alias], actor=self.actor, reason=reason
        )
        self.on_event(event)
        self._copy(name)
        return event

    def _check_reads(self, version: Version) -> int:
        """Check 43: sampled reads by key equal the cells of the Parquet file; returns how many were
        compared.
        """
        frame = self.frame(version)
        contract = self.view().set(version.set).contract_of(version)
        # Which rows is decided by the content's digest: the same for everybody, and not the same
        # rows every time.
        seed = int(version.snapshot_id[:8], 16)
        rows = frame.sample(min(SAMPLED_READS, frame.height), seed=seed)
        keys = rows.select(list(contract.key)).rows()
        found = self.reader().of(version).get_many(keys).body["results"]
        for key, cells, result in zip(keys, rows.iter_rows(named=True), found, strict=True):
            if result.get("estimate") != {name: _as_json(cell) for name, cell in cells.items()}:
                raise CorruptError(
                    "read_differs",
                    f"{version.set} version {version.version}: reading "
                    f"{'/'.join(map(key_text, key))} gives another "
                    "value than its Parquet file; remove "
                    f"{self.read_files.path(version.snapshot_id)} and report this",
                )
        return rows.height

    # -- reading
    # -----------------------------------------------------------------------------------------------------

    def view(self) -> View:
        """The catalog in memory, read again if anything happened since."""
        view = self._view
        if view is None or self.catalog.last_event() != view.last_event:
            view = self._view = self.catalog.view(view)
        return view

    def refresh(self) -> View:
        """The catalog as of this moment, whether or not anything happened since the last view."""
        view = self._view = self.catalog.view(self._view)
        return view

    def reader(self, view: View | None = None) -> Reader:
        """Reads at a view; default: the present one."""
        return Reader(
            view or self.view(),
            Files(self.open, self.discard, self.listed_keys.contains),
            self.opened,
        )

    def resolve(
        self, name: str, ref: Ref = PRODUCTION, as_of: datetime | None = None, clock: Clock = None
    ) -> Version:
        """The version a ref names; see `View.resolve` for the errors."""
        return self.view().resolve(name, ref, as_of, clock=clock)

    def state(self, version: Version) -> State:
        """The derived state of a version."""
        return self.view().state(version)

    def open(self, version: Version) -> Lookup:
        """The version's read file, opened; built from the verified snapshot when it is missing or
        damaged.

        Raises CorruptError when the snapshot itself is damaged.
        """
        # What it takes to build the file is looked up only then: opening must not depend on the
        # catalog.
        return self.read_files.get(
            version.snapshot_id,
            lambda: (self.frame(version), self.view().set(version.set).contract_of(version)),
        )

    def opened(self, version: Version) -> Lookup | None:
        """The version's read file if it is open already."""
        return self.read_files.opened(version.snapshot_id)

    def discard(self, version: Version) -> None:
        """Forget a version's read file, on disk too; the next use builds it again."""
        self.read_files.discard(version.snapshot_id)

    def frame(self, version: Version) -> pl.DataFrame:
        """All estimates of a version, sorted by key, verified; raises CorruptError, NotFoundError
        (`expired`).
        """
        if version.expired_at is not None:
            raise _expired(version)
        return snapshot.read_frame(self.objects, version.set, version.snapshot_id)

    def columns(
        self, version: Version, names: Sequence[str], where: pl.Expr | None = None
    ) -> pl.DataFrame:
        """Some columns of a version, of the rows that fulfil a condition; otherwise as `frame`."""
        if version.expired_at is not None:
            raise _expired(version)
        return self.data_files.open(version.set, version.snapshot_id).select(names, where)

    def manifest(self, version: Version) -> bytes:
        """The version's manifest file; raises CorruptError."""
        return snapshot.encode(
            snapshot.read_manifest(self.objects, version.set, version.snapshot_id)
        )

    def compare(
        self,
        name: str,
        a: Ref,
        b: Ref,
        as_of: datetime | None = None,
        cursor: str | None = None,
        pairing: Pairing | None = None,
        other: str | None = None,
    ) -> Comparison:
        """Version `b` beside version `a`, both of one shape; see `comparison.compare` for the
        errors.

        other  the set that `b` is a version of; see `two_sets` for the errors
        """
        if other is None:
            return compare(self.reader(), self.frame, name, a, b, as_of, cursor, pairing)
        return two_sets(self.reader(), self.frame, (name, a), (other, b), as_of, cursor, pairing)

    def diff(self, name: str, a: Ref, b: Ref, as_of: datetime | None = None) -> Report:
        """How version `b` differs from version `a`; ConflictError (`other_shape`)."""
        return self.compare(name, a, b, as_of=as_of).kept_report(self.reports)

    def stability(
        self, name: str, last: int = DEFAULT_LAST, as_of: datetime | None = None
    ) -> Series:
        """What the last moves of production changed, oldest first; see `series.promoted_pairs` for
        the errors.
        """
        pairs = promoted_pairs(self.view(), name, self.frame, last=last, as_of=as_of)
        return kept_series(
            pairs, self.reports, lambda found: found.kept_report(self.reports, headline_only=True)
        )

    def changes(
        self,
        name: str,
        a: Ref,
        b: Ref,
        *,
        key: Key = (),
        by: str | None = None,
        min_change: float = 0.0,
    ) -> pl.DataFrame:
        """What changed key by key from version `a` to version `b`; see `stability.changes`."""
        found = self.compare(name, a, b)
        return found.changes(found.question(by, min_change, key))

    def sql(self, query: str) -> pl.DataFrame:
        """Run DuckDB SQL over the sets: a view a set, `SELECT * FROM "sp500-close"`; see
        `estimates.store.sql`.
        """
        return sql.query(self.view(), self._sql_source, query)

    def runs(self, name: str) -> list[Run]:
        """The runs of a set, newest first, failed ones too."""
        self.view().set(name)
        return self.catalog.runs(name)

    def set_mlflow_run(self, name: str, version: int, mlflow_run: str) -> None:
        """Record which MLflow run belongs to a version."""
        self.catalog.tracked(self.view().resolve(name, version), mlflow_run, actor=self.actor)
        self._copy(name)

    def keep_scores(self, version: Version, scores: Accuracy) -> bool:
        """Store the scores of a version; False, and nothing stored, when its newest scores are the
        same.
        """
        event = self.catalog.scored(
            version,
            accuracy_json.encode(scores),
            contract_revision=scores.contract_revision,
            actuals=scores.actuals,
            vintage=scores.vintage,
            details={"keys": scores.keys.matched, "actuals": scores.actuals},
            actor=self.actor,
        )
        self._copy(version.set)
        return event is not None

    def keep_grade(self, version: Version, details: dict[str, Any]) -> None:
        """Log what became of a version's verdict, unless its newest grade is the same."""
        event = self.catalog.regraded(version, details, actor=self.actor)
        if event is not None:
            self.on_event(event)
            self._copy(version.set)

    def domain_keys(self, name: str) -> pl.DataFrame | None:
        """The listed keys of a `file` domain; None for other domains."""
        return self.listed_keys.read(self.contract(name))

    # -- inside
    # ------------------------------------------------------------------------------------------------------

    def _sql_source(self, version: Version) -> Path | pl.DataFrame:
        """A version's rows for SQL: the file when it is here and was verified since it last
        changed, else a frame.
        """
        if self.objects.folder is None:
            return self.frame(version)
        self.data_files.open(version.set, version.snapshot_id)
        return self.objects.folder / snapshot.parquet_name(version.set, version.snapshot_id)

    def _copy(self, name: str) -> None:
        """Complete the copies of what was committed. They are only a second line: a failure waits
        for the next time.
        """
        try:
            copies.complete(self.objects, name, self.view().set(name), self.catalog.body_of_event)
        except UnavailableError:
            return


def _expired(version: Version) -> NotFoundError:
    return NotFoundError(
        "expired", f"{version.set}: version {version.version} has expired; its files are gone"
    )


def _as_json(cell: Any) -> Any:
    """A cell of a frame as it reads in JSON."""
    return key_text(cell) if isinstance(cell, date) else cell
