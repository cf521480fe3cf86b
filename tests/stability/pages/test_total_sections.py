"""What keys add up to: which groups have a line."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from estimates.stability.family_reports import Total, Totals
from estimates.stability.pages.sections import PAGE_LIMITS
from estimates.stability.pages.total_sections import totals
from estimates.stability.report import ColumnReport
from tests.stability.one_column import compare


def total(a: float, b: float, *path: str | None) -> Total:
    """A group's totals."""
    return Total([*path], 5, a, b, None if a == 0 else (b - a) / abs(a), 1, 4)


def column(weight: str | None, *groups: Total) -> dict[str, ColumnReport]:
    """A column with totals of one level."""
    levels = {"shop": [*groups]} if groups else {}
    of = Totals(weight, total(10, 15), levels, None)
    return {"v": msgspec.structs.replace(compare([1.0], [2.0]).columns["value"], totals=of)}


def test_the_groups_whose_totals_changed_most_are_shown() -> None:
    """Up or down, equal ones by name; the rest is counted."""
    groups = total(5, 6, "b"), total(9, 1, "c"), total(1, 2, "a"), total(0, 0, None)
    (section,) = totals(column(None, *groups), replace(PAGE_LIMITS, groups=2))
    assert [row[0] for row in section.rows] == ["all", "shop c", "shop a"]
    assert section.rows[0] == ["all", "5", "10", "15", "+50.0 %", "1 of 4"]
    assert section.notes == ["2 of 4 shops shown"]
    (section,) = totals(column("price", *groups), PAGE_LIMITS)
    assert section.title.startswith("Totals of v, weighted by price; ")
    assert section.rows[-1] == ["shop null", "5", "0", "0", "–", "1 of 4"]
    assert section.notes == []


def test_a_column_without_levels_or_weight_has_no_totals() -> None:
    """The sum of all keys alone says nothing that the table of changes does not."""
    assert list(totals(column(None), PAGE_LIMITS)) == []
    assert len(list(totals(column("price"), PAGE_LIMITS))) == 1
