"""Draws as tables have them, as the lists of a contract's samples: a column a draw (`draw_1`,
`sample[2]`, `X3`) or a row a draw (`.draw`, `sample_id`, `output_type_id` of hubs).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import polars as pl

from estimates.contract.columns import FEWEST_DRAWS
from estimates.contract.conform import name_keys
from estimates.contract.contract import Contract
from estimates.contract.sample_columns import (
    is_list_of_numbers,
    lists_of_floats,
    lists_of_text,
)
from estimates.contract.text_values import values_of
from estimates.errors import InvalidError
from estimates.guess.guess import Guess

# What tools call the column that numbers the draws of a key, in small letters without dots.
_DRAWS = ("draw", "draw_id", "sample", "sample_id", "rep", "replicate", "sim", "simulation")
_BESIDE = (".chain", ".iteration", ".row")  # what stands beside `.draw` and says nothing more
_VALUES = ("value", ".value", ".prediction", ".epred", ".linpred", "prediction", ".sim")
_NUMBERED = re.compile(r"(?P<stem>.*?)[._ \[-]*(?P<number>[0-9]+)\]?")
_FEWEST_COLUMNS = 5  # sample_1 and sample_2 alone may be two things
_LISTS = "\0lists"
IDS = "\0ids"  # no column of a table has a NUL in its name
Family = list[str]


def with_samples(frame: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """The frame with a list for each row in the contract's columns of samples, where its draws
    stand in columns or in rows of their own; any other frame as it is. Draws are still text where
    the table is.

    Raises InvalidError: `duplicate_key` (a draw of a key that is there twice), `bad_value` (draws
    of one trajectory whose numbers differ).
    """
    names = contract.samples
    if not names:
        return frame
    draw = draw_column(frame, contract)
    if draw is not None:
        return _of_rows(frame, contract, draw)
    for name in names:
        if name not in frame.columns:
            columns = _family_of(name, numbered_columns(frame, _own(contract)), len(names))
            if columns:
                frame = frame.with_columns(pl.concat_list(columns).alias(name)).drop(columns)
    return frame


def numbered_columns(frame: pl.DataFrame, taken: Iterable[str] = ()) -> dict[str, Family]:
    """Columns that differ in a whole number alone, two or more, in the order of the numbers, by
    what they have in common; but for those that are taken.
    """
    families: dict[str, list[tuple[int, str]]] = {}
    for name in frame.columns:
        match = _NUMBERED.fullmatch(name)
        if match and name not in taken and match["stem"]:
            families.setdefault(match["stem"], []).append((int(match["number"]), name))
    return {
        stem: [name for _, name in sorted(family)]
        for stem, family in families.items()
        if len({number for number, _ in family}) == len(family) > 1
    }


def draw_column(frame: pl.DataFrame, contract: Contract | None = None) -> str | None:
    """The column that numbers the draws of a key, a row a draw; None where there is none."""
    own = set() if contract is None else _own(contract)
    names = {name.lower().removeprefix("."): name for name in frame.columns if name not in own}
    draw = next((names[name] for name in _DRAWS if name in names), None)
    is_list = draw is not None and isinstance(frame.schema[draw], pl.List | pl.Array)
    return None if is_list else draw


def gathered(
    frame: pl.DataFrame,
    task: Sequence[str],
    draw: str,
    values: dict[str, str],
    where: str,
    joint: Sequence[str] = (),
) -> pl.DataFrame:
    """One row a task with the values of its draws as lists, in the order of the draws' numbers.

    values  the column of each list
    joint   the columns of a task along which one draw goes: the numbers of its draws have to agree
    Raises InvalidError: `duplicate_key`, `bad_value`.
    """
    ids = frame.get_column(draw).cast(pl.String)
    numbers = ids.str.strip_chars().cast(pl.Float64, strict=False)
    order = numbers if numbers.null_count() == ids.null_count() else ids
    frame = frame.with_columns(ids.alias(IDS), order.alias(draw))
    twice = frame.filter(pl.struct([*task, IDS]).is_duplicated())
    if twice.height:
        shown = twice.unique([*task, IDS], keep="first", maintain_order=True)
        raise InvalidError(
            "duplicate_key",
            f"{where}: more than one row for draw {name_keys(shown, [IDS, *task])}",
            remedy="leave one of them, or add a column that tells them apart",
        )
    lists = [pl.col(column).sort_by(draw).alias(name) for name, column in values.items()]
    rows = frame.group_by(task, maintain_order=True).agg(*lists, pl.col(IDS).sort_by(draw))
    if joint:
        _check_joint(rows, [name for name in task if name not in joint], joint, where)
    return rows.drop(IDS)


def with_lists(frame: pl.DataFrame, key: Sequence[str]) -> tuple[pl.DataFrame, list[str]]:
    """A table that no contract describes yet, with its draws as lists of floats, and the names of
    these columns: lists of numbers, arrays as text, columns such as `draw_1`, or a row a draw.

    Raises InvalidError (`duplicate_key`).
    """
    draw = draw_column(frame.drop(*key, strict=False))
    others = [n for n in frame.columns if n not in (*key, draw, *_BESIDE)]
    if draw is not None and set(key) <= set(frame.columns) and len(others) == 1:
        numbers = values_of_numbers(frame.get_column(others[0]))
        rows = frame.with_columns(numbers)
        frame = gathered(rows, list(key), draw, {others[0]: others[0]}, "the table")
        return frame, others
    for stem, family in numbered_columns(frame, key).items():
        word = re.split(r"[^a-z]+", stem.lower())[-1].removesuffix("s")
        if word in _DRAWS and len(family) >= _FEWEST_COLUMNS:
            lists = [values_of_numbers(frame.get_column(name)) for name in family]
            frame = frame.with_columns(lists).with_columns(pl.concat_list(family).alias(_LISTS))
            frame = frame.drop(family).rename({_LISTS: f"{word}s"})
    for name in frame.columns:
        if name not in key:
            series = frame.get_column(name)
            if series.dtype == pl.String and series.str.starts_with("[").any():
                lists = lists_of_text(series)
                series = lists if lists.null_count() == series.null_count() else series
            lists = lists_of_floats(series) if is_list_of_numbers(series.dtype) else None
            if lists is not None and (lists.list.len() >= FEWEST_DRAWS).any():
                frame = frame.with_columns(lists.alias(name))
    return frame, [n for n, dtype in frame.schema.items() if n not in key and _is_lists(dtype)]


def values_of_numbers(series: pl.Series) -> pl.Series:
    """Numbers as floats, those of text as what it says; text that is none as it is."""
    if series.dtype != pl.String:
        return series.cast(pl.Float64)
    numbers = values_of(series, "float")
    return numbers if numbers.null_count() == series.null_count() else series


def _is_lists(dtype: pl.DataType) -> bool:
    return dtype == pl.List(pl.Float64)


def _check_joint(
    rows: pl.DataFrame, trajectory: list[str], joint: Sequence[str], where: str
) -> None:
    text = pl.col(IDS).list.join("\0")
    differ = text.min() != text.max()
    bad = rows.filter(differ.over(trajectory) if trajectory else differ)
    if bad.height:
        which = (
            f" of {name_keys(bad.unique(trajectory, maintain_order=True), trajectory)}"
            if trajectory
            else ""
        )
        raise InvalidError(
            "bad_value",
            f"{where}: the draws{which} are numbered otherwise from one {', '.join(joint)} to the "
            "next, so that none is a trajectory",
            remedy="number a trajectory alike in all its rows, or take `joint` out of the contract",
        )


def _own(contract: Contract) -> set[str]:
    return {*contract.key, *contract.columns}


def _of_rows(frame: pl.DataFrame, contract: Contract, draw: str) -> pl.DataFrame:
    names, others = contract.samples, _own(contract) - {*contract.samples}
    values = {name: name for name in names if name in frame.columns}
    if not values:
        free = [name for name in frame.columns if name not in (*others, draw, *_BESIDE)]
        usual = [name for name in _VALUES if name in free]
        if len(names) > 1 or not (usual or len(free) == 1):
            return frame
        values = {names[0]: (usual or free)[0]}
    task = [n for n in frame.columns if n not in (*values.values(), draw, *_BESIDE)]
    joint = dict.fromkeys(key for name in names for key in contract.columns[name].joint)
    if not set(contract.key) <= set(task):
        return frame
    along = [name for name in task if name in joint or name in contract.columns]
    return gathered(frame, task, draw, values, contract.name, along if joint else ())


def _family_of(name: str, families: dict[str, Family], samples: int) -> Family | None:
    """The numbered columns that are the draws of a column: those of its name, or the only ones."""
    known = {stem.lower(): family for stem, family in families.items()}
    wanted = (name.lower(), name.lower().removesuffix("s"))
    of_name = next((known[stem] for stem in wanted if stem in known), None)
    if of_name is not None or samples > 1:
        return of_name
    usual = [family for stem, family in known.items() if stem in _DRAWS]
    candidates = usual or list(known.values())
    return candidates[0] if len(candidates) == 1 else None


def guess_of_draws(lists: pl.Series) -> Guess:
    """A column of samples, and how many draws each row has where that is one number."""
    counts = lists.list.len().drop_nulls().unique()
    draws = int(counts[0]) if len(counts) == 1 and counts[0] >= FEWEST_DRAWS else None
    return Guess("samples", "many numbers in each row, draws from a distribution", draws=draws)
