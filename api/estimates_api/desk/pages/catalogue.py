"""All sets, those that need somebody first."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

from litestar.params import QueryParameter
from litestar.types import ASGIApp

from estimates_api.desk.attention import attention, refusals
from estimates_api.desk.desk_page import DeskPage, desk_page
from estimates_api.http.bodies import SetList, SetSummary
from estimates_api.http.health_bodies import Readiness
from estimates_api.http.parameters import AsOf, WithRetired
from estimates_api.http.url_text import ReadRequest

Search = Annotated[str | None, QueryParameter(name="q", description="Words that a set has.")]


@desk_page("/")
async def catalogue(
    request: ReadRequest, q: Search = None, as_of: AsOf = None, retired: WithRetired = False
) -> ASGIApp:
    """The sets as a table, the worst first."""
    page = DeskPage(request, as_of)
    sets = await page.get(SetList, "/v1/sets", as_of=page.as_of, retired="true")
    ready = await page.answers.attempt(Readiness, "/health/ready") if page.as_of is None else None
    known = ready if isinstance(ready, Readiness) else None
    shown = [s for s in sets.sets if (retired or s.retired is None) and _matches(s, q)]
    failing = await refusals(page, shown)
    members = Counter(s.family for s in sets.sets if s.family != s.name)
    rows = [
        (
            listed,
            attention(
                listed,
                known,
                failing.get(listed.name, ()),
                members[listed.name] if listed.family == listed.name else None,
            ),
        )
        for listed in shown
    ]
    rows.sort(key=lambda row: (row[1][0].rank, row[0].name))
    return page.draw(
        "catalogue.html",
        rows=rows,
        total=sum(retired or listed.retired is None for listed in sets.sets),
        hidden=0 if retired else sum(listed.retired is not None for listed in sets.sets),
        waiting=sum(reasons[0].mark != "fine" for _, reasons in rows),
        q=q or "",
    )


def _matches(listed: SetSummary, q: str | None) -> bool:
    """Whether each word stands in a name, a description, an owner, a tag or a column."""
    texts = (
        listed.name,
        listed.description,
        listed.owner,
        *listed.key,
        *listed.columns,
        *listed.tags,
    )
    whole = "\n".join(texts).casefold()
    return all(word in whole for word in (q or "").casefold().split())


ROUTES = [catalogue]
