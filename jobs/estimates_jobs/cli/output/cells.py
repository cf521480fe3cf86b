"""Values as cells of a table, and bars beside them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from estimates import instants
from estimates.contract.contract import Contract

if TYPE_CHECKING:  # takes a moment to load, and a page or JSON is printed without it
    from rich.text import Text

Cell: TypeAlias = "str | int | float | bool | Text | None"
_TEXT = 80  # characters of a text beside another
_BAR = 8  # characters of the longest bar


def present_columns(rows: Sequence[dict[str, Any] | None], contract: Contract) -> list[str]:
    """The columns of a contract that some row has, in the contract's order."""
    present = {name for row in rows if row is not None for name in row}
    return [name for name in contract.columns if name in present]


def column_title(name: str, contract: Contract) -> str:
    """The name of a column with its unit."""
    column = contract.columns.get(name)
    return f"{name} [{column.unit}]" if column is not None and column.unit else name


def less_needed(names: Sequence[str], contract: Contract) -> list[tuple[str, ...]]:
    """Titles of the columns that a narrow terminal does without: attributes, then intervals, the
    widest first, and quantiles, the last of them first.
    """
    columns = {name: contract.columns[name] for name in names if name in contract.columns}
    attributes = [(name,) for name, column in columns.items() if column.role == "attribute"]
    intervals = sorted(contract.intervals(), key=lambda interval: -interval.level)
    ends = [(interval.lower, interval.upper) for interval in intervals]
    quantiles = [(name,) for name, column in columns.items() if column.role == "quantile"]
    return [
        tuple(column_title(name, contract) for name in group)
        for group in (*attributes, *ends, *reversed(quantiles))
    ]


def instant(moment: datetime | None) -> str:
    """An instant: to the minute on a terminal, elsewhere in full; nothing for none."""
    if moment is None:
        return ""
    return f"{moment:%Y-%m-%d %H:%MZ}" if sys.stdout.isatty() else instants.text(moment)


def instant_of(text: str | None) -> str:
    """The same of an instant that is text, as in JSON."""
    return "" if text is None else instant(instants.parse(text))


def duration(span: timedelta) -> str:
    """A duration in its two largest units: `3d 4h`, `12m 5s`, `0s`."""
    seconds = int(abs(span.total_seconds()))
    parts: list[str] = []
    for unit, size in (("y", 31_557_600), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count or parts:
            parts.append(f"{count}{unit}")
    return " ".join(part for part in parts[:2] if part[0] != "0") or "0s"


def changes_with_bars(
    old: Sequence[float | None],
    new: Sequence[float | None],
    without_bar: Sequence[bool],
    points: float | None,
) -> list[str]:
    """The change from each old to its new number, and a bar as long as it is large.

    points  percentage points in one unit of them; None: changes are relative to the old number
    Up and down look different. The three sequences have the same length.
    """
    from estimates.render.change_text import moved

    moves = [
        0.0 if a is None or b is None or hidden else b - a
        for a, b, hidden in zip(old, new, without_bar, strict=True)
    ]
    largest = max(map(abs, moves), default=0.0)
    bars = [
        ("▲" if move > 0 else "▽") * round(abs(move) / largest * _BAR) if largest else ""
        for move in moves
    ]
    texts = [moved(a, b, points) for a, b in zip(old, new, strict=True)]
    width = max(map(len, texts), default=0)
    return [f"{text:>{width}} {bar}".rstrip() for text, bar in zip(texts, bars, strict=True)]


def size_bars(numbers: Sequence[float | None]) -> list[str]:
    """A bar for each number of at least 0, as long as it is large; the smallest trace of one is
    seen.
    """
    largest = max((number for number in numbers if number is not None), default=0.0)
    return [
        "█" * max(1, round(number / largest * _BAR)) if number and largest else ""
        for number in numbers
    ]


def number(value: Any) -> Cell:
    """A number that is no integer with six significant digits, as on a report; anything else as
    `plain`.
    """
    if not isinstance(value, float):
        return plain(value)
    from estimates.render.wording import number as six_digits

    return right(six_digits(value))


def right(text: str, style: str = "") -> Text:
    """A number as text, which stands to the right as numbers do."""
    from rich.text import Text

    return Text(text, style=style, justify="right")


def number_pair(old: Any, new: Any) -> tuple[Cell, Cell]:
    """Old and new value: numbers with as many digits as tell them apart, texts that look
    different.
    """
    if isinstance(old, str) and isinstance(new, str):
        from estimates.render.wording import texts

        return texts(old, new, _TEXT)
    if not (isinstance(old, float) and isinstance(new, float)):
        return number(old), number(new)
    from estimates.render.wording import numbers

    first, second = numbers(old, new)
    return right(first), right(second)


def four_digits(value: float | None, style: str = "") -> Text:
    """A number with four significant digits, `–` for none."""
    from estimates.render.wording import minus

    return right("–" if value is None else minus(f"{value + 0.0:.4g}"), style)


def plain(value: Any) -> Cell:
    """A value of a row as a cell: times in full, of draws how many and from where to where,
    anything else that is no plain value as its text.
    """
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, list) and value and all(isinstance(draw, int | float) for draw in value):
        from estimates.render.wording import number as six_digits

        return f"{len(value)} draws, {six_digits(min(value))} to {six_digits(max(value))}"
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def real_number(value: Any) -> float | None:
    """The value where it is a number."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
