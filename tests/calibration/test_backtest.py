"""Policies held against history: what a backtest says of known versions, and which limits are
proposed from them.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from estimates.calibration.backtest import backtest
from estimates.calibration.backtest_html import render_html
from estimates.calibration.backtest_report import Backtest
from estimates.calibration.proposal import Suggestion
from estimates.calibration.suggestion import noise_of, suggest
from estimates.catalog.records import InputDigest, Provenance
from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError
from estimates.gate.policy import limits_of, policy_digest
from estimates.gate.registry import CHECKS
from estimates.store.store import Store
from estimates.store.sweep import sweep
from tests.builders import START, make_store

SET = "weekly"
KEYS = 40
CONTRACT = """\
name = "weekly"

[key.id]
type = "string"

[columns.value]            # what is estimated
[columns.kind]
role = "attribute"
type = "string"

[gate]
promote = "manual"         # a person looks first

[stability]
rtol = 0.001
frozen_after = 3
"""
STEP = 1.0075 / 0.9925  # r = 0.015: relative to the mean of old and new
WILD = 1.0225 / 0.9775  # r = 0.045, which the default lets through
BAD = 27  # promoted, then rolled back
REFUSED = 28
DEFAULTS: dict[str, Any] = {check.name: check for check in CHECKS}


def rows(level: float) -> pl.DataFrame:
    """Forty estimates, ids in two kinds."""
    return pl.DataFrame(
        {
            "id": [f"k{i:02}" for i in range(KEYS)],
            "value": [level * (1 + i) for i in range(KEYS)],
            "kind": ["even" if i % 2 == 0 else "odd" for i in range(KEYS)],
        }
    )


def publish(store: Store, level: float, week: int) -> int:
    """Publish and judge a version; returns its number."""
    inputs = (InputDigest("rows", "rows.csv", "0" * 64, KEYS),)
    made = Provenance(START + timedelta(weeks=week), f"week-{week}", inputs)
    number = store.publish(
        SET, rows(level), made, released_at=START + timedelta(weeks=week, hours=1)
    ).version
    store.judge(SET, number)
    return number


def fill(store: Store, weeks: int) -> None:
    """Versions that each move by r = 0.015, all promoted."""
    for week in range(weeks):
        store.promote(SET, publish(store, STEP**week, week), reason="as every week")


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a store with 25 good versions, to be copied."""
    store = make_store(tmp_path_factory.mktemp("good") / "store")
    store.define(parse_contract(CONTRACT), CONTRACT)
    fill(store, 25)
    store.catalog.engine.dispose()
    return Path(store.root)


@pytest.fixture
def steady(good: Path, tmp_path: Path) -> Iterator[Store]:
    """A store with 25 good versions."""
    store = Store(shutil.copytree(good, tmp_path / "steady"), actor="tester")
    yield store
    store.catalog.engine.dispose()


@pytest.fixture(scope="module")
def weekly(good: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """26 good versions, one that was promoted and rolled back, one that was refused, and a
    candidate.
    """
    store = Store(
        shutil.copytree(good, tmp_path_factory.mktemp("weekly") / "store"), actor="tester"
    )
    level = STEP**25
    store.promote(SET, publish(store, level, 25), reason="as every week")
    assert publish(store, level * WILD, 26) == BAD
    store.promote(SET, BAD, reason="looks fine")
    store.rollback(SET, reason="it was not")
    assert publish(store, level * 2, 27) == REFUSED
    publish(store, level * STEP, 28)
    yield store
    store.catalog.engine.dispose()


@pytest.fixture(scope="module")
def replayed(weekly: Store) -> Backtest:
    """What the policy in force says of all versions of `weekly`."""
    return backtest(weekly, SET)


@pytest.fixture(scope="module")
def suggested(weekly: Store) -> Suggestion:
    """What is suggested from all versions of `weekly`."""
    return suggest(weekly, SET)


def test_a_backtest_says_what_the_verdicts_said(weekly: Store, replayed: Backtest) -> None:
    """With the policy that was in force, every check has the status and value that it had then."""
    assert [version.version for version in replayed.versions] == list(range(1, 30))
    for version in replayed.versions:
        verdict = weekly.verdict(SET, version.version)
        assert verdict is not None
        assert (version.against, version.outcome) == (
            verdict.baseline and verdict.baseline.version,
            verdict.outcome,
        )
        for result in verdict.checks:
            point = replayed.metric(result.name).points[version.version - 1]
            assert (point.status, point.value, point.reason) == (
                result.status,
                result.value,
                result.reason,
            )


def test_a_backtest_counts_versions_by_what_became_of_them(replayed: Backtest) -> None:
    """The default policy blocks no good version, misses the bad one, and refuses the refused
    one.
    """
    counts = replayed.counts
    assert (counts.promoted, counts.rolled_back, counts.refused, counts.candidate) == (26, 1, 1, 1)
    assert (
        replayed.promoted_blocked,
        replayed.caught,
        replayed.missed,
        replayed.let_through,
    ) == (
        [],
        [],
        [BAD],
        [],
    )
    assert replayed.versions[0].reason == "first_version"
    assert replayed.versions[REFUSED - 1].against == 26, "production was rolled back to it"


def test_the_baseline_is_that_of_the_first_promotion(local_store: Store) -> None:
    """Of a version that waited, the gate's word counted when it was promoted, against what
    production was then.
    """
    local_store.define(parse_contract(CONTRACT), CONTRACT)
    fill(local_store, 2)
    for week in (2, 3, 4):
        publish(local_store, STEP**week, week)
    for number in (4, 3, 4):
        local_store.promote(SET, number, reason="in another order")
    result = backtest(local_store, SET)
    assert [(version.version, version.against) for version in result.versions] == [
        (1, None),
        (2, 1),
        (3, 4),
        (4, 2),
        (5, 2),
    ]
    assert [version.fate for version in result.versions][2:] == [
        "promoted",
        "promoted",
        "candidate",
    ]


def test_a_version_that_a_person_promoted_again_is_good(local_store: Store) -> None:
    """What was rolled back by mistake counts as promoted."""
    local_store.define(parse_contract(CONTRACT), CONTRACT)
    fill(local_store, 2)
    local_store.rollback(SET, reason="a mistake")
    assert backtest(local_store, SET).missed == [2]
    local_store.promote(SET, 2, reason="it was good")
    assert backtest(local_store, SET).counts.promoted == 2


def test_a_looser_policy_lets_the_refused_version_through(weekly: Store) -> None:
    """With the checks off that refused it, it is named; all else stays."""
    verdict = weekly.verdict(SET, REFUSED)
    assert verdict is not None
    off = "".join(f'[gate.checks.{check.name}]\noff = "a test"\n' for check in verdict.failing())
    result = backtest(weekly, SET, parse_contract(CONTRACT + off))
    assert (result.let_through, result.contract_revision) == ([REFUSED], None)
    assert result.policy == policy_digest(parse_contract(CONTRACT + off))


def test_limits_of_a_steady_set_are_known(suggested: Suggestion) -> None:
    """Moves of r = 0.015 give a warning limit of 0.015, and a blocking one in the proportion of the
    defaults.
    """
    checks = {check.name: check for check in suggested.checks}
    assert suggested.versions == 25
    p95, default = checks["p95_change"], DEFAULTS["p95_change"]
    assert (p95.n, p95.median, p95.q99, p95.noise) == (
        25,
        pytest.approx(0.015),
        pytest.approx(0.015),
        None,
    )
    assert (p95.warn, p95.block, p95.new_warn) == (default.warn, default.block, 0.015)
    assert p95.new_block == pytest.approx(0.015 * default.block / default.warn)
    assert checks["median_shift"].new_warn == 0.0151, "g is 0.0150003: limits are rounded up"
    gone, default = checks["removed_keys"], DEFAULTS["removed_keys"]
    assert (gone.q99, gone.new_warn, gone.new_block) == (
        0,
        default.warn / 10,
        default.block / 10,
    ), "the floor"
    order, default = checks["rank_order"], DEFAULTS["rank_order"]
    assert (order.median, order.new_warn) == (1, pytest.approx(1 - (1 - default.warn) / 10)), (
        "as far below 1"
    )
    assert order.new_block == pytest.approx(1 - (1 - default.block) / 10)
    assert checks["label_churn"].reason == "fewer than 4 values"
    assert {"unchanged", "nan", "schema", "freshness", "unusual_change"} & set(checks) == set(), (
        "rules, not degrees"
    )


def test_a_bad_version_is_caught_by_the_suggested_limits(
    weekly: Store, suggested: Suggestion, tmp_path: Path
) -> None:
    """The contract with the diff applied catches what was rolled back, and blocks no version that
    was good.
    """
    proposed = parse_contract(patched(tmp_path, CONTRACT, suggested.diff))
    result = backtest(weekly, SET, proposed)
    assert (result.promoted_blocked, result.caught, result.missed) == ([], [BAD], [])
    assert "p95_change" in result.versions[BAD - 1].blocked_by


def test_bands_of_what_is_usual_stop_a_job_that_stands_still(
    weekly: Store, suggested: Suggestion, tmp_path: Path
) -> None:
    """With `bands` the diff says what is usual of each metric; accepted, a version that hardly
    moves warns. Without, nothing is said of it.
    """
    assert "usual" not in suggested.diff
    result = suggest(weekly, SET, bands=True)
    shares = next(check for check in result.checks if check.name == "updated_share")
    assert shares.new_usual == (0.9, 1)
    proposed = parse_contract(patched(tmp_path, CONTRACT, result.diff))
    usual = proposed.gate.checks["p95_change"].usual
    assert usual is not None
    assert usual[0] < 0.015 < usual[1]
    assert backtest(weekly, SET, proposed).promoted_blocked == []


def test_versions_that_were_not_good_do_not_count(
    replayed: Backtest, suggested: Suggestion
) -> None:
    """Moves to or from versions that were rolled back or refused are in no quantile."""
    checks = {check.name: check for check in suggested.checks}
    assert checks["p95_change"].q99 == pytest.approx(0.015)
    values = [
        point.value for point in replayed.metric("p95_change").points if point.value is not None
    ]
    assert max(values) > 0.5


def test_a_move_from_a_bad_version_does_not_count(steady: Store) -> None:
    """A good version that followed a bad one in production moved back: that says nothing of what is
    usual.
    """
    for week, size in ((25, WILD), (26, STEP)):
        steady.promote(SET, publish(steady, STEP**24 * size, week), reason="as every week")
    assert suggest(steady, SET).versions == 26
    steady.promote(SET, 26, reason="by mistake")
    steady.rollback(SET, reason="it was wrong", to=27)
    assert suggest(steady, SET).versions == 24


def test_a_single_wild_value_moves_no_limit(steady: Store) -> None:
    """One promoted jump among 25 steady moves changes neither quantile nor limit."""
    steady.promote(SET, publish(steady, STEP**24 * WILD, 25), reason="a split")
    p95 = next(check for check in suggest(steady, SET).checks if check.name == "p95_change")
    assert (p95.n, p95.new_warn) == (25, 0.015)


def test_too_short_a_history_is_an_error(local_store: Store) -> None:
    """Four versions are three moves; the error says how many there are and how many it takes."""
    local_store.define(parse_contract(CONTRACT), CONTRACT)
    fill(local_store, 4)
    with pytest.raises(InvalidError, match=r"3 of 4 versions .* from 4 on") as caught:
        suggest(local_store, SET)
    assert caught.value.code == "too_few_versions"


def test_five_versions_are_enough_for_a_first_guess(local_store: Store) -> None:
    """Of four moves twice the largest counts."""
    local_store.define(parse_contract(CONTRACT), CONTRACT)
    fill(local_store, 5)
    result = suggest(local_store, SET)
    p95 = next(check for check in result.checks if check.name == "p95_change")
    assert (p95.n, p95.q99, p95.new_warn) == (4, pytest.approx(0.03), 0.03)
    assert (result.profile, result.blocked) == (None, 0)


@pytest.mark.parametrize(
    ("policy", "warn", "block"),
    [
        ('profile = "exploratory"', 0.03, None),
        ('[gate.checks.p95_change]\nseverity = "warn"', 0.03, None),
        ('[gate.checks.p95_change]\nseverity = "block"', None, 0.05),
        ('[gate.checks.p95_change]\nseverity = "report"', None, None),
        ('[gate.checks.p95_change]\noff = "prices jump"', None, None),
    ],
)
def test_a_severity_and_what_is_off_stay(
    local_store: Store, tmp_path: Path, policy: str, warn: float | None, block: float | None
) -> None:
    """The suggested contract lets the check do what it was let before, at the suggested limit."""
    text = CONTRACT.replace('promote = "manual"         # a person looks first', policy)
    local_store.define(parse_contract(text), text)
    fill(local_store, 5)
    result = suggest(local_store, SET)
    new = parse_contract(patched(tmp_path, text, result.diff) if result.diff else text)
    p95 = DEFAULTS["p95_change"]
    before, after = limits_of(p95, parse_contract(text)), limits_of(p95, new)
    assert (after.severity, after.off) == (before.severity, before.off)
    assert (after.warn, after.block) == (before.warn, before.block) if before.off else (warn, block)
    for check in CHECKS:
        had, has = limits_of(check, parse_contract(text)), limits_of(check, new)
        assert (has.block is None) or (had.block is not None), check.name
    proposed = {check.name: check for check in result.checks}
    if "p95_change" in proposed:
        p95_now = proposed["p95_change"]
        assert (p95_now.warn, p95_now.block) == (before.warn, before.block)
        assert (p95_now.new_warn, p95_now.new_block) == (warn, block)


def test_what_moves_by_nature_gets_another_profile(local_store: Store, tmp_path: Path) -> None:
    """Five versions that a person let through, each a third higher."""
    local_store.define(parse_contract(CONTRACT), CONTRACT)
    for week in range(5):
        number = publish(local_store, 1.4**week, week)
        verdict = local_store.verdict(SET, number)
        assert verdict is not None
        for check in verdict.failing():
            local_store.waive(SET, check.name, number, reason="a wave", until="2099-01-01")
        local_store.promote(SET, number, reason="a wave")
    result = suggest(local_store, SET)
    assert (result.profile, result.blocked, result.blocked_then) == ("volatile", 4, 0)
    new = parse_contract(patched(tmp_path, CONTRACT, result.diff))
    assert new.gate.profile == "volatile"
    assert backtest(local_store, SET, new).promoted_blocked == []


def test_noise_of_a_rerun_counts_three_times(weekly: Store) -> None:
    """A rerun that differs by r = 0.02 makes the warning limit 0.06."""
    noise = noise_of(weekly, SET, 26, rows(STEP**25 * 1.01 / 0.99))
    p95 = next(
        check for check in suggest(weekly, SET, noise=noise).checks if check.name == "p95_change"
    )
    assert (p95.noise, p95.new_warn) == (pytest.approx(0.02), 0.06)
    same = noise_of(weekly, SET, 26, rows(STEP**25))
    p95 = next(
        check for check in suggest(weekly, SET, noise=same).checks if check.name == "p95_change"
    )
    assert (p95.noise, p95.new_warn) == (0, 0.015)


def test_checks_with_limits_of_groups_are_left_alone(steady: Store) -> None:
    """What the value of the worst group says is no limit for all."""
    more = "[gate.checks.p95_change]\nwarn = 0.5\nblock = 0.5\n"
    more += "[gate.checks.p95_change.groups.kind.even]\nwarn = 0.2\n"
    steady.define(parse_contract(CONTRACT + more), CONTRACT + more)
    p95 = next(check for check in suggest(steady, SET).checks if check.name == "p95_change")
    assert (p95.new_warn, p95.reason) == (0.5, "groups have limits of their own")


def test_last_looks_at_the_newest_versions_alone(weekly: Store) -> None:
    """The last four versions, against the baselines that they had."""
    result = backtest(weekly, SET, last=4)
    assert [(version.version, version.against) for version in result.versions] == [
        (26, 25),
        (27, 26),
        (28, 26),
        (29, 26),
    ]
    with pytest.raises(InvalidError, match="not at least 1"):
        backtest(weekly, SET, last=0)


def test_a_policy_of_another_set_or_shape_is_refused(weekly: Store) -> None:
    """It could judge no version."""
    for old, new in (('name = "weekly"', 'name = "other"'), ("[columns.value]", "[columns.price]")):
        with pytest.raises(InvalidError) as caught:
            backtest(weekly, SET, parse_contract(CONTRACT.replace(old, new)))
        assert caught.value.code == "other_contract"


def test_other_shapes_and_expired_versions_are_left_out(local_store: Store) -> None:
    """Each with its reason; a version whose baseline is gone has nothing to be compared with."""
    text = CONTRACT + "[retention]\nkeep_versions = 1\n"
    local_store.define(parse_contract(text), text)
    fill(local_store, 14)
    assert sweep(local_store).expired == ((SET, 1), (SET, 2), (SET, 3))
    wider = text.replace("[columns.kind]", "[columns.more]\nnullable = true\n[columns.kind]")
    local_store.define(parse_contract(wider), wider)
    result = backtest(local_store, SET)
    assert {version.reason for version in result.left_out} == {"other_shape"}
    assert len(result.left_out) == 14
    older = backtest(local_store, SET, parse_contract(text))
    assert [(version.version, version.reason) for version in older.left_out] == [
        (1, "expired"),
        (2, "expired"),
        (3, "expired"),
        (4, "baseline_expired"),
    ]
    assert [version.version for version in older.versions] == list(range(5, 15))


def test_the_page_draws_every_check_that_has_something_to_tell(
    weekly: Store, replayed: Backtest
) -> None:
    """Pictures inside, no script, nothing loaded, and the same page every time."""
    page = render_html(replayed)
    assert page == render_html(backtest(weekly, SET))
    assert page.count("<svg ") == sum(metric.telling for metric in replayed.checks) > 1
    assert "<script" not in page
    assert "src=" not in page
    assert (
        "would have blocked 0 of 26 promoted versions, caught 0 of 1 that were rolled back" in page
    )
    assert "26 p95_change" in page


def patched(folder: Path, source: str, diff: str) -> str:
    """A contract with a diff applied by `patch`."""
    file = folder / "contract.toml"
    file.write_text(source)
    subprocess.run(["patch", "--silent", str(file)], input=diff.encode(), check=True)
    return file.read_text()
