"""Bands of what is usual."""

from __future__ import annotations

from estimates.calibration.usual_bands import usual_band
from estimates.gate.registry import BY_NAME

SHARE, R = BY_NAME["updated_share"], BY_NAME["p95_change"]


def test_a_band_reaches_half_again_as_far_as_the_values() -> None:
    """Beyond the outer quantiles by half their distance from the median, rounded outward."""
    values = [0.02 + 0.001 * i for i in range(21)]  # 0.02 … 0.04 around 0.03
    low, high = usual_band(R, values) or (0, 0)
    assert 0.0161 <= low <= 0.0167
    assert 0.0433 <= high <= 0.0439


def test_a_band_stays_where_values_can_be() -> None:
    """A share ends at 0 and 1, a correlation at 1."""
    assert usual_band(SHARE, [0.01 * i for i in range(101)]) == (0, 1)
    ranks = usual_band(BY_NAME["rank_order"], [0.9 + 0.001 * i for i in range(101)])
    assert (ranks or (0, 0))[1] == 1


def test_a_single_wild_value_moves_no_band() -> None:
    """The smallest and the largest count as their neighbours."""
    calm = [0.02 + 0.001 * i for i in range(21)]
    wild = [0.0, *calm[1:-1], 1.9]
    assert usual_band(R, wild) == usual_band(R, [calm[1], *calm[1:-1], calm[-2]])


def test_no_band_where_nothing_can_be_said() -> None:
    """Of fewer than 20 values, or where nothing ever moved, there is none."""
    assert usual_band(R, [0.02, 0.03] * 9) is None
    assert usual_band(R, [0.0] * 50) is None


def test_what_never_differs_has_a_tenth_of_room() -> None:
    """A set all of whose keys always move is unusual below 90 %."""
    assert usual_band(SHARE, [1.0] * 50) == (0.9, 1)
