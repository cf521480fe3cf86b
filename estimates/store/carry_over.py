"""Carrying over: a version out of a refused one, in which failing groups keep production's rows.

Nothing of a version changes: the new one says which groups are not its own, and is judged whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import polars as pl

from estimates.catalog.at import At
from estimates.catalog.records import CarriedOver, Provenance, Version
from estimates.contract.columns import key_text
from estimates.contract.contract import Contract
from estimates.contract.gate_policy import check_group
from estimates.errors import ConflictError, InvalidError
from estimates.gate.offender_table import Offenders
from estimates.gate.verdict import Verdict
from estimates.store.judge import offending
from estimates.store.open_store import OpenStore
from estimates.store.reasons import check_reason


class Combined(NamedTuple):
    """The rows of a new version, and where they come from."""

    frame: pl.DataFrame
    provenance: Provenance


def combined_by_hand(
    store: OpenStore, name: str, number: int, by: str, groups: Sequence[str] | None, reason: str
) -> Combined:
    """A version with production's rows of some groups; see `publish.carry_over`.

    Raises InvalidError (`reason_needed`, `bad_group`), ConflictError (`nothing_to_carry`),
    NotFoundError.
    """
    check_reason(reason)
    version = store.reader().resolve(name, At(number))
    contract = store.view().set(name).contract
    try:
        check_group(by, contract.key, contract.columns)
    except ValueError as error:
        raise InvalidError(
            "bad_group", f"{name}: {error}", remedy="write them in the type of their column"
        ) from None
    chosen = sorted(set(groups)) if groups is not None else _failing(store, version, by, None)
    return _combined(store, version, by, chosen, reason)


def carried_before(store: OpenStore, version: Version) -> Version | None:
    """The version that was made out of a refused one before, for a run that is resumed."""
    for made in reversed(store.view().set(version.set).versions):
        carried = made.provenance.carried_over
        if carried is not None and carried.of == version.version and carried.reason is None:
            return made
    return None


def combined_by_contract(
    store: OpenStore, version: Version, verdict: Verdict
) -> tuple[Combined | None, str]:
    """What the contract lets be made out of a refused version, or why nothing is, as the rest of a
    sentence; "" where the contract does not ask for it.
    """
    of_set = store.view().set(version.set)
    rule = of_set.contract.gate.carry_over
    if rule is None or version.provenance.carried_over is not None:
        return None, ""
    if of_set.retirement is not None:
        return None, "nothing is carried over: the set is retired"
    if verdict.against is None:
        return None, "nothing is carried over: it was compared with nothing"
    groups = _failing(store, version, rule.by, rule.at_most)
    if not groups:
        return None, (
            f"nothing is carried over: what fails is not within {100 * rule.at_most:g} % of the "
            f"rows, by {rule.by}"
        )
    return _combined(store, version, rule.by, groups, None), ""


def _failing(store: OpenStore, version: Version, by: str, at_most: float | None) -> list[str]:
    """The groups that the checks which block speak against, worst first, as far as they are within
    the share of the rows that may be kept.
    """
    offenders = Offenders()
    offending(store, version, offenders)
    table, contract = offenders.frame, store.view().set(version.set).contract
    assert table is not None, "the gate was asked for them"
    key = list(contract.key)
    blocking = table.filter(pl.col("status").is_in(["fail", "error"])).select(key).drop_nulls()
    old, new = _sides(store, version)
    known = pl.concat([new.select({*key, by}), old.select({*key, by})])
    groups_of_keys = known.unique(key, keep="first", maintain_order=True)
    counts = blocking.join(groups_of_keys, on=key, how="inner") if by not in key else blocking
    ranked = counts.group_by(by).len().sort(["len", by], descending=[True, False])
    sizes = dict(old.group_by(by).len().iter_rows())
    room = float("inf") if at_most is None else at_most * (new.height or 1)
    chosen: list[str] = []
    for value, _ in ranked.iter_rows():
        room -= sizes.get(value, 0)
        if value is None or value not in sizes:
            continue  # production has no rows of it to keep
        if room < 0:
            return []  # carried over in part it would fail again
        chosen.append(key_text(value))
    return sorted(chosen)


def _sides(store: OpenStore, version: Version) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows of production that a version could keep, and its own."""
    view = store.view().set(version.set)
    production = view.production
    if production is None or production.version == version.version:
        what = "nothing" if production is None else "this very version"
        raise ConflictError(
            "nothing_to_carry",
            f"{version.set}: production points to {what}: no rows to keep",
            remedy="publish a whole version",
        )
    if production.shape != version.shape:
        raise ConflictError(
            "nothing_to_carry",
            f"{version.set}: production has another shape: no rows to keep",
            remedy="publish a whole version",
        )
    return _not_elapsed(store.frame(production), view.contract, version), store.frame(version)


def _not_elapsed(rows: pl.DataFrame, contract: Contract, version: Version) -> pl.DataFrame:
    """Rows whose target lies after what the version saw; the time of the others has come."""
    target = contract.target
    if target is None or not rows.schema[target].is_temporal():
        return rows
    through = version.data_through
    last = pl.lit(through.date()) if rows.schema[target] == pl.Date else pl.lit(through)
    return rows.filter(pl.col(target) > last)


def _combined(
    store: OpenStore, version: Version, by: str, groups: Sequence[str], reason: str | None
) -> Combined:
    """A version's rows with those of some groups from production; the same run_id each time, so
    that it is published once.
    """
    old, new = _sides(store, version)
    contract = store.view().set(version.set).contract
    texts = {value: key_text(value) for value in old[by].unique() if value is not None}
    unknown = sorted(set(groups) - set(texts.values()))
    if unknown or not groups:
        what = f"production has no rows of {by} {unknown[0]!r}" if unknown else "no group fails"
        raise InvalidError(
            "bad_group", f"{version.set}: {what}", remedy="name groups that the version's rows have"
        )
    is_kept = pl.col(by).is_in([value for value, text in texts.items() if text in set(groups)])
    kept = old.filter(is_kept)
    # a key that left such a group, where that is an attribute, has its row among those kept
    others = new.filter(~is_kept.fill_null(value=False))
    others = others.join(kept, on=list(contract.key), how="anti", maintain_order="left")
    frame = pl.concat([others, kept.select(new.columns)])
    production = store.view().set(version.set).production
    assert production is not None, "there are rows to keep"
    mark = CarriedOver(by, tuple(groups), kept.height, version.version, production.version, reason)
    run_id = f"{version.provenance.run_id}+carried-{production.version}"
    provenance = msgspec.structs.replace(
        version.provenance,
        run_id=run_id if reason is None else f"{run_id}-by-hand",
        carried_over=mark,
    )
    return Combined(frame, provenance)
