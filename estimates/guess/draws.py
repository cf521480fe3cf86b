"""Draws of a distribution in a table that nobody described: in columns that differ in a number, or
in rows that a column numbers.
"""

import re
from collections.abc import Collection, Iterable

_WORDS = ("sample", "samples", "draw", "draws", "rep", "sim", "simulation", "path", "trajectory")
_NUMBERED = re.compile(rf"(?:.*[^a-z])?(?:{'|'.join(_WORDS)})[._\[ -]?\d+\]?", re.IGNORECASE)
_ID = r"_?(?:id|number|nr|no|index)"
_ROW = re.compile(
    rf"\.?(?:draws?|sample|simulation)(?:{_ID})?|\.rep|(?:rep|sim|path|trajectory){_ID}",
    re.IGNORECASE,
)
_FEWEST = 10  # columns: fewer may be anything


def columns_of_draws(names: Iterable[str]) -> list[str]:
    """The columns such as `sample_0`, `draw.2` or `y_rep[3]`, where there are many."""
    numbered = [name for name in names if _NUMBERED.fullmatch(name)]
    return numbered if len(numbered) >= _FEWEST else []


def number_of_draw(names: Collection[str]) -> str | None:
    """The column that numbers draws in rows, such as `.draw` or `sample_id`."""
    return next((name for name in names if _ROW.fullmatch(name)), None)


def in_words(names: Collection[str], key: Collection[str]) -> str:
    """What a reader of the table should know of its draws; nothing where it has none."""
    columns = columns_of_draws(name for name in names if name not in key)
    if columns:
        return (
            f"{columns[0]} to {columns[-1]} look like {len(columns)} draws of one distribution, "
            f"and each is a column of its own here; {INSTEAD}"
        )
    number = number_of_draw([name for name in names if name not in key])
    if number is None:
        return ""
    return f"column {number!r} looks like the number of a draw; {INSTEAD}"


INSTEAD = (
    'a contract whose column has role = "samples" takes the draws together (docs/tables.md, '
    '"Samples"); else summarise them first, such as by quantiles'
)
