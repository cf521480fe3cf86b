"""Which rows of a table are a set's own, where one table has those of several."""

from collections.abc import Callable, Mapping
from functools import reduce

import polars as pl

from estimates.contract.load_rule import Cell
from estimates.errors import InvalidError
from estimates.render.wording import did_you_mean

# of a source: what its own rows have, how many these are, and of how many
Note = Callable[[str, str, int, int], None]
_SHOWN = 8  # values of a column that an error names


def own_rows(
    frame: pl.DataFrame,
    where: Mapping[str, Cell | tuple[Cell, ...]],
    source: str,
    note: Note,
) -> pl.DataFrame:
    """The rows that have one of the wanted values in each column, compared as text.

    note  is told where some rows were left out
    Raises InvalidError: `columns` (there is no such column), `no_rows` (no row has these values).
    """
    if not where or not frame.height:
        return frame
    wanted = {name: _texts(value) for name, value in where.items()}
    for name in where:
        if name not in frame.columns:
            raise InvalidError(
                "columns",
                f"{source}: has no column {name!r}{did_you_mean(name, frame.columns)}, by which "
                "rows are chosen",
                remedy=f"name one of {', '.join(frame.columns)}",
            )
    own = frame.filter(has_values(where))
    condition = " and ".join(f"{name} is {' or '.join(texts)}" for name, texts in wanted.items())
    if not own.height:
        raise InvalidError(
            "no_rows",
            f"{source}: has {frame.height:,} rows, and in none {condition}; "
            + "; ".join(f"{name} has {_seen(frame, name)}" for name in wanted),
            remedy="choose by a value that it has, in --where or in [load.where]",
        )
    if own.height < frame.height:
        note(source, condition, own.height, frame.height)
    return own


def has_values(where: Mapping[str, Cell | tuple[Cell, ...]]) -> pl.Expr:
    """Whether a row has one of the wanted values in each column, compared as text without blanks
    around it; of one column at least.
    """
    tests = [
        pl.col(name).cast(pl.String).str.strip_chars().is_in(list(_texts(value)))
        for name, value in where.items()
    ]
    return reduce(pl.Expr.and_, tests)


def _texts(value: Cell | tuple[Cell, ...]) -> tuple[str, ...]:
    values = value if isinstance(value, tuple) else (value,)
    texts = (str(cell).lower() if isinstance(cell, bool) else str(cell) for cell in values)
    return tuple(text.strip() for text in texts)


def _seen(frame: pl.DataFrame, name: str) -> str:
    values = frame.get_column(name).cast(pl.String).drop_nulls().unique().sort()
    more = f" and {values.len() - _SHOWN:,} more" if values.len() > _SHOWN else ""
    return ", ".join(map(repr, values.head(_SHOWN))) + more
