"""Which waivers count, and why others do not."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from estimates.catalog.records import Waiver
from estimates.gate.active_waivers import (
    active_waivers,
    key_rows,
    waiver_problem,
    waivers_digest,
)
from estimates.gate.registry import CHECKS
from tests.builders import SET, contract
from tests.catalog.histories import hour

BY_NAME = {check.name: check for check in CHECKS}


def waiver(number: int = 1, check: str = "jumps", **fields: Any) -> Waiver:
    """A waiver of content `c` until hour 9."""
    known: dict[str, Any] = {"snapshot_id": "c", "keys": None, "until": hour(9)} | fields
    return Waiver(
        id=number, set=SET, version=1, check=check, reason="r", actor="ann", at=hour(1), **known
    )


def test_a_waiver_counts_until_its_end() -> None:
    """Which is not part of it; they are given by id."""
    waivers = [waiver(2), waiver(1), waiver(3, until=hour(8))]
    assert [each.id for each in active_waivers(waivers, hour(8))] == [1, 2]
    instant = timedelta(microseconds=1)
    assert [each.id for each in active_waivers(waivers, hour(9) - instant)] == [1, 2]
    assert active_waivers(waivers, hour(9)) == []


def test_a_verdict_is_bound_to_every_field_of_a_waiver() -> None:
    """Another end is another digest; none at all has one too."""
    digests = [
        waivers_digest(each)
        for each in ([], [waiver()], [waiver(until=hour(10))], [waiver(), waiver(2)])
    ]
    assert len(set(digests)) == 4
    assert waivers_digest([waiver()]) == digests[1]


def test_keys_are_read_in_the_contracts_types() -> None:
    """Text that is none of them is refused."""
    rows = key_rows([["AAPL", "2024-06-03"], ["B", "2024-06-04"]], contract())
    assert rows.rows() == [("AAPL", date(2024, 6, 3)), ("B", date(2024, 6, 4))]
    with pytest.raises(ValueError, match=r"3\.6\.2024"):
        key_rows([["AAPL", "3.6.2024"]], contract())


@pytest.mark.parametrize(
    ("of", "problem"),
    [
        (waiver(), None),
        (waiver(keys=[["AAPL", "2024-06-03"]]), None),
        (waiver(snapshot_id="d"), "it was given for other content"),
        (waiver(check="no such"), "there is no such check"),
        (waiver(check="manifest"), "every version must pass this check"),
        (waiver(check="lineage", keys=[["AAPL", "2024-06-03"]]), "it names keys, and this check"),
        (waiver(keys=[]), "its keys are not keys of the contract"),
        (waiver(keys=[["AAPL"]]), "its keys are not keys of the contract"),
        (waiver(keys=[["AAPL", "soon"]]), "its keys are not keys of the contract"),
    ],
)
def test_why_a_waiver_counts_for_nothing(of: Waiver, problem: str | None) -> None:
    """The first reason that holds."""
    said = waiver_problem(of, "c", contract(), BY_NAME)
    assert (said is None) if problem is None else (said or "").startswith(problem)
