"""Verdicts beside what became of the estimates: which refusals were needless, and which harm was
let through.

A verdict stays what it was. When actual values arrive, each judged version is compared with the
version it was judged against, on exactly the keys that both estimated: it did harm when its loss is
larger by more than the blocking limit of the check `accuracy_loss` in force, or when more keys than
the blocking limit of `removed_keys` lost their estimate or have a broken one. docs/gate.md
says how it is asked for.
"""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Literal, get_args

import msgspec
import polars as pl

from estimates.accuracy.accuracy_report import ColumnScores
from estimates.accuracy.actuals import Actuals, digest, read_actuals
from estimates.accuracy.score import score
from estimates.catalog.records import Version
from estimates.catalog.ref import PRODUCTION
from estimates.catalog.set_view import SetView
from estimates.contract.contract import Contract
from estimates.gate.candidate import Candidate
from estimates.gate.evaluation import measure_check
from estimates.gate.policy import limits_of
from estimates.gate.registry import BY_NAME
from estimates.store.open_store import OpenStore

Grade = Literal["right_pass", "missed_harm", "right_block", "harmless_block"]
GRADES: tuple[Grade, ...] = get_args(Grade)
ReadFrame = Callable[[int], pl.DataFrame]


class Regrade(msgspec.Struct, frozen=True):
    """What became of one verdict.

    blocked    what the gate said; baseline: the version it was judged against, None for a first one
    grade      right_pass, missed_harm (let through, and worse than the baseline), right_block,
               harmless_block
    growth     of the loss against the baseline's, worst column; n: keys that both have
    reason     why there is no grade: `first_version`, `other_shape`, `expired`, `not_comparable`
               (`message` says why)
    """

    version: int
    blocked: bool
    baseline: int | None
    grade: Grade | None
    growth: float | None = None
    n: int | None = None
    message: str = ""
    reason: str | None = None


class Regrading(msgspec.Struct, frozen=True):
    """The verdicts of a set, graded, oldest version first.

    actuals, vintage  digest of the actual values, and their newest vintage
    limit             from which growth of the loss on a version did harm
    counts            number of versions by grade
    """

    set: str
    actuals: str
    vintage: str | None
    limit: float | None
    counts: dict[str, int]
    versions: list[Regrade]


def regrade(
    store: OpenStore, name: str, frame: pl.DataFrame, *, vintage: datetime | str | None = None
) -> Regrading:
    """Grade every verdict of a set by actual values, and log each grade that is new.

    frame, vintage  actual values, as for `scoring.score_set`
    Raises the errors of `read_actuals`, NotFoundError (`unknown_set`), CorruptError.
    """
    view = store.view().set(name)
    contract = view.contract
    actuals = read_actuals(frame, contract, vintage)

    @lru_cache(3)  # a version is read for itself, and again as the baseline of the next
    def read(number: int) -> pl.DataFrame:
        return store.frame(view.versions[number - 1])

    judged = [version for version in view.versions if version.version in view.blocks]
    graded = [_regrade(store, view, contract, version, actuals, read) for version in judged]
    regrading = Regrading(
        set=name,
        actuals=digest(actuals.rows),
        vintage=actuals.newest(actuals.rows),
        limit=limits_of(BY_NAME["accuracy_loss"], contract).block,
        counts={grade: sum(row.grade == grade for row in graded) for grade in GRADES},
        versions=graded,
    )
    for version, row in zip(judged, graded, strict=True):
        if row.grade is None:
            continue
        details = {
            "grade": row.grade,
            "growth": row.growth,
            "n": row.n,
            "actuals": regrading.actuals,
        }
        event = store.catalog.regraded(version, details, actor=store.actor)
        if event is not None:  # None: its newest grade is the same
            store.notify_and_copy(event)
    return regrading


def _regrade(
    store: OpenStore,
    view: SetView,
    contract: Contract,
    version: Version,
    actuals: Actuals,
    read: ReadFrame,
) -> Regrade:
    blocked, number = _decision(store, view, version)
    blank = Regrade(version.version, blocked, number, None)
    if number is None or number == version.version:
        return msgspec.structs.replace(blank, reason="first_version")
    baseline = view.versions[number - 1]
    shape = view.contracts[-1].shape
    if shape not in (version.shape, baseline.shape) or version.shape != baseline.shape:
        return msgspec.structs.replace(blank, reason="other_shape")
    if version.expired_at is not None or baseline.expired_at is not None:
        return msgspec.structs.replace(blank, reason="expired")
    sides = [
        Candidate(
            read(side.version),
            None,
            side.provenance,
            version=side.version,
            snapshot_id=side.snapshot_id,
        )
        for side in (version, baseline)
    ]
    loss = measure_check(BY_NAME["accuracy_loss"], contract, *sides, actuals=actuals)
    lost = _lost(contract, sides, actuals)
    if loss.value is None and not lost:
        return msgspec.structs.replace(blank, message=loss.message, reason="not_comparable")
    harmful = loss.status == "fail" or bool(lost)
    message = "; ".join(
        text for text in (lost, loss.message if loss.value is not None else "") if text
    )
    return msgspec.structs.replace(
        blank, grade=_grade(blocked, harmful), growth=loss.value, n=loss.n, message=message
    )


def _lost(contract: Contract, sides: list[Candidate], actuals: Actuals) -> str:
    """Which keys with an actual value the version lost or broke: the loss on the keys that are left
    says nothing of them. "" where these are so few that the gate lets them pass.
    """
    origin = sides[0].provenance
    through = None if origin is None else origin.data_through
    new, old = (
        score(
            side.frame,
            actuals,
            contract,
            version=side.version or 0,
            contract_revision=0,
            through=through,  # what elapsed between the two is not lost
        )
        for side in sides
        if side.frame is not None
    )
    worst = max(
        (
            (_scored(before) - _scored(now), name, before.actuals)
            for name, before in old.columns.items()
            if (now := new.columns.get(name)) is not None
        ),
        default=(0, "", 1),
    )
    number, name, n = worst
    allowed = limits_of(BY_NAME["removed_keys"], contract).block
    if number <= 0 or (allowed is not None and number <= allowed * n):
        return ""
    return f"{number} of {n} keys with an actual value have no valid estimate of {name} any more"


def _scored(column: ColumnScores) -> int:
    """How many keys every family of a column's scores could use."""
    parts = [column.point, column.distribution, column.label, column.probability]
    return min((part.n for part in parts if part is not None), default=0)


def _decision(store: OpenStore, view: SetView, version: Version) -> tuple[bool, int | None]:
    """Whether the gate blocked a version, and against which it judged: when it was promoted, else
    the last time.
    """
    for event in view.events:
        if (
            event.kind == "promoted"
            and event.version == version.version
            and event.alias == PRODUCTION
        ):
            return False, event.details.get("judged_against")
    verdict = store.verdict(version.set, version.version)
    assert verdict is not None, "only judged versions are graded"
    return verdict.blocks, verdict.against


def _grade(blocked: bool, harmful: bool) -> Grade:
    if blocked:
        return "right_block" if harmful else "harmless_block"
    return "missed_harm" if harmful else "right_pass"
