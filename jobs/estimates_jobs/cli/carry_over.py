"""`estimates carry-over`: one broken group does not cost the others their new estimates."""

from __future__ import annotations

import click

from estimates_jobs.cli.interface.command import (
    Options,
    command,
    deciding_options,
    reason_option,
    set_argument,
)
from estimates_jobs.cli.interface.failures import ANSWER_IS_NO
from estimates_jobs.cli.interface.notifying import notifying
from estimates_jobs.cli.output import terminal


@command(
    'estimates carry-over demand 41 --by shop --reason "two shops sent no sales"',
    'estimates carry-over demand 41 --by shop --group 0012 --group 0044 --reason "scales broken"',
)
@set_argument
@click.argument("version", type=int)
@click.option("--by", required=True, metavar="COLUMN", help="A column of the key, or an attribute.")
@click.option(
    "--group",
    "groups",
    multiple=True,
    metavar="VALUE",
    help="This value keeps production's rows; may be given many times. Default: those that the "
    "gate speaks against.",
)
@reason_option
@deciding_options
def carry_over(
    options: Options, set_name: str, version: int, by: str, groups: tuple[str, ...], reason: str
) -> int:
    """Make a new version of a refused one, in which groups that fail keep production's rows.

    It is judged whole, as any version, and promoted if the policy lets a run do so. Its provenance
    and every answer from it name these groups. With `carry_over` under [gate] of the contract the
    same happens by itself. Exits 1 when the new version is refused, too.
    """
    store = options.open()
    with notifying(options, store):
        made = store.carry_over(set_name, version, by=by, groups=groups or None, reason=reason)
    carried = made.version.provenance.carried_over
    assert carried is not None, "that is what was made"
    if options.json:
        terminal.json(
            {
                "set": set_name,
                "version": made.version.version,
                "carried_over": carried,
                "blocks": made.verdict.blocks,
                "outcome": made.verdict.outcome,
                "not_promoted_because": made.not_promoted_because,
            }
        )
        return ANSWER_IS_NO if made.verdict.blocks else 0
    terminal.line(
        f"{set_name} version {made.version.version}: version {version} with {carried.rows:,} rows "
        f"of version {carried.since}, {by} {', '.join(carried.groups)}"
    )
    terminal.line(
        f"not promoted: {made.not_promoted_because}" if made.not_promoted_because else "promoted"
    )
    return ANSWER_IS_NO if made.verdict.blocks else 0
