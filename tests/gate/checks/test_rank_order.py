"""The check `rank_order`."""

from __future__ import annotations

import polars as pl
import pytest

from estimates.contract.contract_file import parse_contract
from tests.gate.cases import Setting, many_setting, simple


def test_passes() -> None:
    """The same order has a correlation of 1."""
    result = many_setting(lambda rows: rows).evaluate().check("rank_order")
    assert result.status == "pass"
    assert result.value == pytest.approx(1)


def test_fails() -> None:
    """The reverse order has a correlation of -1."""
    result = (
        many_setting(lambda rows: rows.with_columns(v=2000 - pl.col("v")))
        .evaluate()
        .check("rank_order")
    )
    assert result.status == "fail"
    assert result.value == pytest.approx(-1)


def test_few_keys_change_places_by_chance() -> None:
    """Of three keys a swapped pair says nothing; of ten the reverse order does."""
    rows = pl.DataFrame({"k": list("abc"), "v": [1.0, 1.001, 5.0]})
    swapped = rows.with_columns(v=pl.Series([1.001, 1.0, 5.0]))
    verdict = Setting(simple(), swapped, rows).evaluate()
    assert verdict.check("rank_order").reason == "fewer_than_10_keys"
    assert not verdict.blocks
    ten = pl.DataFrame({"k": list("abcdefghij"), "v": [float(i) for i in range(10)]})
    backwards = ten.with_columns(v=9 - pl.col("v"))
    assert Setting(simple(), backwards, ten).evaluate().check("rank_order").status == "fail"


CHANCES = """
name = "wave"
[key.k]
type = "string"
""" + "".join(
    f'[columns.p_{name}]\nrole = "probability"\nlabel = "{name}"\n'
    for name in ("down", "same", "up")
)


def chances(turns: bool = False) -> pl.DataFrame:
    """Twenty keys: how likely nothing happens is their own, what happens else turns with a wave."""
    same = [0.2 + 0.03 * i for i in range(20)]
    shares = [0.1, 0.5, 0.9][:: -1 if turns else 1]
    up = [(1 - p) * shares[i % 3] for i, p in enumerate(same)]
    down = [1 - p - other for p, other in zip(same, up, strict=True)]
    keys = [f"{i:02}" for i in range(20)]
    return pl.DataFrame({"k": keys, "p_down": down, "p_same": same, "p_up": up})


def test_of_chances_the_best_kept_order_counts() -> None:
    """A wave that turns moves the order of two categories, shuffled keys that of all three."""
    contract = parse_contract(CHANCES + '[gate]\nprofile = "categories"\n')
    turned = Setting(contract, chances(turns=True), chances()).evaluate().check("rank_order")
    assert (turned.status, turned.value) == ("pass", pytest.approx(1))
    assert "p_same, the best kept of 3 chances" in turned.message
    beside = chances().drop("k").sample(fraction=1, shuffle=True, seed=3)
    shuffled = pl.concat([chances().select("k"), beside], how="horizontal")
    result = Setting(contract, shuffled, chances()).evaluate().check("rank_order")
    assert (result.status, result.block) == ("fail", 0.4)


def test_chances_that_are_all_equal_have_no_order() -> None:
    """There is nothing to compare, which other checks speak of."""
    equal = chances().with_columns(p_down=pl.lit(0.25), p_same=pl.lit(0.5), p_up=pl.lit(0.25))
    result = Setting(parse_contract(CHANCES), equal, chances()).evaluate().check("rank_order")
    assert (result.status, result.reason) == ("skipped", "constant")
