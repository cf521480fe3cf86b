"""Faults that the store found, and what a record lacks, as measures."""

from __future__ import annotations

import pytest

from estimates.gate.check import Skip
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.stored_faults import fault_measure, missing_records
from estimates.gate.verdict import Offender
from tests.gate.cases import JUDGED, contract, frame, stored


def context(version: int | None = 2) -> EvaluationContext:
    """Of a stored version, or of a file."""
    return EvaluationContext(
        contract(), stored(frame(), contract(), version=version), None, JUDGED, {}
    )


def test_a_fault_counts_one_and_offends_as_a_whole() -> None:
    """None of a stored version is a pass; a file has no such faults, and one that has is said."""
    fault = fault_measure(context(), "it is damaged", "fine")
    assert (fault.value, fault.message) == (1, "it is damaged")
    assert fault.offenders == [Offender(None, None, "it is damaged")]
    assert fault_measure(context(), None, "fine") == fault.__class__(0, 1, "fine")
    with pytest.raises(Skip, match="not_stored"):
        fault_measure(context(None), None, "fine")
    assert fault_measure(context(None), "it is damaged", "fine").value == 1


def test_each_thing_that_is_not_recorded_offends() -> None:
    """By its name; all of them recorded is said, too."""
    some = missing_records({"code": True, "seed": False, "inputs": False})
    assert (some.value, some.n, some.message) == (2, 3, "not recorded: seed, inputs")
    assert [offender.detail for offender in some.offenders] == [
        "seed is not recorded",
        "inputs is not recorded",
    ]
    every = missing_records({"code": True, "seed": True})
    assert (every.value, every.message, every.offenders) == (0, "recorded: code, seed", [])
