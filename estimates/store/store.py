"""The store: define, publish, judge, waive, promote, roll back; each way is a page of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import polars as pl

from estimates.catalog.at import At
from estimates.catalog.records import ContractRevision, Event, Provenance, Version, Waiver
from estimates.catalog.ref import PRODUCTION, Ref
from estimates.contract.contract import Contract, FileDomain
from estimates.gate.offender_table import Offenders
from estimates.gate.policy_validation import validate_policy
from estimates.gate.verdict import Verdict
from estimates.keys.key_form import Key
from estimates.store.judge import judge, judge_frame
from estimates.store.open_store import OpenStore
from estimates.store.promote import promote
from estimates.store.publish import commit
from estimates.store.rollback import roll_back
from estimates.store.waive import unwaive, waive

if TYPE_CHECKING:  # a process that only writes does not pay for all that reads
    from estimates.store.estimate_set import EstimateSet


class Store(OpenStore):
    """A store of estimate sets: `root` is a folder or a URL such as s3://bucket/prefix.

    catalog  SQLAlchemy URL; default: SQLite in the folder
    cache    folder of this machine for read files; default: `cache` in the folder
    actor    who appears in the event log
    Raises NotFoundError (`no_store`), UnavailableError (`catalog`, `schema_revision`, `storage`).
    """

    def __getitem__(self, name: str) -> EstimateSet:
        """The set of that name, for reading; raises NotFoundError (`unknown_set`)."""
        from estimates.store.estimate_set import EstimateSet

        self.view().set(name)
        return EstimateSet(self, name)

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
        return commit(self, name, frame, provenance, released_at)

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
        resolved = self.reader().resolve(name, At(version))
        return judge(
            self, resolved, judged_at=judged_at, actuals=actuals, offenders=offenders
        ).verdict

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
        return judge_frame(
            self,
            name,
            frame,
            provenance,
            against=against,
            judged_at=judged_at,
            actuals=actuals,
            offenders=offenders,
        )

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
        return waive(self, name, check, version, keys=keys, reason=reason, until=until)

    def unwaive(self, name: str, waiver: int, *, reason: str) -> Event:
        """Take a waiver back before its end; what was promoted under it stays where it is.

        waiver  its id
        Raises InvalidError (`reason_needed`), NotFoundError (`unknown_set`, `unknown_waiver`),
        ConflictError (`waiver_over`).
        """
        return unwaive(self, name, waiver, reason=reason)

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
        return promote(
            self,
            name,
            version,
            reason=reason,
            automatic=automatic,
            alias=alias,
            new_shape=new_shape,
        ).event

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
        return roll_back(self, name, reason=reason, to=to, alias=alias)

    def set_mlflow_run(self, name: str, version: int, mlflow_run: str) -> None:
        """Record which MLflow run belongs to a version."""
        self.catalog.tracked(self.view().resolve(name, At(version)), mlflow_run, actor=self.actor)
        self.after_commit(name)
