"""Defining: a contract is registered; a revision that loosens the gate waits for approvals."""

from __future__ import annotations

from typing import Any

import msgspec
import polars as pl

from estimates.catalog.records import ContractRevision
from estimates.catalog.set_view import SetView
from estimates.catalog.view import View
from estimates.contract.contract import Contract
from estimates.contract.domain import FileDomain
from estimates.contract.family import is_made_of
from estimates.errors import ConflictError
from estimates.gate.loosening import loosened
from estimates.gate.policy_validation import validate_policy
from estimates.store.open_store import OpenStore
from estimates.store.request_approval import ask

_RETRIES = 3  # somebody else defined it meanwhile: compare with that


def define(
    store: OpenStore, contract: Contract, source: str, domain_keys: pl.DataFrame | None = None
) -> ContractRevision:
    """Register a contract; see `Store.define` for the arguments and errors."""
    validate_policy(contract, source)
    store.check_writable("defined", contract.name)
    if isinstance(contract.domain, FileDomain):
        contract = store.listed_keys.write(contract, domain_keys)
    for _ in range(_RETRIES):
        try:
            return _register(store, contract, source)
        except ConflictError as error:
            if error.code != "contract_changed":
                raise
    return _register(store, contract, source)


def _register(store: OpenStore, contract: Contract, source: str) -> ContractRevision:
    """The same once; raises ConflictError (`contract_changed`) where somebody else was faster."""
    view = store.view()
    of_set = view.sets.get(contract.name)
    if of_set is not None:
        _ask_if_looser(store, view, of_set, contract, source)
    seen = 0 if of_set is None else len(of_set.contracts)
    revision = store.catalog.define(contract, source, store.actor, seen=seen)
    store.notify_and_copy()
    return revision


def _ask_if_looser(
    store: OpenStore, view: View, of_set: SetView, contract: Contract, source: str
) -> None:
    """Raises GateError (`approval_needed`) for a revision that loosens a gate with approvals."""
    body = msgspec.json.encode(contract)
    known = of_set.contracts[-1]
    if not of_set.contract.gate.approvals or bytes(known.body) == body:
        return
    looser = [entry.text() for entry in loosened(of_set.contract, contract)]
    if looser and not follows_family(view, of_set, contract, source):
        about: dict[str, Any] = {"over": known.revision, "body": body.decode(), "source": source}
        ask(store, of_set, "define", about, loosens=looser)


def follows_family(view: View, of_set: SetView, after: Contract, source: str) -> bool:
    """Whether a member's contract, which was what its family's said before, is what that says since
    it was approved. A member that is stricter than its family has approvers of its own.
    """
    before, member = of_set.contract.member, after.member
    if member is None or before is None or member.of != before.of or member.of not in view.sets:
        return False
    of_family = view.sets[member.of]
    sources = [revision.source for revision in of_family.contracts]
    last = next(event for event in reversed(of_family.events) if event.kind == "defined")
    if not is_made_of(source, member, sources[-1:]) or "request" not in last.details:
        return False
    return is_made_of(of_set.contracts[-1].source, before, sources)
