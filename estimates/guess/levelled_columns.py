"""Intervals and quantiles among columns: by levels in their names, borne out by their values."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Literal

import polars as pl

from estimates.contract.roles import Role
from estimates.contract.text_values import values_of
from estimates.guess.column_types import text_kind
from estimates.guess.guess import Guess, Holds, nearly_everywhere
from estimates.guess.name_parts import QuantileName, Stem, end_name, quantile_name, share, tokens

Numbers = Mapping[str, pl.Series]
Levels = dict[tuple[str, Stem], dict[float, list[str]]]

_USUAL = 0.95  # the level of an interval that nobody names
_PROPHET = 0.80
# columns in which a tool says the level of its intervals
SAYS_LEVEL = ("confidence_level", "conf_level", "interval_width", "prediction_interval_level")
_NO_LEVEL = 0.0


def quantiles(numbers: Numbers, holds: Holds) -> dict[str, Guess]:
    """Columns such as `q10`, `p90`, `0.05`, `2.5%`, `yhat1 5.0%` that do not cross, by their stem.

    A number alone at the end of a name, as in `sales_0.1`, says so where there is its mirror image
    (`sales_0.9`), and one column alone where its mark leaves no doubt.
    """
    named = {name: parts for name in numbers if (parts := quantile_name(name)) is not None}
    groups: dict[Stem, dict[float, str]] = {}
    there = {(parts.stem, round(parts.quantile, 9)) for parts in named.values()}
    for name, parts in named.items():
        if parts.mark or _is_mirrored(parts, there):
            groups.setdefault(parts.stem, {}).setdefault(parts.quantile, name)
    guesses: dict[str, Guess] = {}
    for stem, group in groups.items():
        ordered = [numbers[name] for _, name in sorted(group.items())]
        if len(group) == 1 and not _doubtless(next(iter(group.values())), numbers):
            continue
        if _are_ordered(ordered, holds):
            for level, name in group.items():
                guesses[name] = Guess(
                    "quantile", "its name, and values that do not cross", quantile=level, stem=stem
                )
    return guesses


def intervals(numbers: Numbers, holds: Holds, columns: Numbers | None = None) -> dict[str, Guess]:
    """Pairs such as `lower_80`, `upper_80` whose ends are in order.

    columns  all columns of the table, among which one may say the level of intervals whose names do
             not; the default level is assumed where none does
    """
    columns = numbers if columns is None else columns
    whole_names = frozenset(tokens(name) for name in columns if not _names_end(name))
    ends: dict[tuple[Stem, float], dict[Literal["lower", "upper"], list[str]]] = {}
    for name in numbers:
        end = end_name(name, whole_names)
        if end is not None and not _of_a_day(name, columns):
            mark = (end.stem, end.level or _NO_LEVEL)
            ends.setdefault(mark, {"lower": [], "upper": []})[end.side].append(name)
    guesses: dict[str, Guess] = {}
    for (stem, level), sides in ends.items():
        if not len(sides["lower"]) == len(sides["upper"]) == 1:
            continue
        pair = sides["lower"][0], sides["upper"][0]
        if holds(in_order(*(numbers[name] for name in pair))):
            own_level, why = (level, "") if level else _level_of(stem, columns)
            roles: tuple[Role, Role] = ("lower", "upper")
            for name, role in zip(pair, roles, strict=True):
                guesses[name] = Guess(
                    role,
                    f"its name and its partner's{why}",
                    level=own_level,
                    stem=stem,
                    assumed="assumed" in why,
                )
    return guesses


def named_levels(columns: Iterable[pl.Series]) -> Levels:
    """Which levels the names of a table's columns say, and of which columns.

    By `intervals` or `quantiles`, and by their stem, so that they are told apart by their points.
    """
    numbers = {
        series.name: values_of(series, "float") if series.dtype == pl.String else series
        for series in columns
        if any(share(token) is not None for token in tokens(series.name))
        and (
            series.dtype.is_numeric()
            or (series.dtype == pl.String and text_kind(series) in ("float", "integer"))
        )
    }
    guesses = quantiles(numbers, nearly_everywhere())
    guesses |= intervals(
        {n: s for n, s in numbers.items() if n not in guesses}, nearly_everywhere()
    )
    levels: Levels = {}
    for name, guess in guesses.items():
        level, what = (
            (guess.quantile, "quantiles") if guess.level is None else (guess.level, "intervals")
        )
        if level is not None and not guess.assumed:
            levels.setdefault((what, guess.stem), {}).setdefault(level, []).append(name)
    return levels


def names_level(name: str) -> bool:
    """Whether a name says an end of an interval, or a quantile without a doubt."""
    quantile = quantile_name(name)
    return _names_end(name) or (quantile is not None and quantile.mark)


def in_order(low: pl.Series, high: pl.Series) -> pl.Series:
    """On which rows; null where one of them is null or NaN."""
    low, high = (series.cast(pl.Float64) for series in (low, high))
    ordered = low <= high
    odd = low.is_nan() | high.is_nan()
    return ordered.set(odd, None) if odd.any() else ordered


def _are_ordered(columns: Sequence[pl.Series], holds: Holds) -> bool:
    """Whether each column is at most the next one. A rule that is broken by some of them is not
    kept by more, so that many columns cost no more than the first that are out of order.
    """
    keeps = pl.Series([True], dtype=pl.Boolean).new_from_index(0, len(columns[0]))
    for low, high in pairwise(columns):
        keeps &= in_order(low, high)
        if not holds(keeps):
            return False
    return holds(keeps)


def _is_mirrored(parts: QuantileName, there: Collection[tuple[Stem, float]]) -> bool:
    """Whether the same stem has the quantile as far from the other end."""
    mirror = round(1 - parts.quantile, 9)
    return mirror != round(parts.quantile, 9) and (parts.stem, mirror) in there


def _doubtless(name: str, numbers: Numbers) -> bool:
    """Whether a quantile that stands alone is one: `q90`, `p95` or `90%` beside another number."""
    marked = {"q", "p", "quantile"} & set(tokens(name))
    return "%" in name or bool(marked and len(numbers) > 1)


def _names_end(name: str) -> bool:
    return end_name(name, frozenset()) is not None


def _of_a_day(name: str, columns: Numbers) -> bool:
    """Whether it is the low or the high of a day's prices, between which nothing is estimated."""
    return name.lower() in ("low", "high") and {"open", "close"} <= {n.lower() for n in columns}


def _level_of(stem: Stem, columns: Numbers) -> tuple[float, str]:
    """The level of intervals whose names say none, and who says it."""
    for name in SAYS_LEVEL:
        if name not in columns or not columns[name].dtype.is_numeric():
            continue
        values = columns[name].drop_nulls().unique()
        if len(values) == 1:
            level = float(values[0]) / (100 if values[0] >= 1 else 1)
            if 0 < level < 1:
                return round(level, 12), f"; the level is that of {name}"
    if stem == ("yhat",):
        return _PROPHET, "; no name says the level: Prophet's 80 % is assumed"
    return _USUAL, "; no name says the level: 95 % is assumed"
