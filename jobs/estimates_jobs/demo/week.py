"""The week of the demo: nine trading days of a real set, a rollback, a promotion."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from estimates import instants
from estimates.catalog.records import Event
from estimates.catalog.ref import PRODUCTION
from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError
from estimates.settings import Settings
from estimates.store.identity import check_outside_stores
from estimates.store.store import Store
from estimates_jobs.builtin import drift
from estimates_jobs.cli.interface.command import open_store
from estimates_jobs.cli.interface.new_store import make_folder, make_store
from estimates_jobs.cli.output import progress
from estimates_jobs.demo.narration import ACTUAL, SET, Acts, Day
from estimates_jobs.demo.price_feed import (
    ACTUAL_CONTRACT,
    CONTRACT,
    KNOWN_UNTIL,
    RELEASED,
    Feed,
    examples_folder,
)
from estimates_jobs.run import runner
from estimates_jobs.tracking.record import record_scores, tracking_uri

# What the demo's contract says in place of what the example's does: its prices come from the feed,
# and a drift of three months makes every horizon another number, without a library of models.
_CHANGES = {
    '"examples/sp500_daily_close.parquet"': "",
    "AutoETS on the logarithm of two years of closes": (
        "a random walk with the drift of three months, on the logarithm"
    ),
    'model = "AutoETS"': f'model = "{drift.MODEL}"',
    "history = 500                      # two years; more is slower and no better": (
        "history = 60                       # three months: the drift is theirs"
    ),
}
_ACTUAL_SOURCE = "'examples/sp500_daily_close.parquet'"  # as the contract of the closes names it
_ROLLBACK_REASON = "demo: the desk does not trust today's forecast"
_PROMOTE_REASON = "demo: checked with the desk, it is right"


class Played(msgspec.Struct, frozen=True):
    """What the demo did."""

    store: str
    feed: str
    days: list[Day]
    rolled_back: Event
    promoted: Event
    mlflow: str


def play(store_name: str, *, quiet: bool = False) -> Played:
    """Play the week in a store's folder; what was played there before is not done again.

    Raises InvalidError (`bad_store`, `store_in_use` where the folder holds something else), and
    what runs raise.
    """
    if "://" in store_name:
        raise InvalidError(
            "bad_store", f"{store_name}: the demo plays in a folder", remedy="give --store FOLDER"
        )
    root = Path(store_name)
    store, feed = _prepare(root)
    acts = None if quiet else Acts(root, store, feed)
    last = len(feed.days) - 1
    days = [_play_day(store, feed, position, acts) for position in range(last)]
    rolled_back, promoted = _move_production(store)
    _observe(store, feed, root)
    if acts is not None:
        acts.look_back(rolled_back, promoted)
    days.append(_play_day(store, feed, last, acts))
    if acts is not None:
        acts.conclude(rolled_back, promoted)
    return Played(store.root, str(feed.folder), days, rolled_back, promoted, tracking_uri(store))


def _prepare(root: Path) -> tuple[Store, Feed]:
    check_outside_stores(str(root))
    if root.exists() and (
        not root.is_dir() or (any(root.iterdir()) and not (root / CONTRACT).exists())
    ):
        raise InvalidError(
            "store_in_use",
            f"{root} holds something else",
            remedy="give the demo a new folder: --store FOLDER",
        )
    folder = root.absolute() / "feed"
    feed = Feed.of(folder)
    text = (examples_folder() / CONTRACT).read_text()
    source = json.dumps(str(folder / "*.csv"), ensure_ascii=False)
    for theirs, ours in _CHANGES.items():
        assert theirs in text, f"the example's contract says {theirs}"
        text = text.replace(theirs, ours or source)
    who = Settings.from_environment()
    settings = Settings(store=str(root), actor=who.actor, claimed=who.claimed)
    make_folder(root)
    (root / CONTRACT).write_text(text)  # first: it says whose folder this is
    make_store(settings)
    store = open_store(settings)
    store.define(parse_contract(text, str(root / CONTRACT)), text)
    return store, feed


def _play_day(store: Store, feed: Feed, position: int, acts: Acts | None) -> Day:
    """One day: the feed delivers, the job runs."""
    day = feed.days[position]
    run_id = f"demo-{day}"
    before = store.catalog.run(run_id)
    if before is None or before.version is None:
        feed.deliver(position)
    label = f"day {position + 1} of {len(feed.days)}, {day}"
    if acts is not None:
        acts.before_day(position)
    with progress.steps(quiet=acts is None or not sys.stderr.isatty()) as announce:
        announce(label)
        done, verdict = runner.run(
            store,
            SET,
            data_through=instants.end_of_day(day),
            run_id=run_id,
            released_at=datetime.combine(day, RELEASED, UTC),
            progress=lambda text: announce(f"{label}: {text}"),
        )
    played = Day(
        day,
        run_id,
        done.version,
        verdict.outcome,
        verdict.blocks,
        [check.name for check in verdict.failing()],
        _production_after(store, done.version),
    )
    if acts is not None:
        acts.show_day(position, played, verdict)
    return played


def _production_after(store: Store, version: int) -> int | None:
    """Where production pointed when the next day's version came, also when the week was played long
    ago.
    """
    estimate_set = store.view().set(SET)
    later = estimate_set.versions[version:]
    moves = [
        number
        for at, number in estimate_set.moves.get(PRODUCTION, [])
        if not later or at < later[0].published_at
    ]
    return moves[-1] if moves else None


def _move_production(store: Store) -> tuple[Event, Event]:
    """Roll back one step, then promote forward again with a reason; each only once."""
    if _last(store, "rolled_back") is None:
        store.rollback(SET, reason=_ROLLBACK_REASON)
    rolled_back = _last(store, "rolled_back")
    assert rolled_back is not None
    if store.view().set(SET).aliases[PRODUCTION].held:
        assert rolled_back.from_version is not None
        store.promote(SET, rolled_back.from_version, reason=_PROMOTE_REASON)
    promoted = _last(store, "promoted")
    assert promoted is not None
    return rolled_back, promoted


def _observe(store: Store, feed: Feed, root: Path) -> None:
    """What the closes turned out to be becomes a set of its own, which the week is scored
    against.
    """
    closes = root.absolute() / "closes.csv"
    feed.deliver_outcomes(closes)
    text = (examples_folder() / ACTUAL_CONTRACT).read_text()
    assert _ACTUAL_SOURCE in text, "the example's contract names its prices"
    files = str(closes).replace("'", "''")
    text = text.replace(_ACTUAL_SOURCE, json.dumps(f"'{files}'", ensure_ascii=False)[1:-1])
    store.define(parse_contract(text, ACTUAL_CONTRACT), text)
    known = instants.end_of_day(KNOWN_UNTIL)
    runner.run(store, ACTUAL, data_through=known, run_id=f"demo-closes-{KNOWN_UNTIL}")
    store[SET].score(store[ACTUAL].frame())
    with suppress(ModuleNotFoundError):  # the demo does without MLflow
        record_scores(store, SET)


def _last(store: Store, kind: str) -> Event | None:
    return next(
        (event for event in reversed(store.view().set(SET).events) if event.kind == kind), None
    )
