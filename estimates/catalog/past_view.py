"""An earlier moment of the catalog, from a later view: the log is append-only, so its beginning
says what was known then. No SQL here.
"""

from bisect import bisect_right
from datetime import datetime

import msgspec

from estimates import instants
from estimates.catalog.records import Alias, Version
from estimates.catalog.set_view import SetView
from estimates.catalog.view import View
from estimates.errors import InvalidError, NotFoundError


def past_view(view: View, as_of: datetime, name: str | None = None) -> View:
    """What a view of this moment (inclusive) knew, of all sets or of one; its head is still that
    of the whole log.

    Waivers and legal holds that were taken back since are not in it, and keys that were erased
    since are erased in it too.
    Raises InvalidError (`as_of_in_future`), NotFoundError (`unknown_set`, `before_first`: the set
    was not defined yet).
    """
    if as_of > view.present:
        raise InvalidError(
            "as_of_in_future",
            f"as_of {instants.text(as_of)} lies in the future",
            remedy="leave it out to ask for now",
        )
    moment = view.time_of(as_of)
    chosen = view.sets if name is None else {name: view.set(name)}
    sets = {name: past for name, whole in chosen.items() if (past := past_set(whole, moment))}
    if name is not None and not sets:
        first = instants.text(chosen[name].contracts[0].defined_at)
        raise NotFoundError(
            "before_first",
            f"{name}: it was not defined yet at {instants.text(as_of)}",
            remedy=f"the first time it was is {first}",
            first=first,
        )
    of_store = [event for event in view.of_store if event.at <= moment]
    return View(
        sets,
        as_of,
        view.read_at,
        view.head,
        of_store=of_store,
        corrected=view.corrected,
        law=view.law,
    )


def past_set(view: SetView, moment: datetime) -> SetView | None:
    """What was known of a set at a moment; None before it was defined."""
    contracts = [contract for contract in view.contracts if contract.defined_at <= moment]
    if not contracts:
        return None
    events = view.events[: bisect_right(view.events, moment, key=lambda event: event.at)]
    tracked = {event.version for event in events if event.kind == "tracked"}
    versions = view.versions[: bisect_right(view.versions, moment, key=_published_at)]
    last = {event.alias: event for event in events if event.alias is not None}
    aliases = {
        alias: Alias(event.set, alias, event.version, event.at, event.kind == "rolled_back")
        for alias, event in last.items()
        if event.version is not None
    }
    return SetView(
        contracts,
        [_past_version(version, moment, tracked) for version in versions],
        events,
        aliases,
        [waiver for waiver in view.waivers if waiver.at <= moment],
        [hold for hold in view.holds if hold.at <= moment],
        view.erasures,
        view.decoded,
    )


def _published_at(version: Version) -> datetime:
    return version.published_at


def _past_version(version: Version, moment: datetime, tracked: set[int | None]) -> Version:
    """A version before it expired and was tracked, where that came later."""
    later: dict[str, None] = {}
    if version.expired_at is not None and version.expired_at > moment:
        later["expired_at"] = None
    if version.mlflow_run is not None and version.version not in tracked:
        later["mlflow_run"] = None
    return msgspec.structs.replace(version, **later) if later else version
