"""Two tables without a store: what changed from one to the other.

The contract is given, or guessed from both tables: `estimates.diff(old, new, key="customer_id")`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import msgspec
import polars as pl

from estimates.compare.queries import ChangeQuery
from estimates.compare.two_tables import TwoTables
from estimates.contract.columns import Column
from estimates.contract.conform import as_frame, check_columns, typed
from estimates.contract.contract import Contract, Stability
from estimates.contract.sample_columns import lists_as_quantiles
from estimates.contract.time_values import ASSUMED_ZONE
from estimates.errors import InvalidError
from estimates.guess.key_candidates import key_candidates
from estimates.guess.table_contract import TableContract, carry, guess_contract
from estimates.keys.key_form import Key
from estimates.stability.family_reports import SchemaChange, SchemaReport
from estimates.stability.report import Report


def side_by_side(
    a: Any,
    b: Any,
    *,
    key: str | Sequence[str] | None = None,
    contract: Contract | None = None,
    rtol: float | None = None,
    atol: float | None = None,
    groups: Sequence[str] = (),
    estimates: Sequence[str] = (),
    names: tuple[str, str] = ("A", "B"),
    timezone: str | None = None,
) -> TwoTables:
    """Two tables under a contract that is given, or guessed from both; the arguments and errors are
    those of `diff`, InvalidError (`key_or_contract`, `key_needed`) among them.
    """
    a, b = as_frame(a), as_frame(b)
    if contract is not None:
        if key is not None or groups or estimates or rtol is not None or atol is not None:
            raise InvalidError(
                "key_or_contract",
                "the contract says the key, the estimates, the tolerance and the groups",
                remedy="give it alone, or leave the contract out",
            )
        if timezone is not None:
            contract = msgspec.structs.replace(contract, timezone=timezone)
        return _under(contract, a, b, names)
    if key is None:
        raise InvalidError(
            "key_needed", "nothing says which columns are the key", remedy=_proposal(a, b)
        )
    tolerance = Stability(
        rtol=_tolerance(rtol, 0.01), atol=_tolerance(atol, 0.0), groups=tuple(groups)
    )
    a, b = lists_as_quantiles(a), lists_as_quantiles(b)
    keys, zone = [key] if isinstance(key, str) else list(key), timezone or ASSUMED_ZONE
    guessed = guess_contract(a, b, keys, tolerance, names, zone, estimates)
    attributes = tuple(guessed.contract.of_role("attribute"))
    return TwoTables(
        guessed.contract,
        guessed.a,
        guessed.b,
        names,
        schema=_schema(a, b),
        left_out=guessed.left_out,
        carried=attributes,
        guessed=guessed.roles,
    )


def diff(
    a: Any,
    b: Any,
    *,
    key: str | Sequence[str] | None = None,
    contract: Contract | None = None,
    rtol: float | None = None,
    atol: float | None = None,
    groups: Sequence[str] = (),
    estimates: Sequence[str] = (),
    names: tuple[str, str] = ("A", "B"),
    timezone: str | None = None,
) -> Report:
    """How table `b` differs from table `a`, key by key; a store is not needed.

    a, b      polars frames, lazy ones too, or what `polars.DataFrame` takes: pandas frames, pyarrow
              tables
    key       the column or columns that identify a row; types and roles of the others are guessed
              from both tables
    contract  in place of `key` and guesses; columns of both that it does not name are carried along
    rtol, atol, groups  the materiality tolerance (default: 1 %), and columns to break the changes
                        down by
    estimates columns that are estimates, where names and values do not say so
    names     what the report calls the tables
    timezone  of times that name no zone; default: the contract's, else UTC

    Only columns that both have are compared; `report.schema` names the others. Where values of a
    column that is no estimate differ, the headline says so. Lists of numbers, which are draws from
    a distribution, are compared by their quantiles. Raises InvalidError: `key_needed`,
    `key_or_contract`, `bad_key_column`, `null_key`, `duplicate_key`, `column_type`, `bad_value`,
    `other_levels`, `columns`, `out_of_range`, `nothing_to_estimate`, `no_rows`, `bad_tolerance`,
    `no_table`, `bad_timezone`.
    """
    return side_by_side(
        a,
        b,
        key=key,
        contract=contract,
        rtol=rtol,
        atol=atol,
        groups=groups,
        estimates=estimates,
        names=names,
        timezone=timezone,
    ).report()


def changes(
    a: Any,
    b: Any,
    *,
    key: str | Sequence[str] | None = None,
    contract: Contract | None = None,
    by: str | None = None,
    min_change: float = 0.0,
    prefix: Key = (),
) -> pl.DataFrame:
    """What changed key by key from table `a` to table `b`, what moved most first: a row a key.

    by          the metric to sort by, such as `churn_score.r`; default: `d` of the main column
    min_change  leaves out keys whose metric is smaller; what has none (an added key, a lost value)
                always stays
    prefix      only keys under this leading part
    The other arguments are those of `diff`; `estimates.stability.changes` says which columns there
    are. Raises as both do.
    """
    query = ChangeQuery(by, min_change, tuple(prefix))
    return side_by_side(a, b, key=key, contract=contract).changes(query)


def conforming(frame: pl.DataFrame, contract: Contract, name: str) -> pl.DataFrame:
    """The table in the contract's columns and types, rows as they are; `name` is that of the table,
    for errors.

    Raises InvalidError: `columns`, `column_type`, `out_of_range`.
    """
    check_columns(frame, contract, f" of {name}")
    return typed(frame, contract)


def _under(
    contract: Contract, a: pl.DataFrame, b: pl.DataFrame, names: tuple[str, str]
) -> TwoTables:
    """Two tables under a contract that was given: what it does not name is carried along where both
    have it.
    """
    named = dict.fromkeys((*contract.key, *contract.columns))
    for frame, name in zip((a, b), names, strict=True):
        check_columns(
            frame.select(column for column in frame.columns if column in named),
            contract,
            f" of {name}",
        )
    more_a, more_b = (
        [column for column in frame.columns if column not in named] for frame in (a, b)
    )
    zone = contract.timezone or ASSUMED_ZONE
    in_a, in_b = set(more_a), set(more_b)
    carried = carry(a, b, [column for column in more_a if column in in_b], names, zone)
    added = [column for column in more_b if column not in in_a]
    removed = [column for column in more_a if column not in in_b]
    schema = SchemaReport(added, removed, []) if added or removed else None
    if carried.types:
        fields = {field: getattr(contract, field) for field in contract.__struct_fields__}
        attributes = {
            name: Column(role="attribute", type=kind, nullable=True)
            for name, kind in carried.types.items()
        }
        contract = TableContract(**fields | {"columns": contract.columns | attributes})
    a, b = (
        typed(frame.select(*named).with_columns(more), contract)
        for frame, more in ((a, carried.a), (b, carried.b))
    )
    return TwoTables(
        contract,
        a,
        b,
        names,
        schema=schema,
        left_out=carried.left_out,
        carried=tuple(carried.types),
    )


def _proposal(a: pl.DataFrame, b: pl.DataFrame) -> str:
    proposals = [f"key={name[0] if len(name) == 1 else name!r}" for name in key_candidates(a, b)]
    return (
        f"it could be {' or '.join(proposals)}"
        if proposals
        else "name those that identify a row; no column or two do in both tables"
    )


def _tolerance(value: float | None, default: float) -> float:
    if value is None:
        return default
    if not (value >= 0 and math.isfinite(value)):
        raise InvalidError(
            "bad_tolerance",
            f"the tolerance {value} is not a number of at least 0",
            remedy="give a share such as 0.01 as --rtol, or an amount as --atol",
        )
    return float(value)


def _schema(a: pl.DataFrame, b: pl.DataFrame) -> SchemaReport:
    """K5: columns of one table only, and stored types that differ; text, as in CSV, has no type
    yet.
    """
    old, new = a.schema, b.schema
    text = any(all(dtype == pl.String for dtype in types.values()) for types in (old, new))
    differ = [n for n in old if not text and n in new and old[n] != new[n]]
    return SchemaReport(
        added=[name for name in new if name not in old],
        removed=[name for name in old if name not in new],
        changed=[
            SchemaChange(name, "type", str(old[name]), str(new[name]))
            for name in differ
            if pl.Null not in (old[name], new[name])
        ],
    )
