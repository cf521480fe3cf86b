"""Where a version comes from and who reads it, as a graph from left to right."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from estimates.catalog.records import InputDigest
from estimates.catalog.sets_read import ReadBy
from estimates.render.wording import count, cut, visible
from estimates_api.desk.links import set_path
from estimates_api.http.bodies import VersionDetail

_BOX, _HEIGHT, _GAP, _STEP = 200, 44, 12, 60
_MOST = 12  # boxes in a column


class Box(NamedTuple):
    """A thing: two lines of words, and its page if it has one."""

    x: int
    y: int
    kind: str
    title: str
    words: str
    path: str


class Lineage(NamedTuple):
    """What is drawn; `edges` are paths."""

    width: int
    height: int
    boxes: list[Box]
    edges: list[str]
    more: int


def lineage(version: VersionDetail, readers: Sequence[ReadBy]) -> Lineage:
    """Inputs, the run, the version, and what production of other sets made of it.

    readers  those of the set; the ones that read this version are drawn
    """
    came_from = version.provenance
    inputs = [_input(source) for source in came_from.inputs]
    run = [("run", came_from.run_id, came_from.job or "published from a table", "")]
    if came_from.code:
        run.append(("code", "code", came_from.code, ""))
    if came_from.parameters:
        run.append(("code", "parameters", count(len(came_from.parameters), "value"), ""))
    itself = [("here", f"version {version.version}", version.set, "")]
    if version.mlflow_run:
        itself.append(("code", "MLflow run", version.mlflow_run, ""))
    reading = [
        (
            "set",
            reader.set,
            f"version {reader.version}, in production",
            set_path(reader.set, "versions", reader.version),
        )
        for reader in readers
        if reader.read == version.version
    ]
    columns = [column for column in (inputs, run, itself, reading) if column]
    shown = [column[:_MOST] for column in columns]
    most = max(map(len, shown))
    height = most * (_HEIGHT + _GAP) + _GAP
    boxes = [
        [
            Box(
                i * (_BOX + _STEP) + 1,
                _place(j, len(column), height),
                kind,
                cut(visible(title), 24),
                cut(visible(words), 25),
                path,
            )
            for j, (kind, title, words, path) in enumerate(column)
        ]
        for i, column in enumerate(shown)
    ]
    edges = [
        _edge(left, right[0])
        for lefts, right in pairwise(boxes)
        for left in (lefts if lefts[0].kind in ("input", "set") else lefts[:1])
    ]
    edges += [_edge(boxes[-2][0], other) for other in boxes[-1][1:] if reading]
    width = len(shown) * (_BOX + _STEP) - _STEP + 2
    more = sum(map(len, columns)) - sum(map(len, shown))
    return Lineage(width, height, [box for column in boxes for box in column], edges, more)


def _input(source: InputDigest) -> tuple[str, str, str, str]:
    if source.set is not None and source.version is not None:
        path = set_path(source.set, "versions", source.version)
        return ("set", source.set, f"version {source.version}, as {source.name}", path)
    return ("input", source.name, source.source, "")


def _place(i: int, boxes: int, height: int) -> int:
    used = boxes * (_HEIGHT + _GAP) - _GAP
    return (height - used) // 2 + i * (_HEIGHT + _GAP)


def _edge(left: Box, right: Box) -> str:
    start, end = (left.x + _BOX, left.y + _HEIGHT // 2), (right.x, right.y + _HEIGHT // 2)
    middle = (start[0] + end[0]) // 2
    return f"M{start[0]},{start[1]}C{middle},{start[1]} {middle},{end[1]} {end[0]},{end[1]}"
