"""Cut-offs, typical steps and concentration: known answers, and the engine against a slow, obvious
reference.
"""

from __future__ import annotations

import math
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError
from estimates.stability.diff import diff
from estimates.stability.family_reports import StepChange
from estimates.stability.report import ColumnReport, ScalarReport
from tests.stability.one_column import compare, scalar
from tests.stability.reference import finite, quantile, same, scale_floor

STEPS = """
name = "s"
[key.id]
type = "integer"
[columns.value]
nullable = true
step = "typical"
[columns.typical]
role = "attribute"
nullable = true
"""
Triple = tuple[float | None, float | None, float | None]


def cut(a: list[float], b: list[float], cuts: str = "[0.5]") -> ColumnReport:
    """The report of `value` with these cut-offs."""
    return compare(a, b, f"cuts = {cuts}").columns["value"]


def stepped(rows: list[Triple]) -> tuple[ScalarReport | None, StepChange | None]:
    """The report of rows of (old, new, typical step of the old version); the new version claims
    other steps.
    """
    schema = {"id": pl.Int64, "value": pl.Float64, "typical": pl.Float64}
    a = pl.DataFrame(
        [(i, old, q) for i, (old, _, q) in enumerate(rows)], schema=schema, orient="row"
    )
    b = pl.DataFrame(
        [(i, new, 77.0) for i, (_, new, _) in enumerate(rows)], schema=schema, orient="row"
    )
    result = diff(a, b, parse_contract(STEPS)).columns["value"].scalar
    return result, None if result is None else result.step


def test_who_crossed() -> None:
    """A value at the cut-off is above it; the margin is how far beyond those stand who crossed."""
    (result,) = cut([0.4, 0.6, 0.5, 0.1, 0.9], [0.5, 0.3, 0.9, 0.2, 0.4]).cuts
    assert (result.n, result.crossing_share, result.up_share, result.down_share) == (
        5,
        0.6,
        0.2,
        0.4,
    )
    assert result.margin == pytest.approx(0.1)
    assert result.keys == [["k0000"], ["k0001"], ["k0004"]]
    assert result.crossing_low < 0.6 < result.crossing_high


def test_nobody_crossed() -> None:
    """Without anyone who crossed there is no margin, and the reason; without cut-offs there is no
    entry.
    """
    low, high = cut([0.4, 0.6], [0.4, 0.7], "[0.5, 0.9]").cuts
    assert (low.crossing_share, low.margin, low.reason, low.keys) == (0, None, "no_crossing", [])
    assert (high.cut, high.crossing_share) == (0.9, 0)
    assert compare([1.0], [2.0]).columns["value"].cuts == []


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("cuts = [2.0, 1.0]", "must rise"),
        ('role = "label"\ncuts = [1.0]', "no meaning"),
        ('step = "value"', "no attribute"),
        ('step = "nothing"', "no attribute"),
    ],
)
def test_what_a_contract_cannot_say(column: str, words: str) -> None:
    """Cut-offs rise and belong to numbers; a step names an attribute that is a number."""
    with pytest.raises(InvalidError, match=words) as caught:
        compare([1.0], [1.0], column)
    assert caught.value.code == "bad_contract"


def test_changes_in_typical_steps() -> None:
    """A change of two typical steps is 2; keys without a step are left out, and the new version
    cannot say its own.
    """
    _, step = stepped(
        [(10.0, 12.0, 1.0), (10.0, 10.0, 1.0), (10.0, 50.0, None), (10.0, 50.0, -1.0)]
    )
    assert step is not None
    assert (step.n, step.coverage, step.masc) == (2, 0.5, 1)
    assert step.rmssc == pytest.approx(math.sqrt(2))


def test_steps_that_cannot_be_used() -> None:
    """No step at all, or no scale: null, and why. A contract that names no step has no entry."""
    assert stepped([(1.0, 2.0, None)])[1] == StepChange(0, 0, None, None, "no_comparable_keys")
    assert stepped([(0.0, 2.0, 1.0)])[1] == StepChange(1, 1, None, None, "degenerate_scale")
    assert scalar(compare([1.0], [2.0])).step is None


def test_concentration() -> None:
    """One key of a hundred moved: all of the change is in the top 1 %; all moved alike: 1 % of it
    is.
    """
    a = [1.0] * 200
    assert scalar(compare(a, [1.0] * 199 + [5.0])).top_share == 1
    assert scalar(compare(a, [2.0] * 200)).top_share == 0.01
    assert scalar(compare([1.0] * 150, [2.0] * 3 + [1.0] * 147)).top_share == pytest.approx(2 / 3)
    still = scalar(compare(a, a))
    assert (still.top_share, still.reasons) == (None, {"top_share": "no_move"})


VALUE = st.one_of(st.floats(-1e6, 1e6), st.sampled_from((0.0, 0.5, 1.0, None, math.nan)))
STEP = st.one_of(st.floats(0, 1e3), st.sampled_from((0.0, -1.0, None, math.inf)))


@given(st.lists(st.tuples(VALUE, VALUE, STEP), min_size=1, max_size=150))
def test_steps_and_concentration_agree_with_the_reference(rows: list[Triple]) -> None:
    """Both of any two versions agree with plain Python to 1e-12."""
    result, step = stepped(rows)
    kept = [(*two, q) for a, b, q in rows if (two := finite(a, b))]
    if not kept:
        assert result is None
        return
    assert result is not None
    assert step is not None
    sizes = sorted((abs(Fraction(b) - Fraction(a)) for a, b, _ in kept), reverse=True)
    total = sum(sizes)
    if total:
        same(result.top_share, float(sum(sizes[: -(-len(sizes) // 100)]) / total))
    else:
        assert result.top_share is None
    scale = scale_floor([a for a, _, _ in kept])
    moved = [(abs(b - a), q) for a, b, q in kept if q is not None and math.isfinite(q) and q >= 0]
    assert step.n == len(moved)
    if moved and scale is not None:
        units = [size / max(q, scale) for size, q in moved]
        same(step.masc, math.fsum(units) / len(units))
        largest = max(units)
        square = math.fsum((x / largest) ** 2 for x in units) / len(units) if largest else 0.0
        same(step.rmssc, math.sqrt(square) * largest)


@given(st.lists(st.tuples(VALUE, VALUE), min_size=1, max_size=40))
def test_crossings_agree_with_the_reference(pairs: list[tuple[float | None, float | None]]) -> None:
    """Shares and margin of any two versions agree with plain Python to 1e-12."""
    kept = [two for a, b in pairs if (two := finite(a, b))]
    column = compare(
        [a for a, _ in pairs], [b for _, b in pairs], "nullable = true\ncuts = [0.5]"
    ).columns["value"]
    if not kept:
        assert column.cuts == []
        return
    (result,) = column.cuts
    crossed = [b for a, b in kept if (a >= 0.5) != (b >= 0.5)]
    same(result.crossing_share, len(crossed) / len(kept))
    same(result.up_share, sum(b >= 0.5 for b in crossed) / len(kept))
    if crossed:
        same(result.margin, quantile([abs(b - 0.5) for b in crossed], 0.5))
