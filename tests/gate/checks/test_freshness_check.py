"""The check `freshness`."""

from __future__ import annotations

from datetime import timedelta

from tests.gate.cases import THROUGH, Setting, clean_verdict, contract


def test_passes() -> None:
    """Published an hour after its data, the age is 3600 seconds."""
    result = clean_verdict().check("freshness")
    assert (result.status, result.value) == ("pass", 3600)


def test_warns() -> None:
    """An age of 25 hours lies beyond the contract's 24."""
    result = (
        Setting(candidate={"published_at": THROUGH + timedelta(hours=25)})
        .evaluate()
        .check("freshness")
    )
    assert (result.status, result.value) == ("warn", 90000)


def test_freshness_blocks_when_the_contract_says_so() -> None:
    """`freshness.blocks` turns the warning about old data into a refusal."""
    blocking = contract('max_age = "24h"', 'max_age = "24h"\nblocks = true')
    result = (
        Setting(blocking, candidate={"published_at": THROUGH + timedelta(hours=25)})
        .evaluate()
        .check("freshness")
    )
    assert (result.status, result.warn, result.block, result.value) == ("fail", None, 86400, 90000)
