"""What a version is worth beside another one, in words."""

from __future__ import annotations

from typing import Any

import pytest

from estimates.accuracy.accuracy_report import ColumnScores, Compared, DieboldMariano, Revision
from estimates.accuracy.comparison_text import (
    percent_signed,
    pooled_skill,
    revision,
    short,
)
from estimates.accuracy.comparison_text import tests as lines_of

COLUMN = ColumnScores("USD", "value", 9, 0)


def revised(change: float | None, **shares: Any) -> list[str]:
    """What is said of revised keys."""
    known: dict[str, Any] = {"won": 0.5, "lost": 0.25, "neutral": 0.25} | shares
    return revision(Revision(None, 8, 1.0, change, **known), COLUMN)


def of_dates(loss: str = "mae", **more: Any) -> DieboldMariano:
    """A test of twelve dates."""
    known: dict[str, Any] = {"statistic": -3.0, "p_value": 0.01, "mean_difference": -0.5} | more
    return DieboldMariano("v", "naive", loss, None, 12, 0, **known)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (-0.5, "; the mean error fell by 0.5 USD"),
        (0.25, "; the mean error rose by 0.25 USD"),
        (0.0, "; the mean error stayed the same"),
        (None, ""),
    ],
)
def test_revisions_are_nearer_or_farther(change: float | None, words: str) -> None:
    """With what became of the mean error, where there is one."""
    title, line = revised(change)
    assert title == "Did revisions move towards the actual values?"
    assert line == f"  50.0 % nearer, 25.0 % farther, 25.0 % neither, of 8 revised keys{words}"


def test_what_was_not_revised_is_not_mentioned() -> None:
    """No version before, or no keys in both."""
    assert revision(None, COLUMN) == []
    assert revised(None, won=None, lost=None, neutral=None) == []


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.125, "+12.5 %"), (-0.032, "−3.20 %"), (0.0, "+0 %"), (-9.0, "−900 %"), (None, "–")],
)
def test_skill_has_a_sign(share: float | None, text: str) -> None:
    """Below 0 the baseline is better, by any factor."""
    assert percent_signed(share) == text


def test_skill_against_a_perfect_baseline_has_no_line() -> None:
    """The others have the ratio and the skill; nothing at all where no loss has one."""
    perfect = Compared(4, 1.0, 0.0, None, "perfect_baseline")
    half = Compared(4, 1.0, 2.0, 0.5, None, 0.5)
    lines = pooled_skill({"naive": {"mae": perfect, "log_loss": half}})
    assert lines[1:] == ["  log loss 1 is 0.5 times that of naive (skill +50.0 %; 4 keys)"]
    assert pooled_skill({"naive": {"mae": perfect}}) == []
    assert pooled_skill({}) == []


@pytest.mark.parametrize(
    ("more", "outcome"),
    [
        ({}, "better"),
        ({"mean_difference": 0.5}, "worse"),
        ({"p_value": 0.050001}, ""),
        ({"p_value": 0.05}, "better"),
        ({"p_value": None}, ""),
    ],
)
def test_a_difference_is_called_where_it_is_more_than_chance(
    more: dict[str, Any], outcome: str
) -> None:
    """At five per cent, by the sign of ours − theirs."""
    line = lines_of([of_dates(**more)])[-1]
    assert line.endswith(("better", "worse")) == bool(outcome)
    assert line.endswith(outcome)


def test_why_nothing_was_tested() -> None:
    """Each reason once; squares repeat what the errors say and have no line of their own."""
    none = {"statistic": None, "p_value": None}
    few = of_dates(reason="too_few_dates", **none)
    alike = of_dates(reason="no_difference", **none)
    assert lines_of([few, alike, few]) == [
        "Diebold–Mariano test against the baseline: none (no_difference, too_few_dates)"
    ]
    assert lines_of([few, of_dates("rmse")]) == [
        "Diebold–Mariano test against the baseline: none (too_few_dates)"
    ]
    assert lines_of([of_dates("rmse")]) == []
    assert len(lines_of([of_dates(), of_dates("rmse"), few])) == 3


def test_four_digits_fit_a_terminal() -> None:
    """And no number is a dash."""
    assert [short(x) for x in (None, 0.123456, 123456.7, 1e-12)] == [
        *("–", "0.1235", "123,500", "1e-12")
    ]
