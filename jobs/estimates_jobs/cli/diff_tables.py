"""Two files, or a file and a version of a set, as the two tables that `estimates diff` compares."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from shlex import join
from typing import TYPE_CHECKING

from estimates.contract.contract import Contract
from estimates.contract.contract_file import read_contract
from estimates.errors import InvalidError, NotFoundError
from estimates.guess.draws import INSTEAD
from estimates_jobs.cli.diff_request import DiffRequest, is_file, is_ref

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    import polars as pl

    from estimates.client import Client
    from estimates.compare.two_tables import TwoTables
    from estimates.store.store import Store
    from estimates_jobs.tables.text_options import TextOptions

_NAMED = 12  # columns in the line that says what was guessed
_FORMS = (
    "two files are compared by `estimates diff OLD NEW --key COLUMNS`, "
    "two versions of a set by `estimates diff SET FROM TO`"
)


def two_files(request: DiffRequest, options: TextOptions) -> TwoTables:
    """The tables of two files, under a contract from a file, or one that is guessed from them and a
    key.

    Raises InvalidError: `no_file`, `bad_file`, `key_needed` (naming columns that could be the key),
    and those of `estimates.diff`, which name a cell by its file.
    """
    from estimates.compare.table_diff import side_by_side
    from estimates_jobs.tables.table_files import with_timezone

    old, new = request.words[:2]
    check_files(old, new)
    contract = None if request.contract is None else read_contract(request.contract)
    contract = contract and with_timezone(contract, request.timezone)
    key = request.key or []
    estimates = request.estimates or []
    a = read_file(old, contract, key, options, estimates)
    b = read_file(new, contract, key, options, estimates)
    if request.key is None and contract is None:
        raise InvalidError(
            "key_needed", "nothing says which columns are the key", remedy=_proposal(a, b, old, new)
        )
    return side_by_side(
        a,
        b,
        key=request.key,
        contract=contract,
        rtol=request.rtol,
        atol=request.atol,
        groups=request.groups or [],
        estimates=estimates,
        names=(_display_name(old), _display_name(new)),
        timezone=request.timezone,
    )


def file_and_version(
    store: Store | Client,
    set_name: str,
    old: str,
    new: str,
    options: TextOptions,
    *,
    timezone: str | None = None,
) -> TwoTables:
    """A file and a version of a set, either way round, or two files, under the contract of the set.

    Raises those of `Store.resolve`, InvalidError (`service_url`, `no_file`, `bad_file`,
    `bad_value`, `columns`, `column_type`).
    """
    from estimates.compare.queries import DiffQuery
    from estimates.compare.table_diff import conforming
    from estimates.compare.two_tables import TwoTables
    from estimates.store.store import Store
    from estimates_jobs.tables.table_files import with_timezone

    if not isinstance(store, Store):
        raise InvalidError(
            "service_url",
            "a file is compared with a version of a store, and this is a service's URL",
            remedy="name the store itself with --store",
        )
    check_files(*(word for word in (old, new) if not is_ref(word)))
    pair = next(
        (store.compare(set_name, DiffQuery(ref, ref)) for ref in (old, new) if is_ref(ref)), None
    )
    contract = store.contract(set_name) if pair is None else pair.contract
    contract = with_timezone(contract, timezone)
    sides: list[tuple[pl.DataFrame, str | int, datetime | None]] = []
    for word in (old, new):
        if pair is not None and is_ref(word):
            version = pair.first
            sides.append((store.frame(version), version.version, version.data_through))
        else:
            name = _display_name(word)
            frame = read_file(word, contract, [], options)
            sides.append((conforming(frame, contract, name), name, None))
    (a, name_a, through_a), (b, name_b, through_b) = sides
    return TwoTables(contract, a, b, (name_a, name_b), through=(through_a, through_b))


@contextmanager
def naming_other_meanings(set_name: str, old: str, new: str) -> Iterator[None]:
    """Say what else the words could have meant when the store does not know them."""
    try:
        yield
    except NotFoundError as error:
        hint = None
        if (
            error.code in ("no_store", "unknown_set")
            and Path(set_name).is_file()
            and Path(old).is_file()
        ):
            hint = f"two files need a key: estimates diff {join([set_name, old])} --key COLUMNS"
        files = [word for word in (old, new) if is_ref(word) and Path(word).is_file()]
        if error.code == "unknown_alias" and files:
            hint = f"for the file of this name write ./{files[0]}"
        if hint is None:
            raise
        raise NotFoundError(error.code, f"{error.message}; {hint}", **error.details) from None


def guess_line(tables: TwoTables) -> str:
    """What was guessed, in a line: key, estimates, what is carried along, what is not compared."""
    contract = tables.contract
    carried = contract.of_role("attribute")
    parts = [f"key {', '.join(contract.key)}", f"estimates {', '.join(_estimates(tables))}"]
    parts += [f"carried along {_first_of(carried)}"] if carried else []
    if tables.left_out:
        parts.append(
            "not compared "
            + ", ".join(f"{name} ({kind})" for name, kind in tables.left_out.items())
        )
    return f"guessed: {'; '.join(parts)}"


def _first_of(names: list[str]) -> str:
    """Names in a line; of many the first ones."""
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED + 1 else ""
    return ", ".join(names[:_NAMED] if more else names) + more


def _estimates(tables: TwoTables) -> Iterator[str]:
    """Points, scores and labels by name; intervals and quantiles behind what they belong to."""
    contract = tables.contract

    def assumed(lower: str) -> str:
        return ", assumed" if tables.guessed[lower].assumed else ""

    ends = {name for interval in contract.intervals() for name in (interval.lower, interval.upper)}
    for name in contract.judged:
        column = contract.columns[name]
        if name in ends or column.role in ("quantile", "probability"):
            continue
        parts = [
            f"{100 * i.level:g} % interval{assumed(i.lower)}"
            for i in contract.intervals()
            if i.point == name
        ]
        taus = [
            c
            for c in contract.columns.values()
            if c.role == "quantile" and contract.point_of(c) == name
        ]
        parts += [f"{len(taus)} quantiles"] if taus else []
        yield f"{name} ({', '.join([column.role, *parts])})"
    for interval in contract.intervals():
        if not interval.point:
            level = f"{100 * interval.level:g} % interval{assumed(interval.lower)}"
            yield f"{interval.lower} to {interval.upper} ({level})"
    for role in ("quantile", "probability"):
        loose = [n for n in contract.of_role(role) if not contract.point_of(contract.columns[n])]
        yield from [f"{', '.join(loose)} ({role})"] if loose else []


def check_files(*words: str) -> None:
    """Raises InvalidError (`no_file`) that says what else a word could have meant."""
    if words.count("-") > 1:
        raise InvalidError(
            "no_file",
            "only one of the two tables can come from standard input",
            remedy="write the other one to a file",
        )
    for word in words:
        if not is_file(word):
            raise InvalidError("no_file", f"there is no file {word}", remedy=_FORMS)


def _display_name(word: str) -> str:
    return "standard input" if word == "-" else word


def read_file(
    word: str,
    contract: Contract | None,
    key: Sequence[str],
    options: TextOptions,
    estimates: Sequence[str] = (),
) -> pl.DataFrame:
    """The table of a file or of standard input, its text in the types of a contract, or else in
    plain form but for the key.
    """
    from estimates_jobs.tables import hubverse
    from estimates_jobs.tables.plain_text import naming, plain_columns, plain_days
    from estimates_jobs.tables.sample_tables import with_lists
    from estimates_jobs.tables.table_files import read_table, typed

    frame = read_table(word, options)
    with naming(_display_name(word), options):
        if contract is not None:
            return typed(frame, contract, options)
        kept = [*key, *hubverse.LONG[:2]]
        frame = plain_columns(frame, kept, options, _display_name(word), estimates)
        frame = plain_days(frame, frame.columns, options, _display_name(word))
        frame = hubverse.widened(frame)
        if not key:
            return frame
        frame, lists = with_lists(frame, key)
        if lists:  # what a table without a contract is advised to do is done
            options.notes[:] = [note for note in options.notes if not note.endswith(INSTEAD)]
        return frame


def _proposal(a: pl.DataFrame, b: pl.DataFrame, old: str, new: str) -> str:
    """The command with a key that is unique in both files."""
    from estimates.guess.key_candidates import key_candidates

    candidates = key_candidates(a, b)
    if not candidates:
        shared = [name for name in a.columns if name in b.columns]
        both = f"both have {', '.join(shared)}" if shared else "they have no column in common"
        return f"no column or two are unique in both files, so say which with --key A,B,…; {both}"
    commands = [
        f"`{join(['estimates', 'diff', old, new, '--key', ','.join(key)])}`" for key in candidates
    ]
    names = " or ".join(" with ".join(key) for key in candidates)
    return f"unique in both files: {names}; type {' or '.join(commands)}"
