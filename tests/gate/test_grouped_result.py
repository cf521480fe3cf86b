"""What a check says where groups have limits of their own: the worst part counts."""

from __future__ import annotations

import polars as pl

from estimates.contract.gate_policy import GroupLimits
from estimates.gate.check import Check, Measure
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.grouped_result import check_result
from estimates.gate.limits import CheckLimits
from estimates.gate.verdict import CheckResult, Offender
from tests.gate.cases import JUDGED, contract, frame, stored


def _largest(context: EvaluationContext) -> Measure:
    rows = context.frame
    offenders = [Offender([ticker], None, "d") for ticker in rows["ticker"].unique().sort()]
    largest = max(rows["close"], default=0.0)
    return Measure(largest, rows.height, "the largest", offenders=offenders)


CHECK = Check(number=900, name="own", title="Own", stage=2, measure=_largest)
# of the tickers: AAPL up to 104, AMZN 144, BAC 184, CVX 224, DIS 264
ROWS = frame()


def result(rows: pl.DataFrame = ROWS, **groups: GroupLimits) -> CheckResult:
    """The check with a limit of 300, and others for some tickers."""
    context = EvaluationContext(contract(), stored(rows, contract()), None, JUDGED, {})
    limits = CheckLimits("own", None, 300, groups={"ticker": groups} if groups else {})
    return check_result(CHECK, limits, context).result


def test_without_groups_all_keys_are_one() -> None:
    """No part is named."""
    said = result()
    assert (said.status, said.value, said.n, said.groups) == ("pass", 264.0, 25, [])


def test_a_group_is_held_to_its_own_limits_and_the_others_to_the_checks() -> None:
    """The worst gives the numbers; its name stands before the message."""
    said = result(AAPL=GroupLimits(block=50), BAC=GroupLimits(warn=100, block=200))
    assert (said.status, said.value, said.block, said.n) == ("fail", 104.0, 50.0, 5)
    assert said.message == "ticker AAPL: the largest"
    assert [(part.group, part.status, part.value) for part in said.groups] == [
        (None, "pass", 264.0),
        ("AAPL", "fail", 104.0),
        ("BAC", "warn", 184.0),
    ]
    assert [offender.key for offender in said.offenders] == [["AAPL"], ["BAC"]]
    assert said.offending == 2


def test_where_every_part_keeps_its_limits_all_offenders_count() -> None:
    """As of a check without groups that passes."""
    said = result(AAPL=GroupLimits(block=200))
    assert (said.status, said.offending) == ("pass", 5)
    assert said.message == "the largest"


def test_groups_that_hold_all_keys_leave_no_others() -> None:
    """And a group without keys is skipped, which is the best of all."""
    only = ROWS.filter(ticker="AAPL")
    said = result(only, AAPL=GroupLimits(block=200), BAC=GroupLimits(block=1))
    assert [(part.group, part.status) for part in said.groups] == [
        (None, "pass"),
        ("AAPL", "pass"),
        ("BAC", "pass"),
    ]


def test_what_is_usual_is_usual_for_all_keys_but_those_of_groups() -> None:
    """Nobody said what is usual in a group alone."""
    context = EvaluationContext(contract(), stored(ROWS, contract()), None, JUDGED, {})
    groups = {"ticker": {"AAPL": GroupLimits(block=200)}}
    limits = CheckLimits("own", None, 300, groups=groups, usual=(200.0, 300.0))
    said = check_result(CHECK, limits, context).result
    assert [(part.group, part.status) for part in said.groups] == [(None, "pass"), ("AAPL", "pass")]


def test_a_limit_that_a_group_does_not_have_is_none() -> None:
    """It is given whole: policy fills in the check's before."""
    said = result(DIS=GroupLimits(warn=1))
    assert (said.status, said.warn, said.block) == ("warn", 1.0, None)
