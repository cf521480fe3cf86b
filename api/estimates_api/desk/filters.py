"""Numbers, times, names and keys as pages write them; each is escaped here.

A number stands in `<data value="…">` as the answer has it, a time in `<time datetime="…">`: what
people read is shorter, and what programs and tests read is exact.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

import msgspec
from markupsafe import Markup, escape

from estimates import instants
from estimates.gate.pages.verdict_text import value_text
from estimates.gate.verdict import Unit
from estimates.render import change_text, wording
from estimates.render.html import isolated
from estimates_api.desk.markdown import markdown

_CELL = 120  # characters


def text(content: object) -> Markup:
    """Text from users: isolated, since it may run from right to left, and cut; whole on hover."""
    content = str(content)
    markup = Markup(isolated(content))
    if len(content) <= _CELL:
        return markup
    return Markup('<span title="{}">{}</span>').format(wording.visible(content), markup)


def prose(content: object) -> Markup:
    """Longer text from users, whole."""
    return Markup("<bdi>{}</bdi>").format(wording.visible(str(content)))


def plain(content: object) -> str:
    """Text from users where nothing can be marked up, such as a title."""
    return wording.cut(wording.visible(str(content)), _CELL)


def number(value: float | None) -> Markup:
    """A number with six digits; `–` for none."""
    return _data(value, wording.number(value) if _is_short(value) else str(value))


def percent(value: float | None) -> Markup:
    """A share as per cent; `–` for none."""
    return _data(value, wording.percent(value).replace(" ", "\u00a0"))


def change_size(value: float | None, measure: str | None) -> Markup:
    """How far keys moved: relative to the old value, or in percentage points; `–` for none."""
    return _data(value, change_text.size(value, measure or "relative").replace(" ", "\u00a0"))


def moved_to(
    old: float | None, new: float | None, points: float | None, r: float | None = None
) -> Markup:
    """The change from an old number to a new one, with its sign; `–` where one is missing.

    Both stand beside it in the answer: the words are for people alone, behind them is its r.
    """
    shown = change_text.moved(old, new, points).replace(" ", "\u00a0") or "–"
    return escape(shown) if r is None else _data(r, shown)


def count(value: int | None) -> Markup:
    """A whole number; `–` for none."""
    return _data(value, "–" if value is None else f"{value:,}")


def time(value: datetime | str | None, seconds: bool = False) -> Markup:
    """A moment to the minute or second, in UTC; `–` for none. Tables say the zone in their
    heads.
    """
    if value is None:
        return Markup("–")
    moment = instants.parse(value) if isinstance(value, str) else value
    exact = instants.text(moment)
    return Markup(
        '<time datetime="{}" title="{}"><span class="day">{}</span> {}'
        '<span class="zone"> UTC</span></time>'
    ).format(exact, exact, f"{moment:%Y-%m-%d}", f"{moment:{'%H:%M:%S' if seconds else '%H:%M'}}")


def span(times: Any) -> Markup:
    """From when to when something was in production, in UTC: a day is written once, and the
    seconds where the minutes are the same.
    """
    start, end = times.from_, times.to
    if end is None:
        return Markup("{} – now").format(time(start))
    seconds = f"{start:%Y-%m-%d %H:%M}" == f"{end:%Y-%m-%d %H:%M}"
    if start.date() != end.date():
        return Markup("{} – {}").format(time(start), time(end))
    exact = instants.text(end)
    short = Markup('<time datetime="{}" title="{}">{}<span class="zone"> UTC</span></time>').format(
        exact, exact, f"{end:{'%H:%M:%S' if seconds else '%H:%M'}}"
    )
    return Markup("{} – {}").format(time(start, seconds), short)


def distance(value: datetime, moment: datetime) -> str:
    """How far a time lies from a moment: `3 days ago`, `in 5 hours`."""
    seconds = (value - moment).total_seconds()
    size = abs(seconds)
    units = ((86400.0, "day"), (3600.0, "hour"), (60.0, "minute"))
    unit, noun = next(((unit, noun) for unit, noun in units if size >= 2 * unit), (1.0, "second"))
    words = wording.count(math.floor(size / unit), noun)
    return f"in {words}" if seconds > 0 else f"{words} ago"


def length(value: timedelta) -> str:
    """How long something lasts: `3 days`."""
    start = instants.EPOCH
    return distance(start + value, start).removeprefix("in ")


def period(text: str, *, whole: bool = False) -> str:
    """A duration of a contract as words: `7 days`; without `whole`, `day` for one of them."""
    match = re.fullmatch(r"(\d+)([smhdw])", text)
    if match is None:
        return text
    nouns = {"s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week"}
    number, noun = int(match[1]), nouns[match[2]]
    return noun if number == 1 and not whole else wording.count(number, noun)


def words(state: str) -> str:
    """A state or kind of the answers as words: `rolled back`."""
    return state.replace("_", " ")


def key(parts: Sequence[object]) -> Markup:
    """A key: its parts, apart from each other."""
    return Markup('<span class="slash">/</span>').join(text(part) for part in parts)


def cell(value: object) -> Markup:
    """A value of an estimate, of whatever type; `–` for none."""
    if value is None:
        return Markup('<span class="none">–</span>')
    if isinstance(value, bool):
        return Markup("yes" if value else "no")
    if isinstance(value, int):
        return count(value)
    if isinstance(value, list):
        return _numbers(value)
    return number(value) if isinstance(value, float) else text(value)


def _numbers(values: list[Any]) -> Markup:
    """Many numbers in a few words, such as the draws of samples."""
    known = [value for value in values if isinstance(value, int | float)]
    size = wording.count(len(values), "number")
    if not known:
        return Markup("{}").format(size)
    return Markup("{}, {} to {}").format(size, number(min(known)), number(max(known)))


def check_value(value: float | None, unit: Unit, check: str) -> Markup:
    """The value of a check or a limit in its unit; `–` for none."""
    text = "" if value is None else value_text(value, unit, check)
    return _data(value, text.replace(" ", "\u00a0"))


def answer_name(url: str) -> str:
    """The path of an answer, for a link: long queries are left out."""
    return wording.cut(wording.visible(unquote(url.partition("?")[0])), 80)


def sentence(line: str) -> Markup:
    """A line of the command line as a sentence, its code between backquotes as code."""
    first, *rest = wording.visible(line[:1].upper() + line[1:]).split("`")
    parts = [
        Markup("<code>{}</code>").format(t) if i % 2 == 0 else escape(t) for i, t in enumerate(rest)
    ]
    return Markup("").join([escape(first), *parts])


def bounds(text: str) -> str:
    """The bounds of a bar, square or group as words: `ticker AAPL; value.r from 0.1 to 0.2`."""
    try:
        read = msgspec.json.decode(text, type=list[list[Any]])
    except msgspec.MsgspecError:
        return text
    return "; ".join(_bound(*each) for each in read if each)


def _bound(name: object, *limits: Any) -> str:
    if len(limits) != 2:
        return " ".join([str(name), *("none" if limit is None else str(limit) for limit in limits)])
    ends = zip(("from", "to"), limits, strict=True)
    return " ".join([str(name), *(f"{word} {_end(end)}" for word, end in ends if end is not None)])


def _end(end: object) -> str:
    return wording.number(end) if isinstance(end, int | float) else str(end)


def json(value: object) -> str:
    """A value as JSON, for the query of a link."""
    return msgspec.json.encode(value).decode()


def _data(value: float | None, shown: str) -> Markup:
    if value is None:
        return Markup('<span class="none">–</span>')
    exact = msgspec.json.encode(value).decode()
    return Markup('<data value="{}">{}</data>').format(exact, shown)


def _is_short(value: float | None) -> bool:
    return not isinstance(value, int) or abs(value) < 1e15


FILTERS: dict[str, Any] = {
    "text": text,
    "prose": prose,
    "plain": plain,
    "number": number,
    "percent": percent,
    "change_size": change_size,
    "moved_to": moved_to,
    "count": count,
    "time": time,
    "span": span,
    "distance": distance,
    "period": period,
    "words": words,
    "key": key,
    "cell": cell,
    "check_value": check_value,
    "answer_name": answer_name,
    "sentence": sentence,
    "json": json,
    "bounds": bounds,
    "markdown": markdown,
}
