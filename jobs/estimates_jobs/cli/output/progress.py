"""What is being done, on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from estimates.render.wording import visible
from estimates_jobs.cli.output.notices import notice
from estimates_jobs.cli.output.terminal import console

if TYPE_CHECKING:
    from estimates.calibration.backtest import Progress

Announce = Callable[[str], None]


class Advance(Protocol):
    """Moves a progress bar."""

    def __call__(self, text: str, done: int, total: int | None = None) -> None:
        """Show what is being done, how much is done, and of how much if only now that is known."""


@contextmanager
def steps(*, quiet: bool = False) -> Iterator[Announce]:
    """What announces a step: in place on a terminal, as a line elsewhere, and not if `quiet`; no
    text takes the line on a terminal away, so that something else can be printed.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda text: None if quiet or not text else notice(text)
        return
    from rich.text import Text

    with console(stderr=True).status(Text("…")) as status:

        def show(text: str) -> None:
            if not text:
                status.stop()
                return
            status.update(Text(visible(text), no_wrap=True, overflow="ellipsis"))
            status.start()

        yield show


@contextmanager
def bar(total: int, *, quiet: bool = False) -> Iterator[Advance]:
    """A progress bar on a terminal's standard error, of `total` steps until a call says another
    number.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda text, done, total=None: None
        return
    from rich import progress

    parts = (
        progress.SpinnerColumn(),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeElapsedColumn(),
        progress.TextColumn("{task.description}"),
    )
    with progress.Progress(*parts, console=console(stderr=True), transient=True) as display:
        task = display.add_task("", total=total)
        yield lambda text, done, total=None: display.update(
            task, description=visible(text), completed=done, total=total
        )


@contextmanager
def version_bar(*, quiet: bool) -> Iterator[Progress]:
    """A progress bar through the versions of a set."""
    with bar(0, quiet=quiet) as advance:
        yield lambda done, total: advance("versions", done, total)
