"""One key: what each version said of it, what came, how that was revised, why it is what it is."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar.params import QueryParameter
from litestar.types import ASGIApp

from estimates.contract.contract import Contract
from estimates.reading.explanation import Explanation
from estimates.reading.key_values import KeyValues
from estimates.reading.outcome import KeyOutcome
from estimates_api.desk.answers import Answer
from estimates_api.desk.desk_page import DeskPage, desk_page
from estimates_api.desk.key_pictures import (
    fan,
    hedgehog,
    interval_ends,
    observed_by,
    production_steps,
)
from estimates_api.desk.links import answer_path
from estimates_api.http.bodies import HistoryBody, HistoryEntry, SetDetail, TriangleBody
from estimates_api.http.parameters import AsOf, ColumnName, KeyPath, SetName
from estimates_api.http.url_text import ReadRequest, read_key

_ROWS = 100  # versions in the table
_DRAWN = 500  # in the pictures
_NEIGHBOURS = 60
_NEAR = 6  # versions before and after, whose paths are drawn too
All = Annotated[
    int | None,
    QueryParameter(name="all", description="1: versions that were never in production too."),
]
Explained = Annotated[
    str | None, QueryParameter(name="ref", description="The version whose estimate is explained.")
]


@desk_page("/sets/{set:str}/keys/{key:path}")
async def key_page(
    request: ReadRequest,
    set_name: SetName,
    key: KeyPath,
    column: ColumnName = None,
    everything: All = None,
    ref: Explained = None,
    as_of: AsOf = None,
) -> ASGIApp:
    """One key; a version that was never in production is not shown unless it is asked for."""
    page = DeskPage(request, as_of)
    parts = read_key(key)
    moment = {"as_of": page.as_of}
    of_set = await page.get(SetDetail, answer_path(set_name), **moment)
    answer = await page.get(
        HistoryBody, answer_path(set_name, "history", *parts), chain="true", last=_DRAWN, **moment
    )
    columns = of_set.contract["columns"]
    numbers = list(answer.chain or {})
    contract = msgspec.convert(of_set.contract, Contract)
    chosen = next((name for name in (column, contract.main, *numbers) if name in numbers), None)
    shown = [e for e in answer.history if everything or e.production]
    history = [e for e in shown if e.estimate is not None]
    outcome = await _outcome(page, of_set, parts)
    observed = None if chosen is None else observed_by(columns, chosen, outcome)
    came = outcome.actual.get(observed) if outcome and observed else None
    why = await _why(page, set_name, parts, ref, history)
    pictures = _pictures(page, of_set, chosen, history, came)
    spines = await _spines(page, of_set, parts, chosen, _around(shown), outcome)
    chain = (answer.chain or {}).get(chosen or "")
    return page.draw(
        "key.html",
        waits=isinstance(spines, Answer),
        set=of_set,
        key=answer.key,
        answer=answer,
        history=history[: -_ROWS - 1 : -1],
        earlier=max(len(history) - _ROWS, 0),
        older=of_set.versions > _DRAWN,
        hidden=len(answer.history) - len(shown),
        silent=len(shown) - len(history),
        everything=everything,
        columns=columns,
        numbers=numbers,
        chosen=chosen,
        outcome=outcome,
        errors={error.version: error for error in outcome.errors} if outcome else {},
        observed=observed,
        known=_last_known(outcome, observed),
        spines=None if isinstance(spines, Answer) else spines,
        chain=chain,
        said_values=[step.value for step in chain.steps] if chain else [],
        points=contract.percentage_points(chosen) if chosen else None,
        neighbours=await _neighbours(page, of_set, parts, why["why"]),
        **pictures,
        **why,
    )


def _around(shown: list[HistoryEntry]) -> tuple[list[int], int | None]:
    """The versions that say something of the key and some before and after them, oldest first; and
    the newest of those that do.
    """
    with_estimate = [i for i, entry in enumerate(shown) if entry.estimate is not None]
    if not with_estimate:
        return [], None
    near = shown[max(with_estimate[0] - _NEAR, 0) : with_estimate[-1] + _NEAR + 1]
    return [entry.version for entry in near], shown[with_estimate[-1]].version


async def _outcome(page: DeskPage, of_set: SetDetail, parts: list[str]) -> KeyOutcome | None:
    """What came of the key; not asked for where no set has actual values."""
    if of_set.contract.get("actuals") is None:
        return None
    path = answer_path(of_set.name, "outcome", *parts)
    outcome = await page.answers.attempt(KeyOutcome, path, as_of=page.as_of)
    return outcome if isinstance(outcome, KeyOutcome) else None


def _last_known(outcome: KeyOutcome | None, observed: str | None) -> str | None:
    """The last target of the key's path of which it is known what came."""
    path = outcome.path if outcome and observed else []
    known = [each.target for each in path if each.actual.get(observed or "") is not None]
    return known[-1] if known else None


async def _why(
    page: DeskPage, name: str, parts: list[str], ref: str | None, history: list[HistoryEntry]
) -> dict[str, Any]:
    """The explanation of the estimate of one version, by default that of the last one shown."""
    ref = ref or (str(history[-1].version) if history else None)
    at = page.as_of if ref is None or not ref.isdigit() else None
    path = answer_path(name, "explain", *parts)
    why = await page.answers.attempt(Explanation, path, ref=ref or None, as_of=at)
    if isinstance(why, Answer):
        return {"why": None, "estimate": {}, "problem": why.problem()}
    return {"why": why, "estimate": msgspec.json.decode(why.estimate), "problem": None}


def _pictures(
    page: DeskPage,
    of_set: SetDetail,
    column: str | None,
    history: list[HistoryEntry],
    came: object,
) -> dict[str, Any]:
    if column is None:
        return {"fan": None, "steps": None}
    ends = interval_ends(of_set.contract["columns"], column)
    return {
        "fan": fan(of_set.name, history, column, ends, came),
        "steps": production_steps(of_set.name, history, column, page.now, came),
    }


async def _spines(
    page: DeskPage,
    of_set: SetDetail,
    parts: list[str],
    column: str | None,
    versions: tuple[list[int], int | None],
    outcome: KeyOutcome | None,
) -> Any:
    """The hedgehog of the keys that differ in the target only, where the target comes last; the
    answer, while it is computed.

    versions  those to draw, and the one to tell apart
    """
    last = of_set.key[-1]
    if column is None or len(parts) < 2 or not of_set.contract["key"][last].get("target"):
        return None
    triangle = await page.answers.attempt(
        TriangleBody,
        answer_path(of_set.name, "triangle", *parts[:-1]),
        across="version",
        column=column,
        last=_DRAWN,
        as_of=page.as_of,
    )
    if isinstance(triangle, Answer):
        return triangle if triangle.is_computed else None
    observed = observed_by(of_set.contract["columns"], column, outcome)
    came = (
        {each.target: each.actual.get(observed) for each in outcome.path}
        if outcome and observed
        else {}
    )
    return hedgehog(triangle, last, *versions, parts[-1], came)


async def _neighbours(
    page: DeskPage, of_set: SetDetail, parts: list[str], why: Explanation | None
) -> KeyValues | None:
    """The keys that differ in the last part only, in the version that is explained."""
    if len(parts) < 2:
        return None
    path = answer_path(of_set.name, "keys", *parts[:-1])
    ref = {"as_of": page.as_of} if why is None else {"ref": str(why.version)}
    near = await page.answers.attempt(KeyValues, path, limit=_NEIGHBOURS, **ref)
    return near if isinstance(near, KeyValues) else None


ROUTES = [key_page]
