"""`estimates access set`: who may do what from now on."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from estimates.errors import InvalidError
from estimates.principals.access_record import AccessRecord, parse_access
from estimates_jobs.cli.interface.command import (
    Options,
    clock_is_right_option,
    command,
    open_store,
)
from estimates_jobs.cli.output import terminal


@command('estimates access set access.toml --key root.pem --reason "anna joins the team"')
@click.argument("file", metavar="FILE.toml", type=click.Path(path_type=Path))
@click.option(
    "--key",
    type=click.Path(path_type=Path),
    help="File of a root key. Default: ESTIMATES_KEY, else ~/.config/estimates/key.pem.",
)
@click.option("--reason", help="Why; it stands in the log.")
@clock_is_right_option
def set(  # noqa: A001 the command's name
    options: Options, file: Path, key: Path | None, reason: str | None
) -> None:
    """Set who may do what from now on, in place of the access record before.

    The key has to be one of those under `root`: of the record in force, or where the store has none
    yet of this one. From the first record on every event is signed by its principal, and what is
    not lawful is not followed. docs/security.md shows a record and says what to do when a key is
    lost.
    """
    from estimates.store.access import access_in_force, set_access

    record = _read(file)
    settings = options.settings()
    if key is not None:
        settings = msgspec.structs.replace(settings, key=str(key))
    store = open_store(settings, clock_is_right=options.clock_is_right)
    event = set_access(store, record, reason=reason)
    if options.json:
        terminal.json(event)
        return
    terminal.line(f"event {event.id}: {_summary(record)}")
    if (law := access_in_force(store)) is not None and law[1].id != event.id:
        terminal.line("another record was set since")


def _read(file: Path) -> AccessRecord:
    """Raises InvalidError (`no_file`, and what `parse_access` raises)."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidError(
            "no_file", f"{file} cannot be read: {error}", remedy="name a TOML file"
        ) from None
    return parse_access(text, str(file))


def _summary(record: AccessRecord) -> str:
    names = ", ".join(sorted(record.principals)) or "nobody"
    return f"from now on these may write: {names}; `estimates access show` says what"
