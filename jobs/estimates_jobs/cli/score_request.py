"""The options of `estimates score`, and which of them go together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from estimates.accuracy.model_table import Test
from estimates.catalog.release_clock import Clock

if TYPE_CHECKING:
    from estimates_jobs.cli.interface.command import Options


class ScoreRequest(msgspec.Struct, frozen=True):
    """The options of the command, by name."""

    actuals: str | None
    versions: tuple[int, ...]
    vintage: str | None
    against: str | None
    regrade: bool
    chart: str | None
    last: int
    timezone: str | None
    by: str | None
    each: bool
    log_shift: float | None
    baseline: str | None
    loss: str | None
    test: Test | None
    deadline: str | None
    clock: Clock

    def check(self, options: Options, names: tuple[str, ...]) -> None:
        """Raises UsageError for options that do not go together."""
        several = len(names) > 1 or self.baseline is not None
        apart = several or self.by is not None or self.each
        problems = [
            (
                self.chart is not None and Path(self.chart).suffix not in (".svg", ".png"),
                f"{self.chart}: a picture's name ends in .svg or .png",
            ),
            (bool(options.notify) and not self.regrade, "--notify tells of grades: add --regrade"),
            (
                self.actuals is None
                and (
                    len(self.versions) > 1
                    or self.regrade
                    or apart
                    or not (self.against is self.timezone is None)
                ),
                "--against, --regrade, --timezone, --by, --each, several sets and several "
                "--version need --actuals",
            ),
            (
                several and bool(self.versions or self.by is not None or self.each),
                "--version, --by and --each are about one set",
            ),
            (
                self.each and self.by is not None,
                "--each is every key, --by their means: one of them",
            ),
            (
                apart and bool(self.against is not None or self.regrade),
                "--against and --regrade go with scores that are stored: leave out --by, --each "
                "and --baseline",
            ),
            (
                self.deadline is not None
                and bool(
                    self.actuals is None or apart or self.versions or self.against or self.regrade
                ),
                "--deadline chooses the version of each key by itself: it needs --actuals of one "
                "set, and no --version, --against, --regrade, --by or --each",
            ),
            (self.clock is not None and self.deadline is None, "--clock belongs to --deadline"),
            (
                self.chart is not None and (self.deadline is not None or (apart and not several)),
                "--chart draws the scores of a set or of models, not --by, --each or --deadline",
            ),
            (
                self.log_shift is not None and not apart,
                "--log-shift needs --by, --each or several sets",
            ),
            (self.loss is not None and not several, "--loss is for several sets"),
            (self.test is not None and not several, "--test is for several sets"),
            (options.format == "html" and not several, "--format html is for several sets"),
        ]
        for wrong, message in problems:
            if wrong:
                raise click.UsageError(message)
