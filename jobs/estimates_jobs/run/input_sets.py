"""Sets as inputs of other sets: the version that production pointed to at a moment."""

from __future__ import annotations

from datetime import datetime

from estimates import instants
from estimates.catalog.at import At
from estimates.catalog.records import InputDigest, Version
from estimates.catalog.ref import PRODUCTION
from estimates.contract.job_inputs import Input
from estimates.errors import EstimatesError, NotFoundError
from estimates.store.store import Store
from estimates_jobs.run.pinned_input import Pins, Reading


def read_set(
    store: Store, name: str, spec: Input, moment: datetime, data_through: datetime, pins: Pins
) -> Reading:
    """The estimates of the version that a run reads, which `pin_set` chooses.

    Raises NotFoundError (`unknown_set`, `nothing_promoted`, `before_first`, `expired`),
    UnavailableError, CorruptError.
    """
    assert spec.set is not None
    try:
        version = pin_set(store, name, spec.set, moment, data_through, pins)
        frame = store.frame(version)
    except EstimatesError as error:
        raise type(error)(error.code, f"input {name!r}: {error.message}", **error.details) from None
    digest = InputDigest(
        name,
        spec.set,
        version.snapshot_id,
        frame.height,
        str(version.version),
        spec.set,
        min(version.newest_data, data_through),
    )
    return Reading(frame, digest, undated=0)


def pin_set(
    store: Store, name: str, of_set: str, moment: datetime, data_through: datetime, pins: Pins
) -> Version:
    """The version of a set that a run reads, written down: the one pinned, else the newest that was
    in production up to `moment` and saw no data after `data_through`. Imported versions count from
    the release that they claim.

    Raises NotFoundError (`unknown_set`, `nothing_promoted`, `before_first`), UnavailableError.
    """
    pinned = pins.version(name)
    version = (
        _in_force(store, of_set, moment, data_through)
        if pinned is None
        else store.view().resolve(of_set, At(int(pinned)))
    )
    pins.pin(name, str(version.version))
    return version


def _in_force(store: Store, of_set: str, moment: datetime, data_through: datetime) -> Version:
    view = store.view()
    view.resolve(of_set, At(PRODUCTION, moment, "released"))  # raises where there was nothing
    set_view = view.set(of_set)
    moves = set_view.released_moves.get(PRODUCTION, [])
    versions = [
        set_view.versions[number - 1] for when, number in moves if number and when <= moment
    ]
    for version in reversed(versions):
        if version.data_through <= data_through:
            return version
    raise NotFoundError(
        "nothing_promoted",
        f"{of_set}: each version that was in production up to {instants.text(moment)} saw data "
        f"after {instants.text(data_through)}",
        remedy=f"promote a version of {of_set} that did not, or run with a later data_through",
    )
