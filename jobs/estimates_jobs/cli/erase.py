"""`estimates erase`: take a person's numbers out of every version of a set, for good."""

from __future__ import annotations

import click

from estimates.keys.key_form import Key
from estimates.render.wording import count
from estimates.store.erase import Erased
from estimates.store.erase import erase as erase_keys
from estimates_jobs.cli.interface.command import (
    Options,
    clock_is_right_option,
    command,
    reason_option,
    set_argument,
)
from estimates_jobs.cli.output import terminal


@command(
    'estimates erase churn 00042 --reason "request 2026-117"',
    'estimates erase demand 0001 --reason "…"                   # every key that begins so',
    'estimates erase churn --keys requests.csv --reason "requests of May"',
    'estimates erase churn 00042 --reason "request 2026-117" --dry-run',
)
@set_argument
@click.argument("key", metavar="[KEY]...", nargs=-1)
@click.option(
    "--keys",
    metavar="FILE",
    help="Many keys: a table with the key columns, or a JSON list, also of leading parts; - reads "
    "JSON.",
)
@reason_option
@click.option("--dry-run", is_flag=True, help="Only tell what would go.")
@clock_is_right_option
def erase(
    options: Options,
    set_name: str,
    key: tuple[str, ...],
    keys: str | None,
    reason: str,
    dry_run: bool,
) -> int:
    """Take the numbers of a key, or of all keys under a leading part of one, out of every version
    of a set. There is no way back.

    From then on these keys answer `erased`, and no version of the set can have them again: leave
    them out of what the job reads. The files that held their numbers are deleted at once, without
    the week of trash. Versions keep their numbers and ids, the log stays whole. A legal hold
    refuses. The same command again goes on where one was interrupted.
    """
    from estimates_jobs.cli.get import keys_of_file

    if bool(key) == (keys is not None):
        raise click.UsageError("give a KEY or --keys, one of the two")
    store = options.open()
    chosen: list[Key] = [key]
    if keys is not None:
        chosen = list(keys_of_file(keys, store.contract(set_name)))
    erased = erase_keys(store, set_name, chosen, reason=reason, dry_run=dry_run)
    if options.json:
        terminal.json(erased)
    else:
        _show(set_name, erased, dry_run=dry_run)
    return 1 if erased.left else 0


def _show(set_name: str, erased: Erased, *, dry_run: bool) -> None:
    would = "would be " if dry_run else ""
    versions = ", ".join(map(str, erased.versions)) or "none"
    terminal.line(
        f"{set_name}: {count(erased.keys, 'key')} {would}erased: {count(erased.rows, 'row')} of "
        f"stored parts, versions {versions}"
    )
    if dry_run:
        return
    if erased.event is None:
        terminal.line("they were erased before; what was left of them is gone now")
    else:
        terminal.line(f"event {erased.event.id}, {count(erased.verdicts, 'verdict')} named them")
    terminal.line(f"{count(erased.files, 'file')} deleted or rewritten")
    for file, why in erased.left:
        terminal.line(f"{file} stays, and the next sweep tries again: {why}")
    if erased.keeps_versions:
        terminal.line("this bucket keeps versions: delete the older ones of these files in it")
    terminal.line("not reached: backups and copies elsewhere, files that were exported, and")
    runs = ", ".join(erased.mlflow_runs)
    terminal.line(f"MLflow's artefacts{f' of the runs {runs}' if runs else ''}")
