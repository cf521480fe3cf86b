"""Every check: a clean candidate passes it, an injected fault makes it fail, a value at its exact limit passes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from estimates.gate.registry import CHECKS
from estimates.records import InputDigest
from tests.gate_cases import (
    THROUGH,
    Setting,
    contract,
    edit,
    file,
    frame,
    off_by_ten,
    poke,
    poked,
    provenance,
    simple,
)

FILE_ONLY_SKIPS = {"minimum_rows": "not_in_contract"}


def faulty(where: str) -> Setting:
    """The clean candidate with something wrong in the store."""
    return Setting(candidate={"faults": {where: f"{where} is damaged"}})


def duplicated() -> pl.DataFrame:
    """The clean candidate with its first row twice."""
    return pl.concat([frame(1.001), frame(1.001).head(1)])


def minimum(rows: int) -> Setting:
    """A set with an open domain of at least 20 keys."""
    content = pl.DataFrame({"k": [str(i) for i in range(rows)], "v": [1.0 + i for i in range(rows)]})
    return Setting(
        simple(more='[domain]\nkind = "open"\nminimum = 20'), content, content.with_columns(pl.col("v") * 1.01)
    )


FAULTS: list[tuple[str, str, str, Callable[[], Setting]]] = [
    ("manifest", "fail", "manifest fault", lambda: faulty("manifest")),
    ("manifest", "fail", "no shape", lambda: Setting(candidate={"shape": None})),
    ("content_digest", "fail", "other digest", lambda: faulty("content")),
    ("readable", "fail", "unreadable Parquet", lambda: faulty("parquet")),
    ("readable", "fail", "no frame", lambda: Setting(candidate={"frame": None})),
    ("readable", "fail", "row count differs", lambda: Setting(candidate={"rows": 24})),
    ("schema", "fail", "other unit", lambda: Setting(candidate={"shape": other_shape('unit = "USD"', 'unit = "EUR"')})),
    ("schema", "fail", "other level", lambda: Setting(candidate={"shape": other_shape("level = 0.8", "level = 0.9")})),
    ("schema", "fail", "other grid", lambda: Setting(candidate={"shape": other_shape("= 0.1", "= 0.05")})),
    ("schema", "fail", "other type", lambda: edit(close=pl.col("close").cast(pl.Float32))),
    ("schema", "fail", "column missing", lambda: Setting(frame=frame().drop("q50"))),
    ("schema", "fail", "column too many", lambda: edit(extra=pl.lit(1))),
    ("schema", "fail", "file: column missing", lambda: file(frame(1.001).drop("close"))),
    ("schema", "fail", "file: text for a number", lambda: file(frame(1.001).cast({"close": pl.String}))),
    ("keys", "fail", "duplicate", lambda: Setting(frame=duplicated())),
    ("keys", "fail", "file: duplicate", lambda: file(duplicated())),
    ("keys", "fail", "null part", lambda: poke("ticker", None)),
    ("keys", "fail", "part unfit for a path", lambda: poke("ticker", "..")),
    ("not_empty", "fail", "no rows", lambda: Setting(frame=frame().clear())),
    ("minimum_rows", "fail", "one row too few", lambda: minimum(19)),
    ("lineage", "fail", "no provenance", lambda: Setting(candidate={"provenance": None})),
    ("lineage", "fail", "no inputs", lambda: Setting(candidate={"provenance": provenance(inputs=())})),
    (
        "lineage",
        "fail",
        "input without digest",
        lambda: Setting(candidate={"provenance": provenance(inputs=(InputDigest("prices", "prices.csv", ""),))}),
    ),
    ("reproducible", "warn", "no code", lambda: Setting(candidate={"provenance": provenance(code=None)})),
    ("reproducible", "warn", "no seed", lambda: Setting(candidate={"provenance": provenance(seed=None)})),
    ("nan", "fail", "NaN estimate", lambda: poke("close", float("nan"))),
    ("nan", "fail", "file: NaN estimate", lambda: file(poked(frame(1.001), "close", float("nan")))),
    ("infinite", "fail", "infinite estimate", lambda: poke("upper_80", float("inf"))),
    ("infinite", "fail", "file: minus infinity", lambda: file(poked(frame(1.001), "trend", float("-inf")))),
    ("nulls", "fail", "null estimate", lambda: poke("q10", None)),
    ("null_share", "fail", "limit of the set", lambda: poke("trend", None, 5, contract=limited("null_share", 0.1))),
    ("hard_bounds", "fail", "below min", lambda: poke("close", -0.01)),
    ("hard_bounds", "fail", "above max", lambda: poke("close", 5000.1)),
    ("hard_bounds", "fail", "NaN is inside no bounds", lambda: poke("close", float("nan"))),
    ("soft_bounds", "warn", "above soft_max", lambda: poke("close", 2000.1)),
    ("interval_order", "fail", "ends swapped", lambda: edit(lower_80=pl.col("upper_80"), upper_80=pl.col("lower_80"))),
    ("interval_order", "fail", "point outside", lambda: poke("close", 1900.0)),
    ("interval_order", "fail", "NaN is in no order", lambda: poke("upper_80", float("nan"))),
    ("interval_order", "fail", "one end missing", lambda: poke("upper_80", None)),
    ("zero_width", "warn", "no width", lambda: edit(lower_80=pl.col("close"), upper_80=pl.col("close"))),
    ("quantile_crossing", "fail", "neighbours cross", lambda: edit(q50=pl.col("q90") * 1.01)),
    (
        "quantile_crossing",
        "fail",
        "outer ones cross",
        lambda: edit(q90=pl.col("q10") * 0.99, q50=pl.lit(None, pl.Float64)),
    ),
    ("quantile_crossing", "fail", "NaN crosses", lambda: poke("q90", float("nan"))),
    ("probabilities", "fail", "sum is not 1", lambda: edit(p_up=pl.col("p_up") + 1e-5)),
    ("probabilities", "fail", "negative", lambda: edit(p_up=pl.lit(-0.1), p_down=pl.lit(1.1))),
    ("probabilities", "fail", "half a distribution", lambda: poke("p_down", None)),
    ("probabilities", "fail", "NaN", lambda: poke("p_up", float("nan"))),
    ("vocabulary", "fail", "unknown label", lambda: poke("move", "sideways")),
    ("domain_missing", "fail", "one key missing", lambda: Setting(frame=frame(1.001).slice(1))),
    ("domain_outside", "fail", "unknown ticker", lambda: poke("ticker", "XXXX")),
    ("times", "fail", "data from the future", lambda: Setting(judged_at=THROUGH - timedelta(seconds=1))),
    (
        "times",
        "fail",
        "published before its data",
        lambda: Setting(candidate={"published_at": THROUGH - timedelta(seconds=1)}),
    ),
    (
        "freshness",
        "warn",
        "too old",
        lambda: Setting(candidate={"published_at": THROUGH + timedelta(hours=24, seconds=1)}),
    ),
    ("freshness", "warn", "file: too old", lambda: Setting(file=True, judged_at=THROUGH + timedelta(hours=25))),
    ("constant_column", "warn", "one label for all", lambda: edit(move=pl.lit("up"))),
    ("constant_column", "warn", "no estimate at all", lambda: edit(trend=pl.lit(None, pl.Float64))),
    ("dominant_value", "warn", "a default", lambda: poke("trend", 0.0, 14)),
    ("duplicate_content", "warn", "another key's estimates", lambda: Setting(frame=copied())),
    ("removed_keys", "fail", "a ticker gone", lambda: Setting(frame=frame(1.001).slice(5))),
    ("added_keys", "fail", "a ticker new", lambda: Setting(baseline=frame().slice(5))),
    ("finite_to_null", "fail", "an estimate lost", lambda: Setting(frame=poked(frame(1.001), "trend", None, 2))),
    ("unchanged", "warn", "yesterday's copy", lambda: Setting(frame=frame())),
    ("p95_change", "fail", "10 % off by ten", lambda: Setting(frame=off_by_ten(3))),
    ("p95_change", "warn", "everything up 15 %", lambda: Setting(frame=frame(1.15))),
    ("extreme_move", "warn", "one key off by ten", lambda: Setting(frame=off_by_ten(1))),
    ("sign_flips", "fail", "sign error", lambda: edit(trend=-pl.col("trend"))),
]


def other_shape(old: str, new: str) -> Any:
    """The shape of the contract with one word changed."""
    return contract(old, new).shape()


def limited(check: str, block: float, warn: float | None = None) -> Any:
    """The contract with limits of its own for one check."""
    return contract(more=f"[gate.checks.{check}]\nblock = {block}\n" + (f"warn = {warn}\n" if warn is not None else ""))


def copied() -> pl.DataFrame:
    """The clean candidate, the second row's estimates being the first one's (both with a trend)."""
    rows = frame(1.001)
    estimates = [name for name in rows.columns if name not in ("ticker", "target_date")]
    second = pl.int_range(pl.len()) == 2
    return rows.with_columns(pl.when(second).then(pl.col(n).shift(1)).otherwise(pl.col(n)).alias(n) for n in estimates)


@pytest.mark.parametrize(("name", "status", "what", "setting"), FAULTS, ids=[f"{f[0]}: {f[2]}" for f in FAULTS])
def test_an_injected_fault_is_found(name: str, status: str, what: str, setting: Callable[[], Setting]) -> None:
    """The check meant for a fault finds it, says a number beyond its limit, and the verdict shows it."""
    verdict = setting().judge()
    result = verdict.check(name)
    assert result.status == status, result
    assert result.value is not None
    assert result.message
    limit = result.block if status == "fail" else result.warn
    assert limit is not None
    assert result.value > limit if result.worse == "above" else result.value < limit
    assert verdict.blocks or status == "warn"


def test_every_check_has_a_fault() -> None:
    """No check of the registry is without a fault that makes it fail; waivers come with a later release."""
    assert {check.name for check in CHECKS} - {fault[0] for fault in FAULTS} == {"waivers"}


def test_a_clean_version_passes_every_check() -> None:
    """A clean stored version passes all checks but the one for open domains."""
    verdict = Setting().judge()
    assert verdict.outcome == "pass"
    assert not verdict.blocks
    assert {c.name: c.reason for c in verdict.checks if c.status == "skipped"} == FILE_ONLY_SKIPS


def test_a_clean_file_passes_every_check() -> None:
    """A raw frame in any column order passes; what needs a manifest is skipped as `not_stored`."""
    content = frame(1.001).select(sorted(frame().columns)).reverse()
    verdict = file(content).judge()
    assert verdict.outcome == "pass"
    not_stored = dict.fromkeys(("manifest", "content_digest", "readable"), "not_stored")
    assert {c.name: c.reason for c in verdict.checks if c.status == "skipped"} == not_stored | FILE_ONLY_SKIPS
    assert verdict.version is None
    assert verdict.snapshot_id is None


def test_a_file_and_the_version_made_from_it_are_judged_alike() -> None:
    """Stages 2 and 3 say the same of a raw frame as of the stored version."""
    bad = off_by_ten(3).slice(1)
    before, after = file(bad.reverse()).judge(), Setting(frame=bad).judge()
    assert [c for c in before.checks if c.stage in (2, 3) and c.name != "freshness"] == [
        c for c in after.checks if c.stage in (2, 3) and c.name != "freshness"
    ]


EXACT: list[tuple[str, Setting, float]] = [
    ("hard_bounds", poke("close", 5000.0), 0),
    ("soft_bounds", poke("close", 2000.0), 0),
    ("minimum_rows", minimum(20), 20),
    ("freshness", Setting(candidate={"published_at": THROUGH + timedelta(hours=24)}), 86400),
    ("domain_missing", Setting(), 0),
    ("removed_keys", Setting(limited("removed_keys", 0.2, 0.2), frame(1.001).slice(5)), 0.2),
    ("null_share", poke("trend", None, 5, contract=limited("null_share", 0.2)), 0.2),
    ("unchanged", poke("sector", "one change", baseline=frame(1.001)), 1),
]


@pytest.mark.parametrize(("name", "setting", "value"), EXACT, ids=[case[0] for case in EXACT])
def test_a_value_at_its_exact_limit_passes(name: str, setting: Setting, value: float) -> None:
    """Limits are inclusive."""
    result = setting.judge().check(name)
    assert result.value == value
    assert result.status == "pass"


def test_allowed_missing_keys_pass() -> None:
    """A domain with allow_missing passes at exactly that share, and fails one key beyond it."""
    tolerant = contract("values = {", "allow_missing = 0.2\nvalues = {")
    at_limit = Setting(tolerant, frame(1.001).slice(5)).judge().check("domain_missing")
    beyond = Setting(tolerant, frame(1.001).slice(6)).judge().check("domain_missing")
    assert (at_limit.value, at_limit.status) == (0.2, "pass")
    assert (beyond.value, beyond.status) == (0.24, "fail")
