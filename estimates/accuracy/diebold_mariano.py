"""The Diebold–Mariano test over dates, with the correction of Harvey, Leybourne and Newbold.

d_t is the mean loss of the version of date t minus that of its baseline, at one step of the target.
Its variance uses the autocovariances up to the lag at which forecasts still overlap (a HAC estimate
with a rectangular kernel). Sources: Diebold and Mariano, JBES 13, 1995; Harvey, Leybourne and
Newbold, IJF 13, 1997.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np

from estimates import instants
from estimates.accuracy.accuracy_report import Accuracy, Compared, DieboldMariano
from estimates.accuracy.match import Floats
from estimates.errors import InvalidError

_FEWEST = 10


class _Point(NamedTuple):
    """What one version adds to a series: its date, when the target was known, and the difference of
    losses.
    """

    origin: datetime
    known: datetime | None
    difference: float


def over_dates(versions: Sequence[Accuracy]) -> list[DieboldMariano]:
    """A test for each column, baseline set, loss and step that some version has; versions are in
    order of date.
    """
    series: dict[tuple[str, str, str, str | None], list[_Point]] = {}
    for version in versions:
        for mark, point in _points(version):
            series.setdefault(mark, []).append(point)
    tests: list[DieboldMariano] = []
    for (column, baseline, loss, step), points in sorted(
        series.items(), key=lambda item: _order(item[0])
    ):
        lag = _lag(points)
        d = np.array([point.difference for point in points])
        statistic, p_value, reason = statistic_of(d, lag)
        average = float(d.sum()) / len(d) + 0.0
        tests.append(
            DieboldMariano(
                column, baseline, loss, step, len(d), lag, average, statistic, p_value, reason
            )
        )
    return tests


def statistic_of(d: Floats, lag: int) -> tuple[float | None, float | None, str | None]:
    """Statistic, two-sided p-value and why there is none: `too_few_dates`, `no_difference`,
    `variance_not_positive`.

    lag  autocovariances up to this one count; h = lag + 1 in the paper. At least 10 dates and 2 h
         are needed.
    Raises InvalidError (`no_scipy`) without the extra `accuracy`.
    """
    count, h = len(d), lag + 1
    if count < max(_FEWEST, 2 * h):
        return None, None, "too_few_dates"
    if not d.any():
        return None, None, "no_difference"
    average = float(d.sum()) / count
    centred = d - average
    covariances = [
        float((centred[k:] * centred[: count - k]).sum()) / count for k in range(lag + 1)
    ]
    variance = (covariances[0] + 2 * sum(covariances[1:])) / count
    if not variance > 1e-30 * average**2:
        return None, None, "variance_not_positive"
    correction = math.sqrt((count + 1 - 2 * h + h * (h - 1) / count) / count)
    statistic = correction * average / math.sqrt(variance)
    return statistic, _two_sided(statistic, count - 1), None


def _two_sided(statistic: float, degrees: int) -> float:
    """The p-value of Student's t; the only function that needs scipy."""
    try:
        from scipy.stats import t
    except ModuleNotFoundError:
        raise InvalidError(
            "no_scipy",
            "comparing losses over dates needs scipy",
            remedy="pip install 'estimates-store[accuracy]'",
        ) from None
    return float(2 * t.sf(abs(statistic), degrees))


def _points(version: Accuracy) -> Iterator[tuple[tuple[str, str, str, str | None], _Point]]:
    if version.data_through is None:
        return
    for name, column in version.columns.items():
        skill = column.skill
        if skill is None:
            continue
        for step in skill.horizons:
            for loss, compared in step.losses.items():
                known_at = _moment(step.target)
                yield (
                    (name, skill.set, loss, step.value),
                    _Point(version.data_through, known_at, _difference(loss, compared)),
                )
        if not skill.horizons:
            for loss, compared in skill.losses.items():
                yield (
                    (name, skill.set, loss, None),
                    _Point(version.data_through, None, _difference(loss, compared)),
                )


def _difference(loss: str, compared: Compared) -> float:
    if loss == "rmse":
        return compared.ours**2 - compared.theirs**2
    return compared.ours - compared.theirs


def _lag(points: Sequence[_Point]) -> int:
    """The most later versions that were made before a version's target was known."""
    return (
        max(
            sum(later.origin < point.known for later in points[i + 1 :])
            for i, point in enumerate(points)
            if point.known
        )
        if any(point.known for point in points)
        else 0
    )


def _moment(target: str) -> datetime:
    """A target as an instant; a date is its first moment in UTC."""
    return (
        datetime.fromisoformat(target).replace(tzinfo=UTC)
        if len(target) == 10
        else instants.parse(target)
    )


def _order(mark: tuple[str, str, str, str | None]) -> tuple[str, str, str, int]:
    column, baseline, loss, step = mark
    return column, baseline, loss, 0 if step is None else int(step)
