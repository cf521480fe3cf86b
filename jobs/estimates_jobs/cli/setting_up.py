"""Commands that set up: init, draft, define, migrate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from estimates.contract.contract import Contract, FileDomain, RollingDomain
from estimates.contract.contract_file import read_contract
from estimates.errors import InvalidError, NotFoundError
from estimates.settings import Settings
from estimates.store.open_store import catalog_url
from estimates.store.store import Store
from estimates_jobs.cli import show
from estimates_jobs.cli.columns import columns
from estimates_jobs.cli.command import Options, command

if TYPE_CHECKING:
    import polars as pl

    from estimates_jobs.draft import ColumnProfile


@command(
    "init",
    examples=(
        "estimates init --store ./estimates-store",
        "ESTIMATES_CATALOG=postgresql://db/estimates estimates init --store s3://bucket/estimates",
    ),
)
def init(options: Options) -> None:
    """Make a store: its folder and its catalog. On a store that is there already nothing changes."""
    settings = options.settings()
    made = make_store(settings)
    if options.json:
        show.value({"store": settings.store, "made": made})
        return
    show.line(f"{'made' if made else 'there already:'} the store {settings.store}")
    if made:
        show.line(
            "next: estimates define CONTRACT.toml, or estimates draft FILE --key COLUMN to "
            "begin with a table"
        )


@command("migrate", examples=("estimates migrate --store ./estimates-store",))
def migrate(options: Options) -> None:
    """Bring the store's catalog to the schema that this program knows, all at once or not at all.

    Estimates and manifests are never migrated: every format that was ever written stays readable.
    """
    import estimates_migrations

    settings = options.settings()
    url = _existing_catalog(settings)
    before = estimates_migrations.current(url)
    estimates_migrations.upgrade(url)
    after = estimates_migrations.current(url)
    if options.json:
        show.value({"store": settings.store, "from": before, "to": after})
    elif before == after:
        show.line(f"nothing to do: the catalog has schema revision {after}")
    else:
        show.line(f"catalog migrated from schema revision {before or 'none'} to {after}")


@command(
    "draft",
    examples=(
        "estimates draft scores.csv --key customer_id --name churn > churn.toml",
        "estimates draft forecast.parquet --key shop,product,day > demand.toml",
    ),
)
@click.argument("file", metavar="FILE")
@columns("--key", required=True, help="The columns that identify a row, in order.")
@click.option("--name", metavar="SET", help="The set's name. Default: made from the file's name.")
def draft(options: Options, file: str, key: list[str], name: str | None) -> None:
    """Write a first contract for a CSV, Parquet or Arrow table, with comments, to standard output.

    A profile of each column goes to standard error. Roles are guessed from names and values: read
    the contract before you define it.
    """
    from estimates_jobs.draft import draft as draft_contract

    made = draft_contract(file, key, name)
    if options.json:
        show.value({"set": made.name, "contract": made.contract, "profile": made.profile})
        return
    _show_profile(made.profile)
    show.page(made.contract)


@command(
    "define",
    examples=(
        "estimates define sp500-close.toml",
        "estimates define sp500-close.toml --format json",
    ),
)
@click.argument("contract_file", metavar="CONTRACT.toml")
def define(options: Options, contract_file: str) -> None:
    """Register a contract. Changed, it makes a new revision; with other keys, columns or units also
    a new shape.

    Versions of different shapes are never compared, and production only moves to another shape with
    --new-shape.
    """
    contract = read_contract(contract_file)
    source = Path(contract_file).read_text()
    if isinstance(contract.domain, RollingDomain):
        from estimates_jobs.run.calendars import calendar

        calendar(contract.domain.calendar)  # an unknown one is told now, and not by the first run
    store = options.open()
    known = store.view().sets.get(contract.name)
    revisions = 0 if known is None else len(known.contracts)
    shapes = set() if known is None else {revision.shape for revision in known.contracts}
    made = store.define(contract, source, domain_keys(contract, Path(contract_file)))
    is_new, is_new_shape = made.revision > revisions, made.shape not in shapes
    if options.json:
        facts = {"set": made.set, "revision": made.revision, "shape": made.shape}
        show.value(
            facts
            | {"new_revision": is_new, "new_shape": is_new_shape, "defined_at": made.defined_at}
        )
        return
    if not is_new:
        show.line(
            f"{made.set}: nothing changed, this is contract revision {made.revision} (shape "
            f"{made.shape})"
        )
        return
    show.line(
        f"{made.set}: contract revision {made.revision}, shape "
        f"{made.shape}{' (new)' if is_new_shape else ''}"
    )
    if is_new_shape and shapes:
        show.line(
            "its versions cannot be compared with those before; a person promotes the first "
            "(--new-shape)"
        )
    follow = "run" if contract.job else "publish"
    show.line(f"next: estimates {follow} {made.set}{'' if contract.job else ' FILE'}")


def _show_profile(profile: list[ColumnProfile]) -> None:
    header = ["column", "role", "type", "nulls", "distinct", "lowest", "highest", "why", "examples"]
    rows: list[list[show.Cell]] = [
        [c.name, c.role, c.type, c.nulls, c.distinct, c.low, c.high, c.why, ", ".join(c.examples)]
        for c in profile
    ]
    show.table(header, rows, stderr=True)


def make_store(settings: Settings) -> bool:
    """Make the store unless it is there; says whether it was made. Raises UnavailableError,
    InvalidError.
    """
    try:
        Store(settings.store, catalog=settings.catalog, cache=settings.cache)
    except NotFoundError as error:
        if error.code != "no_store":
            raise
        import estimates_migrations

        if "://" not in settings.store:
            make_folder(Path(settings.store))
        estimates_migrations.upgrade(catalog_url(settings.store, settings.catalog))
        return True
    return False


def domain_keys(contract: Contract, contract_file: Path) -> pl.DataFrame | None:
    """The listed keys of a `file` domain, the file looked for beside the contract; None for other
    domains.
    """
    if not isinstance(contract.domain, FileDomain):
        return None
    from estimates_jobs.tables.table_files import read_table, typed

    keys = read_table(contract_file.parent / contract.domain.file)
    missing = [name for name in contract.key if name not in keys.columns]
    if missing:
        where = contract_file.parent / contract.domain.file
        raise InvalidError("columns", f"{where}: has no key column {', '.join(missing)}")
    return typed(keys.select(list(contract.key)), contract)


def _existing_catalog(settings: Settings) -> str:
    """The catalog's URL; raises NotFoundError (`no_store`) where no store was ever made."""
    url = catalog_url(settings.store, settings.catalog)
    if settings.catalog is None and not (Path(settings.store) / "catalog.db").exists():
        raise NotFoundError(
            "no_store", f"there is no store at {settings.store}; make one with `estimates init`"
        )
    return url


def make_folder(folder: Path) -> None:
    """Make a folder unless it is there; raises InvalidError (`bad_store`)."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidError(
            "bad_store", f"{folder}: no folder can be made there: {error.strerror or error}"
        ) from None
