"""An answer as a chart: a history through its versions, a page over the last part of its keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from estimates.reading.answer_rows import Row, rows_of
from estimates.render.plots import bars, values
from estimates.render.wording import count, signed_number

_TIME = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d{6})?Z)?")
_BARS = 20


def answer_plot(body: Mapping[str, Any], column: str | None) -> Any:
    """What an answer says, as an Altair chart; raises InvalidError (`no_charts`).

    column  default: the first number
    """
    if "changes" in body:
        return _changes(body["changes"], column)
    if "history" in body:
        return _through_versions(body["history"], len(body["key"]), column)
    if "previous" in body:
        versions = [*reversed(body["previous"]), body]
        return _through_versions(versions, len(body["key"]), column)
    if "results" in body:
        return _over_keys([r["estimate"] for r in body["results"] if "estimate" in r], column)
    return _over_keys(rows_of(body), column)


def _through_versions(entries: list[Mapping[str, Any]], parts: int, column: str | None) -> Any:
    """By the end of each version's data; what the gate refused was never said to anybody."""
    having = [entry for entry in entries if entry["estimate"]]
    accepted = [entry for entry in having if entry["state"] != "refused"]
    refused = len(having) - len(accepted)
    rows = [dict([*entry["estimate"].items()][parts:]) for entry in accepted]
    name = column or _first_number(rows) or _integers(rows)
    points = [
        {"x": entry["data_through"], "series": "", "value": row.get(name)}
        for entry, row in zip(accepted, rows, strict=True)
    ]
    left_out = f"without {count(refused, 'refused version')}" if refused else ""
    return values(points, "data through", name, dated=True, left_out=left_out)


def _over_keys(rows: list[Row], column: str | None) -> Any:
    """Over the last part of the keys that is a day or a time, else over their last part; a line for
    each of the parts before it.
    """
    first = rows[0] if rows else {}
    name = column or _first_number(rows) or _integers(rows[:1], after=1)
    names = _leading(first, name)
    dated = [part for part in names if all(_is_time(row.get(part)) for row in rows)]
    x = dated[-1] if dated else names[-1] if names else ""
    others = [part for part in names if part != x]
    points = [
        {
            "x": str(row.get(x)),
            "series": "/".join(str(row[part]) for part in others),
            "value": row.get(name),
        }
        for row in rows
    ]
    return values(points, x, name, dated=bool(dated))


def _changes(changes: list[Mapping[str, Any]], column: str | None) -> Any:
    """The first of a page of changes, as they are sorted: new less old value."""
    numbers = [n for change in changes for n, of in change["columns"].items() if "d" in of]
    name = column or next(iter(numbers), "")
    shown = [
        (change, of)
        for change in changes
        if (of := change["columns"].get(name, {})).get("d") is not None
    ]
    rows = [
        {
            "name": "/".join(change["key"]),
            "value": of["d"],
            "text": signed_number(of["d"]),
            "beyond": bool(of.get("material")),
        }
        for change, of in shown[:_BARS]
    ]
    return bars(rows, f"{name}: new − old", within="within tolerance", beyond="material")


def _leading(row: Row, number: str) -> list[str]:
    """The columns before the number, and before the first one with a fraction: parts of the key,
    mostly.
    """
    names = list(row)
    ends = (
        at for at, name in enumerate(names) if name == number or isinstance(row[name], float | None)
    )
    return names[: next(ends, len(names))]


def _is_time(cell: Any) -> bool:
    """Whether a cell is a day or a moment as answers write them."""
    if not isinstance(cell, str) or not _TIME.fullmatch(cell):
        return False
    try:
        datetime.fromisoformat(cell)
    except ValueError:  # a code such as 2024-99-01
        return False
    return True


def _first_number(rows: list[Row]) -> str:
    """The first column with a fraction in some row; "" where there is none."""
    for row in rows:
        for name, value in row.items():
            if isinstance(value, float):
                return name
    return ""


def _integers(rows: list[Row], after: int = 0) -> str:
    """Of estimates without fractions the first column of integers; parts of the key are integers,
    too, so of a page the last one of those `after` the first columns.
    """
    names = [
        name
        for row in rows
        for name, value in [*row.items()][after:]
        if isinstance(value, int) and not isinstance(value, bool)
    ]
    return "" if not names else names[-1] if after else names[0]
