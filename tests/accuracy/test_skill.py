"""Skill: the losses of two versions on the keys that both have."""

from __future__ import annotations

import polars as pl
import pytest

from estimates.accuracy.score import OtherVersion
from estimates.contract.contract import Contract
from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError
from tests.accuracy.scored import (
    DATED,
    scored,
)


def test_skill_is_on_the_keys_that_both_have() -> None:
    """Losses of both are taken over exactly the shared keys; a perfect baseline has no skill to be
    relative to.
    """
    toml = 'name = "s"\n[key.item]\ntype = "string"\n[columns.p]\n'
    contract: Contract = parse_contract(toml)
    ours = pl.DataFrame({"item": ["a", "b", "c"], "p": [1.0, 2.0, 100.0]})
    theirs = pl.DataFrame({"item": ["a", "b", "d"], "p": [4.0, 2.0, 0.0]})
    actuals = pl.DataFrame({"item": ["a", "b", "c", "d"], "p": [0.0, 0.0, 0.0, 0.0]})
    skill = (
        scored(toml, ours, actuals, baseline=OtherVersion("s", 7, theirs, contract, None))
        .columns["p"]
        .skill
    )
    assert skill is not None
    assert (skill.set, skill.version, skill.n, skill.coverage) == ("s", 7, 2, 2 / 3)
    mae = skill.losses["mae"]
    assert (mae.ours, mae.theirs, mae.skill) == (1.5, 3.0, 0.5)
    perfect = theirs.with_columns(p=pl.lit(0.0))
    none = (
        scored(toml, ours, actuals, baseline=OtherVersion("s", 7, perfect, contract, None))
        .columns["p"]
        .skill
    )
    assert none is not None
    assert (none.losses["mae"].skill, none.losses["mae"].reason) == (None, "perfect_baseline")
    apart = theirs.with_columns(item=pl.Series(["x", "y", "z"]))
    nothing = (
        scored(toml, ours, actuals, baseline=OtherVersion("s", 7, apart, contract, None))
        .columns["p"]
        .skill
    )
    assert nothing is not None
    assert (nothing.n, nothing.losses, nothing.reason) == (0, {}, "no_shared_keys")


def test_a_baseline_with_another_key_is_refused() -> None:
    """Only sets with the same key columns can be compared."""
    toml = 'name = "s"\n[key.item]\ntype = "string"\n[columns.p]\n'
    frame = pl.DataFrame({"item": ["a"], "p": [1.0]})
    with pytest.raises(InvalidError) as caught:
        scored(
            toml,
            frame,
            frame,
            baseline=OtherVersion("closes", 1, frame, parse_contract(DATED), None),
        )
    assert caught.value.code == "other_keys"
