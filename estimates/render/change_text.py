"""How far a number moved, as people read it: one way in every rendering.

Amounts move relative to the old value, `+3.10 %`, beyond a factor of 2 with the factor beside it,
`+876 % (×9.8)`; probabilities and shares move in percentage points, `−0.43 pp`. The symmetric
measures r and g, which limits are held to, are written with the factor that they stand for, and
with their legend beside them.
"""

from __future__ import annotations

import math

from estimates.render.wording import percent

R_LEGEND = (
    "r, the symmetric change of limits: |new − old| over the mean of |old| and |new|, at most 2; "
    "up by a factor and down by it are the same r"
)
G_LEGEND = (
    "g, the symmetric change of limits with its sign left out: about |ln(new / old)|; "
    "up by a factor and down by it are the same g"
)
_FAR = 35.0  # a larger logarithm is of no ratio that says anything
POINTS_LEGEND = "pp: percentage points"


def plain_change(old: float, new: float, points: float | None = None) -> float | None:
    """(new − old) / |old|, or new − old in percentage points; None where old is 0, or it does not
    fit a double.

    points  percentage points in one unit of the number; None: it moves relative to what it was
    """
    if points is not None:
        change = (new - old) * points
    elif not old:
        return 0.0 if old == new else None
    else:
        change = (new - old) / abs(old)
    return change if math.isfinite(change) else None


def moved(old: float | None, new: float | None, points: float | None = None) -> str:
    """A change with its sign: `+3.10 %`, `+876 % (×9.8)`, `−0.43 pp`, `0 %`, `from 0`; nothing
    where a number is missing.
    """
    if old is None or new is None:
        return ""
    measure = "relative" if points is None else "points"
    return moved_by(old, new, plain_change(old, new, points), measure)


def moved_by(old: float, new: float, change: float | None, measure: str) -> str:
    """The same where the change is known in percentage points, measure `points`."""
    if measure != "points":
        change = plain_change(old, new)
    if change is None:
        return "–" if old else "from 0"
    text = size(abs(change), measure)
    if change:
        text = f"{'+' if change > 0 else '−'}{text}"
    ratio = new / old if old else 0.0
    far = measure != "points" and (ratio > 2 or 0 < ratio < 1 / 2)
    return f"{text} ({factor(ratio)})" if far else text


def size(value: float | None, measure: str = "relative") -> str:
    """A size without a sign: `4.54 %` of a share, `0.84 pp` of percentage points; `–` for none."""
    if value is None:
        return "–"
    return percent(value) if measure == "relative" else percent(value / 100).replace("%", "pp")


def factor(ratio: float) -> str:
    """`×9.8`, `×0.1`, `×1,250`."""
    return f"×{ratio:,.0f}" if 100 <= ratio < 1e15 else f"×{ratio:.2g}"


def symmetric(r: float) -> str:
    """The symmetric measure with the factor up or down that it stands for: `r 0.25 (×1.29)`; what
    is 2 or more goes through 0.
    """
    return f"r {r:.4g} (×{_factor_of(r)})" if r < 2 else f"r {r:.4g}"


def logarithmic(g: float) -> str:
    """The same of the logarithm of a ratio: `g 0.05 (×1.05)`."""
    return f"g {g:.4g} (×{_ratio_text(math.exp(g))})" if g < _FAR else f"g {g:.4g}"


def _factor_of(r: float) -> str:
    return _ratio_text((2 + r) / (2 - r))


def _ratio_text(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= 1000 else f"{ratio:.3g}"
