"""How far production moved from version to version, as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from estimates.compare.series_report import PairMove
from estimates.render.change_text import size
from estimates_api.desk.axes import Scale, Tick, path_of, scale_of, ticks
from estimates_api.desk.links import set_path
from estimates_api.desk.pictures import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Dot, Line, Picture

_LABELS = 12  # of moves below the picture


def move_picture(name: str, pairs: Sequence[PairMove], column: str) -> Picture | None:
    """The middle change of each move, and the one that 1 in 20 keys exceeds; None where
    no move has them.
    """
    known = [
        (i, pair, moved.plain_p50, moved.plain_p95)
        for i, pair in enumerate(pairs)
        if (moved := pair.columns.get(column)) is not None
        and moved.plain_p50 is not None
        and moved.plain_p95 is not None
    ]
    if not known:
        return None
    measures = {pair.columns[column].measure for _, pair, *_ in known}
    write = partial(size, measure="points" if "points" in measures else "relative")
    x = Scale(0, max(len(pairs) - 1, 1), LEFT + 10, WIDTH - RIGHT - 10)
    y = scale_of([0.0, *(p95 for *_, p95 in known)], HEIGHT - BOTTOM, TOP)
    dots = [
        Dot(
            x(i),
            y(value),
            kind,
            set_path(name, "diff", pair.from_, pair.to),
            f"version {pair.from_} to {pair.to}: {words} {write(value)}",
        )
        for i, pair, p50, p95 in known
        for value, kind, words in ((p50, "middle", "half by"), (p95, "far", "1 in 20 over"))
    ]
    lines = [
        Line("way", path_of([(x(i), y(p50)) for i, _, p50, _ in known]), "half of the keys"),
        Line("newest", path_of([(x(i), y(p95)) for i, _, _, p95 in known]), "1 in 20 keys"),
    ]
    every = -(-len(pairs) // _LABELS)
    labels = [
        Tick(x(i), f"{pair.from_} → {pair.to}") for i, pair in enumerate(pairs) if i % every == 0
    ]
    return Picture(labels, ticks(y, write=write), [], lines, dots)
