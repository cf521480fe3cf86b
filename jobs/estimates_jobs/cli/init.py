"""`estimates init`: make a store."""

from __future__ import annotations

from estimates_jobs.cli.interface.command import Options, command
from estimates_jobs.cli.interface.new_store import make_store
from estimates_jobs.cli.output import terminal


@command(
    "estimates init --store ./estimates-store",
    "ESTIMATES_CATALOG=postgresql://db/estimates estimates init --store s3://bucket/estimates",
)
def init(options: Options) -> None:
    """Make a store: its folder and its catalog. On a store that is there already nothing
    changes."""
    settings = options.settings()
    made = make_store(settings)
    if options.json:
        terminal.json({"store": settings.store, "made": made})
        return
    terminal.line(f"{'made' if made else 'there already:'} the store {settings.store}")
    if made:
        terminal.line(
            "next: estimates define CONTRACT.toml, or estimates draft FILE --key COLUMN to "
            "begin with a table"
        )
