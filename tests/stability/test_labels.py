"""Labels: known answers, and the engine against a slow, obvious reference."""

from __future__ import annotations

import math
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.contract.contract_file import parse_contract
from estimates.stability.diff import diff
from estimates.stability.label_report import LabelReport
from tests.stability.reference import same

CONTRACT = parse_contract(
    'name="s"\n[key.id]\ntype="integer"\n[columns.value]\nrole="label"\nnullable=true'
)


def labels(old: list[str | None], new: list[str | None]) -> LabelReport:
    """The labels of two versions with keys 0, 1, …"""
    a, b = (
        pl.DataFrame({"id": range(len(x)), "value": x}, schema={"id": pl.Int64, "value": pl.String})
        for x in (old, new)
    )
    result = diff(a, b, CONTRACT).columns["value"].label
    assert result is not None
    return result


def test_who_went_where() -> None:
    """Rows are labels of A, columns labels of B; null comes first and is a label like others."""
    result = labels(["x", "x", "x", "y", None], ["x", "y", "y", "y", "x"])
    assert result.transitions is not None
    assert result.transitions.labels == [None, "x", "y"]
    assert result.transitions.counts == [[0, 1, 0], [0, 1, 2], [0, 0, 1]]
    assert result.transitions.pooled == 0
    flows = {flow.label: flow for flow in result.flows}
    assert (flows["x"].n_from, flows["x"].n_to, flows["x"].outflow_share) == (
        3,
        2,
        pytest.approx(2 / 3),
    )
    assert (flows["y"].inflow_share, flows["y"].outflow_share, flows["y"].prevalence_change) == (
        2 / 3,
        0,
        0.4,
    )
    assert (flows[None].inflow_share, flows[None].outflow_share) == (None, 1)
    assert result.gone_labels == []


def test_many_labels_are_pooled() -> None:
    """The 20 labels with the most keys have rows of their own, the others one row together; no key
    is lost.
    """
    old = [f"l{i:02}" for i in range(25)] + [f"l{i:02}" for i in range(10, 25)]
    result = labels(list(old), ["l24", *old[1:]])
    assert result.transitions is not None
    assert result.transitions.labels == [
        *(f"l{i:02}" for i in range(1, 6)),
        *(f"l{i:02}" for i in range(10, 25)),
    ]
    assert result.transitions.pooled == 5
    assert sum(map(sum, result.transitions.counts)) == 40
    assert result.transitions.counts[-1] == [0] * 19 + [1, 4]
    assert len(result.flows) == 20


def test_agreement_beyond_chance() -> None:
    """Kappa: 1 for no change, 0 for agreement that chance would give, null when there is one label
    only.
    """
    assert labels(["x", "y"], ["x", "y"]).kappa == 1
    assert labels(["x", "x", "y", "y"], ["x", "y", "x", "y"]).kappa == 0
    first = labels(["x", "x"], ["x", "x"])
    assert (first.kappa, first.kappa_reason) == (None, "one_label")
    assert labels(["x", "x"], ["y", "y"]).kappa == 0


LABEL = st.one_of(st.none(), st.sampled_from("abc"), st.integers(0, 40).map(str))


@given(st.lists(st.tuples(LABEL, LABEL), min_size=1, max_size=80))
def test_labels_agree_with_the_reference(pairs: list[tuple[str | None, str | None]]) -> None:
    """Kappa, transitions and flows of any two versions agree with plain Python to 1e-12."""
    result = labels([a for a, _ in pairs], [b for _, b in pairs])
    n, names = len(pairs), {label for pair in pairs for label in pair}
    was, now = ({x: sum(pair[side] == x for pair in pairs) for x in names} for side in (0, 1))
    expected = sum(Fraction(was[x] * now[x], n * n) for x in names)
    agreed = Fraction(sum(a == b for a, b in pairs), n)
    if expected == 1:
        assert result.kappa is None
    else:
        same(result.kappa, float((agreed - expected) / (1 - expected)), 1)
    shown = sorted(names, key=lambda x: (-was[x] - now[x], x is not None, x or ""))[:20]
    shown.sort(key=lambda x: (x is not None, x or ""))
    assert result.transitions is not None
    assert (result.transitions.labels, result.transitions.pooled) == (
        shown,
        len(names) - len(shown),
    )
    rows = [[x] for x in shown] + (
        [[x for x in names if x not in shown]] if len(names) > len(shown) else []
    )
    counts = [[sum(a in row and b in column for a, b in pairs) for column in rows] for row in rows]
    assert result.transitions.counts == counts
    for flow in result.flows:
        stayed = sum(a == b == flow.label for a, b in pairs)
        out, into = was[flow.label], now[flow.label]
        assert flow.outflow_share == (pytest.approx((out - stayed) / out) if out else None)
        assert flow.inflow_share == (pytest.approx((into - stayed) / into) if into else None)
        assert math.isclose(flow.prevalence_change, (into - out) / n)
