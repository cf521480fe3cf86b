"""Contracts and versions come into being here, are judged, tracked and expired."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from estimates import instants
from estimates.catalog import schema
from estimates.catalog.approval_writes import Approval, append_approval
from estimates.catalog.engine import OnEngine
from estimates.catalog.erasure_writes import read_erasures, without_erased
from estimates.catalog.event_log import (
    append,
    check_text,
    next_event,
    next_event_about,
    read_head,
)
from estimates.catalog.preconditions import (
    check_in_use,
    check_newest,
    check_not_on_hold,
    check_unexpired,
    contract_changed,
)
from estimates.catalog.records import ContractRevision, Event, Judged, Provenance, Version
from estimates.catalog.rows import matching, of_version, read
from estimates.catalog.sweep_claims import is_claimed
from estimates.contract.contract import Contract
from estimates.errors import ConflictError, UnavailableError


class VersionWrites(OnEngine):
    """Each method is one transaction."""

    def define(
        self,
        contract: Contract,
        source: str,
        actor: str,
        *,
        seen: int | None = None,
        approval: Approval | None = None,
    ) -> ContractRevision:
        """Register a contract; the newest one again gives its revision back.

        seen      the newest revision that it was compared with, 0 for none; None: with none at all
        approval  the last one that it takes, which is recorded with it
        Raises ConflictError (`contract_changed`: there is a newer one; `request_changed`,
        `request_over`).
        """
        name, digest = contract.name, contract.shape().digest
        by = actor if approval is None else approval.request.event.actor
        body = msgspec.json.encode(contract)
        table = schema.contracts
        of_set = sa.select(table).where(table.c.set == name).order_by(table.c.revision)
        with self.writing() as tx:
            rows = tx.execute(of_set).all()
            if rows and rows[-1].body == body.decode():
                return read(tx, ContractRevision, matching(table, set=name, revision=len(rows)))[0]
            if seen is not None and seen != len(rows):
                raise contract_changed(name, len(rows), seen)
            append_approval(tx, approval, actor)
            shapes = {row.shape_digest: row.shape for row in rows}
            shape = shapes.get(digest, max(shapes.values(), default=0) + 1)
            revision = len(rows) + 1
            details: dict[str, Any] = {"revision": revision, "shape": shape}
            details |= {} if approval is None else approval.details(actor)
            event = next_event(tx, "defined", name, actor, details=details)
            made = ContractRevision(name, revision, shape, event.at, by, msgspec.Raw(body), source)
            append(tx, event, made)
            return made

    def publish(
        self,
        revision: ContractRevision,
        snapshot_id: str,
        rows: int,
        provenance: Provenance,
        *,
        actor: str,
        parts: Sequence[str] = (),
        claims_seen: int = 0,
        erasures_seen: int = 0,
        released_at: datetime | None = None,
        changes_of: int | None = None,
        seen_event: int = 0,
    ) -> Version:
        """Make a version exist: the commit point of publishing.

        The same run_id again gives its version back.
        parts        the digests of the snapshot's parts
        claims_seen  the set's last claim when the files were written
        erasures_seen  how many erasures of the set they were checked against
        released_at  the time of release that whoever imports it claims
        changes_of   the version that it was made of by a partial update
        seen_event   the newest event when the set was seen to take versions

        Raises ConflictError: `run_id_reused` (same run_id, other content or claim),
        `contract_changed` (defined anew meanwhile), `retired` (retired meanwhile);
        InvalidError (`bad_text`); UnavailableError `being_swept` (the snapshot's files are being
        deleted, or keys were erased: check and write them again, then retry).
        """
        check_text(run_id=provenance.run_id)
        name, table = revision.set, schema.versions
        of_run = matching(table, set=name, run_id=provenance.run_id)
        highest = sa.select(sa.func.max(table.c.version)).where(table.c.set == name)
        with self.writing() as tx:
            same_run = read(tx, Version, of_run)
            if same_run:
                return _same_run(same_run[0], snapshot_id, released_at)
            check_newest(tx, revision)
            check_in_use(tx, name, seen_event)
            _check_files(tx, name, [snapshot_id, *parts], claims_seen, erasures_seen)
            number = (tx.execute(highest).scalar() or 0) + 1
            details = _details(provenance.run_id, released_at, changes_of)
            event = next_event(tx, "published", name, actor, version=number, details=details)
            version = Version(
                set=name,
                version=number,
                snapshot_id=snapshot_id,
                shape=revision.shape,
                contract_revision=revision.revision,
                rows=rows,
                published_at=event.at,
                provenance=provenance,
                released_at=released_at and released_at.astimezone(UTC),
            )
            append(tx, event, version)
            return version

    def judged(
        self,
        version: Version,
        blocks: bool,
        body: bytes,
        outcome: str,
        *,
        actor: str,
        actuals: str | None = None,
    ) -> Event:
        """Store a verdict; it stays for ever.

        actuals  the digest of the actual values it was compared with
        """
        details = {"outcome": outcome}
        if actuals is not None:
            details["actuals"] = actuals
        with self.writing() as tx:
            event = next_event_about(tx, "judged", version, actor, blocks=blocks, details=details)
            verdict = Judged(event.id, version.set, version.version, blocks, body.decode())
            # it may rest on rows that were read before an erasure
            erasures = read_erasures(tx, version.set)
            append(tx, event, without_erased(verdict, read_head(tx).store_id, erasures))
            return event

    def tracked(self, version: Version, mlflow_run: str, *, actor: str) -> None:
        """Record which MLflow run belongs to a version, once.

        Raises ConflictError (`already_tracked`) for another run.
        """
        table = schema.versions
        here = matching(table, **of_version(version))
        with self.writing() as tx:
            known = tx.execute(sa.select(table.c.mlflow_run).where(here)).scalar_one()
            if known == mlflow_run:
                return
            if known is not None:
                raise ConflictError(
                    "already_tracked",
                    f"{version.set}: version {version.version} is MLflow run {known}",
                    remedy="leave it as it is: a version has one run",
                )
            details = {"mlflow_run": mlflow_run}
            append(tx, next_event_about(tx, "tracked", version, actor, details=details))
            tx.execute(table.update().where(here).values(mlflow_run=mlflow_run))

    def expire(self, version: Version, *, actor: str, reason: str, seen: int | None = None) -> None:
        """Give up a version's files; its number and record stay.

        seen  the newest event that was known when this was decided; None: whatever happened since
              counts for nothing
        Raises ConflictError (`in_use` when an alias points to it, or did since; `legal_hold`),
        NotFoundError (`expired`).
        """
        table, aliases, events = schema.versions, schema.aliases, schema.events
        pointing = sa.select(aliases).where(matching(aliases, **of_version(version)))
        moved = sa.select(events.c.id).where(
            matching(events, **of_version(version)) & events.c.alias.is_not(None),
            events.c.id > (0 if seen is None else seen),
        )
        with self.writing() as tx:
            if tx.execute(pointing).first() or (seen is not None and tx.execute(moved).first()):
                raise ConflictError(
                    "in_use",
                    f"{version.set}: version {version.version} has an alias and cannot expire",
                    remedy="move the alias first: `estimates promote` or `estimates rollback`",
                )
            check_unexpired(tx, version)
            check_not_on_hold(tx, version)
            event = next_event_about(tx, "expired", version, actor, reason=reason)
            append(tx, event)
            here = matching(table, **of_version(version))
            tx.execute(table.update().where(here).values(expired_at=event.at))


def _details(run_id: str, released_at: datetime | None, changes_of: int | None) -> dict[str, Any]:
    """What the event of a version says beside its number."""
    details: dict[str, Any] = {"run_id": run_id}
    if released_at is not None:
        details["released_at"] = instants.text(released_at)
    if changes_of is not None:
        details["changes_of"] = changes_of
    return details


def _check_files(
    tx: sa.Connection, name: str, digests: Sequence[str], claims_seen: int, erasures_seen: int
) -> None:
    """Raises UnavailableError (`being_swept`) where files of a set went since they were written."""
    if is_claimed(tx, name, digests, claims_seen):
        raise UnavailableError(
            "being_swept", f"{name}: a sweep deleted this very content meanwhile", remedy="retry"
        )
    if len(read_erasures(tx, name)) != erasures_seen:
        raise UnavailableError("being_swept", f"{name}: keys were erased meanwhile", remedy="retry")


def _same_run(version: Version, snapshot_id: str, released_at: datetime | None) -> Version:
    if version.snapshot_id == snapshot_id and version.released_at == released_at:
        return version
    what = "content" if version.snapshot_id != snapshot_id else "released_at"
    raise ConflictError(
        "run_id_reused",
        f"{version.set}: run {version.provenance.run_id} published version {version.version} with "
        f"another {what}",
        remedy="a new result needs a new run_id",
    )
