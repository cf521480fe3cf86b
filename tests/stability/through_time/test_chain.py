"""V: the chain of one key and of many, against a slow, obvious reference in plain Python."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.contract.columns import Column, KeyColumn
from estimates.contract.contract import Contract, Stability
from estimates.contract.contract_file import parse_contract
from estimates.stability.through_time.chain import MIN_PAIRS, key_chains, pooled_chains
from estimates.stability.through_time.revision_report import Chain, Chains, Middle, Step
from estimates.stability.through_time.revisions import value_histories

CONTRACT = parse_contract(
    """
    name = "set"
    [key.id]
    type = "integer"
    [columns.value]
    unit = "USD"
    scale_floor = 0.5
    nullable = true
    [columns.count]
    type = "integer"
    nullable = true
    [columns.kind]
    role = "label"
    [columns.note]
    role = "attribute"
    """
)
FLOOR = Column(scale_floor=0.5)
NUMBER = st.one_of(st.floats(-1e6, 1e6), st.sampled_from((0.0, -0.0, 1.0, 1.005, -1.0, 1e-12)))
PATH = st.lists(st.one_of(st.none(), NUMBER), max_size=12)


def chain_of(path: list[float | None], column: str = "value") -> Chain:
    """The chain of one key whose versions 1, 2, … had these values; None: it had no row."""
    estimates = {n: None if x is None else {column: x} for n, x in enumerate(path, 1)}
    return key_chains(CONTRACT, estimates, set(estimates))[column]


def material(a: float, b: float) -> bool:
    """S2, with the tolerance of the contract."""
    return abs(b - a) > 0.01 * max(abs(a), abs(b)) * (1 + 1e-12)


def relative(a: float, b: float, floor: float = 0.5) -> float:
    """S3 in exact arithmetic."""
    x, y = Fraction(a), Fraction(b)
    return float(abs(y - x) / max((abs(x) + abs(y)) / 2, Fraction(floor)))


def deviation(numbers: list[float]) -> float:
    """The standard deviation, dividing by n."""
    mean = math.fsum(numbers) / len(numbers)
    return math.sqrt(math.fsum((x - mean) ** 2 for x in numbers) / len(numbers))


def settles(path: list[float]) -> int:
    """The first place from which on no value is materially off the last one."""
    return next(t for t in range(len(path)) if not any(material(path[-1], x) for x in path[t:]))


def since(path: list[float]) -> int:
    """How many values came after the last material move."""
    moves = [t for t, (a, b) in enumerate(pairwise(path), 1) if material(a, b)]
    return len(path) - 1 - (moves[-1] if moves else 0)


@given(PATH)
def test_a_chain_agrees_with_the_reference(path: list[float | None]) -> None:
    """Every metric of one key is what its formula says, and None exactly where it says nothing."""
    result, have = chain_of(path), [x for x in path if x is not None]
    moves = list(pairwise(have))
    d = [b - a for a, b in moves]
    both = [
        (x, y)
        for (x, y), (m, n) in zip(pairwise(d), pairwise(moves), strict=True)
        if material(*m) and material(*n)
    ]
    assert (result.versions, result.n) == (len(path), len(have))
    assert result.availability == (len(have) / len(path) if path else None)
    assert (result.turns, result.flips) == (
        len(both),
        sum(x * y < 0 or (x < 0) != (y < 0) for x, y in both),
    )
    assert result.flip_share == (result.flips / len(both) if both else None)
    shaped = len(have) >= 3 and any(material(a, b) for a, b in moves)
    way = max(math.fsum(map(abs, d)), 0.5)
    assert result.efficiency == (
        pytest.approx(abs(have[-1] - have[0]) / way, abs=1e-12) if shaped else None
    )
    g = [math.asinh(b / 1.0) - math.asinh(a / 1.0) for a, b in moves]
    assert result.volatility == (pytest.approx(deviation(g), abs=1e-12) if len(g) > 1 else None)
    assert result.since_change == (since(have) if moves else None)
    assert result.settle_time == (settles(have) if moves else None)
    assert result.previous_r == (pytest.approx(relative(*moves[-1]), abs=1e-12) if moves else None)
    assert result.first_r == (
        pytest.approx(relative(have[0], have[-1]), abs=1e-12) if moves else None
    )
    for metric in (
        "availability",
        "flip_share",
        "efficiency",
        "autocorrelation",
        "volatility",
        "since_change",
    ):
        assert (getattr(result, metric) is None) == (metric in result.reasons)


@given(PATH.filter(lambda path: sum(x is not None for x in path) > 1))
def test_g_adds_up_along_a_chain(path: list[float | None]) -> None:
    """With one scale floor the moves on the scale of g add up to the move from the first value to
    the last.
    """
    have = [x for x in path if x is not None]
    total = math.fsum(step.g for step in chain_of(path).steps if step.g is not None)
    assert total == pytest.approx(math.asinh(have[-1] / 1.0) - math.asinh(have[0] / 1.0), abs=1e-9)


@given(st.lists(st.lists(NUMBER, min_size=1, max_size=9), min_size=1, max_size=6))
def test_keys_together_agree_with_the_reference(paths: list[list[float]]) -> None:
    """Flips and pairs are counted over all keys; what each key has one of is summed up by its
    quantiles.
    """
    owner = [k for k, path in enumerate(paths) for _ in path]
    numbers = [x for path in paths for x in path]
    result = pooled_chains(
        value_histories(np.array(owner, dtype=np.intp), pl.Series(numbers), FLOOR, Stability()),
        len(numbers) + 3,
    )
    alone = [chain_of(path) for path in paths]
    assert (result.keys, result.long_keys) == (len(paths), sum(len(path) > 2 for path in paths))
    assert result.moves == sum(len(path) - 1 for path in paths)
    assert result.availability == len(numbers) / (len(numbers) + 3)
    for metric in ("flips", "turns", "pairs"):
        assert getattr(result, metric) == sum(getattr(chain, metric) for chain in alone)
    for metric in ("efficiency", "since_change", "settle_time", "previous_r", "first_r"):
        each = [getattr(chain, metric) for chain in alone if getattr(chain, metric) is not None]
        middle = getattr(result, metric)
        assert middle == (
            None
            if not each
            else Middle(len(each), *map(pytest.approx, np.quantile(each, [0.5, 0.95])))
        )
        assert (middle is None) == (metric in result.reasons)
    g = [math.asinh(b) - math.asinh(a) for path in paths for a, b in pairwise(path)]
    assert result.volatility == (pytest.approx(deviation(g), abs=1e-12) if len(g) > 1 else None)


@given(st.lists(st.lists(st.integers(-50, 50), min_size=15, max_size=20), min_size=2, max_size=4))
def test_autocorrelation_is_pooled_within_keys(paths: list[list[int]]) -> None:
    """Each key's mean move is taken out, and no pair crosses from one key to the next."""
    owner = np.array([k for k, path in enumerate(paths) for _ in path], dtype=np.intp)
    result = pooled_chains(
        value_histories(
            owner, pl.Series([float(x) for path in paths for x in path]), FLOOR, Stability()
        ),
        None,
    )
    pairs: list[tuple[Fraction, Fraction]] = []
    for path in paths:
        d = [Fraction(b - a) for a, b in pairwise(path)]
        mean = sum(d, Fraction()) / len(d)
        pairs += pairwise([x - mean for x in d])
    size = sum(x * x for x, _ in pairs) * sum(y * y for _, y in pairs)
    expected = None if not size else float(sum(x * y for x, y in pairs)) / math.sqrt(size)
    assert result.pairs == len(pairs) >= MIN_PAIRS
    assert result.autocorrelation == (
        expected if expected is None else pytest.approx(expected, abs=1e-9)
    )
    assert result.reasons["availability"] == "unknown"


def test_a_way_there_and_back_is_not_efficient() -> None:
    """Three steps up are a straight way; up, down, up again covers three times the ground and flips
    twice.
    """
    straight, zigzag = chain_of([10.0, 11.0, 12.0, 13.0]), chain_of([10.0, 11.0, 10.0, 11.0])
    assert (straight.flip_share, straight.efficiency) == (0.0, 1.0)
    assert (zigzag.flip_share, zigzag.efficiency) == (1.0, pytest.approx(1 / 3))


def test_moves_within_the_tolerance_are_no_flips() -> None:
    """Half a per cent up and down is noise: nothing turned, nothing changed, the first value was
    there to stay.
    """
    result = chain_of([100.0, 100.5, 100.0, 100.5])
    assert (result.turns, result.flip_share, result.since_change, result.settle_time) == (
        0,
        None,
        3,
        0,
    )
    assert result.settled_version == 1
    assert result.reasons["flip_share"] == result.reasons["efficiency"] == "unmoved"


def test_a_number_settles_when_it_comes_to_stay() -> None:
    """Passing by the last value does not count; from version 4 on everything is within tolerance of
    it.
    """
    result = chain_of([50.0, 80.0, 60.0, 80.0, 80.1, 80.0])
    assert (result.settle_time, result.settled_version, result.since_change) == (3, 4, 2)


def test_too_few_values_are_null_with_a_reason() -> None:
    """One value has no moves, two have no path, and what never was there has nothing."""
    single, two, none = chain_of([1.0]), chain_of([1.0, 2.0]), chain_of([None, None])
    assert set(single.reasons) >= {
        "efficiency",
        "first_r",
        "flip_share",
        "previous_r",
        "settle_time",
        "since_change",
    }
    assert set(single.reasons.values()) == {"few_values", "few_pairs"}
    assert (two.previous_r, two.efficiency, two.reasons["efficiency"]) == (
        pytest.approx(2 / 3),
        None,
        "few_values",
    )
    assert (none.availability, none.steps, none.scale_floor) == (0.0, [], 0.5)


def test_whole_numbers_are_subtracted_exactly() -> None:
    """A step of one is a step of one, also where doubles have no room for it."""
    result = chain_of([2**60, 2**60 + 1, 2**60], "count")
    assert [step.d for step in result.steps] == [None, 1.0, -1.0]
    assert [step.value for step in result.steps] == [2**60, 2**60 + 1, 2**60]


def test_what_does_not_fit_a_double_is_null() -> None:
    """A move from one end of the doubles to the other has an r and no d, and spoils what sums moves
    up.
    """
    result = chain_of([-1.7e308, 1.7e308, -1.7e308])
    assert (result.steps[1].d, result.steps[1].r, result.flip_share) == (None, 2.0, 1.0)
    assert result.reasons["efficiency"] == result.reasons["autocorrelation"] == "overflow"


def test_zeros_without_a_declared_scale_have_no_r() -> None:
    """Without a scale floor, all zeros have nothing to be relative to."""
    result = chain_of([0, 0, 0], "count")
    assert result.previous_r is None
    assert result.reasons["previous_r"] == result.reasons["volatility"] == "degenerate_scale"


def test_only_numbers_have_chains() -> None:
    """Labels and attributes are left out, and columns that were not asked for."""
    assert list(key_chains(CONTRACT, {}, set())) == ["value", "count"]
    assert list(key_chains(CONTRACT, {}, set(), ["count", "note"])) == ["count"]


@pytest.mark.parametrize("kind", [Chain, Chains, Step, Middle])
def test_every_field_is_documented(kind: type[msgspec.Struct]) -> None:
    """docs/stability.md names every field and every reason of a chain."""
    document = (Path(__file__).parents[3] / "docs" / "stability.md").read_text(encoding="utf-8")
    text = document.split("\n## V: ")[1].split("\n## ")[0]
    named = set(re.findall(r"`(\w+)`", text))
    assert {field.encode_name for field in msgspec.structs.fields(kind)} <= named
    assert {
        "few_values",
        "few_pairs",
        "unmoved",
        "never_due",
        "unknown",
        "overflow",
        "degenerate_scale",
    } <= named


@given(st.lists(st.floats(-10, 10), min_size=2, max_size=9), st.sampled_from([0.0, 0.5, 3.0]))
def test_what_a_column_tolerates_is_no_move(path: list[float], atol: float) -> None:
    """Each move that its own tolerance covers is 0, in the steps and in what all are pooled to; the
    values stay.
    """
    column = Column(scale_floor=0.5, atol=atol, rtol=0.01)
    contract = Contract("s", {"k": KeyColumn("string")}, {"x": column})
    estimates = dict(enumerate(({"x": x} for x in path), start=1))
    chain = key_chains(contract, estimates, set(estimates))["x"]
    assert [step.value for step in chain.steps] == path
    moves = [
        0.0 if abs(b - a) <= atol + 0.01 * max(abs(a), abs(b)) else b - a for a, b in pairwise(path)
    ]
    assert [step.d for step in chain.steps[1:]] == pytest.approx(moves)
    owner = np.zeros(len(path), dtype=np.intp)
    pooled = value_histories(owner, pl.Series(path), column, Stability()).moves()
    assert pooled.d.tolist() == pytest.approx(moves)
    assert not pooled.material[np.array(moves) == 0].any()
