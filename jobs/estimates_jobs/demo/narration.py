"""What the demo prints: the week day by day, then each answer with the command that shows it."""

from __future__ import annotations

import shlex
import sys
from datetime import date
from pathlib import Path

import msgspec

from estimates import instants
from estimates.catalog.records import Event
from estimates.gate.pages.verdict_text import render_text as verdict_text
from estimates.gate.verdict import Verdict
from estimates.stability.pages.report_text import render_text as diff_text
from estimates.store.store import Store
from estimates_jobs.cli.interface.command import Options
from estimates_jobs.cli.output import terminal
from estimates_jobs.cli.output.alias_moves import show_move
from estimates_jobs.cli.output.history_table import show_history
from estimates_jobs.cli.output.set_status import set_status, show_status
from estimates_jobs.demo import price_feed
from estimates_jobs.demo.price_feed import CONTRACT, MISSING, TEN_TIMES, Feed
from estimates_jobs.tracking.record import tracking_uri

SET = "sp500-close"
ACTUAL = "sp500-actual"


class Day(msgspec.Struct, frozen=True):
    """What became of one trading day; `production` is where the alias pointed at the end of it."""

    day: date
    run_id: str
    version: int
    outcome: str
    blocks: bool
    failing: list[str]
    production: int | None


def introduce(root: Path, feed: Feed) -> None:
    """Say what is about to be played."""
    terminal.line(
        f"A week of {SET}: 20 tickers × the next ten trading days, forecast with the data up to "
        "each day",
        "bold",
    )
    terminal.pairs(
        [
            ("store", str(root)),
            ("contract", str(root / CONTRACT)),
            (
                "price feed",
                f"{root / 'feed'}, a file a day; that of {feed.broken_day} is broken",
            ),
        ]
    )
    terminal.line()


def show_day(feed: Feed, position: int, day: Day, verdict: Verdict) -> None:
    """Print what became of a day."""
    baseline = verdict.baseline
    against = "the first" if baseline is None else f"against version {baseline.version}"
    passes = "passes" if day.outcome == "pass" else "passes with warnings"
    answer = "REFUSED" if day.blocks else f"{passes}, {against}"
    production = f"production {'stays at' if day.blocks else 'is'} version {day.production}"
    terminal.line(
        f"{day.day}  version {day.version}  {answer:<28} {production}",
        "bold red" if day.blocks else None,
    )
    if position == price_feed.BROKEN_DAY:
        terminal.line(
            f"    its price file: {', '.join(TEN_TIMES)} ten times too high, {', '.join(MISSING)} "
            f"missing: {feed.broken_file}"
        )
        terminal.line()
        for text in verdict_text(verdict).splitlines():
            terminal.line(f"    {text}".rstrip())
        terminal.line()
    if position == price_feed.BROKEN_DAY + 1:
        terminal.line(f"    the price file of {feed.broken_day} was replaced by the right one")


def conclude(root: Path, store: Store, back: Event, forth: Event) -> None:
    """What a person would look at next, each with the command that shows it."""
    options, where = Options(), f"--store {shlex.quote(str(root))}"
    assert back.version is not None
    assert forth.version is not None
    _show_command(f'estimates rollback {SET} --reason "{back.reason}" {where}')
    show_move(options, back)
    _show_command(f'estimates promote {SET} {forth.version} --reason "{forth.reason}" {where}')
    show_move(options, forth)
    _show_command(f"estimates diff {SET} {back.version} {forth.version} {where}")
    terminal.page(diff_text(store[SET].diff(back.version, forth.version)))
    key = _key_of_all(store)
    _show_command(f"estimates history {SET} {' '.join(key)} --fields value {where}")
    show_history(store[SET].history(*key, fields=["value"], chain=True), store.contract(SET))
    _show_command(f"estimates status {SET} {where}")
    show_status(set_status(store.view(), SET, instants.now()))
    _show_places(store, where)


def _key_of_all(store: Store) -> tuple[str, str]:
    """A ticker and a date that every version has an estimate for."""
    first = store.view().set(SET).versions[0]
    return TEN_TIMES[0], first.provenance.targets[price_feed.DAYS]


def _show_places(store: Store, where: str) -> None:
    bin_folder = shlex.quote(str(Path(sys.executable).parent))
    mlflow = tracking_uri(store)
    run = store.resolve(SET).mlflow_run
    lines = {
        f"the MLflow record: experiment {SET}, production is run {run}": mlflow,
        "its pages in a browser": f"{bin_folder}/mlflow ui --backend-store-uri "
        f"{shlex.quote(mlflow)}",
        "put estimates on the PATH": f'export PATH={bin_folder}:"$PATH"',
        "then": f"estimates log {SET} {where}",
        "your own table": "estimates draft FILE --key COLUMN > CONTRACT.toml",
    }
    for title, command in lines.items():
        terminal.line()
        terminal.line(f"# {title}", "dim")
        terminal.page(command)  # never folded, so that it can be pasted


def _show_command(text: str) -> None:
    terminal.line()
    terminal.line(f"$ {text}", "bold cyan")
