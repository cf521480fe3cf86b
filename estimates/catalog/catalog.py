"""The catalog's writes, each one transaction that ends with an event, and its reads."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from estimates import instants
from estimates.catalog import schema
from estimates.catalog.engine import check_revision, make_engine, reading, writing
from estimates.catalog.records import (
    Alias,
    ContractRevision,
    Event,
    Provenance,
    Run,
    RunStatus,
    RunStep,
    Scored,
    Version,
    Waiver,
)
from estimates.catalog.ref import PRODUCTION
from estimates.catalog.rows import (
    matching,
    read_events,
    read_set,
    to_contract,
    to_run,
    to_scored,
    to_version,
    to_waiver,
    version_values,
    waiver_values,
)
from estimates.catalog.view import SetView, View
from estimates.contract.contract import Contract
from estimates.errors import ConflictError, InvalidError, NotFoundError, UnavailableError

_MANY = 500  # values in a condition at once; databases have a limit


class Catalog:
    """Sets, contracts, versions, aliases, events, verdicts, waivers, scores and runs.

    Every change of what a reader could see is one transaction and leaves exactly one event. Event
    ids are gapless and event times strictly increase, over all sets: both come from one counter row
    updated inside the transaction.
    """

    def __init__(self, url: str) -> None:
        self.engine = make_engine(url)
        check_revision(self.engine)

    # -- writes
    # ------------------------------------------------------------------------------------------------------

    def define(self, contract: Contract, source: str, actor: str) -> ContractRevision:
        """Register a contract; the one in force again gives its revision back."""
        body, digest = msgspec.json.encode(contract).decode(), contract.shape().digest
        table = schema.contracts
        with writing(self.engine) as tx:
            rows = tx.execute(
                sa.select(table).where(table.c.set == contract.name).order_by(table.c.revision)
            ).all()
            if rows and rows[-1].body == body:
                return to_contract(rows[-1])
            known = {row.shape_digest: row.shape for row in rows}
            shape = known.get(digest, max(known.values(), default=0) + 1)
            revision = len(rows) + 1
            event = _log(
                tx, "defined", contract.name, actor, details={"revision": revision, "shape": shape}
            )
            values = {
                "set": contract.name,
                "revision": revision,
                "shape": shape,
                "shape_digest": digest,
            }
            values |= {"defined_at": event.at, "actor": actor, "body": body, "source": source}
            tx.execute(table.insert().values(values))
            return to_contract(
                tx.execute(
                    sa.select(table).where(matching(table, set=contract.name, revision=revision))
                ).one()
            )

    def publish(
        self,
        revision: ContractRevision,
        snapshot_id: str,
        rows: int,
        provenance: Provenance,
        *,
        actor: str,
        deletions: int = 0,
        released_at: datetime | None = None,
    ) -> Version:
        """Make a version exist: the commit point of publishing. The same run_id again gives its
        version back.

        deletions    how often the snapshot had been deleted when its files were written
        released_at  the time of release that whoever imports it claims

        Raises ConflictError: `run_id_reused` (same run_id, other content or claim),
        `contract_changed` (defined anew meanwhile);
        UnavailableError `being_swept` (the snapshot's files are being deleted: write them again,
        then retry).
        """
        _check_text(run_id=provenance.run_id)
        name, table = revision.set, schema.versions
        with writing(self.engine) as tx:
            same_run = tx.execute(
                sa.select(table).where(matching(table, set=name, run_id=provenance.run_id))
            ).one_or_none()
            if same_run is not None:
                return _same_run(to_version(same_run), snapshot_id, released_at)
            _check_newest(tx, revision)
            if _deletions(tx, name, snapshot_id) != (deletions, True):
                raise UnavailableError(
                    "being_swept", f"{name}: a sweep deleted this very content meanwhile; retry"
                )
            highest = (
                tx.execute(
                    sa.select(sa.func.max(table.c.version)).where(table.c.set == name)
                ).scalar()
                or 0
            )
            details = {"run_id": provenance.run_id}
            if released_at is not None:
                details["released_at"] = instants.text(released_at)
            event = _log(tx, "published", name, actor, version=highest + 1, details=details)
            version = Version(
                name,
                highest + 1,
                snapshot_id,
                revision.shape,
                revision.revision,
                rows,
                event.at,
                provenance,
                released_at,
            )
            tx.execute(table.insert().values(version_values(version)))
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
        """Store a verdict; it stays for ever. `actuals`: the digest of the actual values it was
        held against.
        """
        with writing(self.engine) as tx:
            details = {"outcome": outcome}
            if actuals is not None:
                details["actuals"] = actuals
            event = _log(
                tx,
                "judged",
                version.set,
                actor,
                version=version.version,
                blocks=blocks,
                details=details,
            )
            row = {
                "event": event.id,
                "set": version.set,
                "version": version.version,
                "blocks": blocks,
            }
            tx.execute(schema.verdicts.insert().values(row | {"body": body.decode()}))
            return event

    def promote(
        self,
        version: Version,
        *,
        alias: str,
        seen: SetView,
        actor: str,
        reason: str | None = None,
        automatic: bool = False,
        waivers: Collection[int] = (),
        details: dict[str, Any] | None = None,
    ) -> Event:
        """Point an alias at a version if nothing that decided it has changed; a person's move ends
        a hold.

        seen     what was looked at: neither the alias nor production may have moved since, nor the
                 contract changed
        waivers  those that were in force for the verdict: they must be those in force now
        Raises ConflictError: `moved`, `held` (automatic only), `contract_changed`,
        `waivers_changed`; NotFoundError `expired`.
        """
        with writing(self.engine) as tx:
            _check_newest(tx, seen.contracts[-1])
            _check_unexpired(tx, version)
            if alias != PRODUCTION:
                _check_unmoved(tx, version.set, PRODUCTION, seen.aliases.get(PRODUCTION))
            expected = seen.aliases.get(alias)
            event = _log(
                tx,
                "promoted",
                version.set,
                actor,
                version=version.version,
                alias=alias,
                from_version=None if expected is None else expected.version,
                reason=reason,
                automatic=automatic,
                details=details,
            )
            _check_waivers(tx, version, waivers, event.at)
            _move(tx, version, alias, expected, event, held=False, automatic=automatic)
            return event

    def roll_back(self, version: Version, *, expected: Alias, actor: str, reason: str) -> Event:
        """Point an alias back at a version if it has not moved since it was seen, and hold it.

        Raises ConflictError `moved`; NotFoundError `expired`.
        """
        with writing(self.engine) as tx:
            _check_unexpired(tx, version)
            event = _log(
                tx,
                "rolled_back",
                version.set,
                actor,
                version=version.version,
                alias=expected.alias,
                from_version=expected.version,
                reason=reason,
            )
            _move(tx, version, expected.alias, expected, event, held=True, automatic=False)
            return event

    def waive(
        self,
        version: Version,
        check: str,
        keys: list[list[str]] | None,
        *,
        reason: str,
        until: datetime,
        actor: str,
    ) -> tuple[Event, Waiver]:
        """Make an exception of a check for a version's content; gives its event, too.

        keys  as text, in the contract's order; None: the check as a whole
        Raises InvalidError `bad_until` (not in the future), NotFoundError `expired`.
        """
        _check_text(check=check)
        with writing(self.engine) as tx:
            _check_unexpired(tx, version)
            details = {
                "check": check,
                "keys": None if keys is None else len(keys),
                "until": instants.text(until),
            }
            event = _log(
                tx,
                "waived",
                version.set,
                actor,
                version=version.version,
                reason=reason,
                details=details,
            )
            if until <= event.at:
                raise InvalidError(
                    "bad_until",
                    f"until {instants.text(until)} is over at {instants.text(event.at)}; give a "
                    "time that lies ahead",
                )
            waiver = Waiver(
                event.id,
                version.set,
                version.version,
                version.snapshot_id,
                check,
                keys,
                reason,
                actor,
                event.at,
                until,
            )
            tx.execute(schema.waivers.insert().values(waiver_values(waiver)))
            return event, waiver

    def unwaive(self, set_name: str, waiver: int, *, reason: str, actor: str) -> Event:
        """Take a waiver back before its end; its row stays.

        Raises NotFoundError `unknown_waiver`, ConflictError `waiver_over` when it ended or was
        taken back already.
        """
        table = schema.waivers
        here = matching(table, set=set_name, id=waiver)
        with writing(self.engine) as tx:
            row = tx.execute(sa.select(table).where(here)).one_or_none()
            if row is None:
                raise NotFoundError("unknown_waiver", f"{set_name}: there is no waiver {waiver}")
            details = {"waiver": waiver, "check": row.check}
            event = _log(
                tx, "unwaived", set_name, actor, version=row.version, reason=reason, details=details
            )
            over = min(row.until, row.ended_at or row.until)
            if over <= event.at:
                raise ConflictError(
                    "waiver_over",
                    f"{set_name}: waiver {waiver} is over since {instants.text(over)}",
                )
            tx.execute(table.update().where(here).values(ended_at=event.at))
            return event

    def tracked(self, version: Version, mlflow_run: str, *, actor: str) -> None:
        """Record which MLflow run belongs to a version, once; ConflictError `already_tracked` for
        another one.
        """
        table = schema.versions
        with writing(self.engine) as tx:
            here = matching(table, set=version.set, version=version.version)
            known = tx.execute(sa.select(table.c.mlflow_run).where(here)).scalar_one()
            if known == mlflow_run:
                return
            if known is not None:
                raise ConflictError(
                    "already_tracked",
                    f"{version.set}: version {version.version} is MLflow run {known}",
                )
            _log(
                tx,
                "tracked",
                version.set,
                actor,
                version=version.version,
                details={"mlflow_run": mlflow_run},
            )
            tx.execute(table.update().where(here).values(mlflow_run=mlflow_run))

    def scored(
        self,
        version: Version,
        body: bytes,
        *,
        contract_revision: int,
        actuals: str,
        vintage: str | None,
        details: dict[str, Any],
        actor: str,
    ) -> Event | None:
        """Store the scores of a version; None, and nothing stored, when its newest scores are these
        very bytes.
        """
        table = schema.scores
        newest = sa.select(table.c.body).where(
            matching(table, set=version.set, version=version.version)
        )
        with writing(self.engine) as tx:
            if tx.execute(newest.order_by(table.c.event.desc()).limit(1)).scalar() == body.decode():
                return None
            event = _log(tx, "scored", version.set, actor, version=version.version, details=details)
            row = {
                "event": event.id,
                "set": version.set,
                "version": version.version,
                "scored_at": event.at,
            }
            row |= {"contract_revision": contract_revision, "actuals": actuals, "vintage": vintage}
            tx.execute(table.insert().values(row | {"tracked": False, "body": body.decode()}))
            return event

    def regraded(self, version: Version, details: dict[str, Any], *, actor: str) -> Event | None:
        """Log what became of a version's verdict; None, and nothing logged, when its newest grade
        is this one.
        """
        table = schema.events
        mine = matching(table, set=version.set, version=version.version, kind="regraded")
        newest = sa.select(table.c.details).where(mine).order_by(table.c.id.desc()).limit(1)
        with writing(self.engine) as tx:
            if tx.execute(newest).scalar() == msgspec.json.encode(details).decode():
                return None
            return _log(
                tx, "regraded", version.set, actor, version=version.version, details=details
            )

    def scores_tracked(self, event: int) -> None:
        """Write down that MLflow has the scores of an event."""
        table = schema.scores
        with writing(self.engine) as tx:
            tx.execute(table.update().where(table.c.event == event).values(tracked=True))

    def expire(self, version: Version, *, actor: str, reason: str) -> None:
        """Give up a version's files; its number and record stay. ConflictError `in_use` when an
        alias points to it.
        """
        table, aliases = schema.versions, schema.aliases
        with writing(self.engine) as tx:
            if tx.execute(
                sa.select(aliases).where(
                    matching(aliases, set=version.set, version=version.version)
                )
            ).first():
                raise ConflictError(
                    "in_use",
                    f"{version.set}: version {version.version} has an alias and cannot expire",
                )
            _check_unexpired(tx, version)
            event = _log(tx, "expired", version.set, actor, version=version.version, reason=reason)
            where = matching(table, set=version.set, version=version.version)
            tx.execute(table.update().where(where).values(expired_at=event.at))

    # -- sweeping
    # ----------------------------------------------------------------------------------------------------

    def claim(self, set_name: str, snapshot_id: str) -> bool:
        """Announce that a snapshot's files will be deleted; False when an unexpired version needs
        it.
        """
        table, claims = schema.versions, schema.claims
        with writing(self.engine) as tx:
            needed = matching(
                table, set=set_name, snapshot_id=snapshot_id
            ) & table.c.expired_at.is_(None)
            if tx.execute(sa.select(table.c.version).where(needed)).first():
                return False
            generation, _ = _deletions(tx, set_name, snapshot_id)
            tx.execute(
                claims.delete().where(matching(claims, set=set_name, snapshot_id=snapshot_id))
            )
            row = {
                "set": set_name,
                "snapshot_id": snapshot_id,
                "generation": generation + 1,
                "done": False,
            }
            tx.execute(claims.insert().values(row))
            return True

    @contextmanager
    def deleting(self, set_name: str, snapshot_id: str) -> Iterator[bool]:
        """The transaction in which the files of a claimed snapshot go; says whether they still
        should.

        Of several who saw the claim only one deletes: another could be so slow that the files were
        written again meanwhile.
        """
        table = schema.claims
        with writing(self.engine) as tx:
            here = matching(table, set=set_name, snapshot_id=snapshot_id) & table.c.done.is_(False)
            yield tx.execute(sa.select(table.c.done).where(here)).first() is not None
            tx.execute(table.update().where(here).values(done=True))

    def deletions(self, set_name: str, snapshot_id: str) -> tuple[int, bool]:
        """How often the files of a snapshot were claimed for deletion, and whether the last
        deletion is done.
        """
        with reading(self.engine) as tx:
            return _deletions(tx, set_name, snapshot_id)

    # -- runs
    # --------------------------------------------------------------------------------------------------------

    def begin_run(self, run_id: str, set_name: str, data_through: datetime) -> Run:
        """The row of a run; the same run_id again gives the row back with status `running`.

        Raises ConflictError (`run_id_reused`) when it belongs to another set or another
        data_through.
        """
        _check_text(run_id=run_id)
        table = schema.runs
        with writing(self.engine) as tx:
            row = tx.execute(sa.select(table).where(table.c.run_id == run_id)).one_or_none()
            if row is None:
                run = Run(run_id, set_name, "running", "compute", instants.now(), data_through)
                tx.execute(table.insert().values(msgspec.structs.asdict(run)))
                return run
            run = to_run(row)
            if (run.set, run.data_through) != (set_name, data_through):
                raise ConflictError(
                    "run_id_reused",
                    f"run {run_id} is a run of {run.set} through "
                    f"{instants.text(run.data_through)}; "
                    f"give {set_name} through {instants.text(data_through)} another run_id",
                )
            tx.execute(
                table.update()
                .where(table.c.run_id == run_id)
                .values(status="running", finished_at=None)
            )
            return msgspec.structs.replace(run, status="running", finished_at=None)

    def update_run(
        self,
        run_id: str,
        *,
        step: RunStep | None = None,
        status: RunStatus | None = None,
        version: int | None = None,
        error: str | None = None,
        message: str | None = None,
        mlflow_run: str | None = None,
        finished: bool = False,
    ) -> None:
        """Write down how far a run has come; what is not given stays. A status given clears an
        earlier error.
        """
        given = {"step": step, "status": status, "version": version, "mlflow_run": mlflow_run}
        values: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        if status is not None:
            values |= {"error": error, "message": message}
        if finished:
            values["finished_at"] = instants.now()
        with writing(self.engine) as tx:
            tx.execute(schema.runs.update().where(schema.runs.c.run_id == run_id).values(values))

    def run(self, run_id: str) -> Run | None:
        """One run, or None."""
        with reading(self.engine) as tx:
            row = tx.execute(
                sa.select(schema.runs).where(schema.runs.c.run_id == run_id)
            ).one_or_none()
        return None if row is None else to_run(row)

    def runs(self, set_name: str) -> list[Run]:
        """The runs of a set, newest first."""
        table = schema.runs
        newest_first = (table.c.started_at.desc(), table.c.run_id)
        with reading(self.engine) as tx:
            rows = tx.execute(
                sa.select(table).where(table.c.set == set_name).order_by(*newest_first)
            ).all()
        return [to_run(row) for row in rows]

    # -- reads
    # -------------------------------------------------------------------------------------------------------

    def last_event(self) -> int:
        """Id of the newest event: what has changed when it has."""
        with reading(self.engine) as tx:
            return tx.execute(sa.select(schema.log.c.last_event)).scalar_one()

    def verdict(self, set_name: str, version: int) -> bytes | None:
        """The newest verdict of a version, as stored."""
        table = schema.verdicts
        newest = (
            sa.select(table.c.body)
            .where(matching(table, set=set_name, version=version))
            .order_by(table.c.event.desc())
        )
        with reading(self.engine) as tx:
            body = tx.execute(newest.limit(1)).scalar()
        return None if body is None else body.encode()

    def body_of_event(self, event: Event) -> bytes:
        """The verdict that a `judged` event announced, the scores of a `scored` one, the waiver of
        a `waived` one.
        """
        if event.kind == "waived":
            table = schema.waivers
            with reading(self.engine) as tx:
                row = tx.execute(sa.select(table).where(table.c.id == event.id)).one()
            return msgspec.json.encode(to_waiver(row))
        table = schema.verdicts if event.kind == "judged" else schema.scores
        with reading(self.engine) as tx:
            return (
                tx.execute(sa.select(table.c.body).where(table.c.event == event.id))
                .scalar_one()
                .encode()
            )

    def scores(self, events: Collection[int]) -> list[Scored]:
        """The scores that these events announced, by version."""
        table, asked = schema.scores, sorted(events)
        with reading(self.engine) as tx:
            rows = [
                row
                for start in range(0, len(asked), _MANY)
                for row in tx.execute(
                    sa.select(table).where(table.c.event.in_(asked[start : start + _MANY]))
                )
            ]
        return sorted(
            (to_scored(row) for row in rows),
            key=lambda scored: (scored.set, scored.version, scored.event),
        )

    def untracked_scores(self, set_name: str) -> list[Scored]:
        """The scores of a set that MLflow does not have yet, oldest first."""
        table = schema.scores
        waiting = matching(table, set=set_name) & table.c.tracked.is_(False)
        with reading(self.engine) as tx:
            return [
                to_scored(row)
                for row in tx.execute(sa.select(table).where(waiting).order_by(table.c.event))
            ]

    def claims(self) -> list[tuple[str, str]]:
        """(set, snapshot_id) of every deletion under way or interrupted."""
        table = schema.claims
        unfinished = sa.select(table.c.set, table.c.snapshot_id).where(table.c.done.is_(False))
        with reading(self.engine) as tx:
            return sorted((row[0], row[1]) for row in tx.execute(unfinished))

    def view(self, previous: View | None = None) -> View:
        """The catalog in memory; with a previous view only what changed since is read."""
        read_at = instants.now()
        with reading(self.engine) as tx:
            last_event, last_at = tx.execute(
                sa.select(schema.log.c.last_event, schema.log.c.last_at)
            ).one()
            sets: dict[str, SetView] = {} if previous is None else dict(previous.sets)
            if previous is not None and not _continues(tx, previous):
                previous = None
                sets = {}
            after = 0 if previous is None else previous.last_event
            if last_event != after:
                fresh = read_events(tx, after)
                for name in {event.set for event in fresh}:
                    sets[name] = read_set(
                        tx, name, sets.get(name), [e for e in fresh if e.set == name]
                    )
        return View(dict(sorted(sets.items())), instants.from_micros(last_at), read_at, last_event)


def _check_text(**given: str | None) -> None:
    """Refuse text that a database or a file cannot hold: raises InvalidError (`bad_text`)."""
    for name, text in given.items():
        if text is not None and (
            "\0" in text or (not text.isascii() and text != text.encode("utf-8", "ignore").decode())
        ):
            raise InvalidError("bad_text", f"{name} has a NUL or half a character: {text!r}")


def _log(
    tx: sa.Connection,
    kind: str,
    set_name: str,
    actor: str,
    *,
    version: int | None = None,
    alias: str | None = None,
    from_version: int | None = None,
    reason: str | None = None,
    automatic: bool = False,
    blocks: bool | None = None,
    details: dict[str, Any] | None = None,
) -> Event:
    """Append an event: the next id, and a time after every earlier event's even if the clock went
    back.
    """
    _check_text(actor=actor, reason=reason)
    last_event, last_at = tx.execute(sa.select(schema.log.c.last_event, schema.log.c.last_at)).one()
    at = max(instants.micros(instants.now()), last_at + 1)
    tx.execute(schema.log.update().values(last_event=last_event + 1, last_at=at))
    values: dict[str, Any] = {
        "id": last_event + 1,
        "at": instants.from_micros(at),
        "set": set_name,
        "kind": kind,
        "actor": actor,
        "version": version,
        "alias": alias,
        "from_version": from_version,
        "reason": reason,
        "automatic": automatic,
        "blocks": blocks,
        "details": details or {},
    }
    tx.execute(
        schema.events.insert().values(
            values | {"details": msgspec.json.encode(details or {}).decode()}
        )
    )
    return Event(**values)


def _move(
    tx: sa.Connection,
    version: Version,
    alias: str,
    expected: Alias | None,
    event: Event,
    *,
    held: bool,
    automatic: bool,
) -> None:
    """The conditional update: of several who saw the same alias, one succeeds and the others are
    told.

    The time of the last move is part of the condition: an alias that came back to the same version
    has moved too.
    """
    table = schema.aliases
    values = {"version": version.version, "moved_at": event.at, "held": held}
    if expected is None:
        try:
            tx.execute(table.insert().values(values | {"set": version.set, "alias": alias}))
        except IntegrityError:
            raise _moved(version.set, alias, expected) from None
        return
    if automatic and expected.held:
        raise ConflictError(
            "held",
            f"{version.set}: {alias} is held since a rollback; a person promotes with a reason",
        )
    seen = matching(
        table, set=version.set, alias=alias, version=expected.version, moved_at=expected.moved_at
    )
    if tx.execute(table.update().where(seen).values(values)).rowcount != 1:
        raise _moved(version.set, alias, expected)


def _check_unmoved(tx: sa.Connection, set_name: str, alias: str, expected: Alias | None) -> None:
    table = schema.aliases
    found = sa.select(table.c.version, table.c.moved_at).where(
        matching(table, set=set_name, alias=alias)
    )
    row = tx.execute(found).one_or_none()
    if (row and (row.version, row.moved_at)) != (
        expected and (expected.version, expected.moved_at)
    ):
        raise _moved(set_name, alias, expected)


def _moved(name: str, alias: str, expected: Alias | None) -> ConflictError:
    was = "nothing" if expected is None else f"version {expected.version} as before"
    return ConflictError(
        "moved",
        f"{name}: {alias} does not point to {was}: somebody else moved it; look and decide again",
    )


def _continues(tx: sa.Connection, view: View) -> bool:
    """Whether the log still holds what a view was read from; not so when the catalog came back from
    a backup.
    """
    table = schema.events
    at = tx.execute(sa.select(table.c.at).where(table.c.id == view.last_event)).scalar()
    return view.last_event == 0 or at == view.moment


def _deletions(tx: sa.Connection, set_name: str, snapshot_id: str) -> tuple[int, bool]:
    table = schema.claims
    columns = sa.select(table.c.generation, table.c.done)
    row = tx.execute(
        columns.where(matching(table, set=set_name, snapshot_id=snapshot_id))
    ).one_or_none()
    return (0, True) if row is None else (row.generation, row.done)


def _check_newest(tx: sa.Connection, used: ContractRevision) -> None:
    name, revision, table = used.set, used.revision, schema.contracts
    newest = tx.execute(
        sa.select(sa.func.max(table.c.revision)).where(table.c.set == name)
    ).scalar()
    if newest != revision:
        raise ConflictError(
            "contract_changed",
            f"{name}: contract revision {newest} was defined meanwhile (this used {revision}); run "
            "again",
        )


def _check_unexpired(tx: sa.Connection, version: Version) -> None:
    table = schema.versions
    here = matching(table, set=version.set, version=version.version)
    if tx.execute(sa.select(table.c.expired_at).where(here)).scalar_one() is not None:
        raise NotFoundError(
            "expired", f"{version.set}: version {version.version} has expired; its files are gone"
        )


def _check_waivers(
    tx: sa.Connection, version: Version, judged_with: Collection[int], at: datetime
) -> None:
    """The waivers of a version's content that are in force at a moment are those that its verdict
    was given with.
    """
    table = schema.waivers
    kept = matching(table, set=version.set, snapshot_id=version.snapshot_id) & table.c.ended_at.is_(
        None
    )
    found = tx.execute(sa.select(table.c.id).where(kept & (table.c.until > at))).scalars()
    if set(found) != set(judged_with):
        raise ConflictError(
            "waivers_changed",
            f"{version.set}: the waivers of version {version.version} are not those that it was "
            "judged with: one "
            "was given, taken back or ended meanwhile; promote again",
        )


def _same_run(version: Version, snapshot_id: str, released_at: datetime | None) -> Version:
    if version.snapshot_id == snapshot_id and version.released_at == released_at:
        return version
    what = "content" if version.snapshot_id != snapshot_id else "released_at"
    raise ConflictError(
        "run_id_reused",
        f"{version.set}: run {version.provenance.run_id} published version {version.version} with "
        f"another {what}; "
        "a new result needs a new run_id",
    )
