"""What one check says: its value against limits, its failures, what it leaves out."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from estimates.errors import InvalidError
from estimates.gate.check import Check, Measure, Skip
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.limits import CheckLimits
from estimates.gate.single_result import first_line, single_result
from estimates.gate.verdict import CheckResult, Offender
from tests.gate.cases import JUDGED, contract, frame, stored

Limits = tuple[float | None, float | None]


def check_of(measure: Callable[[EvaluationContext], Measure], **fields: Any) -> Check:
    """A check that measures so."""
    return Check(number=900, name="own", title="Own", stage=2, measure=measure, **fields)


def result(
    measure: Measure | Callable[[EvaluationContext], Measure],
    limits: Limits = (None, None),
    check: dict[str, Any] | None = None,
    **more: Any,
) -> CheckResult:
    """What it says of the clean candidate."""
    made = measure if callable(measure) else lambda _: measure
    context = EvaluationContext(contract(), stored(frame(), contract()), None, JUDGED, {})
    own = CheckLimits("own", *limits, **more)
    return single_result(check_of(made, **(check or {})), own, context).result


@pytest.mark.parametrize(
    ("value", "limits", "worse", "status"),
    [
        (5.0, (None, None), "above", "pass"),
        (5.0, (5, 9), "above", "pass"),
        (5.1, (5, 9), "above", "warn"),
        (9.0, (5, 9), "above", "warn"),
        (9.1, (5, 9), "above", "fail"),
        (9.1, (None, 9), "above", "fail"),
        (4.9, (5, 1), "below", "warn"),
        (0.9, (5, 1), "below", "fail"),
        (5.0, (5, 1), "below", "pass"),
    ],
)
def test_a_value_at_its_limit_passes(value: float, limits: Limits, worse: Any, status: str) -> None:
    """On either side; beyond the blocking limit it fails."""
    said = result(Measure(value, 10, "m"), limits, {"worse": worse})
    assert (said.status, said.value, said.message) == (status, value, "m")


@pytest.mark.parametrize(
    ("value", "severity", "status", "side"),
    [
        (2.0, None, "pass", ""),
        (4.0, None, "pass", ""),
        (1.9, None, "warn", "below"),
        (4.1, None, "warn", "above"),
        (4.1, "block", "fail", "above"),
        (4.1, "warn", "warn", "above"),
    ],
)
def test_outside_of_what_is_usual_it_warns(
    value: float, severity: Any, status: str, side: str
) -> None:
    """Or blocks, where the contract says so; the message says on which side."""
    said = result(Measure(value, 10, "m"), usual=(2.0, 4.0), severity=severity)
    assert said.status == status
    assert said.message == (f"m; {side} what is usual here" if side else "m")


def test_beyond_the_limit_and_unusual_it_stays_a_failure() -> None:
    """The band never makes it milder."""
    assert result(Measure(9.1, 9, "m"), (None, 9), usual=(0.0, 1.0)).status == "fail"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_no_number_is_an_error(value: float) -> None:
    """Which blocks: nothing is known of such a version."""
    said = result(Measure(value, 3, "m"), (None, 9))
    assert (said.status, said.value) == ("error", None)
    assert said.message == f"could not be evaluated: its value is {value}; m"


def raising(error: BaseException) -> Callable[[EvaluationContext], Measure]:
    """A measure that ends so."""

    def measure(_: EvaluationContext) -> Measure:
        raise error

    return measure


def test_whatever_goes_wrong_is_an_error_and_no_crash() -> None:
    """Also one that tries to leave the program; our own errors say what they say."""
    for error, said in (
        (ZeroDivisionError("by zero"), "ZeroDivisionError: by zero"),
        (SystemExit(0), "SystemExit: 0"),
        (InvalidError("no_targets", "none recorded"), "none recorded"),
    ):
        failed = result(raising(error))
        assert (failed.status, failed.message) == ("error", f"could not be evaluated: {said}")
    skip = result(raising(Skip("not_in_contract")))
    assert (skip.status, skip.reason) == ("skipped", "not_in_contract")
    with pytest.raises(KeyboardInterrupt):
        result(raising(KeyboardInterrupt()))


def test_the_first_line_of_a_failure_has_a_type_and_no_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Verdicts are read by many."""
    monkeypatch.setenv("DATABASE_PASSWORD", "hunter2secret")
    said = first_line(ValueError("cannot log in with hunter2secret\nat line 5"))
    assert said == "ValueError: cannot log in with ***"
    assert len(first_line(ValueError("x" * 9999))) == 500
    assert first_line(ValueError()) == "ValueError"


def test_on_too_few_keys_it_says_nothing() -> None:
    """A check that needs many; one fewer than that is too few."""
    assert result(Measure(9, 20, "m"), (None, 1), {"least": 20}).status == "fail"
    said = result(Measure(9, 19, "m"), (None, 1), {"least": 20})
    assert (said.status, said.reason) == ("skipped", "fewer_than_20_keys")


def test_limits_that_come_with_the_value() -> None:
    """They hold where nobody gives others, and not where the check only reports."""
    measured = Measure(5, 10, "m", warn=3, block=4)
    assert result(measured).status == "fail"
    assert result(measured, (None, 9)).status == "warn"
    assert result(measured, (6, 9)).status == "pass"
    assert result(measured, severity="warn").status == "warn"
    reported = result(measured, severity="report")
    assert (reported.status, reported.block) == ("pass", None)


def test_offenders_are_counted_and_the_first_named() -> None:
    """At most 100 of them."""
    offenders = [Offender([str(n)], None, "d") for n in range(150)]
    said = result(Measure(5, 10, "m", coverage=None, offenders=offenders))
    assert (said.offending, len(said.offenders), said.coverage) == (150, 100, 0.0)
    assert said.offenders[0] == offenders[0]


def test_numbers_are_floats_whatever_a_check_gives() -> None:
    """An integer would be other bytes than after a round trip through JSON."""
    said = result(Measure(5, 10, "m"), (7, 9))
    again = msgspec.json.decode(msgspec.json.encode(said), type=CheckResult)
    assert msgspec.json.encode(again) == msgspec.json.encode(said)
    assert [type(number) for number in (said.value, said.warn, said.block)] == [float] * 3
