"""The revision triangle as a heat map: a row a key, a column a version, in colour by how much the
version changed what the one before said.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from estimates.reading.outcome import is_number
from estimates.render.wording import number
from estimates_api.http.bodies import TriangleBody

ROWS, VERSIONS = 24, 40
CELL_WIDTH, CELL_HEIGHT, LEFT, TOP = 15, 16, 190, 22
_DIGIT = 7  # points that a digit of a label needs
_STRONG = 0.1  # a relative change from which on a cell has the full colour


class Cell(NamedTuple):
    """What a version said of a key; `kind`: same, up, down or first."""

    x: int
    kind: str
    strength: float
    words: str


class Row(NamedTuple):
    """A key and its cells."""

    y: int
    key: list[str]
    cells: list[Cell]


class HeatMap(NamedTuple):
    """What is drawn; `labels` have their place."""

    width: int
    height: int
    labels: list[tuple[int, int]]
    rows: list[Row]
    more_rows: int


def heat_map(triangle: TriangleBody) -> HeatMap | None:
    """Of a triangle across versions, the newest versions and the last rows; None without any."""
    parts = len(triangle.columns) - len(triangle.versions)
    drawn = triangle.triangle[-ROWS:]
    silent = next(
        (
            i
            for i in range(len(triangle.versions))
            if any(is_number(row[parts + i]) for row in drawn)
        ),
        None,
    )
    if silent is None:
        return None
    versions = triangle.versions[silent:][-VERSIONS:]
    first = len(triangle.columns) - len(versions)
    rows = [
        Row(
            TOP + i * CELL_HEIGHT,
            [str(part) for part in row[:parts]],
            _cells(row[first:], versions, row[parts:first]),
        )
        for i, row in enumerate(drawn)
    ]
    every = max(-(-len(versions) // 12), -(-_DIGIT * len(str(versions[-1])) // CELL_WIDTH))
    labels = [
        (LEFT + i * CELL_WIDTH, version)
        for i, version in enumerate(versions)
        if (len(versions) - 1 - i) % every == 0
    ]
    return HeatMap(
        LEFT + len(versions) * CELL_WIDTH + 4,
        TOP + len(rows) * CELL_HEIGHT + 4,
        labels,
        rows,
        len(triangle.triangle) - len(drawn),
    )


def _cells(
    values: Sequence[object], versions: Sequence[int], earlier: Sequence[object]
) -> list[Cell]:
    known = [float(value) for value in earlier if is_number(value)]
    before = known[-1] if known else None
    cells: list[Cell] = []
    for i, (value, version) in enumerate(zip(values, versions, strict=True)):
        if not is_number(value):
            continue
        current = float(value)
        words = f"version {version}: {number(current)}"
        kind, strength = "first", 0.25
        if before is not None:
            words += f", before {number(before)}"
            size = abs(current - before) / (abs(before) or abs(current) or 1.0)
            kind = "same" if current == before else "up" if current > before else "down"
            strength = round(min(size / _STRONG, 1.0) * 0.85 + 0.15, 2)
        cells.append(Cell(LEFT + i * CELL_WIDTH, kind, strength, words))
        before = current
    return cells
