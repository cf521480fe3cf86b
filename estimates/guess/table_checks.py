"""What two tables have to have before a contract is guessed from them."""

from collections.abc import Sequence

import polars as pl

from estimates.contract.contract import Stability
from estimates.errors import InvalidError
from estimates.guess.levelled_columns import named_levels
from estimates.render.wording import did_you_mean


def check_key(a: pl.DataFrame, b: pl.DataFrame, key: Sequence[str], names: tuple[str, str]) -> None:
    """Raises InvalidError: `bad_key_column` for a key that a table lacks, `no_rows` without rows in
    both.
    """
    if not key or len(set(key)) < len(key):
        raise InvalidError(
            "bad_key_column",
            "the key needs at least one column, each once",
            remedy="name the columns that identify a row with --key A,B",
        )
    for frame, name in zip((a, b), names, strict=True):
        missing = [column for column in key if column not in frame.columns]
        if missing:
            raise InvalidError(
                "bad_key_column",
                f"{name}: there is no column {missing[0]!r}"
                f"{did_you_mean(missing[0], frame.columns)}; the columns are "
                f"{', '.join(frame.columns)}",
                remedy=other_layout(frame.columns) or "name the key's columns with --key",
            )
    if not a.height and not b.height:
        raise InvalidError(
            "no_rows",
            f"{names[0]} and {names[1]} have no rows: there is nothing to compare",
            remedy="check what wrote them",
        )


def check_estimates(
    a: pl.DataFrame, b: pl.DataFrame, key: Sequence[str], estimates: Sequence[str]
) -> None:
    """Raises InvalidError `columns` for an estimate that is no column of both."""
    in_both = set(b.columns).difference(key)
    shared = [name for name in a.columns if name in in_both]
    for name in estimates:
        if name not in shared:
            raise InvalidError(
                "columns",
                f"there is no column {name!r} that could be an estimate; both have "
                f"{', '.join(shared) or 'none besides the key'}",
                remedy="name one of these with --estimates",
            )


def check_levels(
    a: pl.DataFrame, b: pl.DataFrame, key: Sequence[str], names: tuple[str, str]
) -> None:
    """Raises InvalidError `other_levels`: intervals and quantiles of a point do not compare where
    each table has levels of its own.
    """
    if set(a.columns) <= set(b.columns) or set(b.columns) <= set(a.columns):
        return
    old, new = (
        named_levels(column for column in frame if column.name not in key) for frame in (a, b)
    )
    for mark in old:
        sides = old[mark], new.get(mark, {})
        own = [sorted(side.keys() - other.keys()) for side, other in (sides, sides[::-1])]
        if all(own):
            levels_of = [
                f"{', '.join(_level(mark[0], level) for level in levels)} "
                f"({', '.join(name for level in levels for name in side[level])})"
                for side, levels in zip(sides, own, strict=True)
            ]
            raise InvalidError(
                "other_levels",
                f"{names[0]} has {mark[0]} of {levels_of[0]}, and {names[1]} of {levels_of[1]}: "
                "other levels do not compare",
                remedy="make both files with the same levels, or leave these columns out of both "
                f"with --ignore {_ignored(old[mark], new.get(mark, {}))}",
            )


def other_layout(columns: Sequence[str]) -> str:
    """What to do where one name stands for all columns, because cells are parted otherwise."""
    if len(columns) == 1 and len(columns[0].split()) > 1:
        return "say what separates its cells with --delimiter, such as --delimiter ' '"
    return ""


def _ignored(*sides: dict[float, list[str]]) -> str:
    """The columns of levels that only one table has."""
    both = set.intersection(*(set(side) for side in sides))
    return ",".join(n for side in sides for level in side if level not in both for n in side[level])


def _level(what: str, level: float) -> str:
    return f"{100 * level:g} %" if what == "intervals" else f"{level:g}"


def check_groups(stability: Stability, columns: Sequence[str], estimates: set[str]) -> None:
    """Raises InvalidError `columns` for a group that is no column, or an estimate."""
    for group in stability.groups:
        if group not in columns:
            raise InvalidError(
                "columns",
                f"there is no column {group!r} to group by{did_you_mean(group, columns)}; "
                f"both have {', '.join(columns)}",
                remedy="name one of these with --group",
            )
        if group in estimates:
            others = ", ".join(name for name in columns if name not in estimates)
            raise InvalidError(
                "columns",
                f"{group!r} is an estimate itself",
                remedy=f"group by what keys have: {others}",
            )
