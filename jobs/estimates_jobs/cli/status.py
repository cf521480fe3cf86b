"""`estimates status`: which sets need somebody, and whether versions come in time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import click
import msgspec

from estimates import instants
from estimates.catalog.approved_moves import NOT_APPROVED, standing_unapproved
from estimates.catalog.audit import Fault, law_faults
from estimates.catalog.clock import AGREEMENT
from estimates.catalog.view import View
from estimates.errors import RefusedError, UnavailableError
from estimates.render.wording import count
from estimates.storage.objects import BRIEFLY_S, Objects
from estimates.store.identity import identity_faults
from estimates.store.store import Store
from estimates_jobs.cli.interface.command import (
    Options,
    command,
    notify_option,
    optional_set_argument,
)
from estimates_jobs.cli.interface.duration import Duration
from estimates_jobs.cli.interface.failures import ANSWER_IS_NO, DAMAGED
from estimates_jobs.cli.interface.posting_deadlines import post_deadlines
from estimates_jobs.cli.output import cells, terminal
from estimates_jobs.cli.output.set_status import PROBLEMS, SetStatus, set_status
from estimates_jobs.cli.output.status_text import show_punctuality, show_status, show_statuses

_RUNS = 100  # the newest, for the last one, those without MLflow and the usual duration


@command(
    "estimates status",
    "estimates status sp500-close",
    "estimates status --check --excuse held || page-on-call   # exits 1 when a set needs somebody",
    "estimates status sp500-close --slo 90d                   # how many deadlines were met",
    forms=("csv",),
)
@optional_set_argument
@click.option(
    "--check",
    is_flag=True,
    help="Exit 1 when a set is stale, overdue, held, its last run failed or nothing in it was "
    "promoted; 4 when catalog and files do not belong together.",
)
@click.option(
    "--excuse",
    multiple=True,
    type=click.Choice(PROBLEMS),
    help="A problem for which --check does not fail; as often as needed.",
)
@click.option(
    "--slo",
    type=Duration(),
    metavar="DURATION",
    help="How many deadlines of this time were met (`due` in the contract), the worst delay, why.",
)
@click.option("--retired", is_flag=True, help="Also sets that are retired.")
@notify_option
def status(
    options: Options,
    set_name: str | None,
    check: bool,
    excuse: tuple[str, ...],
    slo: timedelta | None,
    retired: bool,
) -> int:
    """How my sets stand, a line a set, those that need somebody first; one set in detail.

    stale: the newest data that production saw are older than max_age of the contract. overdue: the
    next version is later than its cadence, or missed a deadline (`due`). failed: the last run did.
    held: production is, since a rollback. What the contract does not promise is not checked.

    Before a deadline it warns once a run that starts within its usual duration may come too late.
    With --check and a receiver such a deadline, and one that was missed, are posted, each with an
    id of its own however often this is asked.

    Of a family, its members are shown. Keep the head of the log elsewhere: `estimates audit --head`
    tells whether anything before it was changed.
    """
    store = options.open(over_http="/v1/sets" + (f"/{set_name}" if set_name else ""))
    view = store.view()
    faults, unknown = _faults(store)
    faults = [*law_faults(view.law), *_unapproved(view), *faults]
    head = view.head
    now = instants.now()
    names = [
        name
        for name in _names(view, set_name)
        if retired or set_name is not None or view.set(name).retirement is None
    ]
    since = None if slo is None else now - slo
    statuses = [_status(store, view, name, now, since) for name in names]
    if check:
        post_deadlines(options, statuses)
    if options.csv:
        terminal.csv(map(msgspec.structs.asdict, statuses), no_formulas=options.no_formulas)
        return _exit_code(statuses, faults, check, excuse)
    if options.json:
        known = None if unknown else faults
        terminal.json({"at": now, "sets": statuses, "head": head, "faults": known})
        return _exit_code(statuses, faults, check, excuse)
    if not statuses:
        terminal.line(_nothing(view, set_name, faults))
    _show(statuses, set_name, with_slo=slo is not None)
    _say_left_out(len(_names(view, set_name)) - len(names))
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
    return _exit_code(statuses, faults, check, excuse)


def _status(
    store: Store, view: View, name: str, now: datetime, since: datetime | None
) -> SetStatus:
    limit = _RUNS if since is None else None
    return set_status(view, name, now, store.catalog.runs(name, limit), since)


def _show(statuses: Sequence[SetStatus], set_name: str | None, *, with_slo: bool) -> None:
    """Print how the sets stand, one that was named in detail, and how many deadlines they met."""
    if set_name is not None and len(statuses) == 1:
        show_status(statuses[0])
    elif statuses:
        show_statuses(statuses)
    for status in statuses if with_slo else ():
        if status.punctuality is not None:
            show_punctuality(status.set, status.punctuality)
        else:
            terminal.line(f"{status.set}: its contract has no `due` under [freshness]")


def _say_left_out(retired: int) -> None:
    if retired:
        terminal.line(f"{count(retired, 'retired set')} left out; --retired shows all", "dim")


def _nothing(view: View, set_name: str | None, faults: Sequence[Fault]) -> str:
    """What is said where there is no set to show."""
    if set_name is not None:
        return f"{set_name} is a family without members; next: estimates publish {set_name} FILE"
    if view.sets:
        return "all sets are retired"
    if faults:  # of another store, or an older one
        return "this catalog knows no sets"
    return "no sets yet; register one with estimates define CONTRACT.toml"


def _unapproved(view: View) -> Iterator[Fault]:
    """Where aliases are without the approvals that it took, in a store without access record."""
    for move in standing_unapproved(view):
        text = f"{move.event.set}: {move.text()}"
        yield Fault(move.event.set, move.event.version, NOT_APPROVED, text)


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


def _exit_code(
    statuses: Sequence[SetStatus], faults: Sequence[Fault], check: bool, excuse: Sequence[str]
) -> int:
    if check and faults:
        return DAMAGED
    unexcused = any(set(status.problems) - set(excuse) for status in statuses)
    return ANSWER_IS_NO if check and unexcused else 0
