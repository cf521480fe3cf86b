"""`estimates status`: how old the estimates are, and what production is."""

from __future__ import annotations

from collections.abc import Sequence

import click

from estimates import instants
from estimates.catalog.audit import Fault
from estimates.catalog.clock import AGREEMENT
from estimates.catalog.view import View
from estimates.errors import RefusedError, UnavailableError
from estimates.storage.objects import BRIEFLY_S, Objects
from estimates.store.identity import identity_faults
from estimates.store.store import Store
from estimates_jobs.cli.interface.command import Options, command, optional_set_argument
from estimates_jobs.cli.interface.failures import ANSWER_IS_NO, DAMAGED
from estimates_jobs.cli.output import cells, terminal
from estimates_jobs.cli.output.set_status import SetStatus, set_status, show_status, show_statuses


@command(
    "estimates status",
    "estimates status sp500-close",
    "estimates status --check || notify-on-call            # exits 1 when stale or nothing is "
    "promoted",
)
@optional_set_argument
@click.option(
    "--check",
    is_flag=True,
    help="Exit 1 when a set is stale or nothing in it was promoted yet, 4 when catalog and files "
    "do not belong together.",
)
def status(options: Options, set_name: str | None, check: bool) -> int:
    """How often are my estimates updated: the last version, its age, the next one expected,
    production, holds.

    Stale means: the newest data that production saw are older than the contract's
    freshness.max_age. Without a maximum age nothing is stale. A version is expected one cadence
    after the last; being overdue alone is not stale. Of a family, its members are shown. Keep the
    head of the log elsewhere: `estimates audit --head` tells whether anything before it was
    changed.
    """
    store = options.open()
    view = store.view()
    faults, unknown = _faults(store)
    head = view.head
    now = instants.now()
    names = _names(view, set_name)
    statuses = [set_status(view, name, now) for name in names]
    if options.json:
        known = None if unknown else faults
        terminal.json({"at": now, "sets": statuses, "head": head, "faults": known})
        return _exit_code(statuses, faults, check)
    if len(statuses) == 1:
        show_status(statuses[0])
    elif statuses:
        show_statuses(statuses)
    else:
        terminal.line(
            "no sets yet; register one with estimates define CONTRACT.toml"
            if set_name is None
            else f"{set_name} is a family without members; next: estimates publish {set_name} FILE"
        )
    terminal.pairs([("head of the log", head.text())])
    if view.moment - now > AGREEMENT:
        terminal.line(
            f"the log is {cells.duration(view.moment - now)} ahead of this machine's clock: set "
            "the clock, or where the log is wrong see estimates repair-clock --help"
        )
    if unknown:
        terminal.line(f"not compared with the log in the storage: {unknown}")
    for fault in faults:
        terminal.line(f"{fault.message}  [{fault.code}]")
    return _exit_code(statuses, faults, check)


def _faults(store: Store) -> tuple[list[Fault], str | None]:
    """Whether catalog and root belong together, and why that is not known: a storage that is away
    keeps nobody from knowing how the sets stand, or from knowing it soon.
    """
    try:
        return identity_faults(Objects(store.root, BRIEFLY_S), store.catalog), None
    except (UnavailableError, RefusedError) as error:
        return [], error.message


def _names(view: View, asked_for: str | None) -> list[str]:
    """The sets that have versions: all, those of a family, or one."""
    if asked_for is not None and view.set(asked_for).contract.family is None:
        return [asked_for]
    members = {name: of_set.contract.member for name, of_set in view.sets.items()}
    return sorted(
        name
        for name, member in members.items()
        if (asked_for is None and view.set(name).contract.family is None)
        or (member is not None and member.of == asked_for)
    )


def _exit_code(statuses: Sequence[SetStatus], faults: Sequence[Fault], check: bool) -> int:
    if check and faults:
        return DAMAGED
    return ANSWER_IS_NO if check and any(status.problems for status in statuses) else 0
