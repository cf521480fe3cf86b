"""The store: define, publish, judge, waive, promote, roll back; each way is a page of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Unpack

import polars as pl

from estimates.catalog.at import At
from estimates.catalog.records import ContractRevision, Event
from estimates.catalog.ref import PRODUCTION
from estimates.contract.contract import Contract
from estimates.gate.verdict import Verdict
from estimates.render.notebook import fragment, short
from estimates.render.wording import count
from estimates.store.approve import approve, decline
from estimates.store.define import define
from estimates.store.hold import hold, release_hold
from estimates.store.issued_tokens import create_token, revoke_token, tokens
from estimates.store.judge import JudgeOptions, judge, judge_frame
from estimates.store.open_store import OpenStore
from estimates.store.promote import promote, standing_verdict
from estimates.store.publish import Publication, carry_over, publish
from estimates.store.reasons import check_reason
from estimates.store.remove_alias import remove_alias
from estimates.store.retire import retire, unretire
from estimates.store.rollback import rollback
from estimates.store.waive import unwaive, waive

if TYPE_CHECKING:  # a process that only writes does not pay for all that reads
    from estimates.store.estimate_set import EstimateSet


class Store(OpenStore):
    """A store of estimate sets: `root` is a folder or a URL such as s3://bucket/prefix.

    catalog  SQLAlchemy URL; default: SQLite in the folder
    cache    folder of this machine for read files; default: `cache` in the folder
    actor    who appears in the event log; default: the user of this process
    claimed  on whose behalf, which appears beside it
    key      file of the key that signs what is done, where the store has an access record; default:
             `~/.config/estimates/key.pem`. key_password: of that file, where it is encrypted
    root_key  public root key that has to have signed the access record; default: whichever did
              first
    clock_is_right  writes also where the last event is more than 30 days old and no second clock
                    confirms this machine's
    Raises NotFoundError (`no_store`), UnavailableError (`catalog`), RefusedError
    (`catalog_refused`, `schema_revision`, `storage_refused`), InvalidError (`bad_key_text`).
    """

    publish = publish
    judge_frame = judge_frame
    waive = waive
    unwaive = unwaive
    rollback = rollback
    hold = hold
    release_hold = release_hold
    remove_alias = remove_alias
    retire = retire
    unretire = unretire
    approve = approve
    decline = decline
    create_token = create_token
    revoke_token = revoke_token
    tokens = tokens

    def __repr__(self) -> str:
        sets = self.view().sets
        lines = [
            f"  {name}: {count(len(of_set.versions), 'version')}" for name, of_set in sets.items()
        ]
        return short([f"Store {self.root}: {count(len(sets), 'set')}", *lines], "  …")

    def _repr_html_(self) -> str:
        sets = self.view().sets
        rows = [
            {
                "set": name,
                "versions": len(of_set.versions),
                "newest": of_set.versions[-1].published_at if of_set.versions else None,
                "production": of_set.aliases[PRODUCTION].version
                if PRODUCTION in of_set.aliases
                else None,
            }
            for name, of_set in sets.items()
        ]
        return fragment(f"Store {self.root}: {count(len(sets), 'set')}", rows)

    def plot(self) -> Any:
        """When versions of each set were published, as an Altair chart; raises InvalidError
        (`no_charts`).
        """
        from estimates.render.plots import moments

        view = self.view()
        return moments(
            [
                {
                    "set": name,
                    "version": version.version,
                    "state": view.state(version).replace("_", " "),
                    "published": version.published_at.isoformat(),
                }
                for name, of_set in view.sets.items()
                for version in of_set.versions
            ]
        )

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
        keys), GateError (`approval_needed`: it loosens the gate of one in force that asks for
        approvals).
        """
        return define(self, contract, source, domain_keys)

    def judge(
        self,
        name: str,
        version: int,
        **options: Unpack[JudgeOptions],
    ) -> Verdict:
        """Judge a stored version against what production points to now, and keep the verdict.

        Raises NotFoundError (`unknown_version`, `expired`).
        """
        return judge(self, self.reader().resolve(name, At(version)), **options).verdict

    def standing_verdict(self, name: str, version: int) -> Verdict | None:
        """The verdict on record, where another judgement would say nothing that counts; None where
        the version has to be judged.

        Raises NotFoundError (`unknown_version`, `expired`).
        """
        return standing_verdict(self, self.reader().resolve(name, At(version)))

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
        for nothing: the version is judged again first. Where the contract asks for approvals, this
        asks for them. Raises GateError (`blocked`, `approval_needed`); ConflictError
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

    def carry_over(
        self,
        name: str,
        version: int,
        *,
        by: str,
        groups: Sequence[str] | None = None,
        reason: str,
    ) -> Publication:
        """Make a new version of a refused one, in which groups keep production's rows; see
        `publish.carry_over` for the arguments and errors.
        """
        return carry_over(self, name, version, by=by, groups=groups, reason=reason)

    def repair_clock(self, first: int, *, reason: str) -> Event:
        """Make times right again after a clock was ahead, from an event on; see `ClockRepair`.

        Raises InvalidError (`clock_not_ahead`, `not_the_first`, `reason_needed`), RefusedError
        (`clock_differs`).
        """
        check_reason(reason)
        event = self.catalog.repair_clock(first, actor=self.actor, reason=reason)
        self.notify_and_copy()
        return event

    def set_mlflow_run(self, name: str, version: int, mlflow_run: str) -> None:
        """Record which MLflow run belongs to a version."""
        self.catalog.tracked(self.view().resolve(name, At(version)), mlflow_run, actor=self.actor)
        self.notify_and_copy()
