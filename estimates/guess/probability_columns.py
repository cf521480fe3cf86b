"""Probabilities of classes among columns: by their names, or by rows that add up to 1."""

import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from estimates.contract.probability_sums import LEAST, beyond, decimals, rounding_tolerance
from estimates.guess.guess import Guess, Holds

Numbers = Mapping[str, pl.Series]

_NAMED = re.compile(
    r"(?:prob|proba|probability|pr|p)[_.\- ]+(.+)|(.+)[_.\- ]+(?:prob|proba|probability)|p(\d+)",
    re.I,
)
_NEGATIVE = -1e-9
_MOST = 300  # columns among which a run that adds up to 1 is looked for
_SAMPLE = 50  # rows by which runs are told apart at first
_FEWEST_DECIMALS = 2  # with fewer, columns without telling names may add up to 1 by chance


def probabilities(
    numbers: Numbers, holds: Holds, classes: Callable[[], frozenset[str]]
) -> dict[str, Guess]:
    """Columns whose rows add up to 1: named `p_stay`, `leave_proba`; named by classes (`0`, `1`,
    `2`, or the values of a column of text); or of any name.

    classes  the values of the table's columns of text
    """
    named = {name: match for name in numbers if (match := _NAMED.fullmatch(name))}
    labels = {name: next(filter(None, match.groups())) for name, match in named.items()}
    if _are_distribution(numbers, labels, holds):
        return _guesses(labels, "its name, and rows that add up to 1")
    shares = _shares(numbers, holds)
    whole = [name for name in shares if re.fullmatch(r"\d+", name)]
    if len(whole) < 2 and len(shares) > 1:
        values = classes()
        whole = [name for name in shares if name in values]
    labels = {name: name for name in whole}
    if _are_distribution(numbers, labels, holds):
        return _guesses(labels, "named as a class, and rows that add up to 1")
    for names in _candidate_runs(numbers, shares):
        labels = dict(zip(names, _without_common(names), strict=True))
        if _are_distribution(numbers, labels, holds):
            return _guesses(labels, "rows that add up to 1")
    return {}


def _guesses(labels: Mapping[str, str], why: str) -> dict[str, Guess]:
    return {name: Guess("probability", why, label=label) for name, label in labels.items()}


def _are_distribution(numbers: Numbers, labels: Mapping[str, str], holds: Holds) -> bool:
    """Whether the rows of several columns with a label each add up to 1, none below 0."""
    if len(labels) < 2 or len(set(labels.values())) < len(labels):
        return False
    columns = [numbers[name].cast(pl.Float64) for name in labels]
    rows = pl.DataFrame(columns)
    total = pl.sum_horizontal(pl.all(), ignore_nulls=False).fill_nan(None)
    off = beyond((total - 1).abs(), rounding_tolerance(columns))
    right = ~off & (pl.min_horizontal(pl.all()) >= _NEGATIVE)
    keeps = rows.select(pl.when(total.is_not_null()).then(right)).to_series()
    return keeps.null_count() < len(keeps) and holds(keeps)


def _shares(numbers: Numbers, holds: Holds) -> list[str]:
    """The columns that lie between 0 and 1, looked at all at once: there may be many."""
    some = [series for series in numbers.values() if series.null_count() < len(series)]
    inside = pl.DataFrame(some).select(pl.all().cast(pl.Float64).fill_nan(None).is_between(0, 1))
    return [keeps.name for keeps in inside if holds(keeps)]


def _candidate_runs(numbers: Numbers, shares: Sequence[str]) -> list[list[str]]:
    """Columns that may add up to 1: all that lie between 0 and 1, else those that stand beside each
    other, the longest run first.

    They hold fractions: columns of 0 and 1 are flags.
    """
    names = [name for name in shares if numbers[name].len() > 1][:_MOST]
    if len(names) < 2:
        return []
    digits = np.array([decimals(numbers[name]) for name in names])
    if digits.max() < 1:
        return []
    rows = pl.DataFrame([numbers[name].head(_SAMPLE).cast(pl.Float64) for name in names])
    values = rows.drop_nulls().fill_nan(0.0).to_numpy()
    if not len(values):
        return []
    sums = np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)
    runs = [
        (first, last)
        for first in range(len(names) - 1)
        for last in _ends(sums, digits, first)
        if last - first > 1
    ]
    runs.sort(key=lambda run: run[0] - run[1])
    return [names[first:last] for first, last in runs[:5]]


def _ends(sums: NDArray[np.float64], digits: NDArray[np.intp], first: int) -> NDArray[np.intp]:
    """Where runs from one column on end whose rows nearly all add up to 1."""
    total = sums[:, first + 1 :] - sums[:, [first]]
    most = np.maximum.accumulate(digits[first:])
    count = np.arange(1, total.shape[1] + 1)
    rounded = np.where(most >= _FEWEST_DECIMALS, count * 0.5 * 10.0**-most, 0.0)
    keeps = np.abs(total - 1) <= np.maximum(LEAST, rounded)
    return np.flatnonzero(keeps.mean(axis=0) >= 0.8) + first + 1


def _without_common(names: Sequence[str]) -> list[str]:
    """Names without what all of them begin and end with, up to a sign between words: `class_a`,
    `class_b` are a, b.
    """
    start = len(re.sub(r"[^\W_]+$", "", _common_start(names)))
    rest = [name[start:] for name in names]
    end = len(re.sub(r"^[^\W_]+", "", _common_start([name[::-1] for name in rest])[::-1]))
    labels = [name[: len(name) - end] for name in rest]
    return labels if all(labels) else list(names)


def _common_start(names: Sequence[str]) -> str:
    low, high = min(names), max(names)
    shorter = min(len(low), len(high))
    return low[: next((i for i in range(shorter) if low[i] != high[i]), shorter)]
