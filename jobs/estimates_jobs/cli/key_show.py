"""`estimates key show`: one's own public key."""

from __future__ import annotations

from pathlib import Path

from estimates.errors import EstimatesError
from estimates.principals.access_record import AccessRecord
from estimates.principals.private_key import load_key
from estimates.settings import default_key
from estimates_jobs.cli.interface.command import Options, command
from estimates_jobs.cli.output import terminal


@command("estimates key show")
def show(options: Options) -> None:
    """Your public key, its file, and what it may do in this store."""
    settings = options.settings()
    path = Path(settings.key or default_key())
    key = load_key(path, settings.key_password)
    record = _record(options)
    name = None if record is None else record.name_of(key.public)
    known = None if record is None or name is None else record.principals[name]
    may = dict[str, tuple[str, ...]]() if known is None else known.may
    if options.json:
        terminal.json({"key": key.public, "file": str(path), "principal": name, "may": may})
        return
    terminal.pairs([("key", key.public), ("file", str(path)), ("principal", name or _none(record))])
    terminal.pairs([(right.replace("_", " "), ", ".join(sets)) for right, sets in may.items()])


def _none(record: AccessRecord | None) -> str:
    if record is None:
        return "none: the store has no access record, or there is no store"
    return "none: the store's access record does not know this key"


def _record(options: Options) -> AccessRecord | None:
    """The record of the store, if there is a store."""
    from estimates.store.access import access_in_force

    try:
        law = access_in_force(options.open())
    except EstimatesError:
        return None
    return None if law is None else law[0]
