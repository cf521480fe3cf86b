"""Looking for a key: column by column in one set, or by its beginning in all sets."""

from __future__ import annotations

from typing import Annotated

from litestar.params import QueryParameter, QueryParams
from litestar.types import ASGIApp

from estimates.reading.key_values import KeyValues
from estimates_api.desk.answers import Answer
from estimates_api.desk.desk_page import DeskPage, desk_page
from estimates_api.desk.leading_parts import LeadingParts
from estimates_api.desk.links import answer_path, key_path
from estimates_api.http.bodies import SetDetail, SetList
from estimates_api.http.parameters import AsOf, Begins, SetName
from estimates_api.http.representation import Representation
from estimates_api.http.url_text import ReadRequest, check_names

_VALUES = 100
_SETS = 40  # on a page
_OF_EACH = 8
Wanted = Annotated[str, QueryParameter(name="q", description="How a key begins.")]
From = Annotated[int, QueryParameter(name="from", description="How many sets to pass over.")]


@desk_page("/sets/{set:str}/keys")
async def keys_of_set(
    request: ReadRequest,
    set_name: SetName,
    query: QueryParams,
    begins: Begins = "",
    as_of: AsOf = None,
) -> ASGIApp:
    """The values of the column behind what was filled in, each a link to what is under it."""
    page = DeskPage(request, as_of)
    of_set = await page.get(SetDetail, answer_path(set_name), as_of=page.as_of)
    leading = LeadingParts(of_set.key, query)
    check_names(query, [*leading.names, "begins", "as_of"])
    if len(leading.parts) == len(of_set.key):
        location = page.links.page(key_path(set_name, leading.parts))
        return Representation(b"", status=303, headers={"location": location})
    path = answer_path(set_name, "keys", *leading.parts)
    values = await page.answers.attempt(
        KeyValues, path, begins=begins or None, limit=_VALUES, as_of=page.as_of
    )
    return page.draw(
        "keys.html",
        set=of_set,
        leading=leading,
        begins=begins,
        values=values if isinstance(values, KeyValues) else None,
        problem=values.problem() if isinstance(values, Answer) else None,
    )


@desk_page("/keys")
async def keys_of_all(
    request: ReadRequest, q: Wanted = "", start: From = 0, as_of: AsOf = None
) -> ASGIApp:
    """In which sets a key begins so."""
    page = DeskPage(request, as_of)
    sets = await page.get(SetList, "/v1/sets", as_of=page.as_of)
    readable = [each for each in sets.sets if "production" in each.aliases]
    start = max(start, 0)
    hits: list[KeyValues] = []
    for each in readable[start : start + _SETS] if q else ():
        path = answer_path(each.name, "keys")
        values = await page.answers.attempt(
            KeyValues, path, begins=q, limit=_OF_EACH, as_of=page.as_of
        )
        if isinstance(values, KeyValues) and values.values:
            hits.append(values)
    return page.draw(
        "key_search.html",
        q=q,
        hits=hits,
        keys={each.name: each.key for each in readable},
        start=start,
        stop=min(start + _SETS, len(readable)),
        total=len(readable),
    )


ROUTES = [keys_of_set, keys_of_all]
