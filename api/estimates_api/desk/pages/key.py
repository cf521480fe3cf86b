"""One key: what each version said of it, how that was revised, why it is what it is."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar.params import QueryParameter
from litestar.types import ASGIApp

from estimates.reading.explanation import Explanation
from estimates_api.desk.answers import Answer
from estimates_api.desk.desk_page import DeskPage, desk_page
from estimates_api.desk.key_pictures import fan, hedgehog, interval_ends
from estimates_api.desk.links import answer_path
from estimates_api.http.bodies import HistoryBody, SetDetail, TriangleBody
from estimates_api.http.parameters import AsOf, ColumnName, KeyPath, SetName
from estimates_api.http.url_text import ReadRequest, read_key

_ROWS = 100  # versions in the table; the picture has all
All = Annotated[
    int | None,
    QueryParameter(name="all", description="1: versions that were never in production too."),
]


@desk_page("/sets/{set:str}/keys/{key:path}")
async def key_page(
    request: ReadRequest,
    set_name: SetName,
    key: KeyPath,
    column: ColumnName = None,
    everything: All = None,
    as_of: AsOf = None,
) -> ASGIApp:
    """One key; a version that was never in production is not shown unless it is asked for."""
    page = DeskPage(request, as_of)
    parts = read_key(key)
    of_set = await page.get(SetDetail, answer_path(set_name), as_of=page.as_of)
    answer = await page.get(
        HistoryBody,
        answer_path(set_name, "history", *parts),
        chain="true",
        as_of=page.as_of,
    )
    columns = of_set.contract["columns"]
    numbers = list(answer.chain or {})
    chosen = column if column in numbers else next(iter(numbers), None)
    history = [e for e in answer.history if everything or e.production]
    why = await page.answers.attempt(
        Explanation, answer_path(set_name, "explain", *parts), as_of=page.as_of
    )
    spines = await _spines(page, of_set, parts, chosen, {e.version for e in history})
    return page.draw(
        "key.html",
        set=of_set,
        key=answer.key,
        told=answer,
        history=history[: -_ROWS - 1 : -1],
        earlier=max(len(history) - _ROWS, 0),
        hidden=len(answer.history) - len(history),
        everything=everything,
        columns=columns,
        numbers=numbers,
        chosen=chosen,
        fan=fan(set_name, history, chosen, interval_ends(columns, chosen)) if chosen else None,
        spines=spines,
        chain=(answer.chain or {}).get(chosen or ""),
        why=why if isinstance(why, Explanation) else None,
        estimate=msgspec.json.decode(why.estimate) if isinstance(why, Explanation) else {},
        problem=why.problem() if isinstance(why, Answer) else None,
    )


async def _spines(
    page: DeskPage, of_set: SetDetail, parts: list[str], column: str | None, versions: set[int]
) -> Any:
    """The hedgehog of the keys that differ in the target only, where the target comes last."""
    last = of_set.key[-1]
    if column is None or len(parts) < 2 or not of_set.contract["key"][last].get("target"):
        return None
    triangle = await page.answers.attempt(
        TriangleBody,
        answer_path(of_set.name, "triangle", *parts[:-1]),
        across="version",
        column=column,
        as_of=page.as_of,
    )
    if not isinstance(triangle, TriangleBody):
        return None
    return hedgehog(triangle, last, versions, parts[-1])


ROUTES = [key_page]
