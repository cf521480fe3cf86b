"""Two tables side by side, without a store: the stability report, and the changes key by key.

The contract is given, or guessed from both tables: `estimates.diff(old, new, key="customer_id")`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
import polars as pl

from estimates.contract.columns import Column
from estimates.contract.conform import as_frame, check_columns, name_keys, typed
from estimates.contract.contract import Contract, Stability
from estimates.errors import InvalidError
from estimates.guess.key_candidates import completed, key_candidates
from estimates.guess.table_contract import TableContract, carried_types, guess_contract, read_as
from estimates.keys.key_form import Key
from estimates.render.wording import count, percent
from estimates.stability.aligned import pair_up
from estimates.stability.alignment import Alignment
from estimates.stability.changes import changed_keys
from estimates.stability.diff import report_of
from estimates.stability.family_reports import SchemaChange, SchemaReport
from estimates.stability.pages.pictures import Pictures, pictures
from estimates.stability.paired_contract import with_pairing
from estimates.stability.report import Carried, Report

_NAMED = 5  # rows named in an error
_SAID = 2  # columns that the headline names for one reason


@dataclass(frozen=True)
class TwoTables:
    """Table `b` against table `a`, the baseline, both with the contract's columns in its types.

    names    what the report calls them
    through  their data_through, where they are versions; without, keys are compared as they are
             (`same_key`)
    schema   columns that only one of them has, and types that differ
    left_out columns of both that no contract can hold, with their types: they are not compared
    carried  columns that nobody declared and that are no estimates
    guessed  whether the contract was guessed from the tables
    """

    contract: Contract
    a: pl.DataFrame
    b: pl.DataFrame
    names: tuple[str | int, str | int]
    through: tuple[datetime | None, datetime | None] = (None, None)
    schema: SchemaReport | None = None
    left_out: dict[str, str] = field(default_factory=dict)
    of_two_sets: bool = False
    carried: tuple[str, ...] = ()
    guessed: bool = False

    @property
    def set(self) -> str:
        """The set whose contract it is; "" for a guessed one, and where the tables are of two sets."""
        return "" if self.guessed or self.of_two_sets else self.contract.name

    def __post_init__(self) -> None:
        if None in self.through:
            object.__setattr__(self, "contract", with_pairing(self.contract, "same_key"))

    def report(self) -> Report:
        """The stability report; raises InvalidError (`null_key`, `duplicate_key`, naming the table
        and the keys).
        """
        try:
            pair = pair_up(self.a, self.b, self.contract, *self.through)
        except InvalidError as error:
            raise self._explained(error) from None
        report = report_of(pair, name_a=self.names[0], name_b=self.names[1])
        carried = self._measured(report, pair.found)
        return self._with_rest(
            msgspec.structs.replace(report, set=self.set, schema=self.schema, carried=carried)
        )

    def pictures(self) -> Pictures:
        """What `stability.page.render_html` draws besides the report; raises what `report` raises."""
        try:
            return pictures(
                self.a, self.b, self.contract, through_a=self.through[0], through_b=self.through[1]
            )
        except InvalidError as error:
            raise self._explained(error) from None

    def changes(
        self, *, by: str | None = None, min_change: float = 0.0, prefix: Key = ()
    ) -> pl.DataFrame:
        """The keys that changed, as `estimates.stability.changes` has them; raises what it raises,
        and as `report`.
        """
        try:
            return changed_keys(
                self.a,
                self.b,
                self.contract,
                through_a=self.through[0],
                through_b=self.through[1],
                by=by,
                min_change=min_change,
                prefix=prefix,
            )
        except InvalidError as error:
            raise self._explained(error) from None

    def _with_rest(self, report: Report) -> Report:
        """The report saying also what it does not measure: tables that have more than it measures
        are not identical.
        """
        apart = [*self._not_compared(), *self._only()]
        clauses = [*self._carried(report), *apart]
        if not clauses:
            return report
        headline = report.headline.removesuffix(".")
        if report.identical:
            which = "are compared" if self.left_out else "both have"
            headline = f"Nothing changed in the columns that {which}, on {count(report.keys.common, 'key')}"
        return msgspec.structs.replace(
            report,
            headline=f"{'; '.join([headline, *clauses])}.",
            identical=report.identical and not apart,
        )

    def _measured(self, report: Report, found: Alignment) -> dict[str, Carried]:
        """On how many keys each column that is carried along differs."""
        n = report.keys.common
        if report.identical or not n:
            return {name: Carried(n, 0, 0.0) for name in self.carried if n}
        differ = {
            name: int(found.old(name).ne_missing(found.new(name)).sum()) for name in self.carried
        }
        return {name: Carried(n, number, number / n) for name, number in differ.items()}

    def _carried(self, report: Report) -> list[str]:
        """The columns carried along that differ."""
        differ = {name: column.differ for name, column in report.carried.items() if column.differ}
        common = report.keys.common
        worst = (
            sorted(differ, key=lambda name: -differ[name]) if len(differ) > _SAID else list(differ)
        )
        said = [f"{name} on {percent(differ[name] / common)}" for name in worst[1:_SAID]]
        said += [f"and {len(worst) - _SAID} more"] if len(worst) > _SAID else []
        first = [
            f"{n}, carried along, differs on {percent(differ[n] / common)} of keys"
            for n in worst[:1]
        ]
        return [", ".join([*first, *said])] if first else []

    def _not_compared(self) -> list[str]:
        return [f"{_some(list(self.left_out))} not compared"] if self.left_out else []

    def _only(self) -> list[str]:
        if self.schema is None:
            return []
        sides = ((self.schema.removed, self.names[0]), (self.schema.added, self.names[1]))
        only = [
            f"{count(len(names), 'column')} only in {of} ({_some(names)})"
            for names, of in sides
            if names
        ]
        return [", ".join(only)] if only else []

    def _explained(self, error: InvalidError) -> InvalidError:
        """The same error, saying which table has which rows to blame."""
        if error.code not in ("null_key", "duplicate_key"):
            return error
        key = list(self.contract.key)
        for frame, name in zip((self.a, self.b), self.names, strict=True):
            null = frame.select(pl.any_horizontal(pl.col(key).is_null())).to_series()
            if null.any():
                rows = ", ".join(str(row + 1) for row in null.arg_true().head(_NAMED))
                more = " and more" if null.sum() > _NAMED else ""
                many = f"{count(int(null.sum()), 'row')} {'has' if null.sum() == 1 else 'have'}"
                return InvalidError(
                    "null_key", f"{name}: {many} an empty key ({', '.join(key)}): row {rows}{more}"
                )
        for frame, name in zip((self.a, self.b), self.names, strict=True):
            twice = (
                frame.select(key).filter(pl.struct(key).is_duplicated()).unique(maintain_order=True)
            )
            if twice.height:
                many = (
                    f"{count(twice.height, 'key')} {'appears' if twice.height == 1 else 'appear'}"
                )
                return InvalidError(
                    "duplicate_key",
                    f"{name}: {many} more than once: {name_keys(twice, key)}; {self._more()}",
                )
        return error

    def _more(self) -> str:
        """Which further columns would make the key unique."""
        columns = self.contract.columns.items()
        others = [
            name
            for name, column in columns
            if column.role == "attribute" and column.kind != "float"
        ]
        whole = completed((self.a, self.b), list(self.contract.key), others)
        if whole is None:
            return "no further column or two would make the key unique; aggregate the rows first"
        return f"the key {','.join(whole)} would be unique"


def side_by_side(
    a: Any,
    b: Any,
    *,
    key: str | Sequence[str] | None = None,
    contract: Contract | None = None,
    rtol: float | None = None,
    atol: float | None = None,
    groups: Sequence[str] = (),
    names: tuple[str, str] = ("A", "B"),
) -> TwoTables:
    """Two tables under a contract that is given, or guessed from both; the arguments and errors are
    those of `diff`.
    """
    a, b = as_frame(a), as_frame(b)
    if contract is not None:
        if key is not None or groups or rtol is not None or atol is not None:
            what = "the contract says the key, the tolerance and the groups: give it alone"
            raise InvalidError("key_or_contract", what)
        return _under(contract, a, b, names)
    if key is None:
        raise InvalidError("key_needed", f"which columns are the key? {_proposal(a, b)}")
    tolerance = Stability(
        rtol=_positive(rtol, 0.01), atol=_positive(atol, 0.0), groups=tuple(groups)
    )
    guessed = guess_contract(a, b, [key] if isinstance(key, str) else list(key), tolerance, names)
    attributes = tuple(
        name for name, column in guessed.contract.columns.items() if column.role == "attribute"
    )
    return TwoTables(
        guessed.contract,
        guessed.a,
        guessed.b,
        names,
        schema=_schema(a, b),
        left_out=guessed.left_out,
        carried=attributes,
        guessed=True,
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
    names: tuple[str, str] = ("A", "B"),
) -> Report:
    """How table `b` differs from table `a`, key by key; a store is not needed.

    a, b      polars frames, lazy ones too, or what `polars.DataFrame` takes: pandas frames, pyarrow
              tables
    key       the column or columns that identify a row; types and roles of the others are guessed
              from both tables
    contract  in place of `key` and guesses; columns of both that it does not name are carried along
    rtol, atol, groups  the materiality tolerance (default: 1 %), and columns to break the changes
                        down by
    names     what the report calls the tables

    Only columns that both have are compared; `report.schema` names the others. Where values of a
    column that is no estimate differ, the headline says so. Raises InvalidError: `key_needed`,
    `key_or_contract`, `bad_key_column`, `null_key`, `duplicate_key`, `column_type`, `bad_value`,
    `other_levels`, `columns`, `out_of_range`, `nothing_to_estimate`, `no_rows`, `bad_tolerance`,
    `no_table`.
    """
    return side_by_side(
        a, b, key=key, contract=contract, rtol=rtol, atol=atol, groups=groups, names=names
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

    by          the metric to sort by, such as `churn_score.r`; default: `d` of the first point
                column
    min_change  leaves out keys whose metric is smaller; what has none (an added key, a lost value)
                always stays
    prefix      only keys under this leading part
    The other arguments are those of `diff`; `estimates.stability.changes` says which columns there
    are. Raises as both do.
    """
    return side_by_side(a, b, key=key, contract=contract).changes(
        by=by, min_change=min_change, prefix=prefix
    )


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
    named = [*contract.key, *contract.columns]
    for frame, name in zip((a, b), names, strict=True):
        check_columns(
            frame.select(column for column in frame.columns if column in named),
            contract,
            f" of {name}",
        )
    rest = [[column for column in frame.columns if column not in named] for frame in (a, b)]
    types, left_out = carried_types(
        a, b, [column for column in rest[0] if column in rest[1]], names
    )
    added, removed = ([column for column in x if column not in y] for x, y in (rest[::-1], rest))
    schema = SchemaReport(added, removed, []) if added or removed else None
    if types:
        facts = {field: getattr(contract, field) for field in contract.__struct_fields__}
        attributes = {
            name: Column(role="attribute", type=kind, nullable=True) for name, kind in types.items()
        }
        contract = TableContract(**facts | {"columns": contract.columns | attributes})
    a, b = (typed(read_as(frame, types).select(*named, *types), contract) for frame in (a, b))
    return TwoTables(contract, a, b, names, schema=schema, left_out=left_out, carried=tuple(types))


def _some(names: Sequence[str]) -> str:
    more = [f"{len(names) - _SAID} more"] if len(names) > _SAID else []
    *first, last = [*names[:_SAID], *more]
    return f"{', '.join(first)} and {last}" if first else last


def _proposal(a: pl.DataFrame, b: pl.DataFrame) -> str:
    found = [f"key={name[0] if len(name) == 1 else name!r}" for name in key_candidates(a, b)]
    return (
        f"it could be {' or '.join(found)}"
        if found
        else "no column or two identify every row of both tables"
    )


def _positive(given: float | None, default: float) -> float:
    if given is None:
        return default
    if not (given >= 0 and math.isfinite(given)):
        raise InvalidError("bad_tolerance", f"the tolerance {given} is not a number of at least 0")
    return float(given)


def _schema(a: pl.DataFrame, b: pl.DataFrame) -> SchemaReport:
    """K5: columns of one table only, and stored types that differ; text, as in CSV, has no type
    yet.
    """
    text = any(all(dtype == pl.String for dtype in frame.dtypes) for frame in (a, b))
    differ = [n for n in a.columns if not text and n in b.columns and a.schema[n] != b.schema[n]]
    return SchemaReport(
        added=[name for name in b.columns if name not in a.columns],
        removed=[name for name in a.columns if name not in b.columns],
        changed=[
            SchemaChange(name, "type", str(a.schema[name]), str(b.schema[name]))
            for name in differ
            if pl.Null not in (a.schema[name], b.schema[name])
        ],
    )
