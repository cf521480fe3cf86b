"""A headline out of a whole report."""

from __future__ import annotations

from itertools import islice, pairwise
from pathlib import Path

import polars as pl
import pytest

from estimates.compare.diff_measure import measure_of
from estimates.contract.contract_file import parse_contract
from estimates.stability.diff import diff
from estimates.stability.headline_part import has_headline, headline_part
from tests.made_up_hub import drafted, submissions, with_task

NUMBERS = """name = "plan"
[key.shop]
type = "string"
[columns.x]
nullable = true
cuts = [2.5]
[columns.y]
role = "score"
nullable = true
[columns.kind]
role = "attribute"
type = "string"
[stability]
groups = ["kind"]
"""


def test_it_is_what_the_headline_alone_would_be(tmp_path: Path) -> None:
    """Quantiles of a hub with targets that elapse, and the same with one that is broken."""
    contract = parse_contract(drafted(tmp_path))
    weeks = list(islice(submissions(), 4))
    for old, new in pairwise(weeks):
        for factor in (1.0, -100.0):
            frame = with_task(new).with_columns(pl.col("q0.5") * factor)
            options = {"through_a": old.through, "through_b": new.through}
            args = (with_task(old), frame, contract)
            alone = diff(*args, **options, headline_only=True)
            assert headline_part(diff(*args, **options)) == alone
    assert has_headline(contract, measure_of(contract, 1).headline)


@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_points_scores_and_keys_that_differ_by_case(shift: float) -> None:
    """Lost values, flips of the sign, totals and near keys are those of the headline."""
    contract = parse_contract(NUMBERS)
    old = pl.DataFrame(
        {
            "shop": ["A", "b", "c", "d"],
            "x": [1.0, 2.0, None, -1.0],
            "y": [0.1, 0.2, 0.3, None],
            "kind": ["k", "k", "l", None],
        }
    )
    new = old.with_columns(
        pl.col("shop").str.to_lowercase(), pl.col("x") + 2 * shift, pl.col("y") * (1 + shift)
    )
    assert headline_part(diff(old, new, contract)) == diff(old, new, contract, headline_only=True)


def test_headlines_that_count_otherwise_are_measured() -> None:
    """Ends of an interval move with their point, and labels have flows: nothing is taken over."""
    ends = NUMBERS + '[columns.x_low]\nrole = "lower"\nlevel = 0.8\nof = "x"\n'
    ends += '[columns.x_high]\nrole = "upper"\nlevel = 0.8\nof = "x"\n'
    labels = NUMBERS + '[columns.what]\nrole = "label"\nlabels = ["a", "b"]\n'
    for source in (ends, labels):
        contract = parse_contract(source)
        assert not has_headline(contract, measure_of(contract, 1).headline)
