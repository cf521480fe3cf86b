"""What the gate says of samples."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from estimates.catalog.records import Provenance
from estimates.contract.contract_file import parse_contract
from estimates.contract.sample_columns import with_sample_quantiles
from estimates.gate.candidate import Candidate
from estimates.gate.evaluation import evaluate
from estimates.gate.verdict import CheckResult
from tests.gate.cases import JUDGED, THROUGH

SOURCE = """
name = "flu"
[key.place]
type = "string"
[key.step]
type = "integer"
target = true
[columns.draws]
role = "samples"
min = 0
soft_max = 50
joint = ["step"]
"""
NO_QUANTILES = "quantiles = []\n[columns.v]\nnullable = true\n"
GOOD = ([1.0, 2.0, 4.0], [2.0, 3.0, 5.0], [1.0, 5.0, 6.0])
NUMBERS = pl.List(pl.Float64)


def results(*draws: Any, more: str = "", before: tuple[Any, ...] = ()) -> dict[str, CheckResult]:
    """What the checks say of a row for each list of draws, a and its steps, then b."""
    contract = parse_contract(SOURCE + more)

    def side(lists: tuple[Any, ...], number: int) -> Candidate:
        frame = pl.DataFrame(
            {"place": ["a", "a", "b"], "step": [1, 2, 1], "draws": pl.Series(lists, dtype=NUMBERS)}
        )
        frame = with_sample_quantiles(frame, contract)
        if "v" in contract.columns:
            frame = frame.with_columns(pl.lit(None, pl.Float64).alias("v"))
        run = Provenance(THROUGH + timedelta(minutes=number), f"run {number}")
        return Candidate(frame, None, run)

    verdict = evaluate(
        contract,
        side(draws, 1),
        side(before, 0) if before else None,
        judged_at=JUDGED,
        contract_revision=1,
    )
    return {check.name: check for check in verdict.checks}


def test_sound_draws_pass() -> None:
    """No check finds anything wrong with them."""
    bad = [n for n, check in results(*GOOD).items() if check.status in ("fail", "warn", "error")]
    assert not bad or bad == ["lineage"]


@pytest.mark.parametrize(
    ("draws", "more", "name", "says"),
    [
        ([1.0, 2.0], "draws = 3\n", "schema", "1 row have not 3 draws"),
        ([1.0], "", "schema", "1 row have fewer than 2 draws: a/1 has 1"),
        ([1.0, 2.0], "", "schema", "2 rows are of trajectories of uneven draws: a/1 has 2"),
        ([1.0, float("nan"), 2.0], "", "nan", "write null"),
        ([1.0, float("inf"), 2.0], "", "infinite", "not a finite number"),
        ([1.0, None, 2.0], "", "nulls", "a draw is null"),
        (None, "", "nulls", "not nullable"),
        ([-1.0, 2.0, 3.0], "", "hard_bounds", "draws outside min 0"),
        ([1.0, 2.0, 60.0], "", "soft_bounds", "draws outside soft_max 50"),
        ([2.0, 2.0, 2.0], "", "equal_quantiles", "all 9 quantiles are the same"),
        ([2.0, 2.0, 2.0], NO_QUANTILES, "equal_quantiles", "all draws are the same"),
    ],
)
def test_what_is_wrong_with_a_draw_is_found(draws: Any, more: str, name: str, says: str) -> None:
    """By the check of that kind, which names the key."""
    check = results(draws, *GOOD[1:], more=more)[name]
    assert check.status in ("fail", "warn")
    details = [offender.detail for offender in check.offenders]
    assert any(says in detail for detail in details), details


def test_draws_move_by_their_quantiles() -> None:
    """As other quantiles do; the same draws in another order do not move."""
    grown = tuple([3 * draw for draw in draws] for draws in GOOD)
    moved = results(*grown, before=GOOD)["quantile_change"]
    assert moved.value is not None
    assert moved.value > 0.5
    turned = tuple(draws[::-1] for draws in GOOD)
    assert results(*turned, before=GOOD)["quantile_change"].value == 0
