"""What the columns of an unknown table may be: roles from their names and values.

Names say what columns are, and values have to bear it out: intervals have two ends in order,
quantiles do not cross, probabilities add up to 1. A contract that a table is to satisfy needs that
everywhere; two tables that are compared need it nearly everywhere, so that rows which break a rule
are counted and not a reason to look away. What fits nothing is an attribute.
"""

import re
from collections.abc import Callable, Iterable
from functools import reduce
from operator import and_

import msgspec
import polars as pl

from estimates.contract.columns import NUMERIC_ROLES, ColumnType, KeyType, Role
from estimates.contract.text_values import values_of
from estimates.errors import InvalidError
from estimates.guess.column_types import NEARLY, text_kind

_LOWER = frozenset(("lower", "lwr", "low", "lo", "lb"))
_UPPER = frozenset(("upper", "upr", "high", "hi", "ub"))
_QUANTILE = frozenset(("q", "p", "quantile", "quant", "percentile", "pct"))
_FILLING = frozenset(("ci", "pi", "bound", "limit", "interval", "level", "pct"))
_LABEL = frozenset(("label", "class", "category", "predicted", "prediction", "outcome", "decision"))
_SCORE = frozenset(("score", "probability", "prob", "proba", "propensity", "risk", "likelihood"))
_POINT = frozenset(
    (
        "value",
        "mean",
        "median",
        "prediction",
        "predicted",
        "pred",
        "forecast",
        "yhat",
        "estimate",
        "point",
        "expected",
    )
)
_PROBABILITY = re.compile(
    r"(?:prob|proba|probability|pr|p)[_.\- ]+(.+)|(.+)[_.\- ]+(?:prob|proba|probability)", re.I
)
_LABELS = 50  # more values than this are no vocabulary

# Whether a rule holds, from the rows on which it does; null where a row has nothing to compare.
Holds = Callable[[pl.Series], bool]
Levels = dict[tuple[str, frozenset[str]], dict[float, list[str]]]


class Guess(msgspec.Struct):
    """What a column may be, and why; fields as in `estimates.contract.Column`."""

    role: Role
    why: str
    level: float | None = None
    quantile: float | None = None
    label: str | None = None
    stem: frozenset[str] = frozenset()
    of: str | None = None


def target_of(types: dict[str, ColumnType], key: Iterable[str]) -> str | None:
    """The key column that may say which time an estimate is about."""
    times: dict[str, KeyType] = {
        name: kind for name in key if (kind := types[name]) in ("date", "timestamp")
    }
    named = [name for name in times if _words(name) & {"target", "end", "for", "forecast", "valid"}]
    return next(iter([*named, *times]), None)


def everywhere(keeps: pl.Series) -> bool:
    """A rule holds when no row breaks it."""
    return bool(keeps.all())


def nearly_everywhere(first: int = 0) -> Holds:
    """A rule holds when 95 % of the rows of one table keep it: of the first so many rows, or of all
    others.
    """

    def holds(keeps: pl.Series) -> bool:
        parts = [part for part in (keeps[:first], keeps[first:]) if part.null_count() < len(part)]
        return (
            not parts
            or max(part.sum() / (len(part) - part.null_count()) for part in parts) >= NEARLY
        )

    return holds


def guess_roles(
    frame: pl.DataFrame, names: Iterable[str], holds: Holds = everywhere
) -> dict[str, Guess]:
    """A guess for each of the columns; `frame` has the guessed types, `holds` says what its values
    have to bear out.

    Raises InvalidError `nothing_to_estimate` when none of them can be an estimate.
    """
    columns = {name: frame.get_column(name) for name in names}
    numbers = {name: series for name, series in columns.items() if series.dtype.is_numeric()}
    guesses = _probabilities(numbers, holds)
    for group in (_quantiles, _intervals):
        guesses |= group(
            {name: series for name, series in numbers.items() if name not in guesses}, holds
        )
    for name, series in columns.items():
        if name not in guesses and (guess := _single(name, series)):
            guesses[name] = guess
    _ensure_estimate(guesses, columns, holds)
    _attach(guesses, [name for name in columns if name in guesses])
    return {
        name: guesses.get(name, Guess("attribute", "nothing in its name or values says more"))
        for name in columns
    }


def named_levels(columns: Iterable[pl.Series]) -> Levels:
    """Which levels the names of a table's columns say, and of which columns.

    By `intervals` or `quantiles`, and by what else is in the names, so that they are told apart by
    their points.
    """
    numbers = {
        series.name: values_of(series, "float") if series.dtype == pl.String else series
        for series in columns
        if any(_share(token) is not None for token in _tokens(series.name))
        and (
            series.dtype.is_numeric()
            or (series.dtype == pl.String and text_kind(series) in ("float", "integer"))
        )
    }
    guesses = _quantiles(numbers, nearly_everywhere())
    guesses |= _intervals(
        {n: s for n, s in numbers.items() if n not in guesses}, nearly_everywhere()
    )
    levels: Levels = {}
    for name, guess in guesses.items():
        level, what = (
            (guess.quantile, "quantiles") if guess.level is None else (guess.level, "intervals")
        )
        if level is not None:
            levels.setdefault((what, guess.stem), {}).setdefault(level, []).append(name)
    return levels


def estimate_type(series: pl.Series, guess: Guess, kind: ColumnType) -> ColumnType:
    """Estimates are floats, also when the first table happens to hold whole numbers, unless that
    loses digits.
    """
    if guess.role in NUMERIC_ROLES and kind == "integer":
        return "float" if series.is_between(-(2**53), 2**53).all() else "integer"
    return kind


def _probabilities(numbers: dict[str, pl.Series], holds: Holds) -> dict[str, Guess]:
    """Columns such as `p_stay`, `p_leave` whose rows add up to 1."""
    matches = {name: match for name in numbers if (match := _PROBABILITY.fullmatch(name))}
    labels = {name: match.group(1) or match.group(2) for name, match in matches.items()}
    if len(labels) < 2 or len(set(labels.values())) < len(labels):
        return {}
    rows = pl.DataFrame([numbers[name].cast(pl.Float64) for name in labels])
    total = pl.sum_horizontal(pl.all(), ignore_nulls=False).fill_nan(None)
    right = ((total - 1).abs() <= 1e-6) & (pl.min_horizontal(pl.all()) >= 0)
    keeps = rows.select(pl.when(total.is_not_null()).then(right)).to_series()
    if keeps.null_count() == len(keeps) or not holds(keeps):
        return {}
    why = "its name, and rows that add up to 1"
    return {name: Guess("probability", why, label=label) for name, label in labels.items()}


def _quantiles(numbers: dict[str, pl.Series], holds: Holds) -> dict[str, Guess]:
    """Columns such as `q10`, `q0.5`, `p90` that do not cross, by what else is in their names."""
    groups: dict[frozenset[str], dict[float, str]] = {}
    for name in numbers:
        *before, mark, number = ("", "", *_tokens(name))
        level = _share(number)
        if mark in _QUANTILE and level is not None:
            groups.setdefault(frozenset(filter(None, before)), {}).setdefault(level, name)
    guesses: dict[str, Guess] = {}
    for stem, group in groups.items():
        ordered = [numbers[name] for _, name in sorted(group.items())]
        if len(group) > 1 and holds(reduce(and_, map(_in_order, ordered, ordered[1:]))):
            for level, name in group.items():
                guesses[name] = Guess(
                    "quantile", "its name, and values that do not cross", quantile=level, stem=stem
                )
    return guesses


def _intervals(numbers: dict[str, pl.Series], holds: Holds) -> dict[str, Guess]:
    """Pairs such as `lower_80`, `upper_80` whose ends are in order."""
    ends: dict[tuple[frozenset[str], float | None], tuple[list[str], list[str]]] = {}
    for name in numbers:
        tokens = _tokens(name)
        level = next(
            (share for token in reversed(tokens) if (share := _share(token)) is not None), None
        )
        stem = frozenset(token for token in tokens if token.isalpha()) - _LOWER - _UPPER - _FILLING
        lowers, uppers = ends.setdefault((stem, level), ([], []))
        if _LOWER & set(tokens):
            lowers.append(name)
        if _UPPER & set(tokens):
            uppers.append(name)
    guesses: dict[str, Guess] = {}
    for (stem, level), (lowers, uppers) in ends.items():
        if not len(lowers) == len(uppers) == 1 or lowers == uppers:
            continue
        if holds(_in_order(numbers[lowers[0]], numbers[uppers[0]])):
            why = "its name and its partner's" + ("" if level else "; the level is not in the name")
            for name, role in ((lowers[0], "lower"), (uppers[0], "upper")):
                guesses[name] = Guess(
                    msgspec.convert(role, Role), why, level=level or 0.95, stem=stem
                )
    return guesses


def _single(name: str, series: pl.Series) -> Guess | None:
    """A label, a score or a point by its name."""
    words = _words(name)
    if not series.dtype.is_numeric():
        few = (
            series.dtype in (pl.String, pl.Boolean)
            and 0 < series.drop_nulls().n_unique() <= _LABELS
        )
        return (
            Guess("label", "its name, and few different values") if words & _LABEL and few else None
        )
    if words & _SCORE:
        return Guess("score", "its name")
    return Guess("point", "its name", stem=words) if words & _POINT else None


def _ensure_estimate(
    guesses: dict[str, Guess], columns: dict[str, pl.Series], holds: Holds
) -> None:
    """Without a better guess, the first number is the estimate; without a number, the first text
    with few values.
    """
    if any(guess.role not in ("lower", "upper") for guess in guesses.values()):
        return
    free = [
        series
        for name, series in columns.items()
        if name not in guesses and series.null_count() < len(series)
    ]
    numbers = sorted(
        (series for series in free if series.dtype.is_numeric()), key=lambda s: s.dtype.is_integer()
    )
    if numbers:
        first = numbers[0]
        unit = first.dtype.is_float() and holds(first.fill_nan(None).is_between(0, 1))
        why = "it is the first number" + (", and lies between 0 and 1" if unit else "")
        guesses[first.name] = Guess("score" if unit else "point", why, stem=_words(first.name))
        return
    labels = [
        s
        for s in free
        if s.dtype in (pl.String, pl.Boolean) and s.drop_nulls().n_unique() <= _LABELS
    ]
    if labels:
        guesses[labels[0].name] = Guess("label", "it is the first column with few different values")
    elif not guesses:
        raise InvalidError(
            "nothing_to_estimate",
            "none of the columns can be an estimate (a number, or a label with few different "
            "values): "
            f"{', '.join(columns) or 'there are none besides the key'}",
        )


def _attach(guesses: dict[str, Guess], order: list[str]) -> None:
    """Say which point an interval or quantile belongs to where there are several; drop what is
    there twice.
    """
    _center(guesses)
    points = [name for name in order if guesses[name].role == "point"]
    seen: set[tuple[str | None, str, float | None]] = set()
    for name in order:
        guess = guesses[name]
        if guess.role in ("lower", "upper", "quantile"):
            if len(points) > 1:
                guess.of = max(points, key=lambda point: len(guess.stem & guesses[point].stem))
            mark = (guess.of, guess.role, guess.level or guess.quantile)
            if mark in seen:
                guesses[name] = Guess(
                    "attribute", f"another column has the role {guess.role} of the same level"
                )
            seen.add(mark)


def _center(guesses: dict[str, Guess]) -> None:
    """A lone score with intervals or quantiles is their point: how far it moves is measured in
    their widths.
    """
    roles = [guess.role for guess in guesses.values()]
    scores = [guess for guess in guesses.values() if guess.role == "score"]
    if "point" not in roles and len(scores) == 1 and {"lower", "quantile"} & set(roles):
        scores[0].role, scores[0].why = "point", f"{scores[0].why}; it has an interval"


def _in_order(low: pl.Series, high: pl.Series) -> pl.Series:
    """On which rows; null where one of them is null or NaN."""
    low, high = (series.cast(pl.Float64) for series in (low, high))
    ordered = low <= high
    odd = low.is_nan() | high.is_nan()
    return ordered.set(odd, None) if odd.any() else ordered


def _words(name: str) -> frozenset[str]:
    return frozenset(token for token in _tokens(name) if token.isalpha())


def _tokens(name: str) -> list[str]:
    """Words and numbers of a name: `ciLow_97.5` is ci, low, 97.5."""
    return re.findall(
        r"[^\W\d_]+|[0-9]+(?:\.[0-9]+)?", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    )


def _share(token: str) -> float | None:
    """The level that a number in a name says: 80, 0.8, 08 (a quantile 0.08), 975 (0.975)."""
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", token):
        return None
    if "." in token:
        share = float(token) if float(token) < 1 else float(token) / 100
    elif token.startswith("0"):
        share = float(f"0.{token}")
    else:
        share = int(token) / 10 ** max(len(token), 2)
    return round(share, 12) if 0 < share < 1 else None
