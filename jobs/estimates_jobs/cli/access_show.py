"""`estimates access show`: the access record in force."""

from __future__ import annotations

import json

from estimates import instants
from estimates.principals.access_record import AccessRecord
from estimates.render.wording import visible
from estimates_jobs.cli.interface.command import Options, command
from estimates_jobs.cli.output import terminal


@command("estimates access show", "estimates access show > access.toml")
def show(options: Options) -> None:
    """The access record in force, as the file that sets it: who may do what in which sets."""
    from estimates.store.access import access_in_force

    law = access_in_force(options.open())
    if options.json:
        record, event = (None, None) if law is None else (law[0].details(), law[1])
        terminal.json({"record": record, "event": event})
    elif law is None:
        terminal.line("# there is no access record: whoever can write the catalog may do all")
    else:
        record, event = law
        by = visible(event.who)  # in one line: what follows is no comment
        terminal.page(f"# event {event.id}, {instants.text(event.at)} by {by}\n\n{_toml(record)}")


def _toml(record: AccessRecord) -> str:
    details = record.details()
    lines = [f"root = {_array(details['root'])}"]
    for name, known in details["principals"].items():
        lines += ["", f"[principals.{_quoted(name)}]", f"keys = {_array(known['keys'])}"]
        lines += [f"may.{_quoted(right)} = {_array(sets)}" for right, sets in known["may"].items()]
    return "\n".join(lines)


def _array(texts: list[str]) -> str:
    return f"[{', '.join(map(json.dumps, texts))}]"


def _quoted(name: str) -> str:
    """A key of TOML, bare where it may be."""
    is_bare = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    return name if is_bare else json.dumps(name)
