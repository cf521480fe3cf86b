"""An as-of join with the versions of a service: a batch of keys for each version in force."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from estimates import instants
from estimates.catalog.records import Version
from estimates.catalog.ref import PRODUCTION
from estimates.catalog.release_clock import Clock, Moves, released_moves
from estimates.client.plans import Plan
from estimates.client.problems import decoded
from estimates.client.reading_requests import contract_of, detail, get_many, versions
from estimates.client.service_requests import events_of_set
from estimates.client.set_requests import SetRequests
from estimates.contract.contract import Contract
from estimates.errors import NotFoundError
from estimates.extras import needs

if TYPE_CHECKING:
    import polars as pl

    from estimates.reading.as_of_plan import AsOfPlan

_BATCH = 20_000  # keys in one request


def as_of_join(
    requests: SetRequests,
    frame: Any,
    time: str | None = None,
    *,
    fields: Sequence[str] | None = None,
    clock: Clock = None,
    deadline: str | None = None,
) -> Plan[pl.DataFrame]:
    """The rows of `frame` in order, each with the estimate that production gave at its `time`, or
    at a `deadline` before its target, and its version.

    A batch is asked for each version that was in force at any of the times; see
    `estimates.reading.as_of_join`.
    """
    with needs("frames"):
        from estimates.reading.as_of_plan import NONE, AsOfPlan

    moves, newest = yield from _production_moves(requests)
    known = yield from versions(requests)
    contract, shape = yield from _present_contract(requests)
    if clock is not None:
        moves = released_moves(moves, known)
    present = requests.as_of or max(instants.now(), newest)
    join = AsOfPlan(contract, frame, time, fields, clock, moves, present, deadline)
    answers: list[pl.DataFrame] = []
    for number, keys in join.groups:
        version = None if number == NONE else known[number - 1]
        answer = join.refusal(keys, version, shape)
        if answer is None:
            answer = join.answer((yield from _rows(requests, join, keys, number)), version)
        answers.append(answer)
    return join.joined(answers)


def _production_moves(requests: SetRequests) -> Plan[tuple[Moves, datetime]]:
    """When production moved and where to, oldest first, and the newest moment that the service
    knows.
    """
    events, newest = yield from events_of_set(requests.service, requests.name)
    moves = [
        (event.at, event.version)
        for event in events
        if event.alias == PRODUCTION and (requests.as_of is None or event.at <= requests.as_of)
    ]
    return moves, newest


def _present_contract(requests: SetRequests) -> Plan[tuple[Contract, int]]:
    """The contract of the shape that readers see now, production's, and the number of this
    shape.
    """
    try:
        reply = yield from requests.get(f"/versions/{PRODUCTION}")
    except NotFoundError as error:
        if error.code != "nothing_promoted":
            raise
        newest = yield from detail(requests)
        return newest.contract, newest.shape
    version = decoded(reply, Version)
    return (yield from contract_of(requests, version)), version.shape


def _rows(
    requests: SetRequests, join: AsOfPlan, keys: pl.DataFrame, number: int
) -> Plan[pl.DataFrame]:
    """What a version says of keys, in their order, with STATUS."""
    import polars as pl

    from estimates.reading.as_of_plan import STATUS, carried_mark

    marks: list[pl.Expr] = []
    distinct = keys.unique(maintain_order=True)
    batches: list[pl.DataFrame] = []
    for start in range(0, distinct.height, _BATCH):
        batch = distinct[start : start + _BATCH].rows()
        fields = join.columns
        answer = yield from get_many(requests, batch, ref=number, fields=fields)
        if (mark := answer.body.get("carried_over")) is not None:
            marks = [carried_mark(mark["by"], mark["groups"])]
            if mark["by"] not in (*keys.columns, *fields):  # an attribute that was not asked for
                fields = [*fields, mark["by"]]
                answer = yield from get_many(requests, batch, ref=number, fields=fields)
        batches.append(answer.frame(join.contract))
    rows = pl.concat(batches).select(*join.columns, pl.col("status").alias(STATUS), *marks)
    return keys.join(distinct.hstack(rows), on=keys.columns, how="left", maintain_order="left")
