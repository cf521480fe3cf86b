"""Verdicts of each outcome, for the tests of what renders them."""

from __future__ import annotations

from functools import cache

from estimates.gate.verdict import Verdict
from tests.gate.cases import (
    Setting,
    file,
    frame,
    off_by_ten,
    provenance,
    wider,
)


@cache  # each process collects the tests, and asks four times
def verdicts() -> list[tuple[str, Verdict]]:
    """One verdict of each outcome, and of a file."""
    error = Setting(frame=frame(1.15).slice(7), candidate={"provenance": provenance(targets=())})
    return [
        ("pass", Setting().evaluate()),
        ("warn", Setting(frame=wider()).evaluate()),
        ("fail", Setting(frame=off_by_ten(3)).evaluate()),
        ("error", error.evaluate()),
        ("file", file(frame().drop("close")).evaluate()),
    ]
