"""Waiving: a person makes an exception of a check for one version's content, or takes it back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from estimates import instants
from estimates.catalog.at import At
from estimates.catalog.records import Event, Version, Waiver
from estimates.catalog.set_view import SetView
from estimates.contract.contract import Contract
from estimates.errors import InvalidError
from estimates.gate.policy import checks_of, policy_digest
from estimates.keys.key_form import Key, KeyForm
from estimates.render.wording import did_you_mean
from estimates.store.open_store import OpenStore
from estimates.store.reasons import check_reason
from estimates.store.request_approval import ask


def waive(
    store: OpenStore,
    name: str,
    check: str,
    version: int,
    *,
    keys: Sequence[Key] | None = None,
    reason: str,
    until: datetime | str,
) -> Waiver:
    """Except a version's content from a check until a moment; whoever judges it from now on takes
    it into account.

    keys   the check leaves out these keys, typed or as text; None: the check as a whole
    until  an instant, or a date for all of that day in UTC
    Several waivers may hold at once. Raises InvalidError (`unknown_check`, `unwaivable`,
    `not_by_key`, `no_keys`, `key_parts`, `bad_key_part`, `reason_needed`, `bad_time`,
    `bad_until`: not in the future), NotFoundError (`unknown_set`, `unknown_version`,
    `expired`), GateError (`approval_needed`), ConflictError (`contract_changed`).
    """
    view = store.view()
    resolved = store.reader(view).resolve(name, At(version))
    texts = waived_keys(view.set(name).contract, check, keys, reason)
    end = instants.instant_of(instants.parse_until(until) if isinstance(until, str) else until)
    assert end is not None
    of_set = view.set(name)
    if end > view.present:  # else the catalog says what is wrong with it
        about = waiver_about(of_set, resolved, check, texts, end)
        ask(store, of_set, "waive", about, version=version, reason=reason)
    event, waiver = store.catalog.waive(
        resolved,
        check,
        texts,
        reason=reason,
        until=end,
        actor=store.actor,
        newest=of_set.contracts[-1],
    )
    store.notify_and_copy(event)
    return waiver


def waiver_about(
    of_set: SetView, version: Version, check: str, keys: list[list[str]] | None, until: datetime
) -> dict[str, Any]:
    """What the approval of a waiver is bound to."""
    return {
        "check": check,
        "keys": keys,
        "until": instants.text(until),
        "snapshot": version.snapshot_id,
        "policy": policy_digest(of_set.contract),
    }


def unwaive(store: OpenStore, name: str, waiver: int, *, reason: str) -> Event:
    """Take a waiver back before its end; what was promoted under it stays where it is.

    waiver  its id
    Raises InvalidError (`reason_needed`), NotFoundError (`unknown_set`, `unknown_waiver`),
    ConflictError (`waiver_over`).
    """
    store.view().set(name)
    check_reason(reason)
    event = store.catalog.unwaive(name, waiver, reason=reason, actor=store.actor)
    store.notify_and_copy(event)
    return event


def waived_keys(
    contract: Contract, name: str, keys: Sequence[Key] | None, reason: str
) -> list[list[str]] | None:
    """The keys of a waiver as text, each once and sorted; None for a check as a whole.

    name  of the check, one of the gate's or of the set's own
    Raises InvalidError: `unknown_check`, `unwaivable` (every version must pass it), `not_by_key`
    (keys for a check that is about the version as a whole), `no_keys`, `key_parts`, `bad_key_part`,
    `reason_needed`.
    """
    checks = {check.name: check for check in checks_of(contract)}
    allowed = ", ".join(check.name for check in checks.values() if check.waivable)
    check = checks.get(name)
    if check is None:
        raise InvalidError(
            "unknown_check",
            f"{contract.name}: there is no check {name!r}{did_you_mean(name, checks)}",
            remedy=f"those to waive: {allowed}",
        )
    if not check.waivable:
        raise InvalidError(
            "unwaivable",
            f"{contract.name}: every version must pass {name}, it cannot be waived",
            remedy=f"others can: {allowed}",
        )
    check_reason(reason)
    if keys is None:
        return None
    if not check.by_key:
        raise InvalidError(
            "not_by_key",
            f"{contract.name}: {name} is about the version as a whole",
            remedy="waive it without keys",
        )
    if not keys:
        raise InvalidError(
            "no_keys",
            f"{contract.name}: no keys are given",
            remedy=f"leave keys out to waive {name} as a whole",
        )
    form = KeyForm(contract)
    return [list(key) for key in sorted({tuple(form.texts(key)) for key in keys})]
