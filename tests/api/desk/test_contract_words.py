from __future__ import annotations

import pytest

from estimates_api.desk.contract_words import contract_words
from estimates_api.desk.filters import period
from tests.builders import POLICY, contract


def test_a_contract_is_said_in_sentences() -> None:
    """Keys, times, what goes to production, what is not checked, what is material."""
    words = contract_words(contract(more=POLICY))
    assert words == [
        "Keys: every combination of 3 of ticker and 2 of target_date.",
        "Up to 10.0 % of them may be missing.",
        "A version that passes the gate goes to production when somebody promotes it.",
        "Not checked: duplicate_content (off: ties are common).",
        "Checks of its own: Whole dollars.",
        "A change is material beyond 1.00 % of the value.",
    ]


def test_a_contract_that_promises_little() -> None:
    """It says what holds without being written."""
    words = contract_words(contract(more='[freshness]\ncadence = "7d"\nmax_age = "1d"\n'))
    assert "Keys: whatever a version has, 1 at least." in words
    assert "A version comes every 7 days." in words
    assert "Data in production are at most 1 day old." in words


@pytest.mark.parametrize(
    ("text", "words"), [("1d", "day"), ("7d", "7 days"), ("36h", "36 hours"), ("PT1H", "PT1H")]
)
def test_a_period_is_said_in_words(text: str, words: str) -> None:
    """What is no short form stays."""
    assert period(text) == words
