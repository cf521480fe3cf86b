"""Scoring the versions of a set: which ones, against what, and what is stored of it.

Scores are stored with an event when they differ from the newest ones of their version: the same
actual values again change nothing.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from operator import attrgetter

import msgspec
import polars as pl

from estimates.accuracy import accuracy_json
from estimates.accuracy.accuracy_report import LAST_SCORED, Accuracy, Scored, SetAccuracy
from estimates.accuracy.actuals import Actuals, read_actuals, vintage_text
from estimates.accuracy.pooling import of_set
from estimates.accuracy.score import OtherVersion, score
from estimates.catalog.at import At
from estimates.catalog.catalog import Catalog
from estimates.catalog.records import Version
from estimates.catalog.ref import version_number
from estimates.catalog.set_view import VINTAGE, SetView
from estimates.catalog.view import View
from estimates.errors import ConflictError, InvalidError, NotFoundError
from estimates.reading.page_cursor import check_limit
from estimates.render.notebook import short
from estimates.store.open_store import OpenStore

MOST = 1000
ReadFrame = Callable[[int], pl.DataFrame]


class Outcome(msgspec.Struct, frozen=True):
    """What a scoring did.

    stored     versions whose scores are new or changed; unchanged: those whose scores were stored
               already
    unmatched  versions without a key that has an actual value; they are not scored
    unused     keys of the actual values that no version looked at has
    accuracy   the scores of the versions scored
    """

    set: str
    stored: list[int]
    unchanged: list[int]
    unmatched: list[int]
    unused: int
    accuracy: SetAccuracy

    def __repr__(self) -> str:
        counts = f"{len(self.stored)} scored anew, {len(self.unchanged)} as before"
        return short([f"Outcome: {counts}", *repr(self.accuracy).split("\n")], "…")

    def _repr_html_(self) -> str:
        return self.accuracy._repr_html_()


def score_set(
    store: OpenStore,
    name: str,
    frame: pl.DataFrame,
    *,
    versions: Sequence[int] | None = None,
    vintage: datetime | str | None = None,
    against: str | int | None = None,
) -> Outcome:
    """Score versions of a set against actual values and store the scores.

    frame     actual values: see `actuals.read_actuals`
    versions  default: all that production ever pointed to, unexpired, of the shape readers see
    vintage   use what was known then
    against   the baseline of skill: a version's number, or the name of another set; of that the
              newest version counts that its production ever pointed to and that saw no later data
    Raises the errors of `read_actuals`; NotFoundError (`unknown_set`, `unknown_version`, `expired`,
    `no_scores`: no version has a key with an actual value), ConflictError (`other_shape`: the
    versions differ in it), InvalidError (`bad_baseline`, `other_keys`), CorruptError.
    """
    view = store.view().set(name)
    chosen = chosen_versions(store, name, versions)
    revision = view.newest_of(chosen[-1].shape if chosen else view.present_shape)
    contract = view.revision(revision)
    actuals = read_actuals(frame, contract, vintage)

    @lru_cache(3)  # a version is read for itself, and again as the one before the next
    def read(number: int) -> pl.DataFrame:
        return store.frame(view.versions[number - 1])

    unused, scores = actuals.rows.select(actuals.by), list[Accuracy]()
    for version in chosen:
        estimates = read(version.version)
        unused = unused.join(estimates.select(actuals.by), on=actuals.by, how="anti")
        scores.append(
            score(
                estimates,
                actuals,
                contract,
                version=version.version,
                contract_revision=revision,
                through=version.data_through,
                previous=_previous(view, version, read),
                baseline=_baseline(store, view, version, against, read),
            )
        )
    is_new = {
        accuracy.version: _store(store, view.versions[accuracy.version - 1], accuracy)
        for accuracy in _matched(name, scores, actuals)
    }
    numbers = sorted(is_new)
    return Outcome(
        set=name,
        stored=[number for number in is_new if is_new[number]],
        unchanged=[number for number in is_new if not is_new[number]],
        unmatched=[version.version for version in chosen if version.version not in numbers],
        unused=unused.height,
        accuracy=_stored(store.catalog, store.view(), name, numbers, actuals.requested),
    )


def _matched(name: str, scores: Sequence[Accuracy], actuals: Actuals) -> list[Accuracy]:
    """The scores that rest on an actual value; raises NotFoundError (`no_scores`) without any."""
    matched = [
        accuracy
        for accuracy in scores
        if any(column.actuals for column in accuracy.columns.values())
    ]
    if not matched:
        if not scores:
            raise NotFoundError(
                "no_scores",
                f"{name}: production never pointed to a version, so that none is scored",
                remedy=f"`estimates promote {name}` one, or name those to score with --version",
            )
        raise NotFoundError(
            "no_scores",
            f"{name}: of {len(scores)} versions none has a key that is among the "
            f"{actuals.rows.height} keys of the actual values and has a value there",
            remedy="give actual values of keys that these versions estimate",
        )
    return matched


def stored_scores(
    catalog: Catalog,
    view: View,
    name: str,
    version: int | None = None,
    last: int = LAST_SCORED,
    vintage: datetime | str | None = None,
) -> SetAccuracy:
    """The newest stored scores of one version, or of the `last` versions that have any, all of one
    vintage.

    vintage  the one that was asked for when they were scored; default: the newest values, else the
             latest vintage that was scored
    Raises InvalidError (`bad_limit`, `bad_time`), NotFoundError (`unknown_set`, `unknown_version`,
    `no_scores`: of that version or vintage).
    """
    check_limit(last, MOST, name="last")
    of_set = view.set(name)
    chosen = of_set.scored_vintage if vintage is None else vintage_text(vintage)
    scored = of_set.scored.get(chosen, {})
    if vintage is not None and not scored:
        have = ", ".join(map(_vintage_name, of_set.scored)) or "none"
        raise NotFoundError(
            "no_scores",
            f"{name}: nothing was scored with vintage {chosen}",
            remedy=f"scored: {have}",
        )
    if version is None:
        return _stored(catalog, view, name, sorted(scored)[-last:], chosen)
    if view.resolve(name, At(version)).version not in scored:
        which = "" if chosen is None else f" with vintage {chosen}"
        raise NotFoundError(
            "no_scores",
            f"{name}: version {version} was not scored yet{which}",
            remedy=f"score it: `estimates score {name} --actuals FILE`",
        )
    return _stored(catalog, view, name, [version], chosen)


def _vintage_name(vintage: str | None) -> str:
    return "the newest values" if vintage is None else vintage


def _store(store: OpenStore, version: Version, scores: Accuracy) -> bool:
    """Store the scores of a version; False, and nothing stored, when its newest scores are the
    same.
    """
    event = store.catalog.scored(
        version,
        accuracy_json.encode(scores),
        contract_revision=scores.contract_revision,
        actuals=scores.actuals,
        vintage=scores.vintage,
        details={"keys": scores.keys.matched, "actuals": scores.actuals}
        | ({} if scores.asked is None else {VINTAGE: scores.asked}),
        actor=store.actor,
    )
    store.notify_and_copy()
    return event is not None


def _stored(
    catalog: Catalog, view: View, name: str, numbers: Sequence[int], vintage: str | None
) -> SetAccuracy:
    by_vintage = view.set(name).scored
    rows = catalog.scores([by_vintage[vintage][number] for number in numbers])
    scored = [
        Scored(row.event, row.scored_at, accuracy_json.decode(bytes(row.body))) for row in rows
    ]
    # events of older programs do not say that a vintage was asked for; their scores do
    one_vintage = [version for version in scored if version.scores.asked == vintage]
    return of_set(name, one_vintage, vintage, list(by_vintage))


def chosen_versions(store: OpenStore, name: str, numbers: Sequence[int] | None) -> list[Version]:
    """The versions to score, by number; raises ConflictError (`other_shape`)."""
    view = store.view()
    if numbers is not None:
        chosen = [view.resolve(name, At(number)) for number in sorted(set(numbers))]
        shapes = {version.shape for version in chosen}
        if len(shapes) > 1:
            raise ConflictError(
                "other_shape",
                f"{name}: these versions have different shapes",
                remedy="score them apart",
            )
        return chosen
    of_set = view.set(name)
    promoted = (of_set.versions[number - 1] for number in sorted(of_set.ever_production))
    return [
        version
        for version in promoted
        if version.expired_at is None and version.shape == of_set.present_shape
    ]


def _previous(view: SetView, version: Version, read: ReadFrame) -> OtherVersion | None:
    """The version that production held before, as the measure of its revision."""
    before = view.predecessors(version, 1)
    return _other_version(view, before[0], read) if before else None


def _baseline(
    store: OpenStore, view: SetView, version: Version, against: str | int | None, read: ReadFrame
) -> OtherVersion | None:
    if against is None:
        return None
    if not isinstance(against, int | str) or against == version.set:
        raise InvalidError(
            "bad_baseline",
            f"{against}: a set is no baseline of its own",
            remedy="name another set, or a version's number",
        )
    number = version_number(against)
    if number is not None:
        same_set = store.view().resolve(version.set, At(number))
        return None if same_set.version == version.version else _other_version(view, same_set, read)
    other = store.view().set(str(against))
    promoted = (other.versions[number - 1] for number in other.ever_production)
    earlier = [
        candidate
        for candidate in promoted
        if candidate.expired_at is None and candidate.data_through <= version.data_through
    ]
    if not earlier:
        return None
    newest = max(earlier, key=attrgetter("data_through", "version"))
    return _other_version(other, newest, lambda number: store.frame(other.versions[number - 1]))


def _other_version(view: SetView, version: Version, read: ReadFrame) -> OtherVersion:
    contract = view.contract_of(version)
    return OtherVersion(
        version.set, version.version, read(version.version), contract, version.data_through
    )
