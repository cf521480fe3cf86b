"""Known answers of the stability diff: one number at a time."""

from __future__ import annotations

import itertools
import json
import math

import msgspec
import numpy as np
import polars as pl
import pytest

from estimates.contract.contract_file import parse_contract
from estimates.stability.diff import diff
from estimates.stability.pages.report_text import render_json
from tests.stability.one_column import compare, contract, frame, scalar

KINDS = {"finite": 1.5, "null": None, "nan": math.nan, "+inf": math.inf, "-inf": -math.inf}


def test_identical_versions_have_no_change() -> None:
    """Identical versions: everything equal, every change 0, coverage 1, and the report says so."""
    values = [1.0, -2.0, 0.0, 4.0]
    report = compare(values, values)
    s = scalar(report)
    assert report.identical
    assert report.keys.identical_share == 1
    assert report.columns["value"].coverage == 1
    assert (s.equal_share, s.material_share, s.zero_share, s.sign_flip_share) == (1, 0, 1, 0)
    assert s.r is not None
    assert s.g is not None
    assert (s.r.mean, s.r.max, s.g.mean, s.g.sd) == (0, 0, 0, 0)
    assert (s.mean_revision, s.root_mean_square_revision, s.rmar) == (0, 0, 0)
    assert s.top == []
    assert s.r_above == dict.fromkeys(("0.01", "0.05", "0.1", "0.15", "0.25", "0.5", "1"), 0)


def test_shuffled_estimates_are_not_stable() -> None:
    """Estimates shuffled among keys keep their distribution, and the median relative change is
    large all the same.
    """
    rng = np.random.default_rng(7)
    values = np.exp(rng.normal(0, 1, 2000))
    shuffled = rng.permutation(values)
    s = scalar(compare(list(values), list(shuffled)))
    assert sorted(values) == sorted(shuffled)
    assert s.r is not None
    assert s.r.p50 > 0.5
    assert s.mean_revision == pytest.approx(0, abs=1e-12)


def test_one_percent_up_everywhere() -> None:
    """Everything +1 %: the same r and nearly the same g for every key, no sign flips, ranks as they
    were.
    """
    values = [float(v) for v in range(-500, 501) if v]
    report = compare(values, [v * 1.01 for v in values], "scale_floor = 1e-6")
    s, ranks = scalar(report), report.columns["value"].ranks
    assert ranks is not None
    assert (ranks.spearman, ranks.largest_move) == (1, 0)
    assert s.r is not None
    assert s.g is not None
    assert s.r.p50 == pytest.approx(0.01 / 1.005, rel=1e-12)
    assert s.r.max == pytest.approx(s.r.mean, rel=1e-12)
    assert s.g.p99 == pytest.approx(math.log(1.01), rel=1e-9)
    assert s.sign_flip_share == 0
    assert (s.up_share, s.down_share) == (0.5, 0.5)
    assert s.floored_share == 0


@pytest.mark.parametrize(
    ("a", "b", "r"), [(0.0, 0.0, 0), (0.0, 5.0, 2), (3.0, -3.0, 2), (-1.0, 2.0, 2), (1.0, 3.0, 1)]
)
def test_relative_change_of_one_key(a: float, b: float, r: float) -> None:
    """0 → 0 is 0, 0 → x and a change of sign are 2, never more."""
    s = scalar(compare([a], [b], "scale_floor = 0.001"))
    assert s.r is not None
    assert s.r.max == r


def test_small_values_are_relative_to_the_scale_floor() -> None:
    """Below the scale floor r is the change in units of the floor, and the share of such keys is
    reported.
    """
    s = scalar(compare([0.0, 100.0], [0.5, 100.0], "scale_floor = 10.0"))
    assert s.r is not None
    assert s.r.max == 0.05
    assert s.floored_share == 0.5


def test_a_key_is_below_the_floor_when_its_mean_size_is() -> None:
    """The mean of both sizes decides: just below the floor counts, at the floor does not."""
    s = scalar(compare([9.0, 10.0, 19.0, 0.0], [10.0, 10.0, 1.0, 30.0], "scale_floor = 10.0"))
    assert s.floored_share == 0.25


def test_groups_of_a_long_version_are_those_of_its_parts() -> None:
    """However many blocks its rows fill, and whichever groups a block has."""
    n = 300_000
    k = np.arange(n)
    old = 1.0 + np.random.default_rng(1).random(n)
    new = old * (1 + 0.1 * np.random.default_rng(2).random(n))
    ids, by = (
        pl.Series("id", k).cast(pl.String).str.zfill(6),
        pl.Series("by", np.where(k % 7 == 0, 9, k // 70_000)),
    )
    a, b = (pl.DataFrame({"id": ids, "value": value, "by": by}) for value in (old, new))
    groups = '[columns.by]\nrole = "attribute"\ntype = "integer"\n[stability]\ngroups = ["by"]\n'
    parts = diff(a, b, contract("", groups)).columns["value"].groups["by"]
    r = 2 * (new - old) / (new + old)
    assert [(group.value, group.n) for group in parts] == [
        (str(g), int((by == g).sum())) for g in (0, 1, 2, 3, 4, 9)
    ]
    for group in parts:
        mine = (by == int(group.value or "")).to_numpy()
        assert (group.p50, group.p95) == pytest.approx(
            tuple(np.quantile(r[mine], [0.5, 0.95])), rel=1e-9
        )
        assert group.change_share == pytest.approx(
            float((new - old)[mine].sum() / (new - old).sum()), rel=1e-9
        )


def test_scale_floor_comes_from_the_baseline_alone() -> None:
    """s0 is the larger of 1e-3 · median |a| and 1e-9 · max |a|, whatever the candidate is."""
    assert scalar(compare([1.0, -2.0, 3.0], [9.0, 9.0, 9.0])).scale_floor == pytest.approx(2e-3)
    assert scalar(compare([0.0, 0.0, 5.0], [1.0, 1.0, 1.0])).scale_floor == pytest.approx(5e-9)


def test_all_zero_baseline_has_no_relative_metrics() -> None:
    """A baseline of zeros gives null with the reason `degenerate_scale`; what needs no scale is
    still there.
    """
    s = scalar(compare([0.0, 0.0], [0.0, 4.0]))
    assert (s.scale_floor, s.r, s.g, s.rmar, s.floored_share, s.r_above) == (None,) * 6
    assert s.reasons == dict.fromkeys(
        ("floored_share", "g", "r", "r_above", "rmar"), "degenerate_scale"
    )
    assert s.mean_revision == 2
    assert [(c.key, c.d, c.r) for c in s.top] == [(["k0001"], 4.0, None)]


def test_all_zero_baseline_with_a_declared_scale() -> None:
    """With the contract's scale_floor an all-zero baseline is measured like any other."""
    s = scalar(compare([0.0, 0.0], [0.0, 4.0], "scale_floor = 1.0"))
    assert s.r is not None
    assert s.r.max == 2
    assert s.reasons == {}


def test_denormals() -> None:
    """The smallest numbers a double has are compared like others."""
    tiny = 5e-324
    s = scalar(compare([tiny, 2 * tiny, 0.0], [tiny, tiny, tiny]))
    assert s.r is not None
    assert s.g is not None
    assert s.scale_floor == tiny
    assert s.zero_share == pytest.approx(1 / 3)
    assert [(c.key, c.r) for c in s.top] == [(["k0002"], 1.0), (["k0001"], pytest.approx(2 / 3))]
    assert math.isfinite(s.g.sd)


def test_overflow_is_counted_and_comes_first() -> None:
    """±1e308: a difference that does not fit a double is counted, heads the list, and leaves the
    mean null.
    """
    a, b = [1.7e308, 1.0, -1.7e308, 1.7e308], [-1.7e308, -1.0, 1.7e308, 1.7e308]
    s = scalar(compare(a, b, "scale_floor = 0.001"))
    assert s.overflow == 2
    assert [(c.key, c.d, c.r) for c in s.top] == [
        (["k0000"], None, 2),
        (["k0002"], None, 2),
        (["k0001"], -2, 2),
    ]
    assert (s.mean_revision, s.mean_absolute_revision, s.root_mean_square_revision, s.rmar) == (
        None,
    ) * 4
    assert s.reasons["mean_revision"] == "overflow"
    assert s.sign_flip_share == 0.75
    assert s.r is not None
    assert s.g is not None
    assert s.r.max == 2
    assert all(math.isfinite(x) for x in (s.g.mean, s.g.sd, s.g.p1, s.g.p99))


def test_sums_that_overflow_are_scaled() -> None:
    """A mean is finite when it fits a double, even if the sum does not."""
    s = scalar(compare([0.0] * 4, [1.5e308] * 4, "scale_floor = 1.0"))
    assert s.mean_revision == pytest.approx(1.5e308)
    assert s.root_mean_square_revision == pytest.approx(1.5e308)
    assert s.rmar == pytest.approx(1)


@pytest.mark.parametrize(("old", "new"), list(itertools.product([*KINDS, "absent"], repeat=2))[:-1])
def test_every_pair_of_kinds(old: str, new: str) -> None:
    """Each pair of kinds is counted exactly once, in its own cell, and a change of kind is never a
    number.
    """
    a, b = (frame([] if kind == "absent" else [KINDS[kind]]) for kind in (old, new))
    report = diff(a, b, contract("nullable = true"))
    column = report.columns["value"]
    counts = {(i, j): n for i, row in column.kinds.items() for j, n in row.items()}
    assert len(counts) == 36
    assert {pair: n for pair, n in counts.items() if n} == {(old, new): 1}
    if "absent" in (old, new):
        assert (column.kind_loss_share, column.kind_gain_share, column.coverage) == (
            None,
            None,
            None,
        )
    else:
        assert column.kind_loss_share == (old == "finite" and new != "finite")
        assert column.kind_gain_share == (new == "finite" and old != "finite")
        assert report.keys.identical_share == (old == new)
    if (old, new) != ("finite", "finite"):
        assert (column.n, column.scalar, column.reason) == (0, None, "no_comparable_keys")


def test_lost_values_are_named() -> None:
    """A value that became null is a loss with its key, and the other keys are compared without
    it.
    """
    column = compare([1.0, 2.0, 3.0, 4.0], [1.0, None, 3.0, 4.0]).columns["value"]
    assert (column.n, column.coverage, column.kind_loss_share) == (3, 0.75, 0.25)
    assert column.kind_loss_keys == [["k0001"]]


def test_minus_zero_is_zero() -> None:
    """−0.0 is 0.0: no change, no change of sign, an identical row."""
    report = compare([-0.0, 1.0], [0.0, 1.0])
    assert report.keys.identical_share == 1
    assert scalar(report).zero_share == 1


def test_symmetric_under_exchange() -> None:
    """With one scale floor, exchanging the versions keeps r and turns the signs of g and of the
    mean revision.
    """
    rng = np.random.default_rng(3)
    a, b = list(rng.normal(0, 5, 200)), list(rng.normal(0, 5, 200))
    first, two = (
        scalar(compare(a, b, "scale_floor = 0.1")),
        scalar(compare(b, a, "scale_floor = 0.1")),
    )
    assert first.r == two.r
    assert (first.material_share, first.equal_share, first.sign_flip_share) == (
        two.material_share,
        two.equal_share,
        two.sign_flip_share,
    )
    assert first.mean_revision is not None
    assert -first.mean_revision == pytest.approx(two.mean_revision)
    assert first.g is not None
    assert two.g is not None
    assert first.g.mean == pytest.approx(-two.g.mean, rel=1e-12)
    assert first.g.p1 == pytest.approx(-two.g.p99, rel=1e-12)
    assert (first.up_share, first.down_share) == (two.down_share, two.up_share)


def test_ranks_and_distance_are_symmetric_under_exchange() -> None:
    """Exchanging the versions keeps the correlation of ranks, the overlaps, and the distance of the
    distributions.
    """
    rng = np.random.default_rng(4)
    a, b = list(rng.normal(0, 5, 300)), list(rng.normal(0, 5, 300))
    first, two = (compare(*pair).columns["value"] for pair in ((a, b), (b, a)))
    assert first.ranks is not None
    assert two.ranks is not None
    assert first.drift is not None
    assert two.drift is not None
    assert first.ranks.spearman == pytest.approx(two.ranks.spearman, rel=1e-12)
    assert first.ranks.top_k_overlap == two.ranks.top_k_overlap
    assert [(move.key, move.b, move.a) for move in first.ranks.top] == [
        (m.key, m.a, m.b) for m in two.ranks.top
    ]
    assert first.drift.ks == pytest.approx(two.drift.ks, rel=1e-12)
    assert first.drift.dispersion_shift == pytest.approx(
        -(two.drift.dispersion_shift or 0), rel=1e-12
    )


def test_the_headline_alone() -> None:
    """When only the headline is asked for, the numbers it has are those of the whole report, and no
    key is named.
    """
    rng = np.random.default_rng(6)
    a, b = list(rng.normal(0, 5, 300)), [None, *rng.normal(0, 5, 299)]
    frames = (
        frame(a),
        frame(b, [*(f"k{i:04}" for i in range(299)), "new"]),
        contract("nullable = true\ncuts = [0.0]"),
    )
    whole, short = diff(*frames), diff(*frames, headline_only=True)
    assert (whole.headline_only, short.headline_only) == (False, True)
    assert short.keys == msgspec.structs.replace(whole.keys, added_keys=[], removed_keys=[])
    first, two = whole.columns["value"], short.columns["value"]
    assert (two.ranks, two.drift, two.cuts, two.groups, two.kind_loss_keys) == (
        None,
        None,
        [],
        {},
        [],
    )
    assert two.kinds == first.kinds
    assert scalar(short) == msgspec.structs.replace(scalar(whole), top=[], sign_flip_keys=[])
    assert len(short.headline) < len(whole.headline)


def test_what_the_contract_does_not_ask_for_takes_no_room() -> None:
    """The JSON of a column has no entry for cut-offs, steps, groups and labels that the contract
    does not name.
    """
    column = json.loads(render_json(compare([1.0], [2.0])))["columns"]["value"]
    assert not column.keys() & {"cuts", "label", "groups", "horizons", "reason"}
    assert "step" not in column["scalar"]
    assert column["ranks"]["spearman"] is None


def test_g_adds_up_along_a_chain() -> None:
    """g from 1 to 3 is g from 1 to 2 plus g from 2 to 3, zeros and changes of sign included."""
    chain = [[5.0], [0.0], [-7.0], [1e300], [3.0]]
    steps = [scalar(compare(a, b, "scale_floor = 0.5")).g for a, b in itertools.pairwise(chain)]
    whole = scalar(compare(chain[0], chain[-1], "scale_floor = 0.5")).g
    assert whole is not None
    assert math.fsum(step.mean for step in steps if step) == pytest.approx(whole.mean, abs=1e-12)


@pytest.mark.parametrize(("b", "material"), [(101.0, 0), (101.02, 1), (99.0, 0), (98.99, 1)])
def test_materiality_is_inclusive(b: float, material: int) -> None:
    """A change of exactly the tolerance is not material, to the last bit of the sum."""
    report = diff(frame([100.0]), frame([b]), contract("", "[stability]\nrtol = 0.0\natol = 1.0"))
    assert scalar(report).material_share == material
    slack = diff(frame([0.3]), frame([0.4]), contract("", "[stability]\nrtol = 0.0\natol = 0.1"))
    assert scalar(slack).material_share == 0


def test_bit_noise_is_equal_but_not_identical() -> None:
    """A change in the last bits is equal, not material, and still no identical row."""
    report = compare([1.0], [1.0 + 1e-12])
    assert (scalar(report).equal_share, report.keys.identical_share) == (1, 0)


def test_whole_numbers_are_compared_exactly() -> None:
    """Integers beyond 2^53 that differ by one are different."""
    schema = {"id": pl.String, "value": pl.Int64}
    a, b = (pl.DataFrame({"id": ["x", "y"], "value": [2**60, 1]}, schema=schema) for _ in "ab")
    b = b.with_columns(value=pl.col("value") + pl.Series([1, 0]))
    s = scalar(diff(a, b, contract('type = "integer"')))
    assert (s.equal_share, s.up_share, s.top[0].d) == (0.5, 0.5, 1.0)


def test_narrow_floats_are_equal_within_their_own_precision() -> None:
    """A Float32 frame against its Float64 original is equal."""
    wide = frame([0.1, 1 / 3, 1e10])
    s = scalar(diff(wide, wide.with_columns(pl.col("value").cast(pl.Float32)), contract()))
    assert s.equal_share == 1


def test_ties_go_by_key_and_the_list_is_bounded() -> None:
    """The largest moves are at most 20, by r, then |d|, then key."""
    a = [1.0] * 30 + [10.0, 0.0]
    b = [2.0] * 30 + [20.0, 0.0]
    top = scalar(compare(a, b)).top
    assert [c.key[0] for c in top] == ["k0030", *(f"k{i:04}" for i in range(19))]


def test_label_churn() -> None:
    """Labels: the share that changed with its Wilson interval, null being a label, new labels
    named.
    """
    c = parse_contract(
        'name="s"\n[key.id]\ntype="string"\n[columns.value]\nrole="label"\nnullable=true'
    )
    a = pl.DataFrame({"id": list("abcdefghij"), "value": ["x"] * 8 + [None, None]})
    b = pl.DataFrame({"id": list("abcdefghij"), "value": ["x"] * 7 + ["z", None, "x"]})
    label = diff(a, b, c).columns["value"].label
    assert label is not None
    assert (label.n, label.churn, label.new_labels) == (10, 0.2, ["z"])
    assert (label.churn_low, label.churn_high) == (
        pytest.approx(0.0566821),
        pytest.approx(0.5098376),
    )
    assert [(c.key, c.a, c.b) for c in label.changed] == [(["h"], "x", "z"), (["j"], None, "x")]


def test_reports_are_deterministic_to_the_byte() -> None:
    """The same frames give the same JSON, also when the rows come in another order."""
    rng = np.random.default_rng(5)
    a, b = frame(list(rng.normal(0, 1, 5000))), frame(list(rng.normal(0, 1, 5000)))
    first = render_json(diff(a, b, contract()))
    assert first == render_json(diff(a, b, contract()))
    assert first == render_json(diff(a.sample(fraction=1, shuffle=True, seed=1), b, contract()))
