"""How limits follow from the values of a history, and what is left alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from estimates.calibration.suggestion import far_distance, rounded_up, suggest
from estimates.contract.contract_file import parse_contract
from estimates.store.store import Store
from tests.builders import SET, frame, provenance, source

SIZES = st.floats(1e-290, 1e290)


@given(SIZES)
@example(999.4)
@example(0.1 + 0.2)
def test_a_limit_has_three_digits_and_is_not_below(size: float) -> None:
    """The next number of three significant digits, but for what a double made up."""
    limit = rounded_up(size)
    assert limit == float(f"{limit:.2e}")
    step = 10.0 ** (int(f"{limit:e}".partition("e")[2]) - 2)
    assert size * (1 - 1e-8) <= limit <= size * (1 + 1e-8) + step


@pytest.mark.parametrize(
    ("size", "limit"),
    [(0.0, 0.0), (0.1 + 0.2, 0.3), (0.123, 0.123), (0.12301, 0.124), (999.01, 1000.0), (7, 7.0)],
)
def test_limits_are_rounded_up(size: float, limit: float) -> None:
    """Known answers: 0.30000000000000004 is 0.3, and a digit more counts."""
    assert rounded_up(size) == limit


@given(st.lists(st.floats(0, 1e6), min_size=20, max_size=60))
def test_the_largest_distance_counts_as_the_second_largest(distances: list[float]) -> None:
    """The 99 % quantile, linear between neighbours, whatever the largest one is."""
    tamed = sorted(distances)
    tamed[-1] = tamed[-2]
    place = 0.99 * (len(tamed) - 1)
    low, share = int(place), place - int(place)
    high = tamed[min(low + 1, len(tamed) - 1)]
    expected = tamed[low] + share * (high - tamed[low])
    assert far_distance(distances) == pytest.approx(expected, rel=1e-9, abs=1e-12)
    wild = [*distances[:-1], 1e9] if distances[-1] == max(distances) else [*distances, 1e9]
    assert far_distance(wild) <= max(distances)


def test_of_few_moves_twice_the_largest_counts() -> None:
    """Below 20 there is no 99 % quantile to speak of; from 20 on one value is no limit."""
    few = list(np.linspace(0.0, 1.0, 19))
    assert far_distance([0.25]) == 0.5
    assert far_distance(few) == 2.0
    assert far_distance([*few, 100.0]) == 1.0


CUSTOM = """
[gate.custom.complete]
sql = "SELECT count(value) / count(*) FROM candidate"
unit = "share"
worse = "below"
warn = 1.0
block = 0.9
"""


def test_a_limit_that_is_the_best_value_is_left_alone(local_store: Store) -> None:
    """A check that warns below 100 % asks for all there is: there is no distance to begin with."""
    toml = source(more=CUSTOM)
    local_store.define(parse_contract(toml), toml)
    for day in range(5):
        number = local_store.publish(SET, frame(100.0 + day), provenance(f"r{day}", day)).version
        local_store.judge(SET, number)
        local_store.promote(SET, number, reason="test")
    complete = next(check for check in suggest(local_store, SET).checks if check.name == "complete")
    assert complete.reason == "its warning limit is the best value there is"
    assert (complete.new_warn, complete.new_block) == (1.0, 0.9)
