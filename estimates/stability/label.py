"""C: how many keys changed their label (C1)."""

from __future__ import annotations

import math

import numpy as np

from estimates.frame import key_text
from estimates.stability.align import Alignment
from estimates.stability.report import LabelChange, LabelReport

_Z95 = 1.959963984540054
_CHANGED = 20


def measure(found: Alignment, column: str) -> LabelReport:
    """Compare a label column on the common keys, of which there is at least one; null is a label of its own."""
    old, new = found.old(column), found.new(column)
    changed = np.flatnonzero(old.ne_missing(new).to_numpy())
    n, first = len(old), changed[:_CHANGED]
    low, high = wilson(len(changed), n)
    seen, now = found.a[column].unique(), found.b[column].unique()
    return LabelReport(
        n=n,
        churn=len(changed) / n,
        churn_low=low,
        churn_high=high,
        new_labels=[key_text(label) for label in now.filter(~now.is_in(seen.implode())).drop_nulls().sort()],
        changed=[
            LabelChange(key, _text(a), _text(b))
            for key, a, b in zip(found.keys(first), old[first], new[first], strict=True)
        ],
    )


def wilson(successes: int, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share (E. B. Wilson, JASA 22, 1927)."""
    share, z2 = successes / n, _Z95**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z95 * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return (0.0 if successes == 0 else middle - half), (1.0 if successes == n else middle + half)


def _text(label: object) -> str | None:
    return None if label is None else key_text(label)
