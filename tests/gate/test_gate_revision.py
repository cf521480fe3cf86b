"""Verdicts stay valid by the gate's revision, which is raised when a check says something else."""

from __future__ import annotations

import hashlib

import msgspec
import polars as pl
import pytest

from estimates.gate.registry import CHECKS
from estimates.gate.verdict import GATE_REVISION
from estimates.store.store import Store
from tests.builders import SET, define, publish
from tests.gate.cases import (
    Setting,
    frame,
    many_rows,
    many_setting,
    off_by_ten,
    outcomes,
    poke,
    wider,
)

# The digest of `declarations` and `answers` at each revision. A new one means that a verdict says
# something else of the same versions: raise GATE_REVISION, and write the digest down beside it.
DIGESTS = {
    "0.2.0": "5a6e46aebdf82a7eb4dcd60d8efd6114c271c747805e3ddcd42b01a877e31d36",
    "0.3.0": "f77768dc4f4ed1ea46606c71070bba0279bcb88d43430e2dfcd32a2204c1f299",
    # freshness is that of the newest data, and pairs of quantiles have a width: not seen by these
    "0.4.0": "f77768dc4f4ed1ea46606c71070bba0279bcb88d43430e2dfcd32a2204c1f299",
    # zeros of one of several probabilities fill no column: not seen by these
    "0.5.0": "f77768dc4f4ed1ea46606c71070bba0279bcb88d43430e2dfcd32a2204c1f299",
    # two more checks: when a version came, and how many of its keys moved
    "0.6.0": "fae8dfdefce3b87c867e0759eea35b124772804df4b99f304379c308b7f10597",
    # sets of probabilities alone have an order of keys: not seen by these
    "0.7.0": "fae8dfdefce3b87c867e0759eea35b124772804df4b99f304379c308b7f10597",
}


def declarations() -> list[object]:
    """What each check declares that decides a verdict."""
    decisive = (
        "number", "name", "stage", "unit", "warn", "block", "field", "worse", "waivable", "by_key",
        "halves", "least", "measures_limits", "needs", "needs_baseline", "needs_actuals",
    )  # fmt: skip
    return [[getattr(check, field) for field in decisive] for check in CHECKS]


def settings() -> list[Setting]:
    """Versions of which each check that can be asked measures something."""
    half = pl.when(pl.col("k") < 500)
    return [
        Setting(),
        Setting(frame=off_by_ten(3).slice(1)),
        Setting(frame=wider()),
        Setting(frame=frame(1.15)),
        poke("trend", 0.0, 14),
        poke("q50", 0.0, 2),
        many_setting(lambda rows: rows.with_columns(v=half.then(1.2 * pl.col("v")).otherwise("v"))),
        many_setting(
            lambda rows: rows.with_columns(label=half.then(pl.lit("yes")).otherwise("label")),
            actuals=outcomes(),
        ),
        many_setting(lambda rows: many_rows(), baseline=many_rows().slice(30), n=1000),
    ]


def answers() -> list[object]:
    """What the gate says of these versions, floats to nine digits: other processors differ
    beyond.
    """

    def rounded(number: float | None) -> str | None:
        return None if number is None else f"{number:.9g}"

    return [
        [check.name, check.status, check.reason, check.n, check.offending]
        + [rounded(number) for number in (check.value, check.warn, check.block, check.coverage)]
        for setting in settings()
        for check in setting.evaluate().checks
    ]


def test_what_the_gate_says_changes_only_with_its_revision() -> None:
    """A check that says something else of the same versions needs a new revision."""
    body = msgspec.json.encode([declarations(), answers()])
    digest = hashlib.sha256(body).hexdigest()
    assert DIGESTS.get(GATE_REVISION) == digest, (
        "a check changed: raise GATE_REVISION in estimates/gate/verdict.py, and add its digest here"
    )


def judged_times(store: Store) -> int:
    """How often a version of the set was judged."""
    return sum(event.kind == "judged" for event in store.view().set(SET).events)


def test_a_release_leaves_verdicts_valid(
    local_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Promoting by a newer release takes the verdict that there is."""
    define(local_store)
    version = publish(local_store, "monday").version
    local_store.judge(SET, version)
    monkeypatch.setattr("estimates.__version__", "99.0.0")
    local_store.promote(SET, version, reason="released")
    assert judged_times(local_store) == 1


def test_a_raised_revision_makes_verdicts_invalid(
    local_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Promoting by a raised revision of the gate judges again."""
    define(local_store)
    version = publish(local_store, "monday").version
    assert local_store.judge(SET, version).code == GATE_REVISION
    monkeypatch.setattr("estimates.store.promote.GATE_REVISION", "99")
    monkeypatch.setattr("estimates.gate.evaluation.GATE_REVISION", "99")
    local_store.promote(SET, version, reason="checks changed")
    assert judged_times(local_store) == 2
    verdict = local_store.verdict(SET, version)
    assert verdict is not None
    assert verdict.code == "99"
