"""Keys that came and went and are the same but for how they are written."""

from __future__ import annotations

import msgspec
import polars as pl
import pytest

from estimates.compare.table_diff import changes, diff
from estimates.errors import InvalidError
from estimates.stability.family_reports import NearKeys
from estimates.stability.pages.report_text import render_text
from estimates.stability.report import Report


def compared(old: list[str], new: list[str]) -> Report:
    """The report of two tables with these keys, and one key that both have."""
    a, b = ({"k": ["both", *keys], "v": range(len(keys) + 1)} for keys in (old, new))
    return diff(a, b, key="k")


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("ABC  ", "ABC", "trimmed"),
        ("café", "cafe\u0301", "unicode"),
        ("Paris", "paris", "case"),
        ("1001.0", "1001", "point_zero"),
        ("01001", "1001", "leading_zeros"),
    ],
)
def test_a_pair_is_counted_under_its_rule(old: str, new: str, rule: str) -> None:
    """The keys stay different, and the report counts them as near, with the example."""
    report = compared([old, "gone"], [new, "came"])
    assert (report.keys.common, report.keys.added, report.keys.removed) == (1, 2, 2)
    near = report.keys.near
    assert isinstance(near, NearKeys)
    assert (near.pairs, near.examples) == (1, [[[old], [new]]])
    assert {name for name, pairs in near.by_rule.items() if pairs} == {rule}
    shown = "".join(render_text(report).split())
    assert "".join(f"{old!r} and {new!r}".split()) in shown


def test_rules_go_together_and_pairs_are_unique() -> None:
    """Two rules at once make a pair; a key with two partners makes none."""
    assert compared([" A"], ["a"]).keys.near == NearKeys(
        1,
        dict.fromkeys(("trimmed", "unicode", "case", "point_zero", "leading_zeros"), 0),
        [[[" A"], ["a"]]],
    )
    assert compared(["A", "a "], ["a"]).keys.near is msgspec.UNSET
    assert compared(["x"], ["y"]).keys.near is msgspec.UNSET


def test_two_tables_without_a_key_in_common_are_refused() -> None:
    """With the likely reason, as a report and as changes; a table without rows is compared."""
    a = pl.DataFrame({"k": ["01", "02"], "v": [1.0, 2.0]})
    b = pl.DataFrame({"k": ["1", "2"], "v": [1.0, 2.0]})
    for call in (diff, changes):
        with pytest.raises(InvalidError, match="leading zeros: '01' and '1'") as caught:
            call(a, b, key="k")
        assert caught.value.code == "no_common_key"
    with pytest.raises(InvalidError, match="A has 01, 02, B has x, y; is the key right"):
        diff(a, b.with_columns(k=pl.Series(["x", "y"])), key="k")
    assert diff(a, b.clear(), key="k").keys.removed == 2
