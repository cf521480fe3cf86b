"""Headline numbers by group, against each group's rows looked at by themselves."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from estimates.stability.aligned import align_versions
from estimates.stability.deltas import Deltas, deltas
from estimates.stability.groups import breakdown, surprises
from estimates.stability.kernels.grouping import grouping
from estimates.stability.report import Group
from tests.stability import reference
from tests.stability.one_column import contract, frame

NUMBER = st.floats(-1e6, 1e6)
ROW = st.tuples(st.sampled_from([None, "x", "y", "z"]), NUMBER, NUMBER)
ROWS = st.lists(ROW, min_size=1, max_size=60)


def moves(a: list[float | None], b: list[float | None], scale: float | None = 1.0) -> Deltas:
    """The moves from one list to the other."""
    rules = contract("nullable = true", "[stability]\nrtol = 0.1\natol = 0")
    pair = align_versions(frame(a), frame(b), rules, None, None)
    return deltas(pair.alignment, "value", *pair.common("value"), scale, rules.stability)


def check(groups: list[Group], rows: list[tuple[str | None, float, float]]) -> None:
    """Each group's numbers are those of its rows alone, null first."""
    whole = math.fsum(abs(b - a) for _, a, b in rows)
    values = sorted({by for by, _, _ in rows}, key=lambda by: (by is not None, by))
    assert [group.value for group in groups] == values
    for group in groups:
        pairs = [(a, b) for by, a, b in rows if by == group.value]
        assert (group.n, group.few) == (len(pairs), len(pairs) < 30)
        r = [reference.relative(a, b, 1.0) for a, b in pairs]
        reference.same(group.p50, reference.quantile(r, 0.5))
        reference.same(group.p95, reference.quantile(r, 0.95))
        plain = [abs(b - a) / max(abs(a), 1.0) for a, b in pairs]
        reference.same(group.plain_p50, reference.quantile(plain, 0.5))
        material = sum(abs(b - a) > 0.1 * max(abs(a), abs(b)) for a, b in pairs)
        assert group.material_share == pytest.approx(material / len(pairs))
        if whole:
            reference.same(group.change_share, math.fsum(abs(b - a) for a, b in pairs) / whole)
        else:
            assert group.change_share is None


@given(ROWS)
@example([("x", float(i), float(i * 2)) for i in range(30)] + [(None, 1.0, 1.0)])
def test_each_group_is_measured_by_itself(rows: list[tuple[str | None, float, float]]) -> None:
    """Few groups block by block and many by sorting say the same."""
    by, a, b = (list(column) for column in zip(*rows, strict=True))
    groups = grouping(pl.Series(by, dtype=pl.String))
    assert groups.blocks is not None
    check(breakdown(groups, moves(a, b)), rows)
    check(breakdown(replace(groups, blocks=None), moves(a, b)), rows)


def test_only_compared_keys_are_in_a_group() -> None:
    """A key without a number in one version is left out, and a group of such keys is none."""
    groups = grouping(pl.Series(["x", "y", "x"]))
    measured = breakdown(groups, moves([1.0, 1.0, 2.0], [2.0, None, 2.0]))
    assert [(group.value, group.n, group.change_share) for group in measured] == [("x", 2, 1.0)]


def test_without_a_scale_groups_have_no_sizes() -> None:
    """Counts and shares are there, r is not."""
    (group,) = breakdown(grouping(pl.Series([1, 1])), moves([0.0, 0.0], [1.0, 0.0], None))
    assert (group.value, group.n, group.material_share) == ("1", 2, 0.5)
    assert (group.p50, group.p95, group.change_share) == (None, None, 1.0)


@given(st.lists(st.tuples(st.sampled_from([None, "x", "y"]), st.booleans()), min_size=1))
def test_surprises_are_shares_of_a_group(rows: list[tuple[str | None, bool]]) -> None:
    """Of each group's keys those that are beyond; of chosen rows only these."""
    groups = grouping(pl.Series([by for by, _ in rows], dtype=pl.String))
    beyond = np.array([hit for _, hit in rows])
    chosen = np.arange(0, len(rows), 2)
    for places, of in ((None, rows), (chosen, rows[::2])):
        hits = beyond if places is None else beyond[places]
        for surprise in surprises(groups, places, hits.__getitem__):
            own = [hit for by, hit in of if by == surprise.value]
            assert (surprise.n, surprise.z_gt1_share) == (len(own), sum(own) / len(own))
            assert surprise.few == (len(own) < 30)


@pytest.mark.parametrize(("n", "few"), [(29, True), (30, False), (31, False)])
def test_a_share_of_thirty_keys_is_not_of_few(n: int, few: bool) -> None:
    """The bound is the first number of keys of which a share is said without a word."""
    groups = grouping(pl.Series(["x"] * n + ["y"]))
    beyond = np.zeros(n + 1, dtype=np.bool_)
    of_x, of_y = surprises(groups, None, beyond.__getitem__)
    assert (of_x.value, of_x.n, of_x.few) == ("x", n, few)
    assert (of_y.value, of_y.n, of_y.few) == ("y", 1, True)
