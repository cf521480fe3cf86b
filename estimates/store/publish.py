"""Publishing, the whole way of a frame.

conform, write, commit  the version exists, and nobody is told of it yet
judge                   against what production points to now; the verdict is kept
promote                 if the verdict and the contract's policy let it
"""

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

import polars as pl

from estimates.catalog.at import At
from estimates.catalog.records import ContractRevision, Provenance, Version
from estimates.catalog.release_clock import check_claim
from estimates.contract.conform import conform
from estimates.contract.contract import Contract
from estimates.errors import (
    ConflictError,
    GateError,
    InvalidError,
    RefusedError,
    UnavailableError,
)
from estimates.gate.verdict import Verdict
from estimates.stability.report import Report
from estimates.storage import snapshot
from estimates.storage.manifest_blocks import number_of, versions_of
from estimates.store.carry_over import (
    carried_before,
    combined_by_contract,
    combined_by_hand,
)
from estimates.store.deletions import finish_deletions
from estimates.store.erased_rows import check_not_erased
from estimates.store.judge import Judgement, judge, stored_judgement
from estimates.store.open_store import OpenStore
from estimates.store.partial_update import Changes, PartialUpdate
from estimates.store.promote import promote
from estimates.store.retire import check_not_retired

# Called before each step begins: its name, and the number of the version once there is one.
OnStep = Callable[[str, int | None], None]
# Each attempt is lost to a sweep that deleted just this content; a pause grows between them.
_WRITE_ATTEMPTS = 20
# The alias moved, or the contract changed, between judging and promoting: judge and try again.
_PROMOTE_ATTEMPTS = 3
_TRANSIENT = ("moved", "contract_changed")
# Why an automatic promotion does not take place although nothing is wrong with the run.
_LEFT_TO_A_PERSON = (
    *("held", "lower_version", "older_data", "rolled_back", "other_shape"),
    "retired",  # since the run published
)


class Publication(NamedTuple):
    """What became of a frame.

    report                the candidate against its baseline; None where it was not measured now
    not_promoted_because  a sentence; None when production points, or pointed, to the version
    """

    version: Version
    verdict: Verdict
    report: Report | None
    not_promoted_because: str | None


def publish_and_promote(
    store: OpenStore,
    name: str,
    frame: pl.DataFrame,
    provenance: Provenance,
    *,
    released_at: datetime | None = None,
    changes: Changes | None = None,
    on_step: OnStep,
) -> Publication:
    """Publish a frame, judge it, and promote it if the policy says so.

    Raises what `publish`, `judge` and `promote` raise; a refused version is no error.
    """
    on_step("publish", None)
    version, rows = _publish(store, name, frame, provenance, released_at, changes)
    return judge_and_promote(store, version, on_step, rows)


def judge_and_promote(
    store: OpenStore, version: Version, on_step: OnStep, rows: pl.DataFrame | None = None
) -> Publication:
    """The rest of the way of a version that exists; what was done before is not done again.

    rows  all of the version's, where they are at hand
    """
    on_step("judge", version.version)
    judgement = stored_judgement(store, version) or judge(store, version, None, rows)
    on_step("promote", version.version)
    judgement, reason = _promote_by_policy(store, version, judgement)
    own = Publication(version, judgement.verdict, judgement.report, reason)
    return _with_carried_over(store, own) if judgement.verdict.blocks else own


def _with_carried_over(store: OpenStore, refused: Publication) -> Publication:
    """What became of a refused version once the contract let groups that fail keep production's
    rows: the version made so, where it passes.
    """
    version = refused.version
    made = carried_before(store, version)
    if made is None:
        combined, reason = combined_by_contract(store, version, refused.verdict)
        if combined is None:
            because = "; ".join(part for part in (refused.not_promoted_because, reason) if part)
            return refused._replace(not_promoted_because=because or None)
        made = publish(store, version.set, *combined, released_at=version.released_at)
    judgement = stored_judgement(store, made) or judge(store, made)
    judgement, because = _promote_by_policy(store, made, judgement)
    if judgement.verdict.blocks:
        more = f"version {made.version}, which carries over what fails, does not pass either"
        return refused._replace(not_promoted_because=f"{refused.not_promoted_because}; {more}")
    return Publication(made, judgement.verdict, judgement.report, because)


def carry_over(
    store: OpenStore,
    name: str,
    number: int,
    *,
    by: str,
    groups: Sequence[str] | None = None,
    reason: str,
) -> Publication:
    """Make a version out of a refused one, by hand, in which groups keep production's rows; judge
    it whole and promote it if the policy says so.

    by, groups  the column, and which of its values are kept, as text; None: those that a judgement
                of now speaks against
    Raises InvalidError (`reason_needed`, `bad_group`: no such column or value, or none fails),
    ConflictError (`nothing_to_carry`: production points to nothing comparable, or to the version;
    `retired`), NotFoundError (`unknown_set`, `unknown_version`, `expired`), and what `publish`
    raises.
    """
    check_not_retired(store.view().set(name))
    combined = combined_by_hand(store, name, number, by, groups, reason)
    version = store.reader().resolve(name, At(number))
    made = publish(store, name, *combined, released_at=version.released_at)
    return judge_and_promote(store, made, lambda step, version: None)


def publish(
    store: OpenStore,
    name: str,
    frame: pl.DataFrame,
    provenance: Provenance,
    *,
    released_at: datetime | None = None,
    changes: Changes | None = None,
) -> Version:
    """Make a version exist: conform the frame, write the snapshot, commit. Not judged yet, not
    promoted.

    released_at  of a history that is older than the store: when the version is claimed to have been
                 released
    changes      the frame has only the rows that differ from those of a version, and these are the
                 keys that go; see `PartialUpdate` for the errors
    The same run_id with the same content gives the version back that it made before. Raises
    InvalidError (`bad_released_at`, `erased_keys`, `is_family`, and see `conform`; nothing is
    stored), ConflictError (`run_id_reused`, `contract_changed`, `retired`), UnavailableError.
    """
    return _publish(store, name, frame, provenance, released_at, changes)[0]


def _publish(
    store: OpenStore,
    name: str,
    frame: pl.DataFrame,
    provenance: Provenance,
    released_at: datetime | None,
    changes: Changes | None,
) -> tuple[Version, pl.DataFrame | None]:
    """As `publish`, and also gives the rows of the version as they are stored; None where it was
    made of changes.
    """
    check_claim(name, released_at, provenance.data_through)
    store.check_writable("published", name)
    whole = store.view()
    view = whole.set(name)
    contract, revision = view.contract, view.contracts[-1]
    check_not_retired(view)
    if contract.family is not None:
        raise InvalidError(
            "is_family",
            f"{name}: is a family, whose members have the versions",
            remedy=f"estimates publish {name} FILE gives each row to the member that "
            f"{contract.family.by} names",
        )
    content = (
        WholeFrame(store, name, contract, frame)
        if changes is None
        else PartialUpdate(store, name, contract, frame, changes)
    )
    version = _write(store, content, revision, provenance, released_at, whole.last_event)
    store.notify_and_copy()
    complete_blocks(store, name, version.version)
    return version, content.all_rows


def complete_blocks(store: OpenStore, name: str, newest: int) -> None:
    """Write the last block of manifests that is complete with a version, if it is not there."""
    block = number_of(newest + 1) - 1
    if block:
        of_set = store.view().set(name)
        versions = [of_set.versions[number - 1] for number in versions_of(block)]
        unexpired = [version.snapshot_id for version in versions if version.expired_at is None]
        store.manifests.complete_block(name, block, unexpired)


class WholeFrame:
    """All rows of a new version, conformed; `write` may be called again.

    of, keys, all_rows  as those of a `PartialUpdate`, which this is beside: made of no version
    """

    of: int | None = None

    def __init__(
        self, store: OpenStore, name: str, contract: Contract, frame: pl.DataFrame
    ) -> None:
        """Raises as `conform` does."""
        self._store = store
        self._name = name
        self._shape = contract.shape()
        self.all_rows = conform(frame, contract)
        self.keys = self.all_rows.select(list(contract.key))

    def write(self) -> snapshot.Manifest:
        """Store them."""
        return snapshot.write(self._store.objects, self._name, self.all_rows, self._shape)


def _write(
    store: OpenStore,
    content: WholeFrame | PartialUpdate,
    revision: ContractRevision,
    provenance: Provenance,
    released_at: datetime | None,
    seen_event: int,
) -> Version:
    """Write the files, then the version row; again when a sweep took the files in between.

    seen_event  the newest event that was known before
    """
    name = revision.set
    for attempt in range(1, _WRITE_ATTEMPTS + 1):
        claims_seen = store.catalog.last_claim(name)
        finish_deletions(store)
        erasures_seen = check_not_erased(store, name, content.keys)
        manifest = content.write()
        try:
            return store.catalog.publish(
                revision,
                manifest.snapshot_id,
                manifest.rows,
                provenance,
                actor=store.actor,
                parts=[part.sha256 for part in manifest.parts],
                claims_seen=claims_seen,
                erasures_seen=erasures_seen,
                released_at=released_at,
                changes_of=content.of,
                seen_event=seen_event,
            )
        except UnavailableError as error:
            if error.code != "being_swept" or attempt == _WRITE_ATTEMPTS:
                raise
            time.sleep(0.01 * attempt)
    raise AssertionError("unreachable")


def _promote_by_policy(
    store: OpenStore, version: Version, judgement: Judgement
) -> tuple[Judgement, str | None]:
    """Promote a version if the policy lets a run do so, with the judgement that decided it.

    Gives the reason why it was not promoted; None when it was, now or before.
    """
    name, number = version.set, version.version
    view = store.view().set(name)
    if number in view.ever_production:
        return judgement, None
    if judgement.verdict.blocks:
        return judgement, _refusal(judgement.verdict)
    if view.contract.gate.promote == "manual":
        return judgement, (
            f"the contract's policy leaves it to a person: estimates promote {name} {number} "
            "--reason …"
        )
    for attempt in range(1, _PROMOTE_ATTEMPTS + 1):
        try:
            promotion = promote(store, name, number, automatic=True, judgement=judgement)
            return promotion.judgement, None
        except GateError as error:
            if error.code == "approval_needed":
                return _newest_of(store, version, judgement), error.message
            # judged again, against a newer baseline or policy
            newest = stored_judgement(store, version)
            assert newest is not None
            return newest, _refusal(newest.verdict)
        except ConflictError as error:
            if error.code in _LEFT_TO_A_PERSON or attempt == _PROMOTE_ATTEMPTS:
                return judgement, error.message
            if error.code not in _TRANSIENT:
                raise
        except RefusedError as error:  # who may publish may not always promote
            if error.code != "not_allowed":
                raise
            return judgement, error.message
    raise AssertionError("unreachable")


def _newest_of(store: OpenStore, version: Version, judgement: Judgement) -> Judgement:
    """The judgement that is at hand, unless the version was judged again."""
    newest = stored_judgement(store, version)
    return judgement if newest is None or newest.verdict == judgement.verdict else newest


def _refusal(verdict: Verdict) -> str:
    return f"the gate refuses it: {', '.join(check.name for check in verdict.failing())}"
