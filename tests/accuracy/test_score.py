"""Accuracy of one version: scoringrules and statsmodels agree, and so does a slow reference in
plain Python.
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime

import msgspec
import numpy as np
import polars as pl
import pytest
import scoringrules
from hypothesis import given
from hypothesis import strategies as st

from estimates.accuracy import accuracy_json
from estimates.accuracy.accuracy_report import METRICS_REVISION
from estimates.accuracy.actuals import read_actuals
from estimates.accuracy.score import OtherVersion
from estimates.contract.contract import Contract
from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError
from tests.accuracy.scored import (
    CHURN,
    DATED,
    LABELS,
    NUMBERS,
    QUANTILES,
    days,
    floats,
    intervals,
    items,
    scored,
)


def test_scoringrules_has_the_same_scores_of_intervals() -> None:
    """Interval score, pinball, WIS with its parts and coverage are those of scoringrules or of
    their definition.
    """
    rng = np.random.default_rng(7)
    frame = intervals(rng, 400)
    y = rng.normal(10, 6, 400)
    column = scored(NUMBERS, frame, pl.DataFrame({"item": items(400), "value": y})).columns["p"]
    p, ends = (
        frame["p"].to_numpy(),
        {n: frame[n].to_numpy() for n in ("low", "high", "lower", "upper")},
    )
    for interval, (low, high, alpha) in zip(
        column.intervals, (("lower", "upper", 0.5), ("low", "high", 0.2)), strict=True
    ):
        expected = scoringrules.interval_score(y, ends[low], ends[high], alpha, backend="numpy")
        assert interval.score == pytest.approx(float(np.mean(expected)), rel=1e-12)
        assert interval.covered == pytest.approx(
            float(np.mean((ends[low] <= y) & (y <= ends[high])))
        )
        assert interval.covered_low is not None
        assert interval.covered_high is not None
        assert interval.covered is not None
        assert interval.covered_low < interval.covered < interval.covered_high
    spread = column.distribution
    assert spread is not None
    assert spread.source == "intervals"
    for entry in spread.quantiles:
        q = frame[entry.column].to_numpy()
        expected = scoringrules.quantile_score(y, q, entry.quantile, backend="numpy")
        assert entry.pinball == pytest.approx(float(np.mean(expected)), rel=1e-12)
        assert entry.below == pytest.approx(float(np.mean(y <= q)))
    alphas = np.array([0.2, 0.5])
    expected = scoringrules.weighted_interval_score(
        y,
        # numpy in scoringrules 0.10.0 adds w · median where the definition has w · |y − median|
        np.abs(y - p),
        np.column_stack([ends["low"], ends["lower"]]),
        np.column_stack([ends["high"], ends["upper"]]),
        alphas,
        w_alpha=alphas / 2,
        backend="numpy",
    )
    assert spread.wis == pytest.approx(float(np.mean(expected)), rel=1e-12)
    assert None not in (spread.dispersion, spread.penalty_below, spread.penalty_above)
    parts = [
        float(part or 0) for part in (spread.dispersion, spread.penalty_below, spread.penalty_above)
    ]
    assert math.fsum(parts) == pytest.approx(spread.wis, rel=1e-12)
    assert sum(entry.n for entry in spread.pit) == 400
    assert [entry.expected for entry in spread.pit] == pytest.approx(
        [0.1, 0.15, 0.25, 0.25, 0.15, 0.1]
    )


def test_scoringrules_has_the_same_brier_score_and_log_loss() -> None:
    """With one label both are those of binary outcomes, however the outcome is written."""
    rng = np.random.default_rng(8)
    p, o = rng.uniform(0.01, 0.99, 300), rng.integers(0, 2, 300)
    frame = pl.DataFrame({"item": items(300), "p": p})
    brier = float(np.mean(scoringrules.brier_score(o, p, backend="numpy")))
    log = float(np.mean(scoringrules.log_score(o, p, backend="numpy")))
    text = ["churned" if churned else "stayed" for churned in o]
    for outcome in (o, o.astype(bool), o.astype(float), text, [str(churned) for churned in o]):
        column = scored(CHURN, frame, pl.DataFrame({"item": items(300), "value": outcome})).columns[
            "label"
        ]
        assert column.probability is not None
        assert column.probability.brier == pytest.approx(brier, rel=1e-12)
        assert column.probability.log_loss == pytest.approx(log, rel=1e-12)
        assert column.probability.clipped == 0


def test_several_labels_are_scored_together() -> None:
    """The Brier score adds up over the labels; what is no distribution or has no column is left out
    and counted.
    """
    frame = pl.DataFrame(
        {
            "item": items(6),
            "guess": ["sun", "rain", "snow", "sun", None, "sun"],
            "sun": [0.7, 0.1, 0.0, 0.9, 0.5, 1.0],
            "rain": [0.2, 0.8, 0.0, 0.9, 0.5, 0.0],
            "snow": [0.1, 0.1, 1.0, 0.0, 0.0, 0.0],
        }
    )
    actuals = pl.DataFrame(
        {"item": items(6), "guess": ["sun", "snow", "snow", "sun", "fog", "rain"]}
    )
    column = scored(LABELS, frame, actuals).columns["guess"]
    probability, labels = column.probability, column.label
    assert probability is not None
    assert (probability.n, probability.invalid, probability.unknown, probability.clipped) == (
        4,
        1,
        1,
        1,
    )
    assert probability.brier == pytest.approx((0.14 + (0.01 + 0.64 + 0.81) + 0 + 2) / 4)
    assert probability.log_loss == pytest.approx(
        (-math.log(0.7) - math.log(0.1) - 0 - math.log(1e-15)) / 4
    )
    assert labels is not None
    assert (labels.n, labels.right, labels.coverage) == (5, 0.6, 5 / 6)


@given(st.lists(st.tuples(floats, floats, st.booleans()), min_size=1, max_size=30))
def test_point_scores_agree_with_a_slow_reference(rows: list[tuple[float, float, bool]]) -> None:
    """MAE, RMSE and bias over the keys that have both numbers are what fsum says."""
    count = len(rows)
    frame = pl.DataFrame({"item": items(count), "p": [p for p, _, _ in rows]})
    actuals = pl.DataFrame(
        {"item": items(count), "p": [y if known else None for _, y, known in rows]}
    )
    column = scored(
        'name = "s"\n[key.item]\ntype = "string"\n[columns.p]\n', frame, actuals
    ).columns["p"]
    errors = [p - y for p, y, known in rows if known]
    assert (column.actuals, column.missing) == (len(errors), count - len(errors))
    if not errors:
        assert (column.reason, column.point) == ("no_actual_values", None)
        return
    point = column.point
    assert point is not None
    assert point.mae == pytest.approx(
        math.fsum(map(abs, errors)) / len(errors), rel=1e-12, abs=1e-9
    )
    assert point.bias == pytest.approx(math.fsum(errors) / len(errors), rel=1e-9, abs=1e-6)
    assert point.rmse == pytest.approx(
        math.sqrt(math.fsum(e * e for e in errors) / len(errors)), rel=1e-12, abs=1e-9
    )
    size = math.fsum(abs(y) for _, y, known in rows if known)
    if not size:
        assert point.reasons["wape"] == "no_total"
        return
    assert point.reasons == {"mase": "no_history"}
    assert point.wape == pytest.approx(math.fsum(map(abs, errors)) / size, rel=1e-9)


@given(st.lists(st.tuples(floats, floats, floats, floats), min_size=1, max_size=30))
def test_quantile_scores_agree_with_a_slow_reference(
    rows: list[tuple[float, float, float, float]],
) -> None:
    """WIS is the mean of 2 · pinball over the grid and its parts add up; crossed rows are counted,
    never sorted.
    """
    count = len(rows)
    frame = pl.DataFrame(
        {"item": items(count)} | {c: [row[i] for row in rows] for i, c in enumerate("abc")}
    )
    actuals = pl.DataFrame({"item": items(count), "value": [row[3] for row in rows]})
    distribution = scored(QUANTILES, frame, actuals).columns["value"].distribution
    assert distribution is not None
    good = [row for row in rows if row[0] <= row[1] <= row[2]]
    assert (distribution.n, distribution.crossed) == (len(good), count - len(good))
    if not good:
        assert distribution.reasons == {"wis": "no_comparable_keys"}
        return
    loss = [
        2 * (tau * (y - q) if y > q else (1 - tau) * (q - y))
        for *quantiles, y in good
        for tau, q in zip((0.1, 0.5, 0.9), quantiles, strict=True)
    ]
    assert distribution.wis == pytest.approx(math.fsum(loss) / len(loss), rel=1e-12, abs=1e-9)
    parts = [
        float(part or 0)
        for part in (
            distribution.dispersion,
            distribution.penalty_below,
            distribution.penalty_above,
        )
    ]
    assert math.fsum(parts) == pytest.approx(distribution.wis, rel=1e-9, abs=1e-9)
    bins = [sum(y > q for q in quantiles) for *quantiles, y in good]
    assert [entry.n for entry in distribution.pit] == [bins.count(i) for i in range(4)]


def test_quantiles_that_are_not_symmetric_have_no_parts() -> None:
    """Without a partner for each quantile the WIS stands alone, with the reason."""
    toml = QUANTILES.replace("quantile = 0.9", "quantile = 0.8")
    frame = pl.DataFrame({"item": items(1), "a": [1.0], "b": [2.0], "c": [3.0]})
    distribution = (
        scored(toml, frame, pl.DataFrame({"item": items(1), "value": [2.5]}))
        .columns["value"]
        .distribution
    )
    assert distribution is not None
    assert distribution.wis is not None
    assert (distribution.dispersion, distribution.reasons) == (
        None,
        {"dispersion": "asymmetric_quantiles"},
    )


def test_crossed_and_missing_ends_are_left_out_and_counted() -> None:
    """An interval whose ends are crossed or missing covers nothing; the others are scored, ends
    included.
    """
    frame = intervals(np.random.default_rng(1), 4).with_columns(
        low=pl.Series([0.0, 5.0, None, 0.0]), high=pl.Series([1.0, 4.0, 1.0, 1.0])
    )
    column = scored(
        NUMBERS, frame, pl.DataFrame({"item": items(4), "value": [1.0, 4.5, 0.5, 7.0]})
    ).columns["p"]
    interval = next(entry for entry in column.intervals if entry.lower == "low")
    assert (interval.n, interval.crossed, interval.covered, interval.coverage) == (2, 1, 0.5, 0.5)
    assert (interval.dispersion, interval.penalty_below, interval.penalty_above) == pytest.approx(
        (1, 0, 2 / 0.2 * 6 / 2)
    )


def test_groups_add_up_to_the_whole() -> None:
    """Slices by group have their own numbers, and the weighted mean of them is the whole."""
    rng = np.random.default_rng(3)
    column = scored(
        NUMBERS,
        intervals(rng, 100),
        pl.DataFrame({"item": items(100), "value": rng.normal(10, 6, 100)}),
    ).columns["p"]
    groups = column.groups["kind"]
    assert [(group.value, group.n, group.few) for group in groups] == [
        ("x", 66, False),
        ("y", 34, False),
    ]
    assert column.point is not None
    total = math.fsum(group.n * float(group.mae or 0) for group in groups)
    assert column.point.mae == pytest.approx(total / 100, rel=1e-12)


def test_mase_is_relative_to_the_typical_step_before() -> None:
    """Each error is divided by the mean step of its own series in the actual values up to
    data_through.
    """
    history = days(12)
    actuals = pl.DataFrame(
        {
            "item": ["a"] * 13 + ["b"] * 13,
            "day": [*history, date(2024, 1, 13)] * 2,
            "p": [float(2 * i) for i in range(13)] + [float(i % 2) for i in range(13)],
        }
    )
    frame = pl.DataFrame({"item": ["a", "b"], "day": [date(2024, 1, 13)] * 2, "p": [30.0, 4.0]})
    through = datetime(2024, 1, 12, 21, tzinfo=UTC)
    point = scored(DATED, frame, actuals, through=through).columns["p"].point
    assert point is not None
    assert (point.mase_n, point.mase) == (2, pytest.approx((6 / 2 + 4 / 1) / 2))
    young = (
        scored(DATED, frame, actuals.filter(pl.col("day") > history[2]), through=through)
        .columns["p"]
        .point
    )
    assert young is not None
    assert (young.mase, young.reasons) == (None, {"mase": "no_history"})


def test_targets_that_were_known_are_not_scored() -> None:
    """A target at or before data_through is elapsed, a date from its first moment on; horizons
    count steps after it.
    """
    frame = pl.DataFrame(
        {"item": ["a", "b"] * 4, "day": [d for d in days(4) for _ in "ab"], "p": [1.0, 2.0] * 4}
    )
    actuals = frame.filter(pl.col("day") < date(2024, 1, 4)).with_columns(p=pl.lit(0.0))
    accuracy = scored(DATED, frame, actuals, through=datetime(2024, 1, 1, 12, tzinfo=UTC))
    assert (
        accuracy.keys.n,
        accuracy.keys.elapsed,
        accuracy.keys.matched,
        accuracy.keys.unmatched,
    ) == (
        6,
        2,
        4,
        2,
    )
    assert [
        (horizon.value, horizon.target, horizon.n, horizon.mae)
        for horizon in accuracy.columns["p"].horizons
    ] == [
        ("1", "2024-01-02", 2, 1.5),
        ("2", "2024-01-03", 2, 1.5),
    ]
    midnight = scored(DATED, frame, actuals, through=datetime(2024, 1, 2, tzinfo=UTC))
    assert (
        midnight.keys.elapsed,
        [horizon.target for horizon in midnight.columns["p"].horizons],
    ) == (
        4,
        ["2024-01-03"],
    )


def test_the_vintage_used_is_recorded() -> None:
    """Of several vintages the newest counts, or what was known at the one asked for; the scores say
    which.
    """
    actuals = pl.DataFrame(
        {
            "item": ["a", "a", "b"],
            "p": [1.0, 2.0, 5.0],
            "vintage": [date(2024, 2, 1), date(2024, 3, 1), date(2024, 1, 1)],
        }
    )
    toml = 'name = "s"\n[key.item]\ntype = "string"\n[columns.p]\n'
    frame = pl.DataFrame({"item": ["a", "b"], "p": [0.0, 0.0]})
    newest = scored(toml, frame, actuals)
    assert newest.columns["p"].point is not None
    assert (newest.vintage, newest.asked, newest.columns["p"].point.mae) == (
        "2024-03-01",
        None,
        3.5,
    )
    then = scored(toml, frame, actuals, vintage="2024-02-29")
    assert then.columns["p"].point is not None
    assert (then.vintage, then.asked, then.columns["p"].point.mae) == (
        "2024-02-01",
        "2024-02-29",
        3.0,
    )
    before = scored(toml, frame, actuals, vintage="2024-01-15")
    assert (before.keys.matched, before.keys.unmatched) == (1, 1)
    assert then.actuals != newest.actuals
    text = actuals.with_columns(pl.col("vintage").cast(pl.String), pl.col("p").cast(pl.String))
    assert scored(toml, frame, text) == newest


def test_bad_actual_values_are_errors_that_name_them() -> None:
    """Duplicate and null keys, missing columns, wrong types and vintages are said, never
    guessed.
    """
    contract = parse_contract(DATED)
    good = pl.DataFrame({"item": ["a", "b"], "day": days(2), "p": [1.0, 2.0]})
    cases: list[tuple[pl.DataFrame, str | None, str, str]] = [
        (good.drop("item"), None, "columns", "item"),
        (good.drop("p"), None, "no_actuals", "p, value"),
        (pl.concat([good, good.head(1)]), None, "duplicate_key", "a/2024-01-01"),
        (good.with_columns(item=pl.Series(["a", None])), None, "null_key", "None/2024-01-02"),
        (good.with_columns(day=pl.Series([1, 2])), None, "column_type", "day"),
        (good.with_columns(p=pl.Series(["1.5", "x"])), None, "bad_value", "row 2"),
        (good, "2024-01-01", "bad_vintage", "vintage"),
        (good.with_columns(vintage=pl.Series([1, 2])), None, "bad_vintage", "int64"),
        (
            good.with_columns(vintage=pl.Series([date(2024, 1, 1), None])),
            None,
            "bad_vintage",
            "null",
        ),
    ]
    for frame, vintage, code, word in cases:
        with pytest.raises(InvalidError) as caught:
            read_actuals(frame, contract, vintage)
        assert (caught.value.code, word in caught.value.message) == (code, True), (
            caught.value.message
        )
    with pytest.raises(InvalidError) as caught:
        read_actuals(pl.DataFrame({"item": ["a"], "value": [2]}), parse_contract(CHURN))
    assert caught.value.code == "bad_actual"


def test_the_target_may_be_left_out() -> None:
    """One outcome for all targets of a key counts for each of them."""
    frame = pl.DataFrame(
        {"item": ["a", "a", "b"], "day": [*days(2), days(1)[0]], "p": [1.0, 3.0, 9.0]}
    )
    point = scored(DATED, frame, pl.DataFrame({"item": ["a"], "value": [1.0]})).columns["p"].point
    assert point is not None
    assert (point.n, point.mae) == (2, 1.0)


def test_skill_is_on_the_keys_that_both_have() -> None:
    """Losses of both are taken over exactly the shared keys; a perfect baseline has no skill to be
    relative to.
    """
    toml = 'name = "s"\n[key.item]\ntype = "string"\n[columns.p]\n'
    contract: Contract = parse_contract(toml)
    ours = pl.DataFrame({"item": ["a", "b", "c"], "p": [1.0, 2.0, 100.0]})
    theirs = pl.DataFrame({"item": ["a", "b", "d"], "p": [4.0, 2.0, 0.0]})
    actuals = pl.DataFrame({"item": ["a", "b", "c", "d"], "p": [0.0, 0.0, 0.0, 0.0]})
    skill = (
        scored(toml, ours, actuals, baseline=OtherVersion("s", 7, theirs, contract, None))
        .columns["p"]
        .skill
    )
    assert skill is not None
    assert (skill.set, skill.version, skill.n, skill.coverage) == ("s", 7, 2, 2 / 3)
    mae = skill.losses["mae"]
    assert (mae.ours, mae.theirs, mae.skill) == (1.5, 3.0, 0.5)
    perfect = theirs.with_columns(p=pl.lit(0.0))
    none = (
        scored(toml, ours, actuals, baseline=OtherVersion("s", 7, perfect, contract, None))
        .columns["p"]
        .skill
    )
    assert none is not None
    assert (none.losses["mae"].skill, none.losses["mae"].reason) == (None, "perfect_baseline")
    apart = theirs.with_columns(item=pl.Series(["x", "y", "z"]))
    nothing = (
        scored(toml, ours, actuals, baseline=OtherVersion("s", 7, apart, contract, None))
        .columns["p"]
        .skill
    )
    assert nothing is not None
    assert (nothing.n, nothing.losses, nothing.reason) == (0, {}, "no_shared_keys")


def test_a_baseline_with_another_key_is_refused() -> None:
    """Only sets with the same key columns can be compared."""
    toml = 'name = "s"\n[key.item]\ntype = "string"\n[columns.p]\n'
    frame = pl.DataFrame({"item": ["a"], "p": [1.0]})
    with pytest.raises(InvalidError) as caught:
        scored(
            toml,
            frame,
            frame,
            baseline=OtherVersion("closes", 1, frame, parse_contract(DATED), None),
        )
    assert caught.value.code == "other_keys"


def test_revisions_are_won_lost_or_neutral() -> None:
    """Nearer or farther counts beyond the materiality tolerance; the mean change of the error has
    its sign.
    """
    toml = (
        'name = "s"\n[key.item]\ntype = "string"\n'
        "[columns.p]\n[stability]\nrtol = 0.0\natol = 0.5\n"
    )
    before = pl.DataFrame({"item": items(4), "p": [10.0, 10.0, 10.0, 10.0]})
    now = pl.DataFrame({"item": items(4), "p": [12.0, 8.0, 10.5, 15.0]})
    actuals = pl.DataFrame({"item": items(4), "p": [12.0, 12.0, 12.0, None]})
    previous = OtherVersion("s", 3, before, parse_contract(toml), None)
    revision = scored(toml, now, actuals, previous=previous).columns["p"].revision
    assert revision is not None
    assert (revision.version, revision.n, revision.coverage) == (3, 3, 1.0)
    assert (revision.won, revision.lost, revision.neutral) == (1 / 3, 1 / 3, pytest.approx(1 / 3))
    assert revision.error_change == pytest.approx((-2 + 2 - 0.5) / 3)


def test_labels_that_changed_are_won_or_lost() -> None:
    """Flips to right and to wrong are counted, and the churn that the change of the error rate does
    not need.
    """
    toml = 'name = "s"\n[key.item]\ntype = "string"\n[columns.l]\nrole = "label"\n'
    before = pl.DataFrame({"item": items(5), "l": ["x", "x", "x", "y", "x"]})
    now = pl.DataFrame({"item": items(5), "l": ["y", "y", "x", "z", "x"]})
    actuals = pl.DataFrame({"item": items(5), "l": ["y", "x", "x", "x", None]})
    previous = OtherVersion("s", 1, before, parse_contract(toml), None)
    revision = scored(toml, now, actuals, previous=previous).columns["l"].revision
    assert revision is not None
    assert (revision.n, revision.won, revision.lost, revision.neutral) == (4, 0.25, 0.25, 0.5)
    assert (revision.churn, revision.excess_churn) == (0.75, 0.75)


def test_what_does_not_fit_a_double_is_null_with_a_reason() -> None:
    """Errors that overflow are no numbers, and say why."""
    toml = 'name = "s"\n[key.item]\ntype = "string"\n[columns.p]\n'
    frame = pl.DataFrame({"item": items(2), "p": [1.7e308, 1.0]})
    point = (
        scored(toml, frame, pl.DataFrame({"item": items(2), "p": [-1.7e308, 1.0]}))
        .columns["p"]
        .point
    )
    assert point is not None
    assert (point.mae, point.rmse, point.bias) == (None, None, None)
    assert point.reasons == {
        "mae": "overflow",
        "rmse": "overflow",
        "bias": "overflow",
        "mase": "no_history",
        "wape": "overflow",
        "percentage_bias": "overflow",
    }


def test_the_same_input_gives_the_same_bytes() -> None:
    """The order of rows does not change a byte of the scores, and JSON gives the report back."""
    rng = np.random.default_rng(5)
    frame, actuals = (
        intervals(rng, 50),
        pl.DataFrame({"item": items(50), "value": rng.normal(10, 6, 50)}),
    )
    first = accuracy_json.encode(scored(NUMBERS, frame, actuals))
    assert (
        accuracy_json.encode(
            scored(NUMBERS, frame.reverse(), actuals.sample(fraction=1, shuffle=True, seed=1))
        )
        == first
    )
    assert accuracy_json.encode(accuracy_json.decode(first)) == first
    assert msgspec.json.decode(first)["metrics_revision"] == METRICS_REVISION


def test_a_declared_step_scales_mase() -> None:
    """Where the point names a step column, its values are the scale; keys without one or with 0 are
    left out.
    """
    toml = 'name = "s"\n[key.item]\ntype = "string"\n[columns.p]\nstep = "q"\n'
    toml += '[columns.q]\nrole = "attribute"\ntype = "float"\n'
    frame = pl.DataFrame({"item": items(4), "p": [3.0, 5.0, 9.0, 9.0], "q": [2.0, 0.5, 0.0, None]})
    point = (
        scored(toml, frame, pl.DataFrame({"item": items(4), "p": [1.0, 4.0, 1.0, 1.0]}))
        .columns["p"]
        .point
    )
    assert point is not None
    assert (point.mase, point.mase_n, point.n) == (1.5, 2, 4)
