"""Days that people and spreadsheets write: 31.12.2026, 12/31/2026, 2026/12/31, 31-Dec-2026.

A column is read by one rule, which all its cells have to fit. Whether the day or the month comes
first in 01/02/2026 is what its cells show; where both orders fit and give different days, neither
is taken.
"""

from __future__ import annotations

import re
from itertools import pairwise

import polars as pl

from estimates.contract.number_text import NULL_WORDS, without_null_words

_MIDNIGHT = r"(?:[T ]0?0:00(?::00(?:\.0+)?)?)?"
_YEAR_FIRST = (rf"^(\d{{4}})[-/.](\d\d?)[-/.](\d\d?){_MIDNIGHT}$", "${1}-${2}-${3}")
_DAY_FIRST = (rf"^(\d\d?)[-/.](\d\d?)[-/.](\d{{4}}){_MIDNIGHT}$", "${3}-${2}-${1}")
_MONTH_FIRST = (rf"^(\d\d?)[-/](\d\d?)[-/](\d{{4}}){_MIDNIGHT}$", "${3}-${1}-${2}")
_DAY_AND_NAME = (r"^(\d\d?)[-/. ]([A-Za-z]{3,9})\.?[-/ ](\d{4})$", "${3}-${2}-${1}")
_NAME_AND_DAY = (r"^([A-Za-z]{3,9})\.? (\d\d?),? (\d{4})$", "${3}-${1}-${2}")
_ISO_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]")
_ISO = re.compile(r"\d{4}-\d\d-\d\d")
_LIKE_A_DAY = re.compile(
    r"\d{1,2}[-/. ](?:\d{1,2}|[A-Za-z]{3,9}\.?)[-/. ]\d{4}\b|\d{4}[-/.]\d{1,2}[-/.]\d{1,2}\b|"
    r"[A-Za-z]{3,9}\.? \d{1,2},? \d{4}$"
)


def days_of_people(text: pl.Series) -> pl.Series | None:
    """The days of a column of text; None where a cell is none, or where two orders fit.

    Words for nothing are null, as empty text is.
    """
    bare = _bare(text)
    if bare is None:
        return None
    readings = _readings(bare)
    if not readings or any(not other.equals(readings[0]) for other in readings):
        return None
    return readings[0].alias(text.name)


def two_orders(text: pl.Series) -> str | None:
    """Which two days a cell may be, in words, where all cells fit both orders."""
    bare = _bare(text)
    if bare is None:
        return None
    for a, b in pairwise(_readings(bare)):
        row = (a != b).arg_true()
        if len(row):
            return f"{text[row[0]]!r} may be {a[row[0]]} or {b[row[0]]}"
    return None


def first_text(text: pl.Series) -> str:
    """The first cell that is not null; empty where all are."""
    first = text[0] if len(text) else None
    return first if first is not None else next(iter(text.drop_nulls().head(1)), "")


def _bare(text: pl.Series) -> pl.Series | None:
    """The cells without blanks and words for nothing; None where the first is like no day."""
    first = first_text(text)
    if _ISO_TIME.match(first):
        return None  # written as programs do, also at midnight
    if _ISO.fullmatch(first) and (text.str.len_bytes() == len(first)).all():
        return None  # written as programs do: takes no time
    if not _LIKE_A_DAY.match(first.strip()) and first.strip() not in (*NULL_WORDS, ""):
        return None  # nearly every column of text ends here
    bare = without_null_words(text)
    return bare if bare.null_count() < len(bare) else None


def _readings(bare: pl.Series) -> list[pl.Series]:
    """The days under each rule that all cells fit; the day before the month at first."""
    readings: list[pl.Series] = []
    for (pattern, order), form in (
        (_YEAR_FIRST, "%Y-%m-%d"),
        (_DAY_FIRST, "%Y-%m-%d"),
        (_MONTH_FIRST, "%Y-%m-%d"),
        (_DAY_AND_NAME, "%Y-%b-%d"),
        (_DAY_AND_NAME, "%Y-%B-%d"),
        (_NAME_AND_DAY, "%Y-%b-%d"),
        (_NAME_AND_DAY, "%Y-%B-%d"),
    ):
        if not bare.str.contains(pattern).all():
            continue
        days = bare.str.replace(pattern, order).str.to_date(form, strict=False)
        if days.null_count() == bare.null_count():
            readings.append(days)
    return readings
