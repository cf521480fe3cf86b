from __future__ import annotations

import json

import polars as pl
import pytest

from estimates.compare.change_bounds import check_bounds, within
from estimates.compare.horizon_targets import HorizonTargets
from estimates.errors import InvalidError

CHANGES = pl.DataFrame(
    {
        "shop": ["a", "b", "c", "d"],
        "value.a": [10.0, 20.0, 30.0, None],
        "value.b": [11.0, 19.0, 30.0, 5.0],
        "value.d": [1.0, -1.0, 0.0, None],
        "value.r": [0.1, 0.05, 0.0, None],
        "kind.a": ["x", None, "y", "y"],
        "kind.b": ["x", "x", None, "z"],
    }
)


@pytest.mark.parametrize(
    ("bounds", "shops"),
    [
        ([], "abcd"),
        ([["value.r", 0.05, 0.2]], "a"),
        ([["value.r", -0.05, 0]], "c"),
        ([["value.r", -0.06, -0.05]], "b"),
        ([["value.r", None, -0.05]], "b"),
        ([["value.a", 20, None]], "bc"),
        ([["value.a", 10, 21], ["value.b", 11, None]], "ab"),
        ([["value.d", None, None]], "abc"),
        ([["shop", "b"]], "b"),
        ([["kind", "x"]], "ab"),
        ([["kind", None]], "bc"),
    ],
)
def test_what_lies_within_bounds_stays(bounds: list[list[object]], shops: str) -> None:
    """Numbers by half-open bounds with the sign of the move, other columns as text."""
    assert "".join(within(CHANGES, json.dumps(bounds)).get_column("shop")) == shops


@pytest.mark.parametrize(
    "text",
    ["x", "[1]", "[[]]", '[["v.r"]]', '[["v.r", 1]]', '[["v.r", "a", 2]]', "[[1, 2, 3]]"],
)
def test_what_is_no_bound_is_refused(text: str) -> None:
    """The error shows how bounds are written."""
    with pytest.raises(InvalidError, match="within") as caught:
        check_bounds(text)
    assert caught.value.code == "bad_bounds"


@pytest.mark.parametrize("bounds", ['[["nothing.r", 1, 2]]', '[["shop", 1, 2]]', '[["no", "x"]]'])
def test_bounds_name_columns_that_there_are(bounds: str) -> None:
    """A column that changes do not have is refused."""
    with pytest.raises(InvalidError, match="of the changes"):
        within(CHANGES, bounds)


def test_a_horizon_is_its_target() -> None:
    """Numbered from 1; where the column says the horizon itself, as it stands there; without
    horizons the bound is refused.
    """
    changes = CHANGES.with_columns(day=pl.Series(["1", "2", "2", "3"]))
    bound = '[["horizon", "2"]]'
    later = HorizonTargets("day", ["1", "3"])
    assert within(changes, bound, lambda: later).get_column("shop").to_list() == ["d"]
    itself = HorizonTargets("day", None)
    assert within(changes, bound, lambda: itself).get_column("shop").to_list() == ["b", "c"]
    with pytest.raises(InvalidError, match="no horizons"):
        within(changes, bound)
    named = changes.rename({"day": "horizon"})
    assert within(named, bound).get_column("shop").to_list() == ["b", "c"]
