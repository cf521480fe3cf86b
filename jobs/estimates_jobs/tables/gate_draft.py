"""What a first contract says of the gate: a profile, by how sure a table is of its own numbers."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import NormalDist

import polars as pl

from estimates.guess.guess import Guess

_WEEKLY = 6  # days from one target to the next, at least
_VOLATILE = 0.1  # of its central estimate, by which a number has an even chance to move
_EVEN = NormalDist().inv_cdf(0.75)


def gate_lines(frame: pl.DataFrame, target: str | None, guesses: Mapping[str, Guess]) -> list[str]:
    """The lines of `[gate]`: a profile where targets are weeks apart and the estimates call
    themselves uncertain; else comments.

    frame   the table in the types that were guessed; target: the key column that may be one
    """
    commented = [
        "# Who moves production: after `estimates promote` by a person, or by the run when the "
        "gate lets a version pass.",
        '# promote = "automatic"',
    ]
    days = None if target is None else _step(frame[target])
    move = None if target is None or days is None else _even_move(frame, target, guesses)
    if target is None or days is None or move is None or move < _VOLATILE:
        return [commented[0], "# [gate]", commented[1]]
    return [
        commented[0],
        "[gate]",
        f'profile = "volatile"  # guessed: targets are {days:g} days apart, and by its own ranges '
        f"half of it moves by more than {100 * move:.0f} %",
        *_gap_line(round(days * (frame[target].n_unique() - 1))),
        commented[1],
        "",
        "# Estimates that stand still while the data go on.",
        "[stability]",
        "frozen_after = 2",
    ]


def _gap_line(days: int) -> list[str]:
    words = "guessed: then no target is left to compare, and a version starts anew"
    return [f'longest_gap = "{days}d"  # {words}'] if days else []


def _step(targets: pl.Series) -> float | None:
    """The usual number of days from one target to the next; None below weeks."""
    if not targets.dtype.is_temporal():
        return None
    seconds = targets.drop_nulls().unique().sort().cast(pl.Datetime("us")).diff().drop_nulls()
    median = seconds.dt.total_seconds().median()
    days = median / 86_400 if isinstance(median, int | float) else 0.0
    return days if days >= _WEEKLY else None


def _even_move(frame: pl.DataFrame, target: str, guesses: Mapping[str, Guess]) -> float | None:
    """By how much of it a number has an even chance to move until its target, by the ranges of the
    first targets; the median over the rows. None without ranges around a centre.
    """
    first = frame.filter(pl.col(target) == pl.col(target).min())
    for low, centre, high, share in _ranges(guesses):
        spread = (pl.col(high) - pl.col(low)) / 2 * share / pl.col(centre).abs()
        moves = first.select(spread.cast(pl.Float64)).to_series()
        median = moves.filter(moves.is_finite()).median()
        if isinstance(median, float):
            return median
    return None


def _ranges(guesses: Mapping[str, Guess]) -> list[tuple[str, str, str, float]]:
    """Columns of ranges around a centre, nearest to the middle half first, with the share of half
    such a range that the middle half of a normal distribution has.
    """
    quantiles = {guess.quantile: name for name, guess in guesses.items() if guess.quantile}
    points = [name for name, guess in guesses.items() if guess.role == "point"]
    centre = quantiles.get(0.5, points[0] if points else None)
    ends: dict[float, tuple[str | None, str | None]] = {
        1 - 2 * level: (name, quantiles.get(round(1 - level, 12)))
        for level, name in quantiles.items()
        if level < 0.5
    }
    for name, guess in guesses.items():
        if guess.role in ("lower", "upper") and guess.level is not None:
            low, high = ends.get(guess.level, (None, None))
            pair = (name, high) if guess.role == "lower" else (low, name)
            ends[guess.level] = pair
    return [
        (low, centre, high, _EVEN / NormalDist().inv_cdf((1 + level) / 2))
        for level, (low, high) in sorted(ends.items(), key=lambda item: abs(item[0] - 0.5))
        if low and high and centre
    ]
