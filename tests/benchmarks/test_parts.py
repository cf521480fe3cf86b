"""What `just bench` measures without servers runs, at a tiny size: types alone do not show a part
that asks a store wrongly.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from benchmarks import gating, keeping, reading, scoring, series, sharing
from benchmarks.line import Line

SMALL: dict[str, tuple[Callable[[Path], Iterator[Line]], int]] = {
    "reading": (lambda folder: reading.reading(folder, 10_000), 8),
    "gating": (lambda folder: gating.gating(folder, 1000), 1),
    "sharing": (lambda folder: sharing.sharing(folder, 2000), 4),
    "scoring": (lambda folder: scoring.scoring(folder, 1, places=10), 1),
    "keeping": (lambda folder: keeping.keeping(folder, 1000, 2), 2),
    "series": (lambda folder: series.series(folder, 1), 2),
}


@pytest.fixture(autouse=True)
def _one_round(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything once, in this process, with versions of a few rows."""
    for part in (reading, scoring, keeping, series, sharing):
        monkeypatch.setattr(part, "ROUNDS", 1)
    monkeypatch.setattr(series, "KEYS", 100)
    monkeypatch.setattr(sharing, "CHANGED", 100)
    monkeypatch.setattr(keeping, "LARGE", 1)
    monkeypatch.setattr(reading, "HISTORY_KEYS", 1000)
    monkeypatch.setattr(reading, "ASKED", 10)
    monkeypatch.setattr(reading, "_held", [])
    monkeypatch.setattr(reading, "_process", lambda: ThreadPoolExecutor(1))


@pytest.mark.parametrize("part", SMALL)
def test_a_part_of_the_benchmark_runs(part: str, tmp_path: Path) -> None:
    """A part yields each of its lines, and what it measured is a number."""
    measure, lines = SMALL[part]
    measured = list(measure(tmp_path))
    assert len(measured) == lines
    assert all(math.isfinite(line.measured) for line in measured)
