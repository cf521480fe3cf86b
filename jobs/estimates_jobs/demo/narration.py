"""What the demo prints: acts of a screen each, every answer below the command that shows it."""

from __future__ import annotations

import shlex
import sys
from datetime import date
from pathlib import Path

import click
import msgspec

from estimates.catalog.records import Event
from estimates.gate.pages.verdict_text import headline, notable_results
from estimates.gate.verdict import Verdict
from estimates.render.wording import cut
from estimates.stability.pages.report_text import render_parts
from estimates.store.store import Store
from estimates_jobs.cli.interface.command import Options
from estimates_jobs.cli.output import terminal
from estimates_jobs.cli.output.alias_moves import show_move
from estimates_jobs.cli.output.history_table import show_history
from estimates_jobs.demo import price_feed
from estimates_jobs.demo.price_feed import CONTRACT, MISSING, TEN_TIMES, Feed
from estimates_jobs.tracking.record import tracking_uri

SET = "sp500-close"
ACTUAL = "sp500-actual"
_ACTS = 7
_WIDTH = 78  # columns of a line that is cut
_PARTS = ("horizons",)  # of a diff, that are shown


class Day(msgspec.Struct, frozen=True):
    """What became of one trading day; `production` is where the alias pointed at the end of it."""

    day: date
    run_id: str
    version: int
    outcome: str
    blocks: bool
    failing: list[str]
    production: int | None


class Acts:
    """The acts of a week, in the order in which they are printed."""

    def __init__(self, root: Path, store: Store, feed: Feed) -> None:
        self.store = store
        self.feed = feed
        self._root = root
        self._where = f"--store {shlex.quote(str(root))}"
        self._act = 0

    def before_day(self, position: int) -> None:
        """Begin an act, where one begins with this day."""
        feed = self.feed
        if position == 0:
            self._begin(
                "A forecast every day",
                "The next ten closes of 20 stocks, from the prices up to each day.",
                "The days are of December 2021: so it is known what came.",
                f"contract {self._root / CONTRACT}, prices {self._root / feed.folder.name}/",
            )
            terminal.line("# first, so that what follows can be pasted", "dim")
            folder = shlex.quote(str(Path(sys.executable).parent))
            terminal.command(f'export PATH={folder}:"$PATH"')
        elif position == price_feed.BROKEN_DAY:
            self._begin(
                "A price file breaks",
                f"{feed.broken_day}: {', '.join(TEN_TIMES)} are ten times too high, "
                f"{', '.join(MISSING)} are missing.",
                str(self._root / feed.folder.name / feed.broken_file.name),
            )
        elif position == price_feed.BROKEN_DAY + 1:
            self._begin(
                "The week goes on, and a person steps in",
                f"The file of {feed.broken_day} was replaced by the right one.",
            )
        elif position == len(feed.days) - 1:
            left_out = feed.left_out
            self._begin(
                "A file ends too soon, and nobody has looked yet",
                f"{feed.days[-1]}: {len(left_out)} of 20 stocks, {left_out[0]} to {left_out[-1]}, "
                "have no price.",
                str(self._root / feed.folder.name / f"{feed.days[-1]}.csv"),
            )

    def show_day(self, position: int, day: Day, verdict: Verdict) -> None:
        """Print what became of a day."""
        is_last = position == len(self.feed.days) - 1
        if is_last or position in (0, price_feed.BROKEN_DAY, price_feed.BROKEN_DAY + 1):
            terminal.line()
        baseline = verdict.baseline
        against = "the first" if baseline is None else f"against version {baseline.version}"
        passes = "passes" if day.outcome == "pass" else "passes with warnings"
        answer = "REFUSED" if day.blocks else f"{passes}, {against}"
        production = f"production {'stays at' if day.blocks else 'is'} version {day.production}"
        terminal.line(
            f"{day.day}  version {day.version}  {answer:<26} {production}",
            "bold red" if day.blocks else None,
        )
        if position == 0:
            self._run(f"estimates get {SET} AAPL --ref 1 --limit 3")
            terminal.line()
        elif position == price_feed.BROKEN_DAY:
            self._show_verdict(verdict)

    def look_back(self, back: Event, forth: Event) -> None:
        """The rollback and the promotion, then what a person would look at next."""
        assert back.version is not None
        assert forth.version is not None
        self._command(f'estimates rollback {SET} --reason "{back.reason}"')
        show_move(Options(), back)
        self._command(f'estimates promote {SET} {forth.version} --reason "{forth.reason}"')
        show_move(Options(), forth)
        self._begin("What changed from version to version", "Key by key, in the estimate's unit.")
        self._command(f"estimates diff {SET} {back.version} {forth.version}")
        report = self.store[SET].diff(back.version, forth.version)
        terminal.report(lambda: render_parts(report, _PARTS))
        self._begin(
            "One number through the week, and what came",
            "The refused version never was in production.",
        )
        key = self._key_of_all()
        self._command(f"estimates history {SET} {' '.join(key)} --fields value")
        answer = self.store[SET].history(*key, fields=["value"])
        show_history(answer, self.store.contract(SET))
        terminal.line("and how it settled, in seven numbers", "dim")
        self._run(f"estimates get {ACTUAL} {' '.join(key)}")

    def conclude(self, back: Event, forth: Event) -> None:
        """What there is to find out in the browser."""
        ticker, day = self._key_of_all()
        self._begin("The same in a browser, and over HTTP", "To find out by clicking:")
        for question in (
            "which set needs somebody, and why",
            f"why version {price_feed.BROKEN_DAY + 1} was refused",
            f"what changed most from version {back.version} to {forth.version}, in which group",
            f"what was said of {ticker} for {day}, and how wrong it was",
            "who rolled back, and when",
            "how it is read from R",
        ):
            terminal.line(f"     · {question}")
        terminal.line()
        terminal.pairs([("recorded in MLflow", self._record())])

    def _record(self) -> str:
        """Where the runs are recorded, or how to record them."""
        if self.store.resolve(SET).mlflow_run is not None:
            return tracking_uri(self.store)
        return f"not yet, it is not installed; then: estimates track {self._where}"

    def _show_verdict(self, verdict: Verdict) -> None:
        terminal.line()
        terminal.line(headline(verdict), "bold red")
        for result in notable_results(verdict):
            terminal.line(cut(f"  {result.status:<5} {result.name}: {result.message}", _WIDTH))
        key = " ".join(self._key_of_all())
        self._command(f"estimates explain {SET} {key} --ref {verdict.version}")
        terminal.line("shows the run, its inputs and the whole verdict", "dim")

    def _key_of_all(self) -> tuple[str, str]:
        """A ticker and a date that every version has an estimate for."""
        first = self.store.view().set(SET).versions[0]
        return TEN_TIMES[0], first.provenance.targets[price_feed.DAYS - 1]

    def _begin(self, title: str, *lines: str) -> None:
        """The title of an act; a terminal waits for a key, so that the one before can be read."""
        if self._act:
            click.pause(click.style("\nany key: the next act", dim=True))
            click.clear() if sys.stdout.isatty() else terminal.line()
        self._act += 1
        terminal.line(f"{self._act}/{_ACTS}  {title}", "bold magenta")
        for line in lines:
            terminal.line(f"     {line}", "dim")

    def _run(self, command: str) -> None:
        """Print a command that reads, and what it prints."""
        from estimates_jobs.cli.commands import cli

        self._command(command)
        words = shlex.split(f"{command} {self._where}")[1:]
        cli.main(words, prog_name="estimates", standalone_mode=False, obj=Options())

    def _command(self, text: str) -> None:
        terminal.line()
        terminal.command(f"$ {text} {self._where}")
