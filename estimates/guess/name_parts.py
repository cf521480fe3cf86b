"""Words, numbers and levels in the names of columns.

Tools name what they make in many ways: `AutoARIMA-lo-90`, `yhat_lower`, `yhat1 5.0%`, `ciLow_97.5`,
`q0.1`, `p10`, `2.5%`, `0.05`, `X2.5.`. What is left of a name without its level is its **stem**, by
which a column is found that has the stem as its whole name.
"""

import re
from functools import lru_cache
from typing import Literal, NamedTuple

Stem = tuple[str, ...]

LOWER = frozenset(("lower", "lwr", "low", "lo", "lb", "lcl"))
UPPER = frozenset(("upper", "upr", "high", "hi", "ub", "ucl"))
_QUANTILE = frozenset(("q", "quantile", "quant", "percentile", "pctl", "pctile", "pct", "p"))
_FILLING = frozenset(("ci", "pi", "bound", "limit", "interval", "level", "pct", "conf"))
# ends of a highest-density or equal-tailed interval, which have quantiles in their names
_DENSITY = frozenset(("hdi", "eti", "hpd", "hpdi"))
_BARE_PERCENT = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?%")
_BARE_SHARE = re.compile(r"0?(\.[0-9]+)")
_BARE_OF_R = re.compile(r"X([0-9]+(?:\.[0-9]+)?)\.")  # what R makes of `2.5%`
_TOKEN = re.compile(r"[^\W\d_]+|[0-9]+(?:\.[0-9]+)?%?")
_LEAST_BEFORE = 0.5
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?%?")


class EndName(NamedTuple):
    """What the name of an interval's end says; level None: nothing."""

    side: Literal["lower", "upper"]
    stem: Stem
    level: float | None


class QuantileName(NamedTuple):
    """What the name of a quantile says.

    mark  False: only a number at the end says so, as in `sales_0.1`, which may mean something else
    """

    stem: Stem
    quantile: float
    mark: bool


@lru_cache(4096)  # a table of many columns asks for each a dozen times
def tokens(name: str) -> Stem:
    """Words and numbers of a name in lower case: `ciLow_97.5` is ci, low, 97.5."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    return tuple(_TOKEN.findall(spaced.replace(" %", "%")))


def words(name: str) -> frozenset[str]:
    """The words of a name, without its numbers."""
    return frozenset(token for token in tokens(name) if token.isalpha())


def share(token: str) -> float | None:
    """The level that a number in a name says: 80, 0.8, 2.5%, 08 (a quantile 0.08), 975 (0.975)."""
    if not _NUMBER.fullmatch(token):
        return None
    if token.endswith("%"):
        value = float(token[:-1]) / 100
    elif "." in token:
        value = float(token) if float(token) < 1 else float(token) / 100
    else:
        value = int(token) / 10 ** max(len(token), 2)
    return round(value, 12) if 0 < value < 1 else None


def end_name(name: str, others: frozenset[Stem]) -> EndName | None:
    """What a name says of an interval's end, None where it names none.

    others  the tokens of all columns: a number that belongs to the name of one is no level, as in
            `yhat1_lower`
    """
    parts = tokens(name)
    sides = [i for i, token in enumerate(parts) if token in LOWER or token in UPPER]
    if len(sides) != 1:
        return _density_end(parts)
    at = sides[0]
    side: Literal["lower", "upper"] = "lower" if parts[at] in LOWER else "upper"
    rest = parts[:at] + parts[at + 1 :]
    if _plain(rest) in others:
        return EndName(side, _plain(rest), None)
    after = [i for i in range(at, len(rest)) if share(rest[i]) is not None]
    # a small number before the side is part of a name: `price_1_lower`
    before = [i for i in range(at - 1, -1, -1) if (share(rest[i]) or 0) >= _LEAST_BEFORE]
    for i in (*after, *before):
        return EndName(side, _plain(rest[:i] + rest[i + 1 :]), share(rest[i]))
    return EndName(side, _plain(rest), None)


def quantile_name(name: str) -> QuantileName | None:
    """What a name says of a quantile, None where it names none."""
    percents = _BARE_PERCENT.fullmatch(name) or _BARE_OF_R.fullmatch(name)
    fraction = _BARE_SHARE.fullmatch(name)
    if percents or fraction:
        bare = f"{percents.group(1)}%" if percents else f"0{fraction.group(1)}" if fraction else ""
        level = share(bare)
        return None if level is None else QuantileName((), level, mark=True)
    parts = tokens(name)
    if (LOWER | UPPER | _DENSITY) & set(parts):
        return None
    for i in range(len(parts) - 1, 0, -1):
        level = share(parts[i])
        if level is not None and parts[i - 1] in _QUANTILE:
            return QuantileName(parts[: i - 1] + parts[i + 1 :], level, mark=True)
    level = share(parts[-1]) if len(parts) > 1 else None
    if level is None:
        return None
    return QuantileName(parts[:-1], level, mark=parts[-1].endswith("%"))


def _density_end(parts: Stem) -> EndName | None:
    """An end such as `hdi_3%`, whose partner `hdi_97%` has the rest: together a level of 0.94."""
    numbers = [i for i, token in enumerate(parts) if share(token) is not None]
    if not (_DENSITY & set(parts)) or len(numbers) != 1:
        return None
    place = share(parts[numbers[0]])
    if place is None or place == 0.5:
        return None
    level = round(abs(1 - 2 * place), 12)
    stem = tuple(token for i, token in enumerate(parts) if i not in numbers)
    return EndName("lower" if place < 0.5 else "upper", stem, level)


def _plain(parts: Stem) -> Stem:
    return tuple(token for token in parts if token not in _FILLING)
