"""Which profile fits a history."""

from __future__ import annotations

import pytest

from estimates.calibration.backtest_report import Backtest, Counts, Metric, Point
from estimates.calibration.profile_choice import proposed_profile, with_profile
from estimates.contract.contract_file import parse_contract
from estimates.contract.gate_policy import Profile
from estimates.gate.registry import CHECKS

MOVES = set(range(2, 7))


def moving_too_far(check: str) -> Backtest:
    """Five versions of which one check measured more than any limit."""
    wild = [Point(version, "fail", 1e9, None, None, None) for version in sorted(MOVES)]
    metrics = [
        Metric(c.number, c.name, c.title, c.stage, c.unit, c.worse, wild if c.name == check else [])
        for c in CHECKS
    ]
    return Backtest(
        "wave", "0" * 64, 1, Counts(5, 5, 0, 0, 0, 0, 0, 0), [], [], [], [], [], [], metrics
    )


@pytest.mark.parametrize(
    ("columns", "profile"),
    [
        ("[columns.v]\n", "volatile"),
        ('[columns.p]\nrole = "probability"\nlabel = "up"\n', "categories"),
        (
            '[columns.p]\nrole = "probability"\nlabel = "up"\n[columns.what]\nrole = "label"\n',
            "categories",
        ),
        ('[columns.v]\n[columns.p]\nrole = "probability"\nlabel = "up"\n', "volatile"),
    ],
)
def test_chances_alone_get_their_own_profile(columns: str, profile: Profile) -> None:
    """A set whose only numbers are probabilities is offered `categories`, any other `volatile`."""
    contract = parse_contract(f'name = "wave"\n[key.k]\ntype = "string"\n{columns}')
    report = moving_too_far("p95_change")
    assert proposed_profile(report, contract, MOVES) == profile
    assert proposed_profile(report, with_profile(contract, profile), MOVES) is None
