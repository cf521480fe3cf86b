"""A contract as the keys of two versions are paired by it."""

from __future__ import annotations

import msgspec

from estimates.contract.contract import PAIRINGS, Contract
from estimates.contract.domain import OpenDomain
from estimates.errors import InvalidError


def with_pairing(contract: Contract, pairing: str | None) -> Contract:
    """The contract with another pairing than its own; raises InvalidError (`bad_pairing`) where it
    has no such keys.
    """
    if pairing is None or pairing == contract.stability.pairing:
        return contract
    if pairing not in PAIRINGS:
        raise InvalidError(
            "bad_pairing",
            f"there is no pairing {pairing!r}",
            remedy=f"one of {', '.join(PAIRINGS)}",
        )
    policy = msgspec.structs.replace(contract.stability, pairing=pairing)
    try:
        return msgspec.structs.replace(contract, stability=policy)
    except ValueError as error:
        raise InvalidError(
            "bad_pairing",
            f"{contract.name}: {error}",
            remedy="leave the pairing out, or choose same_key",
        ) from None


def by_step(contract: Contract) -> Contract:
    """The contract as its keys are compared: dated targets of `same_horizon` are steps after the
    origin, from 1.
    """
    target = contract.target
    if (
        contract.stability.pairing != "same_horizon"
        or target is None
        or contract.key[target].type == "integer"
    ):
        return contract
    key = contract.key | {target: msgspec.structs.replace(contract.key[target], type="integer")}
    return msgspec.structs.replace(contract, key=key, domain=OpenDomain())
