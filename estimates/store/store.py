"""The store: publish, judge, promote, roll back, open. What architecture.md tells as a story is
told here in code.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import polars as pl

from estimates import instants
from estimates.catalog.at import At
from estimates.catalog.records import ContractRevision, Event, Provenance, Version, Waiver
from estimates.catalog.ref import PRODUCTION, Ref
from estimates.catalog.released import check_claim
from estimates.contract.columns import key_text
from estimates.contract.conform import conform
from estimates.contract.contract import Contract, FileDomain
from estimates.errors import CorruptError, GateError, InvalidError, UnavailableError
from estimates.gate.candidate import Candidate
from estimates.gate.offender_table import Offenders
from estimates.gate.policy_validation import validate_policy
from estimates.gate.verdict import Verdict, render_json
from estimates.keys.key_form import Key
from estimates.storage import snapshot
from estimates.store import judge as judging
from estimates.store import promotion, waiving
from estimates.store.estimate_set import EstimateSet
from estimates.store.open_store import OpenStore

SAMPLED_READS = 100
# each lost to a sweep that deleted just this content; a pause grows between them
_WRITE_ATTEMPTS = 20


class Store(OpenStore):
    """A store of estimate sets: `root` is a folder or a URL such as s3://bucket/prefix.

    catalog  SQLAlchemy URL; default: SQLite in the folder
    cache    folder of this machine for read files; default: `cache` in the folder
    actor    who appears in the event log
    Raises NotFoundError (`no_store`), UnavailableError (`catalog`, `schema_revision`, `storage`).
    """

    def __getitem__(self, name: str) -> EstimateSet:
        """The set of that name, for reading; raises NotFoundError (`unknown_set`)."""
        self.view().set(name)
        return EstimateSet(self, name)

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
        self.after_commit(contract.name)
        return revision

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
        self.after_commit(name)
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
        found = self.reader(view).resolve(name, At(version))
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
        self.after_commit(name, event)
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
        return judging.judge_frame(
            self,
            name,
            frame,
            provenance,
            against=against,
            judged_at=judged_at,
            actuals=actuals,
            offenders=offenders,
        )

    def candidate(self, version: Version) -> Candidate:
        """A stored version as the gate sees it, with whatever is wrong with its files."""
        return judging.stored_candidate(self, version)

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
        found = self.reader(view).resolve(name, At(version))
        texts = waiving.check(view.set(name).contract, check, keys, reason)
        end = instants.instant_of(instants.parse_until(until) if isinstance(until, str) else until)
        assert end is not None
        event, waiver = self.catalog.waive(
            found, check, texts, reason=reason, until=end, actor=self.actor
        )
        self.after_commit(name, event)
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
        self.after_commit(name, event)
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
        found = self.reader(view).resolve(name, At(version))
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
        self.after_commit(name, event)
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
        current = view.resolve(name, At(alias))
        target = promotion.rollback_target(view.set(name), current, alias, to)
        self.open(target)
        event = self.catalog.roll_back(
            target, expected=view.set(name).aliases[alias], actor=self.actor, reason=reason
        )
        self.after_commit(name, event)
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

    def set_mlflow_run(self, name: str, version: int, mlflow_run: str) -> None:
        """Record which MLflow run belongs to a version."""
        self.catalog.tracked(self.view().resolve(name, At(version)), mlflow_run, actor=self.actor)
        self.after_commit(name)


def _as_json(cell: Any) -> Any:
    """A cell of a frame as it reads in JSON."""
    return key_text(cell) if isinstance(cell, date) else cell
