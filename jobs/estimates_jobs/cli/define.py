"""`estimates define`: register a contract."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from estimates.contract.contract import Contract
from estimates.contract.contract_file import read_contract
from estimates.contract.domain import FileDomain, RollingDomain
from estimates.render.wording import count
from estimates_jobs.cli.interface.command import Options, clock_is_right_option, command
from estimates_jobs.cli.output import terminal

if TYPE_CHECKING:
    import polars as pl


@command(
    "estimates define sp500-close.toml",
    "estimates define sp500-close.toml --format json",
)
@click.argument("contract_file", metavar="CONTRACT.toml")
@clock_is_right_option
def define(options: Options, contract_file: str) -> None:
    """Register a contract. Changed, it makes a new revision; with other keys, columns or units also
    a new shape.

    Versions of different shapes are never compared, and production only moves to another shape with
    --new-shape.
    """
    from estimates.gate.check_functions import with_digests
    from estimates_jobs.run.exchange_holidays import with_holidays

    contract = read_contract(contract_file)
    if isinstance(contract.domain, RollingDomain):
        from estimates_jobs.run.calendars import calendar_of

        calendar_of(contract.domain.calendar)  # raises now, and not in the first run
    contract = with_digests(with_holidays(contract))
    from estimates.gate.policy_validation import validate_policy
    from estimates.store.members import define_family

    path = Path(contract_file)
    validate_policy(contract, path.read_text(), contract_file)
    store = options.open()
    known = store.view().sets.get(contract.name)
    revisions = {r.revision: r.shape for r in known.contracts} if known else dict[int, int]()
    made, *of_members = define_family(
        store, contract, path.read_text(), _listed_keys(contract, path.parent)
    )
    is_new = made.revision not in revisions
    is_new_shape = made.shape not in revisions.values()
    if options.json:
        terminal.json(
            {
                "set": made.set,
                "revision": made.revision,
                "shape": made.shape,
                "new_revision": is_new,
                "new_shape": is_new_shape,
                "defined_at": made.defined_at,
            }
        )
        return
    if not is_new:
        terminal.line(
            f"{made.set}: nothing changed, this is contract revision {made.revision} (shape "
            f"{made.shape})"
        )
        return
    new = " (new)" if is_new_shape else ""
    terminal.line(f"{made.set}: contract revision {made.revision}, shape {made.shape}{new}")
    if is_new_shape and revisions:
        terminal.line(
            "its versions cannot be compared with those before; a person promotes the first "
            "(--new-shape)"
        )
    if of_members:
        terminal.line(f"the same for {count(len(of_members), 'member')} of the family")
    _show_unpinned(contract)
    files = "FILE" if contract.family is None else "FOLDER --through …"
    following = f"run {made.set}" if contract.job else f"publish {made.set} {files}"
    terminal.line(f"next: estimates {following}")


def _show_unpinned(contract: Contract) -> None:
    from estimates.gate.check_functions import without_digest

    unpinned = without_digest(contract)
    if unpinned:
        terminal.line(
            f"the code of {', '.join(unpinned)} is not here, and may change unnoticed: define it "
            "where the module lies"
        )


def _listed_keys(contract: Contract, folder: Path) -> pl.DataFrame | None:
    """The listed keys of a `file` domain, whose path starts at a folder; None for other domains."""
    if not isinstance(contract.domain, FileDomain):
        return None
    from estimates_jobs.tables.table_files import read_keys, typed

    return typed(read_keys(folder / contract.domain.file, contract), contract)
