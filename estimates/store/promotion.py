"""The rules by which an alias may move; pure, they only look at the catalog's view."""

from __future__ import annotations

import re
from datetime import datetime

from estimates import instants
from estimates.catalog.records import Version
from estimates.catalog.ref import PRODUCTION
from estimates.catalog.view import SetView
from estimates.errors import ConflictError, GateError, InvalidError, NotFoundError
from estimates.gate.active_waivers import active_waivers, waivers_digest
from estimates.gate.policy import policy_digest
from estimates.gate.verdict import GATE_REVISION, Verdict


def check_alias(alias: str) -> None:
    """Raises InvalidError (`bad_alias`) for a name that reads as another kind of ref."""
    if alias == "latest" or not re.fullmatch(r"[a-z][a-z0-9_-]{0,99}", alias):
        raise InvalidError(
            "bad_alias",
            f"{alias!r} cannot be an alias: write lower-case letters, digits, _ or -; "
            "'latest' is taken",
        )


def check_promotion(
    view: SetView, version: Version, alias: str, automatic: bool, new_shape: bool
) -> None:
    """The rules of promotion that do not depend on the verdict; see architecture.md, "Promotion"."""
    name, number = version.set, version.version
    pointed = view.aliases.get(alias)
    if automatic and version.snapshot_id in view.rolled_back_snapshots:
        raise ConflictError(
            "rolled_back",
            f"{name}: the content of version {number} was rolled back; a person promotes it",
        )
    if pointed is None:
        return
    current = view.versions[pointed.version - 1]
    if automatic and pointed.held:
        raise ConflictError(
            "held", f"{name}: {alias} is held since a rollback; a person promotes with a reason"
        )
    if number == pointed.version and not pointed.held:
        raise ConflictError("already", f"{name}: {alias} points to version {number} already")
    if version.shape != current.shape and (automatic or not new_shape):
        raise ConflictError(
            "other_shape",
            f"{name}: version {number} has shape {version.shape} and {alias} shape "
            f"{current.shape}; "
            "a person promotes it with --new-shape",
        )
    if automatic and number < pointed.version:
        raise ConflictError(
            "lower_version", f"{name}: {alias} points to version {pointed.version}, above {number}"
        )
    if automatic and version.data_through < current.data_through:
        raise ConflictError(
            "older_data",
            f"{name}: version {number} saw data through {instants.text(version.data_through)}, "
            f"{alias} through "
            f"{instants.text(current.data_through)}",
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
            f"(event {judged[-1].id}); estimates gate {version.set} {version.version} --actuals "
            "FILE judges it again",
        )


def rollback_target(view: SetView, current: Version, alias: str, to: int | None) -> Version:
    """The newest good version that the alias held before, or the one named."""
    name = current.set
    bad = view.rolled_back_snapshots | {current.snapshot_id}
    held = {number for _, number in view.moves[alias]} - {current.version}
    if to is not None and to not in held:
        raise ConflictError(
            "never_held", f"{name}: {alias} never pointed to version {to}; it held {_list(held)}"
        )
    if to is not None and view.versions[to - 1].snapshot_id in bad:
        raise ConflictError(
            "rolled_back", f"{name}: version {to} was rolled back itself; promote it if it is good"
        )
    if to is not None and view.versions[to - 1].expired_at is not None:
        raise NotFoundError("expired", f"{name}: version {to} has expired; its files are gone")
    for number in sorted(held if to is None else {to}, reverse=True):
        version = view.versions[number - 1]
        if version.snapshot_id not in bad and version.expired_at is None:
            return version
    raise NotFoundError(
        "nothing_before",
        f"{name}: {alias} held no other version that is neither expired nor rolled back",
    )


def is_valid(verdict: Verdict, view: SetView, version: Version, at: datetime) -> bool:
    """Whether a verdict is for this content, the policy, the waivers in force and the version
    production points to.
    """
    pointed = view.aliases.get(PRODUCTION)
    comparable = pointed is not None and view.versions[pointed.version - 1].shape == version.shape
    expected = pointed.version if pointed is not None and comparable else None
    return (
        verdict.snapshot_id == version.snapshot_id
        and verdict.policy == policy_digest(view.contract)
        and verdict.waivers == waivers_digest(active_waivers(view.waivers_of(version), at))
        and verdict.code == GATE_REVISION
        and (verdict.baseline.version if verdict.baseline else None) == expected
    )


def _list(numbers: set[int]) -> str:
    return ", ".join(map(str, sorted(numbers))) or "no other version"
