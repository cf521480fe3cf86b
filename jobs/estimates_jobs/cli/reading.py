"""Commands that read estimates: get, history. Their JSON is the body that HTTP sends, byte for
byte.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from estimates.catalog.released import Clock
from estimates.contract.contract import Contract
from estimates.errors import InvalidError
from estimates.reading.answer import Answer, Page
from estimates.reading.page_cursor import DEFAULT_LIMIT
from estimates.render.wording import count
from estimates.store.estimate_set import EstimateSet
from estimates_jobs.cli import show
from estimates_jobs.cli.chains import other_shapes, show_chain, values_before
from estimates_jobs.cli.columns import columns
from estimates_jobs.cli.command import Options, command

if TYPE_CHECKING:
    from estimates.client import RemoteSet

_REF = "Version number, alias, or latest (the newest that the gate lets through)."


def _clock(what: str) -> Callable[[Any], Any]:
    return click.option("--clock", type=click.Choice(["released"]), help=what)


@command(
    "get",
    examples=(
        "estimates get sp500-close AAPL 2022-12-20",
        "estimates get sp500-close AAPL                              # all target dates of one "
        "ticker",
        "estimates get sp500-close AAPL 2022-12-20 --ref 3 --fields close",
        "estimates get sp500-close AAPL 2022-12-20 --as-of 2026-11-24T16:00:00Z",
        "estimates get sp500-close --keys wanted.csv --format json   # many; also "
        '[["AAPL","2022-12-20"]] as JSON',
    ),
)
@click.argument("set_name", metavar="SET")
@click.argument("key", metavar="[KEY]...", nargs=-1)
@click.option("--ref", default="production", show_default=True, help=_REF)
@click.option(
    "--as-of", metavar="TIME", help="What the ref named at this time, such as 2026-11-24T16:00:00Z."
)
@_clock("released: read --as-of by the claimed times of release of imported versions.")
@columns("--fields", help="Only these columns, besides the key.")
@click.option(
    "--keys",
    metavar="FILE",
    help="Many keys: a table with the key columns, or a JSON list; - reads JSON.",
)
@click.option(
    "--limit",
    type=int,
    default=DEFAULT_LIMIT,
    show_default=True,
    help="Rows on a page of a partial key.",
)
@click.option("--cursor", metavar="TEXT", help="The next page; printed at the end of each page.")
def get(
    options: Options,
    set_name: str,
    key: tuple[str, ...],
    ref: str,
    as_of: str | None,
    clock: Clock,
    fields: list[str] | None,
    keys: str | None,
    limit: int,
    cursor: str | None,
) -> None:
    """One estimate by its whole key, all estimates under a leading part of the key, or many with
    --keys.

    The answer comes from one version and says which. A word of the KEY is one key column, in the
    contract's order.
    """
    estimates = options.open_to_read()[set_name]
    if keys is not None:
        if key:
            raise click.UsageError("give a KEY or --keys, not both")
        wanted = _keys_of_file(keys, estimates.contract)
        _show_many(
            options,
            estimates,
            estimates.get_many(wanted, ref=ref, as_of=as_of, clock=clock, fields=fields),
        )
    elif len(key) >= len(estimates.contract.key):
        _show_one(
            options,
            estimates,
            estimates.get(*key, ref=ref, as_of=as_of, clock=clock, fields=fields),
        )
    else:
        _show_page(
            options,
            estimates,
            estimates.scan(
                *key, ref=ref, as_of=as_of, clock=clock, fields=fields, limit=limit, cursor=cursor
            ),
        )


@command(
    "history",
    examples=(
        "estimates history sp500-close AAPL 2022-12-20",
        "estimates history sp500-close AAPL 2022-12-20 --only promoted --fields close",
        "estimates history churn 00042 --since 2026-11-01T00:00:00Z",
        "estimates history churn 00042 --shape 1   # what versions of an earlier shape said",
    ),
)
@click.argument("set_name", metavar="SET")
@click.argument("key", metavar="KEY...", nargs=-1, required=True)
@click.option("--since", metavar="TIME", help="Only versions published at or after this time.")
@click.option("--until", metavar="TIME", help="Only versions published at or before this time.")
@click.option(
    "--only", type=click.Choice(["promoted"]), help="Only versions that production ever pointed to."
)
@_clock("released: times go by the claimed times of release of imported versions.")
@click.option("--shape", type=int, help="Tell of versions of this shape. Default: production's.")
@columns("--fields", help="Only these columns, besides the key.")
@click.option(
    "--chain", is_flag=True, help="In JSON too, what became of each number; text always says so."
)
def history(
    options: Options,
    set_name: str,
    key: tuple[str, ...],
    since: str | None,
    until: str | None,
    only: Any,
    clock: Clock,
    shape: int | None,
    fields: list[str] | None,
    chain: bool,
) -> None:
    """One key through the versions: what was estimated, when it could be known, and when it was in
    production.

    Below the table what became of each number: how often it turned, how straight its way was, since
    when it stands.
    """
    estimates = options.open_to_read()[set_name]
    chain = chain or not options.json
    bounds: dict[str, Any] = {"since": since, "until": until, "only": only}
    answer = estimates.history(*key, **bounds, fields=fields, chain=chain, clock=clock, shape=shape)
    if options.json:
        show.body(answer.json)
        return
    told = [entry["version"] for entry in answer.body["history"]]
    contract = estimates.contract_of(estimates.resolve(told[-1])) if told else estimates.contract
    hidden = (
        other_shapes(estimates.versions(), told, "--shape")
        if told or not any(bounds.values())
        else None
    )
    show_history(answer, contract, fields, hidden)


def show_history(
    answer: Answer,
    contract: Contract,
    fields: Sequence[str] | None = None,
    hidden: str | None = None,
) -> None:
    """A history as a table of the fields asked for, else of the estimates without what they carry
    along; its chain.

    `change` is of the first estimate column, from the last version before that was not refused.
    Versions before the first that has the key and after the last one are only counted; `hidden`
    says which are left out altogether.
    """
    told = answer.body["history"]
    entries, before_it, after_it = _with_key(told)
    show.line(f"{answer.set} {'/'.join(answer.body['key'])}, {count(len(told), 'version')}", "bold")
    if hidden is not None:
        show.line(hidden, "dim")
    if not entries:
        show.line(
            "no version has this key" if hidden is None else "no version of this shape has this key"
        )
        return
    columns = _columns_of([entry["estimate"] for entry in entries], contract)
    columns = [name for name in columns if fields is not None or name in contract.judged]
    main = next((name for name in contract.judged if name in columns), None)
    values = [_number(entry["estimate"], main) for entry in entries]
    before = values_before(entries, values)
    changes = [show.change(old, new) for old, new in zip(before, values, strict=True)]
    moves = [
        None if old is None or new is None or entry["state"] == "refused" else new - old
        for entry, old, new in zip(entries, before, values, strict=True)
    ]
    claims = "released_at" in entries[0]
    rows = [
        [
            entry["version"],
            entry["state"],
            entry["published_at"],
            *([entry["released_at"]] if claims else []),
            entry["data_through"],
            *(
                None if entry["estimate"] is None else show.number(entry["estimate"].get(name))
                for name in columns
            ),
            f"{changed:>8} {bar}".rstrip(),
        ]
        for entry, changed, bar in zip(entries, changes, show.bars(moves), strict=True)
    ]
    times = ["published", *(["claimed release"] if claims else []), "data through"]
    header = ["version", "state", *times, *(_title(name, contract) for name in columns)]
    show.table([*header, f"change of {main}" if main else "change"], rows)
    if before_it or after_it:
        show.line(
            f"without this key: {before_it} versions before these, {after_it} after them", "dim"
        )
    show_chain(answer.body.get("chain", {}), contract, None if fields is None else list(fields))


def _with_key(entries: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], int, int]:
    """The entries from the first to the last that has an estimate, and how many come before and
    after; or none.
    """
    have = [i for i, entry in enumerate(entries) if entry["estimate"] is not None]
    if not have:
        return [], 0, 0
    return entries[have[0] : have[-1] + 1], have[0], len(entries) - 1 - have[-1]


def _show_one(options: Options, estimates: EstimateSet | RemoteSet, answer: Answer) -> None:
    if options.json:
        show.body(answer.json)
        return
    show.line(_source(estimates, answer), "bold")
    contract = _contract_of(estimates, answer)
    show.facts(
        [(_title(name, contract), _shown(cell)) for name, cell in answer.body["estimate"].items()]
    )


def _show_page(options: Options, estimates: EstimateSet | RemoteSet, page: Page) -> None:
    if options.json:
        show.body(page.json)
        return
    rows = page.body["estimates"]
    show.line(f"{_source(estimates, page)}, {len(rows)} of {page.total} estimates", "bold")
    _show_rows(rows, _contract_of(estimates, page))
    if page.cursor is not None:
        show.line(f"next page: the same command with --cursor {page.cursor}")


def _show_many(options: Options, estimates: EstimateSet | RemoteSet, answer: Answer) -> None:
    if options.json:
        show.body(answer.json)
        return
    contract = _contract_of(estimates, answer)
    results = answer.body["results"]
    found = sum(result["status"] == "ok" for result in results)
    show.line(
        f"{_source(estimates, answer)}, {found} of {len(results)} keys have an estimate", "bold"
    )
    rows = [
        (result.get("estimate") or dict(zip(contract.key, result.get("key", ()), strict=False)))
        | {"status": result["status"]}
        for result in results
    ]
    _show_rows(rows, contract, last="status")


def _show_rows(rows: list[dict[str, Any]], contract: Contract, last: str | None = None) -> None:
    names = [*contract.key, *_columns_of(rows, contract)] + ([last] if last else [])
    show.table(
        [_title(name, contract) for name in names],
        [[show.plain(row.get(name)) for name in names] for row in rows],
    )


def _contract_of(estimates: EstimateSet | RemoteSet, answer: Answer) -> Contract:
    assert answer.version is not None
    return estimates.contract_of(answer.version)


def _source(estimates: EstimateSet | RemoteSet, answer: Answer) -> str:
    version = answer.version
    assert version is not None
    state = estimates.state(version).replace("_", " ")
    imported = ", imported: its time of release is a claim" if answer.imported else ""
    return (
        f"{version.set} version {version.version} ({state}), data through "
        f"{show.when(version.data_through)}{imported}"
    )


def _columns_of(rows: Sequence[dict[str, Any] | None], contract: Contract) -> list[str]:
    present = {name for row in rows if row is not None for name in row}
    return [name for name in contract.columns if name in present]


def _title(name: str, contract: Contract) -> str:
    column = contract.columns.get(name)
    return f"{name} [{column.unit}]" if column is not None and column.unit else name


def _shown(cell: Any) -> show.Cell:
    return "–  (no estimate)" if cell is None else show.plain(cell)


def _number(estimate: dict[str, Any] | None, name: str | None) -> float | None:
    found = None if estimate is None or name is None else estimate.get(name)
    return found if isinstance(found, int | float) and not isinstance(found, bool) else None


def _keys_of_file(path: str, contract: Contract) -> list[list[Any]]:
    """Keys from a JSON list of lists (or the body of an HTTP batch), or from the key columns of a
    table.
    """
    if path != "-" and not path.endswith(".json"):
        return _keys_of_table(path, contract)
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text()
        content = msgspec.json.decode(text)
        return msgspec.convert(
            content["keys"] if isinstance(content, dict) else content, list[list[str | int]]
        )
    except OSError as error:
        raise InvalidError(
            "no_file", f"{path}: cannot be read: {error.strerror or error}"
        ) from None
    except (msgspec.MsgspecError, UnicodeDecodeError, KeyError) as error:
        what = f'{path}: not a JSON list of keys such as [["AAPL", "2022-12-20"]]: {error}'
        raise InvalidError("bad_keys", what) from None


def _keys_of_table(path: str, contract: Contract) -> list[list[Any]]:
    from estimates_jobs.tables.table_files import read_table

    frame = read_table(path)
    missing = [name for name in contract.key if name not in frame.columns]
    if missing:
        raise InvalidError("columns", f"{path}: has no key column {', '.join(missing)}")
    keys = frame.select(list(contract.key))
    if keys.drop_nulls().height < keys.height:
        raise InvalidError(
            "null_key",
            f"{path}: {keys.height - keys.drop_nulls().height} rows have an empty key column",
        )
    return [list(row) for row in keys.iter_rows()]
