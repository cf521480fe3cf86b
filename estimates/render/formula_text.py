"""Text that a spreadsheet would take for a formula, written so that it stays text.

Excel, LibreOffice and Google Sheets run what begins with `=`, `+`, `-`, `@` or their wide forms, a
tab or an end of line; an apostrophe in front says that a cell is text. One more stands in front of
each apostrophe that was there before such a beginning, so that the text can be had back: take one
apostrophe from every cell that `MARKED` fits.
"""

import re

import polars as pl

_BEGINS = "[=+\\-@\t\r\n\x00＝＋－＠]"
_FORMULA = re.compile(f"'*{_BEGINS}")
MARKED = f"^'+{_BEGINS}"  # of a text that has one apostrophe more than it had


def without_formula(text: str) -> str:
    """The text, with an apostrophe in front where it would be a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def column_without_formulas(name: str) -> pl.Expr:
    """The same of a column of texts."""
    return pl.col(name).str.replace(f"^('*{_BEGINS})", "'${1}")
