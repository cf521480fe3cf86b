"""What waivers make of a result that would block."""

from __future__ import annotations

from typing import Any

from estimates.catalog.records import Waiver
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.grouped_result import check_result
from estimates.gate.limits import CheckLimits
from estimates.gate.registry import CHECKS
from estimates.gate.verdict import CheckResult
from estimates.gate.waived_result import waived_result
from tests.catalog.histories import hour
from tests.gate.cases import JUDGED, contract, frame, poked, stored

(CHECK,) = [check for check in CHECKS if check.name == "soft_bounds"]
# the first two rows are above their soft bound of 2,000
ROWS = poked(frame(), "close", 3000.0, 2)
FIRST, SECOND = ["AAPL", "2026-11-23"], ["AAPL", "2026-11-24"]


def waiver(number: int, keys: list[list[str]] | None, **fields: Any) -> Waiver:
    """A waiver of the check."""
    known: dict[str, Any] = {"check": CHECK.name, "snapshot_id": "c"} | fields
    return Waiver(
        id=number,
        set="prices",
        version=2,
        keys=keys,
        reason="r",
        actor="ann",
        at=hour(1),
        until=hour(9),
        **known,
    )


def result(*waivers: Waiver, problems: dict[int, str] | None = None) -> CheckResult:
    """What is left of a check that blocks any value beyond its soft bound."""
    context = EvaluationContext(
        contract(),
        stored(ROWS, contract()),
        None,
        JUDGED,
        {},
        waivers=waivers,
        waiver_problems=problems or {},
    )
    said = check_result(CHECK, CheckLimits(CHECK.name, None, 0), context).result
    assert said.status == "fail"
    return waived_result(CHECK, said, context)


def test_a_waiver_of_the_whole_check_lets_it_through() -> None:
    """Those of keys beside it are not looked at; its numbers stay."""
    said = result(waiver(1, None), waiver(2, [FIRST]), waiver(3, None))
    assert (said.status, said.waived_by, said.offending) == ("waived", [1, 3], 2)


def test_waivers_of_keys_let_through_what_is_right_without_them() -> None:
    """Together; one of them alone is not enough, and the message says what is left."""
    both = result(waiver(1, [FIRST]), waiver(2, [SECOND]))
    assert (both.status, both.waived_by) == ("waived", [1, 2])
    first = result(waiver(1, [FIRST]))
    assert (first.status, first.waived_by) == ("fail", [])
    assert "; without the waived keys: " in first.message


def test_what_does_not_count_changes_nothing() -> None:
    """Waivers of other checks, those with a problem, and none."""
    bare = result()
    assert result(waiver(1, None, check="jumps")) == bare
    assert result(waiver(1, None), problems={1: "it was given for other content"}) == bare


def test_keys_that_cannot_be_left_out_are_said() -> None:
    """And the check still blocks."""
    said = result(waiver(1, [["AAPL", "soon"]]))
    assert said.status == "fail"
    assert "; waived keys cannot be left out: " in said.message
