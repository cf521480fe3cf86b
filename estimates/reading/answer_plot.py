"""An answer as a chart: a history through its versions, a page over the last part of its keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from estimates.reading.answer_rows import Row, rows_of
from estimates.render.plots import bars, values
from estimates.render.wording import count, signed_number

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
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
    name = column or _first_number(rows)
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
    names = _leading(first)
    dated = [name for name in names if _DAY.match(str(first[name]))]
    x = dated[-1] if dated else names[-1] if names else ""
    name = column or _first_number(rows)
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
    numbers = [n for change in changes[:1] for n, of in change["columns"].items() if "d" in of]
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


def _leading(row: Row) -> list[str]:
    """The columns before the first number with a fraction: parts of the key, mostly."""
    names = list(row)
    ends = (at for at, name in enumerate(names) if isinstance(row[name], float | None))
    return names[: next(ends, len(names))]


def _first_number(rows: list[Row]) -> str:
    for row in rows:
        for name, value in row.items():
            if isinstance(value, float):
                return name
    return ""
