"""What the columns of an unknown table may be: roles from their names and values.

Names say what columns are, and values have to bear it out: intervals have two ends in order,
quantiles do not cross, probabilities add up to 1. A contract that a table is to satisfy needs that
everywhere; two tables that are compared need it nearly everywhere, so that rows which break a rule
are counted and not a reason to look away. What fits nothing is an attribute; a number among these
is doubtful, and whoever shows the guess says so.
"""

from collections.abc import Collection, Iterable

import polars as pl

from estimates.contract.columns import ColumnType
from estimates.contract.roles import BOUNDS_OF_POINT, NUMERIC_ROLES
from estimates.contract.stored_values import type_word
from estimates.errors import InvalidError
from estimates.guess.guess import Guess, Holds, everywhere
from estimates.guess.levelled_columns import SAYS_LEVEL, intervals, names_level, quantiles
from estimates.guess.name_parts import Stem, tokens, words
from estimates.guess.probability_columns import probabilities

_LABEL = frozenset(("label", "class", "category", "predicted", "prediction", "outcome", "decision"))
_CLASS = frozenset(("label", "class", "category"))
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
        "fit",
    )
)
# how sure an estimate is, how it was computed, how good it was: no estimates themselves
_SPREAD = frozenset(
    ("se", "sd", "std", "stdev", "stddev", "stderr", "mcse", "mad", "rhat", "ess", "error", "err")
)
_OBSERVED = frozenset(
    ("y", "y_true", "ytrue", "actual", "actuals", "observed", "observation", "truth", "y_actual")
)
# what a row is called or when it was made: `prediction_id`, `forecast_timestamp`
_IDENTITY = frozenset(("id", "uuid", "guid", "hash", "key", "code", "name", "version", "date"))
_IDENTITY |= frozenset(("timestamp", "url", "path"))
_PLACES = frozenset(("step", "steps", "horizon", "h", "fold", "window", "index", "level_0"))
_LABELS = 50  # more values than this are no vocabulary
_UNLIKELY = 3
COMPONENT = "a component of Prophet's yhat"
DOUBTFUL = "nothing in its name or values says more"


def guess_roles(
    frame: pl.DataFrame,
    names: Iterable[str],
    holds: Holds = everywhere,
    estimates: Collection[str] = (),
) -> dict[str, Guess]:
    """A guess for each of the columns; `frame` has the guessed types, `holds` says what its values
    have to bear out, `estimates` are columns that somebody says are estimates.

    Raises InvalidError `nothing_to_estimate` when none of them can be an estimate.
    """
    columns = {name: frame.get_column(name) for name in names}
    numbers = {name: series for name, series in columns.items() if series.dtype.is_numeric()}
    declared = {name: _declared(columns[name]) for name in estimates if name in columns}
    free = {name: series for name, series in numbers.items() if name not in declared}
    guesses = declared | probabilities(free, holds, lambda: _classes(frame))
    free = _without(free, guesses)
    guesses |= quantiles(free, holds)
    guesses |= intervals(_without(free, guesses), holds, columns)
    guesses |= _points_of(guesses, _without(numbers, guesses))
    if {"unique_id", "ds"} <= set(frame.columns):
        guesses |= _models(_without(numbers, guesses))
    for name, series in columns.items():
        if name not in guesses and (guess := _single(name, series)):
            guesses[name] = guess
    _leave_out_components(guesses, numbers)
    _ensure_estimate(guesses, columns, holds)
    _attach(guesses, [name for name in columns if name in guesses])
    return {name: guesses.get(name) or _carried(name, series) for name, series in columns.items()}


def estimate_type(series: pl.Series, guess: Guess, kind: ColumnType) -> ColumnType:
    """Estimates are floats, also when the first table happens to hold whole numbers, unless that
    loses digits; so is what was observed, how sure an estimate is and what it is made of.
    """
    if is_observed(series.name) and series.null_count() == len(series):
        return "float"
    measured = guess.role in NUMERIC_ROLES or (
        guess.why == COMPONENT
        or is_observed(series.name)
        or words(series.name) & _SPREAD
        or names_level(series.name)
    )
    if measured and kind == "integer":
        return "float" if series.is_between(-(2**53), 2**53).all() else "integer"
    return kind


def is_named_as_number(name: str) -> bool:
    """Whether a column is by its name an estimate that is a number, or an end of its interval."""
    of_name = words(name)
    if of_name & (_LABEL - _POINT) or is_observed(name) or _is_identity(name):
        return False
    return bool(of_name & (_POINT | _SCORE) or names_level(name))


def _without(numbers: dict[str, pl.Series], guesses: dict[str, Guess]) -> dict[str, pl.Series]:
    return {name: series for name, series in numbers.items() if name not in guesses}


def _declared(series: pl.Series) -> Guess:
    """An estimate because somebody says so."""
    if series.dtype.is_numeric():
        return Guess("point", "named as an estimate", stem=tokens(series.name))
    if series.dtype in (pl.String, pl.Boolean):
        return Guess("label", "named as an estimate")
    raise InvalidError(
        "nothing_to_estimate",
        f"column {series.name!r} is {type_word(series.dtype)}: an estimate is a number or a label",
        remedy="cast it to a number or to text, or name another one with --estimates",
    )


def _classes(frame: pl.DataFrame) -> frozenset[str]:
    """The values of the columns of text that have few."""
    texts = [series for series in frame if series.dtype == pl.String]
    values = [series.drop_nulls().unique() for series in texts]
    return frozenset(value for few in values if len(few) <= _LABELS for value in few)


def _points_of(guesses: dict[str, Guess], numbers: dict[str, pl.Series]) -> dict[str, Guess]:
    """The columns whose whole name is the stem of an interval or of quantiles: `AutoARIMA` of
    `AutoARIMA-lo-90`, `yhat1` of `yhat1 5.0%`.
    """
    stems = {guess.stem: name for name, guess in guesses.items() if guess.role in BOUNDS_OF_POINT}
    return {
        name: Guess("point", f"it has {_what(guesses[stems[stem]])}", stem=stem)
        for name in numbers
        if (stem := tokens(name)) in stems
    }


def _what(guess: Guess) -> str:
    return "quantiles" if guess.role == "quantile" else "an interval"


def _models(numbers: dict[str, pl.Series]) -> dict[str, Guess]:
    """The other numbers of a table of forecasts by `unique_id` and `ds`: a column a model."""
    return {
        name: Guess("point", "a model beside unique_id and ds", stem=tokens(name))
        for name in numbers
        if not is_observed(name) and name.lower() not in _PLACES
    }


def _single(name: str, series: pl.Series) -> Guess | None:
    """A label, a score or a point by its name."""
    of_name = words(name)
    if _is_identity(name) and not of_name & _CLASS:
        return None
    few = 0 < series.drop_nulls().n_unique() <= _LABELS if of_name & _LABEL else False
    if not series.dtype.is_numeric():
        return (
            Guess("label", "its name, and few different values")
            if few and series.dtype in (pl.String, pl.Boolean)
            else None
        )
    if of_name & _SPREAD or is_observed(name):
        return None
    if few and of_name & _CLASS and series.dtype.is_integer():
        return Guess("label", "its name, and few different values")
    if of_name & _SCORE:
        return Guess("score", "its name")
    return Guess("point", "its name", stem=tokens(name)) if of_name & _POINT else None


def _carried(name: str, series: pl.Series) -> Guess:
    """What is no estimate; a number of which nothing says so is doubtful."""
    if is_observed(name):
        return Guess("attribute", "by its name what was observed, beside an estimate")
    if words(name) & _SPREAD:
        return Guess("attribute", "by its name how sure an estimate is")
    if _is_identity(name):
        return Guess("attribute", "by its name what a row is called, or when it was made")
    if name.lower() in _PLACES:
        return Guess("attribute", "by its name a place in a table")
    if name in SAYS_LEVEL:
        return Guess("attribute", "the level of intervals")
    doubt = series.dtype.is_numeric() and series.null_count() < len(series)
    return Guess("attribute", DOUBTFUL, doubt=doubt)


def is_observed(name: str) -> bool:
    """Whether a column is by its name what was observed, and no estimate of it."""
    return name.lower() in _OBSERVED


def _is_identity(name: str) -> bool:
    """Whether the last word of a name is one of those that name rows."""
    of_name = [token for token in tokens(name) if token.isalpha()]
    return bool(of_name) and of_name[-1] in _IDENTITY


def _leave_out_components(guesses: dict[str, Guess], numbers: Iterable[str]) -> None:
    """Prophet's table has its components beside `yhat`, with intervals of their own."""
    if "yhat" not in guesses or "trend" not in guesses:
        return
    for name, guess in guesses.items():
        if guess.stem != ("yhat",) and guess.role in ("point", *BOUNDS_OF_POINT):
            guesses[name] = Guess("attribute", COMPONENT)
    for name in numbers:
        if name not in guesses and not is_observed(name):
            guesses[name] = Guess("attribute", COMPONENT)


def _ensure_estimate(
    guesses: dict[str, Guess], columns: dict[str, pl.Series], holds: Holds
) -> None:
    """Without a better guess, the first number is the estimate; without a number, the first text
    with few values.
    """
    if any(guess.role not in ("lower", "upper", "attribute") for guess in guesses.values()):
        return
    free = [
        series
        for name, series in columns.items()
        if name not in guesses and series.null_count() < len(series)
    ]
    numbers = sorted((series for series in free if series.dtype.is_numeric()), key=_likely)
    if numbers and (not guesses or _likely(numbers[0]) < _UNLIKELY):
        first = numbers[0]
        unit = first.dtype.is_float() and holds(first.fill_nan(None).is_between(0, 1))
        why = "it is the first number" + (", and lies between 0 and 1" if unit else "")
        guesses[first.name] = Guess("score" if unit else "point", why, stem=tokens(first.name))
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
            remedy="name columns that are estimates with --estimates, or fewer for the key",
        )


def _likely(series: pl.Series) -> int:
    """Fractions come first, whole numbers later, and last what a name speaks against."""
    if series.name.lower() == "y":
        return 1  # what was observed, or an estimate of it
    if _carried(series.name, series).why != DOUBTFUL:
        return _UNLIKELY
    return 2 if series.dtype.is_integer() else 0


def _attach(guesses: dict[str, Guess], order: list[str]) -> None:
    """Say which point an interval or quantile belongs to where there are several; drop what is
    there twice.
    """
    _center(guesses)
    points = [name for name in order if guesses[name].role == "point"]
    whole = {guesses[name].stem: name for name in reversed(points)}
    seen: set[tuple[str | None, str, float | None]] = set()
    for name in order:
        guess = guesses[name]
        if guess.role in BOUNDS_OF_POINT:
            if len(points) > 1:
                guess.of = whole.get(guess.stem) or _nearest(guess.stem, points, guesses)
            mark = (guess.of, guess.role, guess.level or guess.quantile)
            if mark in seen:
                guesses[name] = Guess(
                    "attribute", f"another column has the role {guess.role} of the same level"
                )
            seen.add(mark)


def _nearest(stem: Stem, points: list[str], guesses: dict[str, Guess]) -> str:
    return max(points, key=lambda point: len(set(stem) & set(guesses[point].stem)))


def _center(guesses: dict[str, Guess]) -> None:
    """A lone score with intervals or quantiles is their point: how far it moves is measured in
    their widths.
    """
    roles = [guess.role for guess in guesses.values()]
    scores = [guess for guess in guesses.values() if guess.role == "score"]
    if "point" not in roles and len(scores) == 1 and {"lower", "quantile"} & set(roles):
        scores[0].role, scores[0].why = "point", f"{scores[0].why}; it has an interval"
