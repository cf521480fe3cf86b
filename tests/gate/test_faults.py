"""Every check: a clean candidate passes it, an injected fault makes it fail, a value at its exact
limit passes.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import polars as pl
import pytest

from estimates.catalog.records import InputDigest
from estimates.gate.offender_table import Offenders
from estimates.gate.registry import CHECKS
from tests.gate.cases import (
    THROUGH,
    Setting,
    assert_whole,
    clean_verdict,
    contract,
    edit,
    file,
    frame,
    many_setting,
    off_by_ten,
    poke,
    poked,
    provenance,
)
from tests.gate.faulty_settings import (
    copied,
    dethroned,
    duplicated,
    faulty,
    first,
    frozen_part,
    half_right,
    limited,
    minimum,
    observed,
    other_shape,
    relabelled,
    scaled,
    shuffled,
    spread,
    stale,
    tenth_wider,
    two_levels,
    usual,
    volatile,
    volatile_spread,
    waived,
    widened,
    without_width,
    worse_by_day,
)

pytestmark = pytest.mark.slow

# What a version of 25 keys without a past and without actual values cannot be asked.
SKIPS = {
    "minimum_rows": "not_in_contract",
    "nested_intervals": "not_in_contract",
    "equal_intervals": "not_in_contract",
    "submission_window": "not_in_contract",
    "frozen": "not_in_contract",
    "unlike_others": "not_in_contract",
    "relative_width": "not_in_contract",
    "unusual_change": "fewer_than_20_moves",
    "prevalence_change": "fewer_than_30_keys",
    "concentration": "fewer_than_100_keys",
    "psi": "fewer_than_1000_keys",
    "worst_group_change": "not_in_contract",
    "worst_group_z": "not_in_contract",
    **dict.fromkeys(
        ("coverage_error", "accuracy_loss", "excess_churn", "diebold_mariano"), "no_actuals"
    ),
}


def late() -> Setting:
    """A version an hour after the window for it."""
    taken = 'max_age = "24h"\ndue = "21:00 UTC"\nwindow = "3h"\ncalendar = "weekdays"'
    at = {"published_at": THROUGH + timedelta(hours=1)}
    return Setting(contract('max_age = "24h"', taken), candidate=at)


def mostly_unmoved() -> Setting:
    """A fifth of the keys moved, where at least a third should."""
    least = "\n[gate.checks.updated_share]\nblock = 0.33\n"
    rows = pl.concat([frame(1.001).head(5), frame().tail(20)])
    return Setting(contract(more=least), frame=rows)


FAULTS: list[tuple[str, str, str, Callable[[], Setting]]] = [
    ("manifest", "fail", "manifest fault", lambda: faulty("manifest")),
    ("manifest", "fail", "no shape", lambda: Setting(candidate={"shape": None})),
    ("content_digest", "fail", "other digest", lambda: faulty("content")),
    ("readable", "fail", "unreadable Parquet", lambda: faulty("parquet")),
    ("readable", "fail", "no frame", lambda: Setting(candidate={"frame": None})),
    ("readable", "fail", "row count differs", lambda: Setting(candidate={"rows": 24})),
    (
        "schema",
        "fail",
        "other unit",
        lambda: Setting(candidate={"shape": other_shape('unit = "USD"', 'unit = "EUR"')}),
    ),
    (
        "schema",
        "fail",
        "other level",
        lambda: Setting(candidate={"shape": other_shape("level = 0.8", "level = 0.9")}),
    ),
    (
        "schema",
        "fail",
        "other grid",
        lambda: Setting(candidate={"shape": other_shape("= 0.1", "= 0.05")}),
    ),
    ("schema", "fail", "other type", lambda: edit(close=pl.col("close").cast(pl.Float32))),
    ("schema", "fail", "column missing", lambda: Setting(frame=frame().drop("q50"))),
    ("schema", "fail", "column too many", lambda: edit(extra=pl.lit(1))),
    ("schema", "fail", "file: column missing", lambda: file(frame(1.001).drop("close"))),
    (
        "schema",
        "fail",
        "file: text for a number",
        lambda: file(frame(1.001).cast({"close": pl.String})),
    ),
    ("keys", "fail", "duplicate", lambda: Setting(frame=duplicated())),
    ("keys", "fail", "file: duplicate", lambda: file(duplicated())),
    ("keys", "fail", "null part", lambda: poke("ticker", None)),
    ("keys", "fail", "part unfit for a path", lambda: poke("ticker", "..")),
    ("not_empty", "fail", "no rows", lambda: Setting(frame=frame().clear())),
    ("minimum_rows", "fail", "one row too few", lambda: minimum(19)),
    ("lineage", "fail", "no provenance", lambda: Setting(candidate={"provenance": None})),
    (
        "lineage",
        "fail",
        "no inputs",
        lambda: Setting(candidate={"provenance": provenance(inputs=())}),
    ),
    (
        "lineage",
        "fail",
        "input without digest",
        lambda: Setting(
            candidate={"provenance": provenance(inputs=(InputDigest("prices", "prices.csv", ""),))}
        ),
    ),
    (
        "reproducible",
        "warn",
        "no code",
        lambda: Setting(candidate={"provenance": provenance(code=None)}),
    ),
    (
        "reproducible",
        "warn",
        "no seed",
        lambda: Setting(candidate={"provenance": provenance(seed=None)}),
    ),
    ("nan", "fail", "NaN estimate", lambda: poke("close", float("nan"))),
    ("nan", "fail", "file: NaN estimate", lambda: file(poked(frame(1.001), "close", float("nan")))),
    ("infinite", "fail", "infinite estimate", lambda: poke("upper_80", float("inf"))),
    (
        "infinite",
        "fail",
        "file: minus infinity",
        lambda: file(poked(frame(1.001), "trend", float("-inf"))),
    ),
    ("nulls", "fail", "null estimate", lambda: poke("q10", None)),
    (
        "null_share",
        "fail",
        "limit of the set",
        lambda: poke("trend", None, 5, contract=limited("null_share", 0.1)),
    ),
    ("hard_bounds", "fail", "below min", lambda: poke("close", -0.01)),
    ("hard_bounds", "fail", "above max", lambda: poke("close", 5000.1)),
    ("hard_bounds", "fail", "NaN is inside no bounds", lambda: poke("close", float("nan"))),
    ("soft_bounds", "warn", "above soft_max", lambda: poke("close", 2000.1)),
    (
        "interval_order",
        "fail",
        "ends swapped",
        lambda: edit(lower_80=pl.col("upper_80"), upper_80=pl.col("lower_80")),
    ),
    ("interval_order", "fail", "point outside", lambda: poke("close", 1900.0)),
    ("interval_order", "fail", "NaN is in no order", lambda: poke("upper_80", float("nan"))),
    ("interval_order", "fail", "one end missing", lambda: poke("upper_80", None)),
    ("nested_intervals", "fail", "80 % beyond 95 %", lambda: two_levels(1.2, 1.1)),
    (
        "nested_intervals",
        "fail",
        "one end beyond",
        lambda: two_levels(1.1, 1.2, upper_80=pl.col("v") * 1.3),
    ),
    ("equal_intervals", "fail", "80 % in the columns of 95 %", lambda: two_levels(1.2, 1.2)),
    (
        "zero_width",
        "fail",
        "no width",
        lambda: edit(lower_80=pl.col("close"), upper_80=pl.col("close")),
    ),
    ("zero_width", "warn", "one without width", lambda: many_setting(without_width)),
    ("quantile_crossing", "fail", "neighbours cross", lambda: edit(q50=pl.col("q90") * 1.01)),
    (
        "quantile_crossing",
        "fail",
        "outer ones cross",
        lambda: edit(q90=pl.col("q10") * 0.99, q50=pl.lit(None, pl.Float64)),
    ),
    (
        "equal_quantiles",
        "warn",
        "a unit without a distribution",
        lambda: edit(q10=pl.lit(7.0), q50=pl.lit(7.0), q90=pl.lit(7.0)),
    ),
    ("quantile_crossing", "fail", "NaN crosses", lambda: poke("q90", float("nan"))),
    ("probabilities", "fail", "sum is not 1", lambda: edit(p_up=pl.col("p_up") + 3e-5)),
    ("probabilities", "fail", "negative", lambda: edit(p_up=pl.lit(-0.1), p_down=pl.lit(1.1))),
    ("probabilities", "fail", "half a distribution", lambda: poke("p_down", None)),
    ("probabilities", "fail", "NaN", lambda: poke("p_up", float("nan"))),
    ("vocabulary", "fail", "unknown label", lambda: poke("move", "sideways")),
    ("domain_missing", "fail", "one key missing", lambda: Setting(frame=frame(1.001).slice(1))),
    ("domain_outside", "fail", "unknown ticker", lambda: poke("ticker", "XXXX")),
    (
        "times",
        "fail",
        "data from the future",
        lambda: Setting(judged_at=THROUGH - timedelta(seconds=1)),
    ),
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
    (
        "freshness",
        "warn",
        "file: too old",
        lambda: Setting(file=True, judged_at=THROUGH + timedelta(hours=25)),
    ),
    ("submission_window", "warn", "an hour late", late),
    ("constant_column", "warn", "one label for all", lambda: edit(move=pl.lit("up"))),
    ("constant_column", "warn", "no estimate at all", lambda: edit(trend=pl.lit(None, pl.Float64))),
    ("dominant_value", "warn", "a default", lambda: poke("trend", 0.0, 14)),
    ("dominant_value", "fail", "nothing but a default", lambda: poke("trend", 0.0, 24)),
    ("duplicate_content", "warn", "another key's estimates", lambda: Setting(frame=copied())),
    ("comparable", "fail", "no key of the baseline", lambda: Setting(baseline=frame().clear())),
    ("removed_keys", "fail", "a ticker gone", lambda: Setting(frame=frame(1.001).slice(5))),
    ("added_keys", "fail", "a ticker new", lambda: Setting(baseline=frame().slice(5))),
    (
        "finite_to_null",
        "fail",
        "an estimate lost",
        lambda: Setting(frame=poked(frame(1.001), "trend", None, 2)),
    ),
    ("new_duplicates", "fail", "another key's estimates", lambda: Setting(frame=copied())),
    ("unchanged", "warn", "the same of the same data", lambda: Setting(frame=frame())),
    ("unchanged", "fail", "yesterday's copy", lambda: stale()),
    ("p95_change", "fail", "10 % off by ten", lambda: Setting(frame=off_by_ten(3))),
    ("p95_change", "warn", "everything up 19 %", lambda: scaled(1.19)),
    ("extreme_move", "fail", "one key off by ten", lambda: Setting(frame=off_by_ten(1))),
    ("extreme_move", "warn", "one key off by a half", lambda: first("v", 1.5, 1)),
    ("jumps", "fail", "five keys off by ten", lambda: first("v", 10.0, 5)),
    ("jumps", "warn", "two keys off by ten", lambda: first("v", 10.0, 2)),
    ("jumps", "fail", "a sign error", lambda: first("v", -1.0, 5)),
    ("median_shift", "fail", "everything up 6 %", lambda: Setting(frame=frame(1.06))),
    ("median_shift", "warn", "everything up 4 %", lambda: Setting(frame=frame(1.04))),
    ("sign_flips", "fail", "sign error", lambda: edit(trend=-pl.col("trend"))),
    ("frozen", "fail", "a third stands still", lambda: frozen_part(0.3)),
    ("frozen", "warn", "one in fifty stands still", lambda: frozen_part(0.02)),
    ("updated_share", "fail", "a job that stands still", mostly_unmoved),
    ("unusual_change", "warn", "more than ever", lambda: scaled(1.05, history=usual(0.001))),
    ("z_beyond_one", "fail", "half off by a width", lambda: first("v", 1.11, 510)),
    ("z_beyond_one", "warn", "a quarter off by a width", lambda: first("v", 1.11, 250)),
    ("outside_old_interval", "fail", "half outside", lambda: first("v", 1.11, 510)),
    ("outside_old_interval", "warn", "a quarter outside", lambda: first("v", 1.11, 250)),
    ("width_change", "fail", "intervals widen", lambda: widened(3.0)),
    ("width_change", "fail", "intervals shrink", lambda: widened(1 / 3)),
    ("width_change", "warn", "intervals widen a little", lambda: widened(1.12)),
    ("width_change", "fail", "quantiles at the same steps", lambda: spread(1.2, 5)),
    ("unlike_others", "fail", "one key off by fifty", lambda: volatile(50.0)),
    ("unlike_others", "warn", "one key off by 25", lambda: volatile(25.0)),
    ("relative_width", "fail", "twice as wide", lambda: volatile_spread(2.0)),
    ("relative_width", "warn", "a third wider", lambda: volatile_spread(1.35)),
    ("series_width", "fail", "one series", lambda: spread(3.0, 1)),
    ("series_width", "warn", "one series a little", lambda: spread(1.7, 1)),
    ("quantile_change", "fail", "distributions jump", lambda: Setting(frame=frame(1.15))),
    ("quantile_change", "warn", "distributions move", lambda: Setting(frame=frame(1.08))),
    ("label_churn", "fail", "a tenth has another label", lambda: relabelled(100)),
    ("label_churn", "warn", "a twentieth has another label", lambda: relabelled(50)),
    ("prevalence_change", "warn", "one class swallows the other", lambda: relabelled(251)),
    ("rank_order", "fail", "shuffled among keys", lambda: many_setting(shuffled)),
    ("top_overlap", "warn", "another top", lambda: many_setting(dethroned)),
    ("concentration", "warn", "one key goes wild", lambda: first("v", 3.0, 10)),
    ("psi", "warn", "a third moves up", lambda: first("v", 2.0, 300)),
    ("worst_group_change", "warn", "one group up", lambda: first("v", 1.25, 500)),
    ("worst_group_z", "warn", "one group off by a width", lambda: first("v", 1.11, 110)),
    (
        "coverage_error",
        "fail",
        "nothing covers",
        lambda: observed(low=pl.col("v") * 0.999, high=pl.col("v") * 1.001),
    ),
    ("coverage_error", "warn", "too wide", lambda: observed(high=tenth_wider())),
    ("accuracy_loss", "fail", "twice as wrong", lambda: observed(v=pl.col("v") * 0.95)),
    ("excess_churn", "warn", "changed for nothing", lambda: relabelled(60, actuals=half_right())),
    ("diebold_mariano", "warn", "worse on most days", lambda: worse_by_day()),
    ("waivers", "fail", "given for other content", lambda: waived("snapshot-9")),
]


@pytest.mark.parametrize(
    ("name", "status", "what", "setting"), FAULTS, ids=[f"{f[0]}: {f[2]}" for f in FAULTS]
)
def test_an_injected_fault_is_found(
    name: str, status: str, what: str, setting: Callable[[], Setting]
) -> None:
    """The check meant for a fault finds it, says a number beyond its limit, and the verdict and the
    table show it.
    """
    case, offenders = setting(), Offenders()
    verdict = case.evaluate(offenders)
    assert offenders.frame is not None
    assert_whole(verdict, offenders.frame, list(case.contract.key))
    result = verdict.check(name)
    assert result.status == status, result
    assert result.value is not None
    assert result.message
    limit = result.block if status == "fail" else result.warn
    assert limit is not None
    assert result.value > limit if result.worse == "above" else result.value < limit
    assert verdict.blocks or status == "warn"


def test_every_check_has_a_fault() -> None:
    """No check of the registry is without a fault that makes it fail or warn."""
    assert {check.name for check in CHECKS} == {fault[0] for fault in FAULTS}


def test_a_clean_version_passes_every_check() -> None:
    """A clean stored version passes all checks that can be asked of it."""
    verdict = clean_verdict()
    assert verdict.outcome == "pass"
    assert not verdict.blocks
    assert {c.name: c.reason for c in verdict.checks if c.status == "skipped"} == SKIPS


def test_a_clean_file_passes_every_check() -> None:
    """A raw frame in any column order passes; what needs a manifest is skipped as `not_stored`."""
    content = frame(1.001).select(sorted(frame().columns)).reverse()
    verdict = file(content).evaluate()
    assert verdict.outcome == "pass"
    not_stored = dict.fromkeys(("manifest", "content_digest", "readable"), "not_stored")
    assert {c.name: c.reason for c in verdict.checks if c.status == "skipped"} == not_stored | SKIPS
    assert verdict.version is None
    assert verdict.snapshot_id is None


def test_a_file_and_the_version_made_from_it_are_judged_alike() -> None:
    """Stages 2 and 3 say the same of a raw frame as of the stored version."""
    bad = off_by_ten(3).slice(1)
    before, after = file(bad.reverse()).evaluate(), Setting(frame=bad).evaluate()
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
    result = setting.evaluate().check(name)
    assert result.value == value
    assert result.status == "pass"


def test_allowed_missing_keys_pass() -> None:
    """A domain with allow_missing passes at exactly that share, and fails one key beyond it."""
    tolerant = contract("values = {", "allow_missing = 0.2\nvalues = {")
    at_limit = Setting(tolerant, frame(1.001).slice(5)).evaluate().check("domain_missing")
    beyond = Setting(tolerant, frame(1.001).slice(6)).evaluate().check("domain_missing")
    assert (at_limit.value, at_limit.status) == (0.2, "pass")
    assert (beyond.value, beyond.status) == (0.24, "fail")
