"""How a set has done so far, in two pictures: how far production moved, how wrong it was."""

from __future__ import annotations

from typing import NamedTuple

from estimates.accuracy.accuracy_report import SetAccuracy, Together
from estimates.compare.series_report import ColumnMove, PairMove, Series
from estimates_api.desk.accuracy_pictures import errors_by_version
from estimates_api.desk.move_pictures import move_picture
from estimates_api.desk.pictures import Picture


class SetRecord(NamedTuple):
    """Of one column: its last move and all of them drawn, its errors and those of each version."""

    column: str
    pair: PairMove | None
    move: ColumnMove | None
    moves: Picture | None
    together: Together | None
    errors: Picture | None


def set_record(
    name: str, main: str | None, series: Series | None, accuracy: SetAccuracy | None
) -> SetRecord | None:
    """What is known of the main column, else of the first that is; None where nothing is."""
    pairs = series.pairs if series else []
    scored = accuracy.together if accuracy else {}
    names = [
        n for pair in pairs for n, moved in pair.columns.items() if moved.plain_p50 is not None
    ]
    known = dict.fromkeys((*names, *scored))
    if not known:
        return None
    column = main if main in known else next(iter(known))
    pair = next((p for p in reversed(pairs) if column in p.columns), None)
    return SetRecord(
        column,
        pair,
        pair.columns[column] if pair else None,
        move_picture(name, pairs, column) if pairs else None,
        scored.get(column),
        errors_by_version(name, accuracy.versions, column) if accuracy else None,
    )
