"""The demo: eight trading days of a real set, one price feed broken; a rollback, a promotion, a
diff, a history.
"""

from __future__ import annotations

import json
import shlex
import sys
from datetime import date
from pathlib import Path
from typing import NamedTuple

import msgspec
import polars as pl

from estimates import instants
from estimates.catalog.records import Event
from estimates.catalog.ref import PRODUCTION
from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError
from estimates.gate.pages.verdict_text import render_text as verdict_text
from estimates.gate.verdict import Verdict
from estimates.settings import Settings
from estimates.stability.pages.report_text import render_text as diff_text
from estimates.store.store import Store
from estimates_jobs.tracking.record import tracking_uri
from estimates_jobs.cli.interface.new_store import make_folder, make_store
from estimates_jobs.cli.interface.options import Options, open_store
from estimates_jobs.cli.output import progress, terminal
from estimates_jobs.cli.output.alias_moves import show_move
from estimates_jobs.cli.output.history_table import show_history
from estimates_jobs.cli.output.set_status import set_status, show_status
from estimates_jobs.run import runner

SET = "sp500-close"
DAYS = 8
BROKEN_DAY = 4  # the fifth
TEN_TIMES = ("AAPL", "MSFT", "XOM")
MISSING = ("JNJ", "PG")

_CONTRACT = "sp500-close.toml"
_PRICES = "sp500_daily_close.parquet"
_SOURCE = '"examples/sp500_daily_close.parquet"'  # as the example's contract names it
_ROLLBACK_REASON = "demo: the desk does not trust today's forecast"
_PROMOTE_REASON = "demo: checked with the desk, it is right"


class Day(msgspec.Struct, frozen=True):
    """What became of one trading day; `production` is where the alias pointed at the end of it."""

    day: date
    run_id: str
    version: int
    outcome: str
    blocks: bool
    failing: list[str]
    production: int | None


class Played(msgspec.Struct, frozen=True):
    """What the demo did."""

    store: str
    feed: str
    days: list[Day]
    rolled_back: Event
    promoted: Event
    mlflow: str


class Feed(NamedTuple):
    """The folder of price files and what goes into it: the history, then one file a day."""

    folder: Path
    prices: pl.DataFrame
    days: list[date]

    def deliver(self, position: int) -> None:
        """Put the files of the days up to this one in place; a broken file is replaced on the day
        after it.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self.prices.filter(pl.col("date") < self.days[0]).write_csv(self.folder / "history.csv")
        for number, day in enumerate(self.days[: position + 1]):
            rows = self.prices.filter(pl.col("date") == day)
            broken = number == BROKEN_DAY
            if broken:
                damaged(rows).write_csv(self.kept)
            (damaged(rows) if broken and position == BROKEN_DAY else rows).write_csv(
                self.folder / f"{day}.csv"
            )

    @property
    def kept(self) -> Path:
        """The broken file, kept for whoever wants to look at it under a name that the job does not
        read.
        """
        return self.folder / f"{self.days[BROKEN_DAY]}.csv.broken"


def damaged(prices: pl.DataFrame) -> pl.DataFrame:
    """A day's prices as a broken feed delivers them: some off by a factor of 10, some not there."""
    wrong = pl.when(pl.col("ticker").is_in(TEN_TIMES)).then(10 * pl.col("close")).otherwise("close")
    return prices.filter(~pl.col("ticker").is_in(MISSING)).with_columns(wrong.alias("close"))


def examples() -> Path:
    """The folder of examples: in the installed package, or beside it in the source tree."""
    here = Path(__file__).parent
    for folder in (here / "examples", here.parents[1] / "examples"):
        if (folder / _CONTRACT).exists():
            return folder
    raise InvalidError("no_examples", f"{here}: the examples were not installed with this package")


def play(store_name: str, *, quiet: bool = False) -> Played:
    """Play the week in a store's folder; what was played there before is not done again.

    Raises InvalidError (`bad_store`, `store_in_use` where the folder holds something else), and
    what runs raise.
    """
    if "://" in store_name:
        raise InvalidError(
            "bad_store", f"{store_name}: the demo plays in a folder; give --store FOLDER"
        )
    root = Path(store_name)
    store, feed = _prepare(root)
    if not quiet:
        _introduce(root, feed)
    days = [_play_day(store, feed, position, quiet=quiet) for position in range(len(feed.days))]
    rolled_back, promoted = _move_production(store)
    played = Played(
        store.root, str(feed.folder), days, rolled_back, promoted, tracking_uri(store)
    )
    if not quiet:
        _conclude(root, store, played)
    return played


def _prepare(root: Path) -> tuple[Store, Feed]:
    if root.exists() and (
        not root.is_dir() or (any(root.iterdir()) and not (root / _CONTRACT).exists())
    ):
        raise InvalidError(
            "store_in_use",
            f"{root} holds something else; give the demo a new folder: --store FOLDER",
        )
    prices = pl.read_parquet(examples() / _PRICES)
    folder = root.absolute() / "feed"
    feed = Feed(folder, prices, prices["date"].unique().sort().tail(DAYS).to_list())
    text = (examples() / _CONTRACT).read_text()
    assert _SOURCE in text, "the example's contract names its prices"
    text = text.replace(_SOURCE, json.dumps(str(folder / "*.csv"), ensure_ascii=False))
    settings = Settings(store=str(root), actor=Settings.from_environment().actor)
    make_folder(root)
    (root / _CONTRACT).write_text(text)  # first: it says whose folder this is
    make_store(settings)
    store = open_store(settings)
    store.define(parse_contract(text, str(root / _CONTRACT)), text)
    return store, feed


def _play_day(store: Store, feed: Feed, position: int, *, quiet: bool) -> Day:
    """One day: the feed delivers, the job runs."""
    day = feed.days[position]
    run_id = f"demo-{day}"
    before = store.catalog.run(run_id)
    if before is None or before.version is None:
        feed.deliver(position)
    with progress.steps(quiet=quiet or not sys.stderr.isatty()) as say:
        say(f"day {position + 1} of {len(feed.days)}, {day}")
        done = runner.run(
            store,
            SET,
            data_through=instants.end_of_day(day),
            run_id=run_id,
            progress=lambda text: say(f"day {position + 1} of {len(feed.days)}, {day}: {text}"),
        )
    verdict = store.verdict(SET, done.version)
    assert verdict is not None, "a run that is done was judged"
    played = Day(
        day,
        run_id,
        done.version,
        verdict.outcome,
        verdict.blocks,
        [check.name for check in verdict.failing()],
        _production_after(store, done.version),
    )
    if not quiet:
        _show_day(feed, position, played, verdict)
    return played


def _production_after(store: Store, version: int) -> int | None:
    """Where production pointed when the next day's version came, also when the week was played long
    ago.
    """
    found = store.view().set(SET)
    following = found.versions[version].published_at if version < len(found.versions) else None
    moves = [
        number
        for at, number in found.moves.get(PRODUCTION, [])
        if following is None or at < following
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


def _last(store: Store, kind: str) -> Event | None:
    return next(
        (event for event in reversed(store.view().set(SET).events) if event.kind == kind), None
    )


def _introduce(root: Path, feed: Feed) -> None:
    terminal.line(
        f"A week of {SET}: 20 tickers × the next ten trading days, forecast with the data up to "
        "each day",
        "bold",
    )
    terminal.pairs(
        [
            ("store", str(root)),
            ("contract", str(root / _CONTRACT)),
            (
                "price feed",
                f"{root / 'feed'}, a file a day; that of {feed.days[BROKEN_DAY]} is broken",
            ),
        ]
    )
    terminal.line()


def _show_day(feed: Feed, position: int, day: Day, verdict: Verdict) -> None:
    where = (
        f"production stays at version {day.production}"
        if day.blocks
        else f"production is version {day.production}"
    )
    against = (
        "the first" if verdict.baseline is None else f"against version {verdict.baseline.version}"
    )
    answer = (
        "REFUSED"
        if day.blocks
        else f"{'passes' if day.outcome == 'pass' else 'passes with warnings'}, {against}"
    )
    terminal.line(
        f"{day.day}  version {day.version}  {answer:<28} {where}",
        "bold red" if day.blocks else None,
    )
    if position == BROKEN_DAY:
        terminal.line(
            f"    its price file: {', '.join(TEN_TIMES)} ten times too high, {', '.join(MISSING)} "
            f"missing: {feed.kept}"
        )
        terminal.line()
        for text in verdict_text(verdict).splitlines():
            terminal.line(f"    {text}".rstrip())
        terminal.line()
    if position == BROKEN_DAY + 1:
        terminal.line(
            f"    the price file of {feed.days[BROKEN_DAY]} was replaced by the right one"
        )


def _conclude(root: Path, store: Store, played: Played) -> None:
    """What a person would look at next, each with the command that shows it."""
    options, where = Options(), f"--store {shlex.quote(str(root))}"
    back, forth = played.rolled_back, played.promoted
    assert back.version is not None
    assert forth.version is not None
    _command(f'estimates rollback {SET} --reason "{back.reason}" {where}')
    show_move(options, back)
    _command(f'estimates promote {SET} {forth.version} --reason "{forth.reason}" {where}')
    show_move(options, forth)
    _command(f"estimates diff {SET} {back.version} {forth.version} {where}")
    terminal.page(diff_text(store[SET].diff(back.version, forth.version)))
    key = _key_of_all(store)
    _command(f"estimates history {SET} {' '.join(key)} --fields value {where}")
    show_history(store[SET].history(*key, fields=["value"], chain=True), store.contract(SET))
    _command(f"estimates status {SET} {where}")
    show_status(set_status(store.view(), SET, instants.now()))
    _say_where(store, played, where)


def _key_of_all(store: Store) -> tuple[str, str]:
    """A ticker and a date that every version has an estimate for."""
    first = store.view().set(SET).versions[0]
    return TEN_TIMES[0], first.provenance.targets[DAYS]


def _say_where(store: Store, played: Played, where: str) -> None:
    bin_folder = shlex.quote(str(Path(sys.executable).parent))
    run = store.resolve(SET).mlflow_run
    lines = {
        f"the MLflow record: experiment {SET}, production is run {run}": played.mlflow,
        "its pages in a browser": f"{bin_folder}/mlflow ui --backend-store-uri "
        f"{shlex.quote(played.mlflow)}",
        "put estimates on the PATH": f'export PATH={bin_folder}:"$PATH"',
        "then": f"estimates log {SET} {where}",
        "your own table": "estimates draft FILE --key COLUMN > CONTRACT.toml",
    }
    for what, command in lines.items():
        terminal.line()
        terminal.line(f"# {what}", "dim")
        terminal.page(command)  # never folded, so that it can be pasted


def _command(text: str) -> None:
    terminal.line()
    terminal.line(f"$ {text}", "bold cyan")
