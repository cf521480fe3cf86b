"""How fresh a set is: what its contract promises, how old production's data are, when the next
version is due.
"""

from datetime import datetime, timedelta

import msgspec

from estimates.catalog.punctuality import next_deadline
from estimates.catalog.records import Version
from estimates.catalog.set_view import SetView


class Freshness(msgspec.Struct, frozen=True):
    """How often versions come and how old production may get; null where the contract does not say.

    data_through   of production: the last moment of data it could see
    newest_data    of production: how new the data are that it saw; a feed that stopped shows here
    stale_from     newest_data + max_age; `stale` when that has passed
    next_expected  when the newest version was published + cadence
    due            the next deadline of the contract that is not met yet; None where it is met
                   already
    missed         the oldest deadline that passed and is not met yet
    overdue        whether `next_expected` has passed, or a deadline was missed; None where the
                   contract promises neither
    """

    cadence: str | None
    max_age: str | None
    data_through: datetime | None
    newest_data: datetime | None
    published_at: datetime | None
    stale_from: datetime | None
    stale: bool | None
    next_expected: datetime | None
    overdue: bool | None
    due: datetime | None = None
    missed: datetime | None = None


def freshness(view: SetView, now: datetime) -> Freshness:
    """The freshness of a set at a moment."""
    promise = view.contract.freshness
    production = view.production
    stale = None if production is None else stale_from(view, production)
    expected = _plus(
        view.versions[-1].published_at if view.versions else None, promise.cadence_duration
    )
    coming = next_deadline(view, (), now)
    missed = None if coming is None else coming.missed
    is_late = expected is not None and now > expected
    promises = expected is not None or coming is not None
    return Freshness(
        cadence=promise.cadence,
        max_age=promise.max_age,
        data_through=None if production is None else production.data_through,
        newest_data=None if production is None else production.newest_data,
        published_at=None if production is None else production.published_at,
        stale_from=stale,
        stale=None if stale is None else now > stale,
        next_expected=expected,
        overdue=(missed is not None or is_late) if promises else None,
        due=None if coming is None else coming.due,
        missed=missed,
    )


def stale_from(view: SetView, version: Version) -> datetime | None:
    """The instant past which a version is stale under the newest contract of its set; None when it
    promises nothing.
    """
    return _plus(version.newest_data, view.contract.freshness.max_age_duration)


def _plus(moment: datetime | None, duration: timedelta | None) -> datetime | None:
    return None if moment is None or duration is None else moment + duration
