"""What a check said in the verdicts before, beside its limits, as a small picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from estimates.gate.pages.verdict_text import value_text
from estimates.gate.verdict import CheckResult, Verdict
from estimates_api.desk.axes import Scale, scale_of
from estimates_api.desk.links import set_path
from estimates_api.desk.pictures import Dot

WIDTH, HEIGHT = 320, 56


class CheckHistory(NamedTuple):
    """Its values, oldest first, and where its limits lie now; None where it has none."""

    dots: list[Dot]
    warn: float | None
    block: float | None


def check_histories(verdict: Verdict, before: Sequence[Verdict]) -> dict[str, CheckHistory]:
    """By name of each check of a verdict that has a value in at least two verdicts.

    before  earlier verdicts of the set, oldest first
    """
    histories: dict[str, CheckHistory] = {}
    for result in verdict.checks:
        points = [
            (v.version, earlier)
            for v in (*before, verdict)
            for earlier in v.checks
            if earlier.name == result.name and _known(earlier.value) and v.version is not None
        ]
        if result.value is not None and len(points) > 1:
            histories[result.name] = _drawn(verdict.set, result, points)
    return histories


def _drawn(
    name: str, result: CheckResult, points: Sequence[tuple[int | None, CheckResult]]
) -> CheckHistory:
    values = [earlier.value for _, earlier in points if earlier.value is not None]
    limits = [limit for limit in (result.warn, result.block) if limit is not None]
    y = scale_of([*values, *limits], HEIGHT - 8, 8)
    x = Scale(0, max(len(points) - 1, 1), 8, WIDTH - 8)
    dots = [
        Dot(
            x(i),
            y(earlier.value or 0.0),
            earlier.status,
            set_path(name, "verdicts", version),
            f"version {version}: {value_text(earlier.value or 0.0, earlier.unit, earlier.name)}, "
            f"{earlier.status}",
        )
        for i, (version, earlier) in enumerate(points)
    ]
    warn, block = (None if limit is None else y(limit) for limit in (result.warn, result.block))
    return CheckHistory(dots, warn, block)


def _known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)
