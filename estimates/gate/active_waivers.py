"""Waivers: exceptions that a person made, with a reason and an end, for one version's content and
one check. Which of them count, and why others do not.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
import polars as pl

from estimates.catalog.records import Waiver
from estimates.contract.columns import parse_key_part
from estimates.contract.conform import key_schema
from estimates.contract.contract import Contract
from estimates.gate.check import Check


def active_waivers(waivers: Sequence[Waiver], moment: datetime) -> list[Waiver]:
    """Those that are not over at a moment, by id; a waiver counts until its end, which is not part
    of it.
    """
    return sorted(
        (waiver for waiver in waivers if moment < waiver.until), key=lambda waiver: waiver.id
    )


def waivers_digest(waivers: Sequence[Waiver]) -> str:
    """SHA-256 of the waivers in force: what a verdict is bound to."""
    return hashlib.sha256(msgspec.json.encode(list(waivers))).hexdigest()


def key_rows(keys: Sequence[Sequence[str]], contract: Contract) -> pl.DataFrame:
    """Keys written as text, in the contract's types; raises ValueError or OverflowError for a part
    that is none.
    """
    types = key_schema(contract)
    columns = {
        name: pl.Series([parse_key_part(column.type, key[i]) for key in keys], dtype=types[name])
        for i, (name, column) in enumerate(contract.key.items())
    }
    return pl.DataFrame(columns)


def waiver_problem(
    waiver: Waiver, snapshot_id: str | None, contract: Contract, checks: Mapping[str, Check]
) -> str | None:
    """Why a waiver counts for nothing when this snapshot is judged; None when it counts."""
    if waiver.snapshot_id != snapshot_id:
        return "it was given for other content"
    check = checks.get(waiver.check)
    if check is None:
        return "there is no such check"
    if not check.waivable:
        return "every version must pass this check"
    if waiver.keys is None:
        return None
    if not check.by_key:
        return "it names keys, and this check is about the version as a whole"
    if _are_keys(waiver.keys, contract):
        return None
    return "its keys are not keys of the contract"


def _are_keys(keys: Sequence[Sequence[str]], contract: Contract) -> bool:
    if any(len(key) != len(contract.key) for key in keys):
        return False
    try:
        return key_rows(keys, contract).height > 0
    except (ValueError, OverflowError):
        return False
