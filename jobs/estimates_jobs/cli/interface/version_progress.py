"""Progress through the versions of a set."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from estimates_jobs.cli.interface.options import Options
from estimates_jobs.cli.output import progress

if TYPE_CHECKING:
    from estimates.calibration.backtest import Progress


@contextmanager
def version_progress(options: Options) -> Iterator[Progress]:
    """Show on standard error how many versions are done."""
    with progress.bar(0, quiet=options.json) as advance:
        yield lambda done, total: advance("versions", done, total)
