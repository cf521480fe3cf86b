"""What pictures are drawn from: counts of keys, against a slow reference in plain Python."""

from __future__ import annotations

import math
from bisect import bisect_right

import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from estimates.contract.contract_file import parse_contract
from estimates.stability.pages.pictures import Against, Histogram, largest_equal, pictures

FLOOR, RTOL = 0.01, 0.05
CONTRACT = parse_contract(
    f"""
    name = "set"
    [key.id]
    type = "integer"
    [columns.value]
    scale_floor = {FLOOR}
    [columns.lower]
    role = "lower"
    level = 0.8
    [columns.upper]
    role = "upper"
    level = 0.8
    [stability]
    rtol = {RTOL}
    """
)
VALUE = st.one_of(
    st.floats(-100, 100), st.floats(0.5, 2.0), st.sampled_from((0.0, 1.0, 1.1, -3.0, 1e6))
)
PAIRS = st.lists(st.tuples(VALUE, VALUE), min_size=1, max_size=60)
TOO_SMALL = 1e-280
HALF = 0.25  # of the old interval; the new one is half as wide


def drawn(
    pairs: list[tuple[float, float]],
) -> tuple[Histogram | None, Against | None, Histogram | None, Histogram | None]:
    """Change and old against new of the value, width and z of its interval."""
    keys = range(len(pairs))
    frames = [
        pl.DataFrame(
            {"id": keys, "value": x, "lower": [v - h for v in x], "upper": [v + h for v in x]}
        )
        for x, h in (([float(a) for a, _ in pairs], HALF), ([float(b) for _, b in pairs], HALF / 2))
    ]
    images = pictures(frames[0], frames[1], CONTRACT)
    column, (interval,) = images.columns["value"], images.intervals
    return column.change, column.against, interval.width, interval.z


def material(a: float, b: float) -> bool:
    """Outside the tolerance."""
    return abs(b - a) > RTOL * max(abs(a), abs(b)) * (1 + 1e-12)


@given(PAIRS)
def test_every_key_is_in_its_bar(pairs: list[tuple[float, float]]) -> None:
    """Change relative to the old value: each key is counted once, in its bin, by whether it is
    material.
    """
    change = drawn(pairs)[0]
    moved = [(a, b) for a, b in pairs if a != b]
    if change is None:
        assert not moved
        return
    within, beyond = [0] * len(change.within), [0] * len(change.within)
    below = above = 0
    for a, b in moved:
        r = math.copysign(abs(b - a) / max(abs(a), FLOOR), b - a)
        place = math.floor(abs(r) / change.width)
        at = (place if r > 0 else -1 - place) - change.first
        if not 0 <= at < len(within):
            below, above = below + (r < 0), above + (r > 0)
        elif material(a, b):
            beyond[at] += 1
        else:
            within[at] += 1
    assert (change.within, change.beyond, change.below, change.above) == (
        within,
        beyond,
        below,
        above,
    )
    assert change.still == len(pairs) - len(moved)
    assert change.unit is None


@given(PAIRS)
def test_bars_hold_nearly_all_that_moved(pairs: list[tuple[float, float]]) -> None:
    """A round width, at most 21 bars on each side of 0, and at most 1 in 100 keys further out."""
    change = drawn(pairs)[0]
    assume(change is not None)
    assert change is not None
    moved = sum(change.within) + sum(change.beyond) + change.below + change.above
    assert change.below + change.above <= moved / 100
    assert f"{change.width:.0e}"[0] in "125"
    assert len(change.within) <= (21 if change.first == 0 else 42)


@given(PAIRS)
def test_every_key_is_in_its_square(pairs: list[tuple[float, float]]) -> None:
    """Old against new: each key is counted once, between the edges that hold its two values; what
    is too small for an axis is not drawn.
    """
    against = drawn(pairs)[1]
    if against is None:
        assert max(abs(x) for pair in pairs for x in pair) < TOO_SMALL
        return
    edges = against.edges
    near = 1e-9 * max(abs(edge) for edge in edges)
    assume(not any(abs(x - edge) < near for pair in pairs for x in pair for edge in edges))
    cells: dict[tuple[int, int], list[int]] = {}
    for a, b in pairs:
        count = cells.setdefault((bisect_right(edges, a) - 1, bisect_right(edges, b) - 1), [0, 0])
        count[0] += 1
        count[1] += material(a, b)
    assert {(i, j): [n, beyond] for i, j, n, beyond in against.cells} == cells
    assert edges == sorted(set(edges))


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        ([1.0, 2.0, 3.0], "linear"),
        ([0.001, 1.0, 5000.0], "log"),
        ([-900.0, 1.0, 2.0, 0.0], "symlog"),
        ([5.0], "linear"),
    ],
)
def test_axes_fit_the_values(values: list[float], scale: str) -> None:
    """A logarithmic axis when a few values are far larger than the rest, on both sides of 0 when
    there are two.
    """
    against = drawn([(x, x) for x in values])[1]
    assert against is not None
    assert against.scale == scale
    assert against.edges[0] < min(values)
    assert against.edges[-1] > max(values)


@given(PAIRS)
def test_intervals_are_counted_too(pairs: list[tuple[float, float]]) -> None:
    """The width of every interval became half: beyond ×0.8; z counts the points that moved further
    than it reached.
    """
    _, _, width, z = drawn(pairs)
    assert width is not None
    assert sum(width.within) == 0
    assert sum(width.beyond) + width.below + width.above == len(pairs)
    moved = [abs(b - a) / HALF for a, b in pairs if a != b]
    assert (z is None) == (not moved)
    if z is not None:
        assert z.first == 0
        assert sum(z.within) == sum(x <= (1 + 1e-9) for x in moved) or any(
            abs(x - 1) < 1e-6 for x in moved
        )


@given(st.floats(-1e6, 1e6), st.floats(0, 0.9), st.floats(0, 10))
def test_the_band_is_the_tolerance(x: float, rtol: float, atol: float) -> None:
    """The upper end of the band is the largest value that is no material change."""
    y = largest_equal(x, rtol, atol)
    slack = 1e-9 * (abs(x) + abs(y) + atol) + 1e-12
    assert y >= x - slack
    assert y - slack - x <= atol + rtol * max(abs(x), abs(y - slack)) + slack
    assert y + 3 * slack - x > (atol + rtol * max(abs(x), abs(y + 3 * slack))) * (1 - 1e-9) - slack


def test_without_a_scale_changes_are_in_the_unit_of_the_column() -> None:
    """A baseline of zeros has no relative change; the picture is of the change itself."""
    contract = parse_contract(
        'name = "s"\n[key.id]\ntype = "integer"\n[columns.value]\nunit = "EUR"'
    )
    a, b = (
        pl.DataFrame({"id": [1, 2, 3], "value": x}) for x in ([0.0, 0.0, 0.0], [1.0, -2.0, 0.0])
    )
    change = pictures(a, b, contract).columns["value"].change
    assert change is not None
    assert (change.unit, change.still, sum(change.beyond)) == ("EUR", 1, 2)
