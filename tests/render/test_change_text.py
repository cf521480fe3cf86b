"""How far a number moved, as people read it."""

from __future__ import annotations

import pytest

from estimates.render.change_text import logarithmic, moved, plain_change, size, symmetric


@pytest.mark.parametrize(
    ("old", "new", "points", "text"),
    [
        (10.0, 97.6, None, "+876 % (×9.8)"),
        (97.6, 10.0, None, "−89.8 % (×0.1)"),
        (20.0, 22.0, None, "+10.0 %"),
        (20.0, 19.9, None, "−0.50 %"),
        (10.0, 20.0, None, "+100 %"),
        (-10.0, -5.0, None, "+50.0 %"),
        (5.0, -5.0, None, "−200 %"),
        (1.0, 1e6, None, "+99,999,900 % (×1,000,000)"),
        (0.0, 0.0, None, "0 %"),
        (3.0, 3.0, None, "0 %"),
        (0.0, 5.0, None, "from 0"),
        (5.0, 0.0, None, "−100 %"),
        (None, 5.0, None, ""),
        (0.1115, 0.1199, 100.0, "+0.84 pp"),
        (0.9, 0.1, 100.0, "−80.0 pp"),
        (0.0, 0.5, 100.0, "+50.0 pp"),
        (12.5, 12.0, 1.0, "−0.50 pp"),
    ],
)
def test_a_change_reads_the_same_everywhere(
    old: float | None, new: float | None, points: float | None, text: str
) -> None:
    """Relative to the old value, beyond a factor of 2 with the factor; shares in points."""
    assert moved(old, new, points) == text


def test_sizes_have_no_sign() -> None:
    """A share or percentage points; `–` where there is none."""
    assert [size(0.0456), size(0.84, "points"), size(None)] == ["4.56 %", "0.84 pp", "–"]


def test_the_symmetric_measure_stands_for_a_factor() -> None:
    """r of ten times as much is that of a tenth; 2 goes through 0."""
    assert symmetric(2 * 8.76 / 10.76) == "r 1.628 (×9.76)"
    assert symmetric(0.25) == "r 0.25 (×1.29)"
    assert symmetric(2.0) == "r 2"
    assert logarithmic(0.05) == "g 0.05 (×1.05)"
    assert logarithmic(200.0) == "g 200"


def test_what_has_no_number_has_none() -> None:
    """From 0, and what does not fit a double."""
    assert plain_change(0.0, 1.0) is None
    assert plain_change(-1e308, 1e308) is None
