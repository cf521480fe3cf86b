"""Numbers that people and spreadsheets write: decimal commas, thousands, percent, currencies, words
for nothing.

A column is read by one rule. A rule is taken when at least 95 % of the cells that hold something
become numbers under it; where a decimal point and a decimal comma both fit and give different
numbers, as for `1,234`, neither is taken.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from shlex import quote
from typing import NamedTuple

import polars as pl

from estimates.errors import InvalidError

NULL_WORDS = (
    *("NA", "N/A", "n/a", "#N/A", "#NA", "<NA>", "NULL", "Null", "null", "None", ".", "\\N"),
)
NEARLY = 0.95  # share of cells; the others are mistakes to be found, not a reason to look away
_SAMPLE = 200  # cells that are looked at before all are
_CODE = r"^[+-]?0\d"  # a code, and no number: 007
_CURRENCY = (
    r"\p{Sc}|AUD|BRL|CAD|CHF|CNY|CZK|DKK|EUR|GBP|HKD|HUF|INR|JPY|KRW|MXN|NOK|NZD|PLN|SEK|SGD|THB|"
    r"TRY|TWD|USD|ZAR|Fr\.|kr|zł"
)
_SPACES = " \u00a0\u202f\u2009"
_APART = f"{_SPACES}'’"  # between thousands, besides the point or comma


class NumberOptions(NamedTuple):
    """What a person says of numbers, and where to say what was read: a sentence a column.

    decimal  `.` or `,`; None: the text shows it
    """

    decimal: str | None
    notes: list[str]


_NONE = pl.Series(dtype=pl.Boolean)


class Numbers(NamedTuple):
    """A column whose numbers are in plain form, 1234.5.

    plain   null where a cell holds nothing, a word for nothing or no number
    strays  where a cell holds something that is no number; empty where nobody looked
    mark    what stands before a fraction
    """

    plain: pl.Series
    strays: pl.Series
    mark: str


def plain_numbers(text: pl.Series) -> Numbers:
    """A column that is plain already."""
    return Numbers(text, _NONE, ".")


def is_plain(text: pl.Series, decimal: str | None) -> bool:
    """Whether all cells are numbers as programs write them, or null."""
    nulls = text.null_count()
    if text.cast(pl.Float64, strict=False).null_count() > nulls:
        bare = text.str.strip_chars()  # takes as long again, and most text has no blanks
        if bare.cast(pl.Float64, strict=False).null_count() > nulls:
            return False
    return decimal != "," or not text.str.contains(".", literal=True).any()


def without_null_words(text: pl.Series) -> pl.Series:
    """The cells without blanks around them; null where one is empty or a word for nothing."""
    bare = text.str.strip_chars()
    return bare.set(bare.is_in([*NULL_WORDS, ""]).fill_null(False), None)


def numbers_of(text: pl.Series, decimal: str | None) -> Numbers | None:
    """The numbers of a column of text; None where it is no column of numbers.

    Raises InvalidError `ambiguous_number` where two rules fit equally and give different numbers.
    """
    bare = without_null_words(text)
    cells = len(bare) - bare.null_count()
    if not cells or not _may_be_numbers(bare, decimal):
        return None
    plain = _plain_numbers(bare) if decimal != "," else None
    if plain is not None and plain.null_count() == bare.null_count():
        return Numbers(bare, pl.repeat(False, len(bare), eager=True), ".")
    readings = {mark: _read(bare, mark) for mark in (decimal or ".,")}
    most = {mark: len(bare) - reading.null_count() for mark, reading in readings.items()}
    best = max(most, key=lambda mark: most[mark])
    if most[best] < NEARLY * cells:
        return None
    if len(readings) == 2 and most["."] == most[","]:
        _check_alike(bare, readings["."], readings[","])
    reading = readings[best]
    return Numbers(reading, bare.is_not_null() & reading.is_null(), best)


def check_decimals(columns: Sequence[tuple[pl.Series, Numbers]]) -> None:
    """Raises InvalidError `ambiguous_number` for a column of `1.234` beside one of `1,5`: it may be
    1234 there. A column of one of them alone is read as it stands.
    """
    if not any(
        numbers.mark == "," and text.str.contains(",", literal=True).any()
        for text, numbers in columns
    ):
        return
    for text, numbers in columns:
        bare = text.str.strip_chars().set(numbers.plain.is_null(), None)
        if numbers.mark == "." and bare.str.contains(".", literal=True).any():
            reading = _read(bare, ",")
            if reading.null_count() == bare.null_count():
                _check_alike(bare, numbers.plain, reading)


def sentence(text: pl.Series, numbers: Numbers) -> str | None:
    """What was read as what, with an example; None where every cell is read as it stands."""
    name, plain = text.name, numbers.plain
    bare = text.str.strip_chars()
    other = (plain.is_not_null() & (plain != bare)).arg_true()
    parts: list[str] = []
    if len(other):
        value = float(plain[other[0]])
        parts.append(f"{text[other[0]]!r} is read as {value:.15g}")
    words = bare.filter(bare.is_in(NULL_WORDS)).unique(maintain_order=True).head(3).to_list()
    if words:
        verb = "" if parts else "is read " if len(words) == 1 else "are read "
        parts.append(f"{', '.join(map(repr, words))} {verb}as no value")
    return f"column {name!r}: {', '.join(parts)}" if parts else None


def most_numbers(text: pl.Series, decimal: str | None) -> pl.Series:
    """Which cells are numbers under the rule that fits most; words for nothing are none."""
    bare = text.str.strip_chars()
    readings = [_read(bare, mark) for mark in (decimal or ".,")]
    readings += [] if decimal == "," else [_plain_numbers(bare)]
    return min(readings, key=lambda reading: reading.null_count()).is_not_null()


def remedy(value: str, decimal: str | None) -> str:
    """The rule under which a cell that is none would be a number, or a word for nothing."""
    for mark in ".,":
        reading = _read(pl.Series([value]).str.strip_chars(), mark)
        if mark != decimal and reading[0] is not None:
            return f"with --decimal {mark} it is {float(reading[0]):.15g}"
    if any(map(str.isdigit, value)):
        return "write the number alone, such as 1234.5"
    return f"if it stands for no value, say so with --null {quote(value)}"


def _may_be_numbers(bare: pl.Series, decimal: str | None) -> bool:
    """A look at some cells from the whole length, before all are read."""
    cells = bare.drop_nulls()
    sample = cells.gather_every(max(1, len(cells) // _SAMPLE))
    if sample.str.contains(_CODE).any():
        return False
    most = max(
        len(reading) - reading.null_count()
        for reading in (_read(sample, mark) for mark in (decimal or ".,"))
    )
    plain = _plain_numbers(sample)
    return max(most, len(plain) - plain.null_count()) >= 0.9 * len(sample)


def _plain_numbers(bare: pl.Series) -> pl.Series:
    return bare.cast(pl.Float64, strict=False)


def _read(bare: pl.Series, mark: str) -> pl.Series:
    """Text as plain numbers where `mark` stands before the fraction; null where it is none."""
    other = "," if mark == "." else "."
    text = bare.str.replace(r"^\((.+)\)$", "-$1").str.replace("^\u2212", "-")
    text = text.str.replace(r"^(\d.*)[-\u2212]$", "-$1")  # as SAP writes it
    text = text.str.replace(rf"^([+-]?)\s*(?:{_CURRENCY})\s*([+-]?)", "${1}${2}")
    text = text.str.replace(rf"\s*(?:{_CURRENCY})$", "")
    percent = text.str.contains(r"%$")
    if percent.sum() * 2 > len(text) - text.null_count():  # percent is the rule of a column
        text = text.set(~percent, None).str.replace(r"\s*%$", "")
    else:
        percent = None
    groups = "|".join(
        rf"[1-9]\d{{0,2}}(?:{re.escape(apart)}\d{{3}})+" for apart in (other, *_APART)
    )
    lakhs = rf"[1-9]\d?(?:{re.escape(other)}\d\d)+{re.escape(other)}\d{{3}}"
    point = re.escape(mark)
    whole = rf"(?:{groups}|{lakhs}|0|[1-9]\d*)"
    number = rf"^[+-]?(?:{whole}(?:{point}\d*)?|{point}\d+)(?:[eE][+-]?\d+)?$"
    text = text.set(~text.str.contains(number), None)
    text = text.str.replace_all(rf"[{re.escape(other)}{_APART}]", "").str.replace(
        mark, ".", literal=True
    )
    return text if percent is None else text + "e-2"


def _check_alike(bare: pl.Series, point: pl.Series, comma: pl.Series) -> None:
    """Raises InvalidError `ambiguous_number` where two readings differ."""
    differ = (point.cast(pl.Float64) != comma.cast(pl.Float64)).arg_true()
    if len(differ):
        row = differ[0]
        values = [float(reading[row]) for reading in (point, comma)]
        raise InvalidError(
            "ambiguous_number",
            f"column {bare.name!r}: row {row + 1} has {bare[row]!r}, which is {values[0]:.15g} "
            f"with --decimal . and {values[1]:.15g} with --decimal , (all cells fit both)",
            remedy="say which it is",
            column=bare.name,
            rows=[row + 1 for row in differ.head(100)],
        )
