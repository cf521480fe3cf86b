"""Every offender of a judgement as a table: the verdict names the first 100 of each check, this has them all.

Checks of the candidate alone say so themselves: they are asked again with a place to put the rows they find
(`Case.every`). What speaks against a change is found among `stability.changes`, by the formulas of the report. Some
checks, such as the order of all keys, have no offenders beyond the examples that the verdict names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import polars as pl

from estimates.columns import NUMERIC_ROLES, parse_key_part
from estimates.contract import Contract, Interval
from estimates.errors import InvalidError
from estimates.frame import schema
from estimates.gate.case import Case
from estimates.gate.check import Check
from estimates.gate.compared import central
from estimates.gate.verdict import CheckResult
from estimates.stability.changes import changes

HEAD = ("check", "number", "status")
TAIL = ("column", "detail")


class Offenders:
    """Give one to `judge`, and read `frame` afterwards.

    frame  a row an offender, in the order of the checks: `check`, `number`, `status`, the key columns in the
           contract's types (null where something else than a key offends), `column`, `detail`; None until then
    """

    def __init__(self) -> None:
        self.frame: pl.DataFrame | None = None

    def collect(self, case: Case, checks: Sequence[Check], results: Sequence[CheckResult]) -> None:
        """Find the offenders of checks that were run; InvalidError (`key_name`) for a key column of a name taken."""
        contract = case.contract
        taken = [name for name in contract.key if name in (*HEAD, *TAIL)]
        if taken:
            raise InvalidError(
                "key_name", f"{contract.name}: key column {taken[0]!r} has the name of a column of the offenders"
            )
        moved = _Moved(case)
        keys = {name: dtype for name, dtype in schema(contract).items() if name in contract.key}
        parts = [pl.DataFrame(schema={"check": pl.String, "number": pl.Int64, "status": pl.String, **keys, **_TAIL})]
        for check, result in zip(checks, results, strict=True):
            for rows in _rows(check, result, case, moved, keys):
                head = (pl.lit(result.name), pl.lit(result.number, pl.Int64), pl.lit(result.status))
                named = (column.alias(name) for name, column in zip(HEAD, head, strict=True))
                parts.append(rows.select(*named, *(pl.col(name).cast(keys[name]) for name in keys), *TAIL))
        self.frame = pl.concat(parts)


_TAIL = {"column": pl.String, "detail": pl.String}


class _Moved:
    """What moved against the baseline: computed when it is first asked for."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._rows: pl.DataFrame | None = None

    @property
    def rows(self) -> pl.DataFrame:
        """`stability.changes` of candidate against baseline."""
        if self._rows is None:
            case, baseline = self._case, self._case.baseline
            assert baseline is not None
            before, after = (
                side.provenance.data_through if side.provenance else None for side in (baseline, case.candidate)
            )
            self._rows = changes(case.before, case.frame, case.contract, through_a=before, through_b=after)
        return self._rows


def _rows(
    check: Check, result: CheckResult, case: Case, moved: _Moved, keys: dict[str, pl.DataType]
) -> Iterator[pl.DataFrame]:
    """The offenders of a check: key columns, `column`, `detail`."""
    if result.status in ("skipped", "error"):
        return
    if check.name in _AGAINST_BASELINE:
        for column, broken, detail in _AGAINST_BASELINE[check.name](case):
            found = moved.rows.filter(broken)
            yield found.select(*keys, pl.lit(column, pl.String).alias("column"), detail.alias("detail"))
    elif result.offending > len(result.offenders):
        case.every = []
        try:
            check.measure(case)
            yield from case.every
        finally:
            case.every = None
    elif result.offenders:
        yield _listed(result, case.contract, keys)


def _listed(result: CheckResult, contract: Contract, keys: dict[str, pl.DataType]) -> pl.DataFrame:
    """The offenders that the verdict names, when they are all there are."""
    parts = [one.key or [None] * len(keys) for one in result.offenders]
    columns = {
        name: pl.Series([_part(contract, name, row[i]) for row in parts], dtype=dtype)
        for i, (name, dtype) in enumerate(keys.items())
    }
    told = {
        "column": pl.Series([one.column for one in result.offenders], dtype=pl.String),
        "detail": pl.Series([one.detail for one in result.offenders], dtype=pl.String),
    }
    return pl.DataFrame(columns | told)


def _part(contract: Contract, name: str, text: str | None) -> object:
    if text is None:
        return None
    try:
        return parse_key_part(contract.key[name].type, text)
    except (InvalidError, ValueError):
        return None  # `null`, or whatever a check of the set's own names


# What speaks against a change: the column, which rows of `changes`, in which words.
Broken = Iterator[tuple[str | None, pl.Expr, pl.Expr]]
_COMPARED = pl.col("change").is_in(["changed", "kind_loss", "kind_gain"])


def _numeric(case: Case) -> list[str]:
    return [name for name, column in case.contract.columns.items() if column.role in NUMERIC_ROLES]


def _pointed(case: Case) -> list[Interval]:
    return [interval for interval in case.contract.intervals() if interval.point]


def _called(what: str) -> Callable[[Case], Broken]:
    def broken(_case: Case) -> Broken:
        yield None, pl.col("change") == what, pl.lit(what)

    return broken


def _lost(case: Case) -> Broken:
    for name in case.contract.judged:
        a, b = _values(case, name)
        old, new = (_finite(case, name, value) for value in (a, b))
        yield name, _COMPARED & old & ~new, pl.format("{} -> {}", _text(a), _text(b))


def _far(case: Case) -> Broken:
    for name, _, _ in central(case):
        a, b = _values(case, name)
        r = pl.col(f"{name}.r")
        yield name, r > case.limit("p95_change"), pl.format("{} -> {}, r = {}", a, b, r)


def _flipped(case: Case) -> Broken:
    for name in _numeric(case):
        a, b = _values(case, name)
        yield name, _COMPARED & (a.sign() * b.sign() < 0), pl.format("{} -> {}", a, b)


def _beyond(check: str | None) -> Callable[[Case], Broken]:
    def broken(case: Case) -> Broken:
        for interval in _pointed(case):
            level = f"{100 * interval.level:.12g}"
            z = pl.col(f"{interval.point}.z_{level}")
            words = pl.format("moved by {} half widths of its {} % interval", z, pl.lit(level))
            yield interval.point, z > (1.0 if check is None else case.limit(check)), words

    return broken


def _left(case: Case) -> Broken:
    for interval in _pointed(case):
        new = pl.col(f"{interval.point}.b")
        low, high = pl.col(f"{interval.lower}.a"), pl.col(f"{interval.upper}.a")
        yield interval.point, _COMPARED & ((new < low) | (new > high)), pl.format("{} outside {} to {}", new, low, high)


def _relabelled(case: Case) -> Broken:
    for name, column in case.contract.columns.items():
        if column.role == "label":
            a, b = _values(case, name)
            yield name, _COMPARED & a.ne_missing(b), pl.format("{} -> {}", _text(a), _text(b))


def _values(_case: Case, name: str) -> tuple[pl.Expr, pl.Expr]:
    return pl.col(f"{name}.a"), pl.col(f"{name}.b")


def _finite(case: Case, name: str, value: pl.Expr) -> pl.Expr:
    there = value.is_not_null()
    return there & value.is_finite() if case.frame.schema[name].is_float() else there


def _text(value: pl.Expr) -> pl.Expr:
    return value.cast(pl.String).fill_null("null")


_AGAINST_BASELINE: dict[str, Callable[[Case], Broken]] = {
    "removed_keys": _called("removed"),
    "added_keys": _called("added"),
    "finite_to_null": _lost,
    "p95_change": _far,
    "extreme_move": _beyond("extreme_move"),
    "sign_flips": _flipped,
    "z_beyond_one": _beyond(None),
    "outside_old_interval": _left,
    "label_churn": _relabelled,
}
