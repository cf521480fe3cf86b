"""The rows of a submission as a hub's tasks see them: task ids as text, each row with its task."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import NamedTuple

import polars as pl

from estimates.contract.number_text import NumberOptions
from estimates.contract.text_values import parsed
from estimates_jobs.hub.hub_folder import Round, Tree, values
from estimates_jobs.tables.hubverse import LONG
from estimates_jobs.tables.text_options import TextOptions

ROW = "\0row"  # of the file, from 1; no column of a table has a NUL in its name
TASK = "\0task"  # which of the round's model tasks asks for it; null where none does
_SHOWN = 3  # examples that a finding has
_WHOLE = r"^(-?\d+)\.0+$"
# What a target's date follows from, where there is a horizon.
_ORIGINS = {"reference_date", "origin_date", "forecast_date", "nowcast_date"}
_ENDS = {"target_end_date", "target_date"}


class Submission(NamedTuple):
    """A submission's rows.

    frame    the round's columns, `output_type` and `output_type_id` as text, `value` as Float64,
             ROW and TASK
    derived  task ids that follow from others: nothing is required of them
    """

    of_round: Round
    frame: pl.DataFrame
    derived: frozenset[str]

    @property
    def free(self) -> list[str]:
        """The task ids that do not follow from others."""
        return [name for name in self.of_round.columns if name not in self.derived]

    @property
    def shown(self) -> list[str]:
        """The task ids that tell its rows apart: those with more than one value, if any has."""
        several = [name for name in self.free if self.frame.get_column(name).n_unique() > 1]
        return several or self.free

    def of_task(self, number: int, kind: str | None = None) -> pl.DataFrame:
        """The rows of a model task, perhaps of one output type."""
        chosen = pl.col(TASK) == number
        return self.frame.filter(chosen if kind is None else chosen & (pl.col(LONG[0]) == kind))


def submission_of(frame: pl.DataFrame, of_round: Round, options: TextOptions) -> Submission:
    """A table that has the columns of a round as its submission.

    Raises InvalidError: `bad_value`, `ambiguous_number` (of `value`).
    """
    ids = of_round.columns
    numbers = NumberOptions(options.decimal, options.notes)
    value = parsed(frame.get_column("value"), "float", None, numbers).cast(pl.Float64)
    texts = [_text(frame.get_column(name), _allowed(of_round, name)) for name in ids]
    kinds = [_text(frame.get_column(name), None) for name in LONG[:2]]
    rows = pl.int_range(1, frame.height + 1, eager=True).alias(ROW)
    made = pl.DataFrame([*texts, *kinds, value, rows])
    origins = (_ORIGINS | {of_round.variable}) & set(ids)
    follows = _ENDS if "horizon" in ids and origins else set()
    return Submission(of_round, _with_tasks(made, of_round), of_round.derived | follows)


def text_of(value: object) -> str | None:
    """A value of the configuration as cells have it."""
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def is_in(column: str, allowed: Iterable[str | None]) -> pl.Expr:
    """Whether a column's text is among those allowed; null where null is."""
    wanted = set(allowed)
    test = pl.col(column).is_in([text for text in wanted if text is not None]).fill_null(False)
    return test | pl.col(column).is_null() if None in wanted else test


def ids_allowed(spec: Tree) -> list[str | None]:
    """The texts of a task id that a task asks for; of one without values, null."""
    return [text_of(value) for value in values(spec)] or [None]


def examples(rows: pl.DataFrame, columns: Sequence[str]) -> tuple[str, ...]:
    """The first rows in words: `row 17: location US, horizon 1`."""
    shown = rows.head(_SHOWN).select([*columns, *([ROW] if ROW in rows.columns else [])])
    return tuple(_words(row) for row in shown.iter_rows(named=True))


def _words(row: dict[str, object]) -> str:
    at = f"row {row.pop(ROW)}: " if ROW in row else ""
    return at + ", ".join(
        f"{name} {'NA' if value is None else value}" for name, value in row.items()
    )


def _allowed(of_round: Round, name: str) -> set[str | None]:
    """What any task of the round allows."""
    specs = [of_round.ids_of(task).get(name) or {} for task in of_round.tasks]
    return {text for spec in specs for text in ids_allowed(spec)}


def _text(column: pl.Series, allowed: set[str | None] | None) -> pl.Series:
    """A column as text, `NA` as null unless it is a value of its own; of whole numbers, without
    decimals.
    """
    if column.dtype.is_float():
        return column.cast(pl.String).str.replace(_WHOLE, "$1")
    if column.dtype in (pl.Datetime,):
        column = column.dt.date()
    text = column.cast(pl.String).str.strip_chars()
    if allowed is None or "NA" not in allowed:
        text = pl.select(pl.when(~text.is_in(["NA", ""])).then(text)).to_series().alias(column.name)
    known = [value for value in allowed or () if value is not None]
    if known and all(value.lstrip("-").isdecimal() for value in known):
        text = text.str.replace(_WHOLE, "$1")
    return text


def _with_tasks(frame: pl.DataFrame, of_round: Round) -> pl.DataFrame:
    """The first task that asks for a row's task ids and output type."""
    tests = [
        reduce(
            pl.Expr.and_,
            [
                is_in(name, ids_allowed(spec))
                for name, spec in of_round.ids_of(task).items()
                if name not in of_round.derived
            ],
            pl.col(LONG[0]).is_in(list(task["output_type"])).fill_null(False),
        )
        for task in of_round.tasks
    ]
    chosen = [pl.when(test).then(number) for number, test in enumerate(tests)]
    return frame.with_columns(pl.coalesce(*chosen).cast(pl.Int32).alias(TASK))
