"""`estimates token create`: a secret to read with over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from estimates import instants
from estimates.access.grant import Grant
from estimates.access.principal import READ_RIGHTS, ReadRight
from estimates.errors import InvalidError
from estimates_jobs.cli.interface.command import (
    Options,
    clock_is_right_option,
    columns_option,
    command,
)
from estimates_jobs.cli.output import terminal
from estimates_jobs.cli.output.token_table import token_cells, token_json


@command(
    "estimates token create shop-app --set demand --expires 90d",
    "estimates token create shop-0412 --set demand --where shop=0412 --columns units",
    "estimates token create shop-team --set demand --may provenance",
    "estimates token create prometheus --may metrics",
    "estimates token create team-a-alarms --may metrics --set a-*",
    "export ESTIMATES_TOKEN=$(estimates token create notebook --format json | jq -r .secret)",
)
@click.argument("name")
@click.option(
    "--may",
    multiple=True,
    type=click.Choice(READ_RIGHTS),
    default=("read",),
    show_default=True,
    help="What it allows; may be given several times. provenance: to read, and where versions come "
    "from in full.",
)
@click.option(
    "--set",
    "sets",
    multiple=True,
    metavar="SET",
    help="Only this set, or with * at its end all that begin so; may be given several times. "
    "Default: every set, also later ones.",
)
@click.option(
    "--where",
    multiple=True,
    metavar="COLUMN=VALUE",
    help="Only keys that begin with this value, written as in a URL; may be given several times.",
)
@columns_option("--columns", help="Only these columns. Default: all.")
@click.option(
    "--expires",
    metavar="TIME|SPAN",
    help="When it expires, such as 2026-12-31 or 90d. Default: in a year, which is the longest.",
)
@click.option("--reason", metavar="TEXT", help="What it is for; it is kept in the log.")
@clock_is_right_option
def create(
    options: Options,
    name: str,
    may: tuple[ReadRight, ...],
    sets: tuple[str, ...],
    where: tuple[str, ...],
    columns: list[str] | None,
    expires: str | None,
    reason: str | None,
) -> None:
    """Make a token for a program or a person, NAME. Its secret is printed once and kept nowhere:
    the store has its SHA-256.

    It is sent as `Authorization: Bearer SECRET`; the client and this program read it from
    ESTIMATES_TOKEN. It counts where the service was started with `--access tokens` or with a file
    that says so.
    """
    made = options.open().create_token(
        name,
        may=may,
        grants=_grants(sets, where, columns),
        expires_at=_expiry(expires),
        reason=reason,
    )
    if options.json:
        terminal.json(token_json(made.token) | {"secret": made.secret})
        return
    terminal.pairs(list(token_cells(made.token).items()))
    terminal.line()
    terminal.page(made.secret)
    terminal.line("keep this secret now: it is not shown again", "dim")


def _grants(
    sets: tuple[str, ...], where: tuple[str, ...], columns: list[str] | None
) -> list[Grant]:
    """One grant a set; none where nothing is narrowed. Raises InvalidError (`bad_grant`)."""
    column, values = _condition(where)
    narrowed = None if columns is None else tuple(columns)
    if not sets and column is None and narrowed is None:
        return []
    return [Grant(name, column, values, narrowed) for name in sets or ("*",)]


def _condition(where: tuple[str, ...]) -> tuple[str | None, tuple[str, ...]]:
    pairs: list[Any] = [text.partition("=") for text in where]
    names = {name for name, _, _ in pairs}
    if any(not (name and equals) for name, equals, _ in pairs) or len(names) > 1:
        raise InvalidError(
            "bad_grant",
            f"--where {' --where '.join(where)}",
            remedy="name one column, the first of the key, and a value: --where shop=0412",
        )
    return next(iter(names), None), tuple(value for _, _, value in pairs)


def _expiry(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return instants.now() + instants.duration(text)
    except ValueError:
        return instants.parse_until(text)
