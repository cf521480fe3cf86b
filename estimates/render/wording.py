"""Numbers and names as people read them: the same in every rendering."""

import json
import math
import re
import sys
import unicodedata
from collections.abc import Iterable, Mapping

# Characters that draw nothing or reorder their neighbours: a key may hold them, a page must show
# them.
_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
_UNUSUAL = re.compile(r"[^\x00-\x7e]")  # JSON escapes those below a blank itself
_JOINERS = "\u200c\u200d"  # belong to the spelling of Persian and of many emoji


def count(number: int, noun: str) -> str:
    """`1 key`, `1,200 keys`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def percent(share: float | None) -> str:
    """A share for people: `0 %`, `<0.01 %`, `0.43 %`, `12.5 %`; `–` for none. Never rounded to all
    or nothing.
    """
    if share is None:
        return "–"
    value = 100 * share
    if value in (0, 100):
        return f"{value:.0f} %"
    if value < 0.01:
        return "<0.01 %"
    if 99.9 < value < 100:
        return ">99.9 %"
    if value >= 100:
        return f"{value:,.0f} %" if value < 1e9 else f"{value:.2g} %"
    return f"{value:.2f} %" if value < 10 else f"{value:.1f} %"


def signed_percent(share: float | None) -> str:
    """A share with its sign: `+3.10 %`, `−0.43 %`, `0 %`; `–` for none."""
    if not share:
        return percent(share)
    return f"{'+' if share > 0 else '−'}{percent(abs(share))}"


def percent_range(low: float | None, high: float | None) -> str:
    """Two shares: `3.00 % to 12.5 %`."""
    return f"{percent(low)} to {percent(high)}"


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """` (did you mean 'churn'?)`: of the names that there are the nearest to a wrong one; nothing
    where none is near.
    """
    from difflib import get_close_matches  # only errors need it

    by_small = {other.casefold(): other for other in names}
    near = get_close_matches(name.casefold(), by_small, n=1)
    return f" (did you mean {by_small[near[0]]!r}?)" if near else ""


def not_computed(name: str, reasons: Mapping[str, str]) -> str:
    """That something of a column or an interval is missing, and each reason once."""
    return f"{name}: not everything can be computed ({', '.join(sorted(set(reasons.values())))})"


def number(x: float | None) -> str:
    """Six digits, thousands apart: `1,234.57`, `−12,345,679`, `1.2e-09`; `–` for none."""
    if x is None:
        return "–"
    x += 0.0  # −0.0 is 0
    return minus(f"{x:,.0f}" if 1e6 <= abs(x) < 1e15 else f"{x:,.6g}")


def signed_number(x: float | None) -> str:
    """The same of a difference, with its sign: `+0.0084`, `−12`, `0`."""
    return f"+{number(x)}" if x is not None and x > 0 else number(x)


def minus(text: str) -> str:
    """The sign that is as wide as a plus; that of an exponent stays."""
    return f"−{text[1:]}" if text.startswith("-") else text


def numbers(old: float | None, new: float | None, change: float | None = None) -> tuple[str, str]:
    """Old and new with six digits, or as many more as tell them apart: what differs looks
    different.

    change  of integers that are one double the difference: `9.0072e+15`, `9.0072e+15 − 1`
    """
    texts = number(old), number(new)
    if change and old is not None and old == new:
        return texts[0], f"{texts[0]} {'+' if change > 0 else '−'} {number(abs(change))}"
    if old is None or new is None or old == new or not math.isfinite(old + new):
        return texts
    digits = iter(range(7, 18))  # 17 tell any two doubles apart
    while texts[0] == texts[1] and (count := next(digits, None)):
        texts = _significant(old, count), _significant(new, count)
    return texts


def _significant(x: float, digits: int) -> str:
    """So many significant digits, thousands apart, zeros behind the point left out."""
    exponent = math.floor(math.log10(abs(x))) if x else 0
    if not -5 <= exponent < digits:
        return minus(f"{x:.{digits}g}")
    text = minus(f"{x:,.{digits - 1 - exponent}f}")
    return text.rstrip("0").rstrip(".") if "." in text else text


def times(log_ratio: float | None) -> str:
    """A ratio from its natural logarithm: `×1.25`, `×2e-320`; `–` for none."""
    if log_ratio is None:
        return "–"
    if log_ratio < math.log(sys.float_info.max):
        return f"×{math.exp(log_ratio):.3g}"
    # widths may differ by more than the largest double
    return f"×1e+{log_ratio / math.log(10):.0f}"


def visible(text: str) -> str:
    """Control characters, line ends, invisible characters and marks that turn the direction, as
    `\\u{…}`.

    What is left has one line, cannot give a terminal orders, and reads in the order in which it is
    stored.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(f"\\u{{{ord(c):x}}}" if _hides(c) else c for c in text)


def visible_lines(text: str) -> str:
    """The same of a text that is laid out: its line ends stay."""
    return "\n".join(map(visible, text.split("\n")))


def visible_html(page: str) -> str:
    """The same page of HTML, in which characters that `visible` would show are references: to a
    browser they are what they were.
    """
    if page.isascii():
        return page
    return "".join(f"&#x{ord(c):x};" if c != "\n" and _hides(c) else c for c in page)


def visible_json(body: bytes) -> bytes:
    """JSON of the same value in which what `visible` shows is escaped."""
    if body.isascii() and b"\x7f" not in body:
        return body
    return _UNUSUAL.sub(lambda match: _escaped(match[0]), body.decode()).encode()


def toml_text(value: object) -> str:
    """A text, or another value that JSON has, as TOML; what `visible` shows is escaped."""
    return "".join(
        (f"\\u{ord(c):04x}" if ord(c) < 1 << 16 else f"\\U{ord(c):08x}") if _hides(c) else c
        for c in json.dumps(value, ensure_ascii=False)
    )


def toml_key(name: str) -> str:
    """A name as a key of TOML, in quotes where it has to be."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else toml_text(name)


def first_line(error: BaseException) -> str:
    """The first line of an error's message that is not empty, else the error's type."""
    lines = (line.strip() for line in str(error).splitlines())
    return next(filter(None, lines), type(error).__name__)


def _escaped(c: str) -> str:
    if not _hides(c):
        return c
    units = c.encode("utf-16-be").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def cut(text: str, most: int) -> str:
    """At most so many characters; `…` stands for the rest."""
    return text if len(text) <= most else text[: most - 1] + "…"


def texts(old: str, new: str, most: int) -> tuple[str, str]:
    """Two texts of at most so many characters that look different where they are: blanks around
    them and letters of several code points are written out, and of long texts the part is shown
    where they part.
    """
    if old == new or cut(_looks(old), most) != cut(_looks(new), most):
        return cut(old, most), cut(new, most)
    if _looks(old) == _looks(new):
        return ascii(old), ascii(new)
    pairs = enumerate(zip(old, new, strict=False))
    first = next((at for at, (a, b) in pairs if a != b), min(len(old), len(new)))
    start = max(0, first - most // 2)
    return f"…{cut(old[start:], most - 1)}", f"…{cut(new[start:], most - 1)}"


def _looks(text: str) -> str:
    """What a reader sees of a text."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def cells(text: str) -> int:
    """How many columns of a terminal a text takes: two for a wide character, none for one on top of
    another.
    """
    if text.isascii():
        return len(text)
    return sum(_cells(c) for c in text)


def _cells(c: str) -> int:
    return (
        0
        if unicodedata.combining(c) or c in _JOINERS
        else 2
        if unicodedata.east_asian_width(c) in "WF"
        else 1
    )


def _hides(c: str) -> bool:
    return unicodedata.category(c) in _HIDDEN and c not in _JOINERS
