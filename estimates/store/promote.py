"""Promoting: an alias moves to a version whose verdict does not block; the rules, and the way."""

import re
from datetime import datetime
from typing import Any, NamedTuple

from estimates import instants
from estimates.catalog.alias_moves import check_automatic
from estimates.catalog.approval_writes import Approval
from estimates.catalog.at import At
from estimates.catalog.records import Event, Version
from estimates.catalog.ref import PRODUCTION
from estimates.catalog.set_view import SetView
from estimates.errors import ConflictError, GateError, InvalidError
from estimates.gate.open_requests import expected_baseline, promotion_about, waivers_of
from estimates.gate.policy import policy_digest
from estimates.gate.verdict import GATE_REVISION, Verdict
from estimates.store.judge import Judgement, judge, stored_judgement
from estimates.store.open_store import OpenStore
from estimates.store.reasons import check_reason
from estimates.store.repeats import moved_by, newest_move, repeated
from estimates.store.request_approval import ask
from estimates.store.retire import check_not_retired
from estimates.store.sampled_reads import check_sampled_reads


class Promotion(NamedTuple):
    """The event of a promotion, and the judgement that let it through."""

    event: Event
    judgement: Judgement


def promote(
    store: OpenStore,
    name: str,
    number: int,
    *,
    reason: str | None = None,
    automatic: bool = False,
    alias: str = PRODUCTION,
    new_shape: bool = False,
    judgement: Judgement | None = None,
    approval: Approval | None = None,
) -> Promotion:
    """Point an alias at a version whose verdict does not block.

    judgement  the version's newest, where it is at hand; else the catalog is asked
    approval   the last one that it takes; None: where it takes some, they are asked for
    What is repeated word by word by the same person, as after a lost answer, is done once: its
    event is returned. See `Store.promote` for the rest and the errors, `reason_needed` among them.
    """
    check_alias(alias)
    if not automatic:
        check_reason(reason, f"say why version {number} is promoted (--reason)")
    view = store.view()
    version = store.reader(view).resolve(name, At(number))
    set_view = view.set(name)
    judgement = judgement or stored_judgement(store, version)
    if approval is None and judgement is not None and not automatic:
        done = repeated(
            set_view, "promoted", alias, actor=store.actor, reason=reason, version=number
        )
        if done is not None:
            return Promotion(done, judgement)
    check_promotion(set_view, version, alias, automatic, new_shape)
    if judgement is None or not is_current(judgement.verdict, set_view, version, view.present):
        at_hand = None if judgement is None or judgement.shared else judgement.candidate
        judgement = judge(store, version, at_hand, promoting=True)
    check_verdict(judgement.verdict, version)
    check_actuals(set_view, version)
    if approval is None:
        about = promotion_about(set_view, version, alias, view.present, new_shape=new_shape)
        ask(store, set_view, "promote", about, version=number, reason=reason, automatic=automatic)
    store.check_writable("promoted", name)  # before read files are left in the root
    sampled = check_sampled_reads(store, version, judgement)
    verdict = judgement.verdict
    event = store.catalog.promote(
        version,
        alias=alias,
        seen=set_view,
        actor=store.actor,
        reason=reason,
        automatic=automatic,
        waivers=[waiver.id for waiver in verdict.in_force],
        details=_details(verdict, sampled) | (approval.details(store.actor) if approval else {}),
        approval=approval,
    )
    store.notify_and_copy(event)
    return Promotion(event, judgement)


def _details(verdict: Verdict, sampled_reads: int) -> dict[str, Any]:
    """What a promotion rests on, for its event."""
    details: dict[str, Any] = {
        "sampled_reads": sampled_reads,
        "judged_against": verdict.against,
        "policy": verdict.policy,
        "waivers": sorted({number for check in verdict.checks for number in check.waived_by}),
    }
    return details | ({"starts_anew": verdict.starts_anew} if verdict.starts_anew else {})


def check_alias(alias: str) -> None:
    """Raises InvalidError (`bad_alias`) for a name that reads as another kind of ref."""
    if alias == "latest" or not re.fullmatch(r"[a-z][a-z0-9_-]{0,99}", alias):
        raise InvalidError(
            "bad_alias",
            f"{alias!r} cannot be an alias",
            remedy="write lower-case letters, digits, _ or -; 'latest' is taken",
        )


def check_promotion(
    view: SetView, version: Version, alias: str, automatic: bool, new_shape: bool
) -> None:
    """The rules of promotion that do not depend on the verdict.

    Raises ConflictError (`retired`, `already`, `other_shape`; for automatic promotion also
    `rolled_back`, `held`, `lower_version`, `older_data`).
    """
    check_not_retired(view)
    name, number = version.set, version.version
    pointed = view.aliases.get(alias)
    if automatic and version.snapshot_id in view.rolled_back_snapshots:
        raise ConflictError(
            "rolled_back",
            f"{name}: the content of version {number} was rolled back",
            remedy="a person promotes it",
        )
    if automatic:
        check_automatic(view, name, alias)
    if pointed is None:
        return
    current = view.versions[pointed.version - 1]
    if number == pointed.version and not pointed.held:
        move = newest_move(view, alias)
        by = "" if move is None else f", by {moved_by(move)}"
        raise ConflictError(
            "already",
            f"{name}: {alias} is version {number} already{by}",
            remedy="it stands as wanted: there is nothing to do",
        )
    if version.shape != current.shape and (automatic or not new_shape):
        raise ConflictError(
            "other_shape",
            f"{name}: version {number} has shape {version.shape} and {alias} shape {current.shape}",
            remedy="a person promotes it with --new-shape",
        )
    if automatic and number < pointed.version:
        raise ConflictError(
            "lower_version",
            f"{name}: {alias} points to version {pointed.version}, above {number}",
            remedy=_behind(name, number),
        )
    if automatic and version.is_behind(current):
        raise ConflictError(
            "older_data",
            f"{name}: version {number} saw data through {instants.text(version.data_through)}, "
            f"{alias} through "
            f"{instants.text(current.data_through)}",
            remedy=_behind(name, number),
        )


def _behind(name: str, number: int) -> str:
    """What to do with a version that is older than what production serves, as of a back-fill."""
    return (
        f"it is kept, and read by its number: `--ref {number}`; a person may serve it all the "
        f"same: estimates promote {name} {number} --reason …"
    )


def check_actuals(view: SetView, version: Version) -> None:
    """A verdict that blocked with actual values stands until one with actual values says otherwise.

    Raises GateError (`blocked`): a judgement without them, which knows less, does not let a version
    through.
    """
    judged = [
        e
        for e in view.events
        if e.kind == "judged" and e.version == version.version and "actuals" in e.details
    ]
    if judged and judged[-1].blocks:
        raise GateError(
            "blocked",
            f"{version.set}: version {version.version} does not pass the gate with actual values "
            f"(event {judged[-1].id})",
            remedy=f"estimates gate {version.set} {version.version} --actuals FILE judges it again",
        )


def is_current(verdict: Verdict, view: SetView, version: Version, at: datetime) -> bool:
    """Whether a verdict is for this content, the policy, the waivers in force and the version
    production points to.
    """
    return (
        verdict.snapshot_id == version.snapshot_id
        and verdict.policy == policy_digest(view.contract)
        and verdict.waivers == waivers_of(view, version, at)
        and verdict.code == GATE_REVISION
        and verdict.against == expected_baseline(view, version)
    )


def standing_verdict(store: OpenStore, version: Version) -> Verdict | None:
    """The verdict on record, where another judgement would say nothing that counts: it is current,
    or production went past the version and nobody waived anything since. None where the version
    has to be judged: also after an error, which may be over.
    """
    judgement = stored_judgement(store, version)
    if judgement is None or judgement.verdict.outcome == "error":
        return None
    verdict, view = judgement.verdict, store.view()
    of_set = view.set(version.set)
    production = of_set.production
    is_past = production is not None and (
        version.version <= production.version or version.is_behind(production)
    )
    same_waivers = verdict.waivers == waivers_of(of_set, version, view.present)
    return (
        verdict
        if (is_past and same_waivers) or is_current(verdict, of_set, version, view.present)
        else None
    )


def check_verdict(verdict: Verdict, version: Version) -> None:
    """Raises GateError (`blocked`) for a verdict that blocks."""
    if verdict.blocks:
        failing = ", ".join(check.name for check in verdict.failing())
        raise GateError(
            "blocked",
            f"{version.set}: version {version.version} does not pass the gate: {failing}",
            remedy=f"`estimates gate {version.set} {version.version}` says why, and "
            "`estimates waive` lets a check pass",
            checks=failing,
        )
