"""How far the data go that a run sees: as far as was said, as it did before, or as they go."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from functools import partial

from estimates import instants
from estimates.catalog.run_record import Run
from estimates.contract.contract import Contract
from estimates.errors import EstimatesError, InvalidError
from estimates.store.store import Store
from estimates_jobs.run.context import Context, data_reach
from estimates_jobs.run.pinned_input import Pins


def context_of(
    store: Store,
    contract: Contract,
    run_id: str,
    known: Run | None,
    data_through: datetime | str | None,
) -> Context:
    """What the job looks at; a run that is new and has no moment goes as far as its data."""
    moment: datetime | None = None
    if known is None and data_through is None:
        with suppress(EstimatesError):  # of an input; the run says it, on record
            data_through = data_reach(contract, store)
            moment = instants.now()  # what is in production now saw no more than that
    pins = Pins(None if known is None else known.pins, partial(store.catalog.pin, run_id))
    return Context(contract, through_of(known, data_through), store, pins, moment)


def through_of(
    known: Run | None, requested: datetime | str | None, now: datetime | None = None
) -> datetime:
    """The `data_through` to run with: the one requested, the one this run had before, or now.

    now  in place of the clock
    Raises InvalidError `bad_time`, `future`.
    """
    if requested is None:
        return (now or instants.now()) if known is None else known.data_through
    if isinstance(requested, str):
        through = instants.parse_through(requested)
        # Of a day that was not over, a run saw what had passed when it began; that is what it
        # resumes with. One that began on another day, or saw another one, is another run.
        if (
            known is not None
            and len(requested) == 10
            and known.started_at.date() == known.data_through.date() == through.date()
        ):
            return known.data_through
        requested = through
    if requested > (now or instants.now()):  # today is read by the clock, too, a moment before
        raise InvalidError(
            "future",
            f"data_through {instants.text(requested)} lies in the future: no data are known then",
            remedy="give a moment that is past",
        )
    return requested
