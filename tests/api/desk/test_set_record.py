"""Which column stands for how a set has done."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from estimates.compare.series_report import ColumnMove, PairMove, Series
from estimates_api.desk.set_record import set_record

_AT = datetime(2024, 6, 3, tzinfo=UTC)


def move(to: int, **p50: float | None) -> PairMove:
    """Production moved from the version before, its columns by so much."""
    columns = {
        name: ColumnMove(10, 1.0, None, None, None, None, None, None, "relative", value, value)
        for name, value in p50.items()
    }
    return PairMove(to - 1, to, "promoted", _AT, _AT, columns=columns)


@pytest.mark.parametrize(
    ("main", "column"), [("b", "b"), (None, "a"), ("unknown", "a"), ("silent", "a")]
)
def test_the_main_column_or_the_first(main: str | None, column: str) -> None:
    """A column without a measured move stands for nothing."""
    series = Series("s", 1, 20, [move(2, silent=None, a=0.1, b=0.2)])
    record = set_record("s", main, series, None)
    assert record is not None
    assert record.column == column


def test_the_last_move_that_has_the_column() -> None:
    """A later one, across a change of columns, does not hide it."""
    series = Series("s", 3, 20, [move(2, a=0.1), move(3, a=0.3), move(4, b=0.2)])
    record = set_record("s", "a", series, None)
    assert record is not None
    assert record.pair is not None
    assert record.move is not None
    assert (record.pair.to, record.move.plain_p50) == (3, 0.3)
    assert (record.together, record.errors) == (None, None)


def test_nothing_is_known() -> None:
    """Neither moved nor scored."""
    assert set_record("s", "value", None, None) is None
    assert set_record("s", "a", Series("s", 1, 20, [move(2, a=None)]), None) is None
