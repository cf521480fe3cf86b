"""Which target each horizon of a report stands for."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest

from estimates.compare.horizon_targets import HorizonTargets, horizon_targets
from estimates.contract.contract_file import parse_contract
from tests.contract.contracts import MINIMAL, ROLLING

_THROUGH = datetime(2024, 6, 3, 20, tzinfo=UTC)
_DAYS = [date(2024, 6, day) for day in (3, 4, 5, 6)]


@pytest.mark.parametrize(
    ("horizon", "target"),
    [("1", "2024-06-04"), ("2", "2024-06-05"), ("3", None), ("0", None), ("-1", None), ("x", None)],
)
def test_a_horizon_is_a_step_after_the_origin(horizon: str, target: str | None) -> None:
    """One that there is not stands for none."""
    assert HorizonTargets("day", _DAYS[1:3]).text(horizon) == target
    assert HorizonTargets("day", None).text(horizon) == horizon


def rows(*days: date) -> pl.DataFrame:
    """Rows of one ticker for these targets."""
    return pl.DataFrame({"ticker": ["A"] * len(days), "target_date": days})


def test_targets_of_both_versions_after_the_newer_ones_data() -> None:
    """In order; those that only one version has are not compared."""
    targets = horizon_targets(parse_contract(ROLLING), rows(*_DAYS[:3]), rows(*_DAYS[1:]), _THROUGH)
    assert targets is not None
    assert (targets.column, targets.text("1")) == ("target_date", "2024-06-04")


def test_without_horizons() -> None:
    """No target at all, or no moment through which data were seen."""
    assert horizon_targets(parse_contract(MINIMAL), pl.DataFrame(), pl.DataFrame(), None) is None
    contract = parse_contract(ROLLING)
    assert horizon_targets(contract, rows(*_DAYS), rows(*_DAYS), None) is None


def test_paired_by_horizon() -> None:
    """The column of the changes says it itself."""
    contract = parse_contract(ROLLING + '[stability]\npairing = "same_horizon"\n')
    targets = horizon_targets(contract, rows(*_DAYS), rows(*_DAYS), _THROUGH)
    assert targets == HorizonTargets("target_date", None)
