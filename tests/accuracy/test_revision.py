"""Whether revisions were won, lost or neutral."""

from __future__ import annotations

import polars as pl
import pytest

from estimates.accuracy.score import OtherVersion
from estimates.contract.contract_file import parse_contract
from tests.accuracy.scored import (
    items,
    scored,
)


def test_revisions_are_won_lost_or_neutral() -> None:
    """Nearer or farther counts beyond the materiality tolerance; the mean change of the error has
    its sign.
    """
    toml = (
        'name = "s"\n[key.item]\ntype = "string"\n'
        "[columns.p]\n[stability]\nrtol = 0.0\natol = 0.5\n"
    )
    before = pl.DataFrame({"item": items(4), "p": [10.0, 10.0, 10.0, 10.0]})
    now = pl.DataFrame({"item": items(4), "p": [12.0, 8.0, 10.5, 15.0]})
    actuals = pl.DataFrame({"item": items(4), "p": [12.0, 12.0, 12.0, None]})
    previous = OtherVersion("s", 3, before, parse_contract(toml), None)
    revision = scored(toml, now, actuals, previous=previous).columns["p"].revision
    assert revision is not None
    assert (revision.version, revision.n, revision.coverage) == (3, 3, 1.0)
    assert (revision.won, revision.lost, revision.neutral) == (1 / 3, 1 / 3, pytest.approx(1 / 3))
    assert revision.error_change == pytest.approx((-2 + 2 - 0.5) / 3)


def test_labels_that_changed_are_won_or_lost() -> None:
    """Flips to right and to wrong are counted, and the churn that the change of the error rate does
    not need.
    """
    toml = 'name = "s"\n[key.item]\ntype = "string"\n[columns.l]\nrole = "label"\n'
    before = pl.DataFrame({"item": items(5), "l": ["x", "x", "x", "y", "x"]})
    now = pl.DataFrame({"item": items(5), "l": ["y", "y", "x", "z", "x"]})
    actuals = pl.DataFrame({"item": items(5), "l": ["y", "x", "x", "x", None]})
    previous = OtherVersion("s", 1, before, parse_contract(toml), None)
    revision = scored(toml, now, actuals, previous=previous).columns["l"].revision
    assert revision is not None
    assert (revision.n, revision.won, revision.lost, revision.neutral) == (4, 0.25, 0.25, 0.5)
    assert (revision.churn, revision.excess_churn) == (0.75, 0.75)
