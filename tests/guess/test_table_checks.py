"""What two tables have to have before a contract is guessed from them."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest

from estimates.contract.contract import Stability
from estimates.errors import InvalidError
from estimates.guess.table_checks import (
    check_estimates,
    check_groups,
    check_key,
    check_levels,
    other_layout,
)

_NAMES = ("a.csv", "b.csv")
_ROWS = pl.DataFrame({"shop": ["x"], "value": [1.0]})


def refusal(check: Callable[[], None]) -> tuple[str, str]:
    """Code and message."""
    with pytest.raises(InvalidError) as refused:
        check()
    return refused.value.code, refused.value.message


@pytest.mark.parametrize(
    ("key", "code", "words"),
    [
        ([], "bad_key_column", "at least one column"),
        (["shop", "shop"], "bad_key_column", "each once"),
        (["shpo"], "bad_key_column", "b.csv: there is no column 'shpo'"),
        (["shop"], "no_rows", "a.csv and b.csv have no rows"),
    ],
)
def test_a_key(key: list[str], code: str, words: str) -> None:
    """That both have, each column once; and rows in one of them."""
    a = _ROWS.clear().with_columns(shpo=pl.lit("x"))
    refused, message = refusal(lambda: check_key(a, _ROWS.clear(), key, _NAMES))
    assert (refused, words in message) == (code, True)
    check_key(_ROWS, _ROWS.clear(), ["shop"], _NAMES)


def test_another_layout() -> None:
    """One name for all columns says that something else separates the cells."""
    assert "--delimiter" in other_layout(["shop day value"])
    assert other_layout(["shop"]) == other_layout(["a b", "c"]) == ""


def test_estimates_of_both() -> None:
    """A column of one table alone, and the key, are none."""
    check_estimates(_ROWS, _ROWS, ["shop"], ["value"])
    b = _ROWS.drop("value")
    for name in ("value", "shop"):
        assert (
            refusal(lambda name=name: check_estimates(_ROWS, b, ["shop"], [name]))[0] == "columns"
        )


def levelled(*levels: int) -> pl.DataFrame:
    """A table with an interval of each level."""
    ends = {
        f"{side}_{level}": [value]
        for level in levels
        for side, value in (("lower", 1.0), ("upper", 2.0))
    }
    return pl.DataFrame({"shop": ["x"], **ends})


def test_levels_that_do_not_compare() -> None:
    """Each has one of its own; more levels in one table do no harm."""
    check_levels(levelled(80), levelled(80, 95), ["shop"], _NAMES)
    code, message = refusal(lambda: check_levels(levelled(80), levelled(90), ["shop"], _NAMES))
    assert code == "other_levels"
    assert "a.csv has intervals of 80 % (lower_80, upper_80), and b.csv of 90 %" in message
    assert message.endswith("--ignore lower_80,upper_80,lower_90,upper_90")


def test_groups() -> None:
    """Columns of both that are no estimates."""
    columns, estimates = ["shop", "value"], {"value"}
    check_groups(Stability(groups=("shop",)), columns, estimates)
    for group, words in (("shpo", "did you mean"), ("value", "is an estimate itself")):
        stability = Stability(groups=(group,))
        code, message = refusal(lambda s=stability: check_groups(s, columns, estimates))
        assert (code, words in message) == ("columns", True)
