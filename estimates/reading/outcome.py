"""What came of an estimate: the actual value of its key, and how far each version was from it.

A contract names the set that has them (`actuals`); what its production says now is what is known.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeGuard

import msgspec

from estimates.accuracy.observed import Observed, observed, sources
from estimates.catalog.at import At
from estimates.catalog.ref import PRODUCTION
from estimates.contract.contract import Contract
from estimates.errors import InvalidError, NotFoundError
from estimates.keys.key_form import Key
from estimates.reading.reader import Reader

_PATH = 400  # targets beside the one of the key, on each side


class Error(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far one version was from what came.

    errors   by point column: estimate − actual value
    covered  by point column and level of an interval: whether the actual value lay in it
    right    by label column: whether it was what came
    """

    version: int
    errors: dict[str, float] = {}
    covered: dict[str, dict[str, bool]] = {}
    right: dict[str, bool] = {}


class Came(msgspec.Struct, frozen=True):
    """What came at one target; `actual` by column as in `KeyOutcome`."""

    target: str
    actual: dict[str, float | str | None]


class KeyOutcome(msgspec.Struct, frozen=True):
    """What came of a key, by the actual values that are known.

    actuals  the set that has them, and its version in production
    columns  by observed column, the column there that holds it
    actual   the value of each observed; null where none is known yet
    errors   of each version with an estimate, oldest first; none without an actual value
    path     of the keys that differ in the target only, 400 before and after this one at most
    """

    set: str
    key: list[str]
    actuals: str
    actuals_version: int
    columns: dict[str, str]
    actual: dict[str, float | str | None]
    errors: list[Error]
    path: list[Came]


class _Entry(msgspec.Struct):
    version: int
    estimate: dict[str, Any] | None


class _History(msgspec.Struct):
    key: list[str]
    history: list[_Entry]


class _Page(msgspec.Struct):
    next: str | None
    estimates: list[dict[str, Any]]


def key_outcome(reader: Reader, name: str, key: Key) -> KeyOutcome:
    """What came of a key of a set.

    Raises NotFoundError (`not_observed`: the contract names no set of actual values, or that has no
    production or no such column), what `Reader.history` raises.
    """
    contract = reader.view.set(name).present_contract
    history = msgspec.json.decode(reader.history(name, key).json, type=_History)
    there = _Actuals(reader, contract)
    rows = there.rows(history.key)
    actual = there.values(rows.get(there.target_of(history.key), {}))
    entries = [entry for entry in history.history if entry.estimate is not None]
    known = any(value is not None for value in actual.values())
    return KeyOutcome(
        set=name,
        key=history.key,
        actuals=there.name,
        actuals_version=there.version.version,
        columns=there.columns,
        actual=actual,
        errors=[_error(e, observed(contract), actual) for e in entries] if known else [],
        path=[Came(target, there.values(row)) for target, row in rows.items() if target],
    )


class _Actuals:
    """The actual values of a set: what production of another one says."""

    def __init__(self, reader: Reader, contract: Contract) -> None:
        of, other = contract.name, contract.actuals
        if other is None or other not in reader.view.sets:
            why = "names no set" if other is None else f"names {other!r}, which is no set here,"
            raise _not_observed(f"{of}: the contract {why} of actual values", other)
        if PRODUCTION not in reader.view.set(other).aliases:
            raise _not_observed(f"{of}: {other} has no version in production yet", other)
        self.name = other
        self.version = reader.resolve(other, At(PRODUCTION))
        self._reading = reader.of(self.version)
        own = self._reading.contract
        self._key = list(contract.key)
        self._order = list(own.key)
        self._target = contract.target if contract.target in own.key else None
        try:
            self.columns = sources(contract, [*own.key, *own.columns])
        except InvalidError as error:
            raise _not_observed(error.message, other) from None
        needed = [column for column in self._key if column != contract.target]
        if not set(needed) <= set(own.key) <= set(self._key):
            raise _not_observed(
                f"{of}: {other} has the key {', '.join(own.key)}, not {', '.join(self._key)}", other
            )

    def target_of(self, key: Sequence[str]) -> str:
        """The target of a key as text, "" where the actual values have none."""
        return key[self._key.index(self._target)] if self._target else ""

    def rows(self, key: Sequence[str]) -> dict[str, dict[str, Any]]:
        """By target, in its order, the rows of a key and of those that differ in the target only;
        the key's own alone where the target is not the last part.
        """
        parts = dict(zip(self._key, key, strict=True))
        whole = [parts[column] for column in self._order]
        if self._target is None or self._order[-1] != self._target:
            return {self.target_of(key): row for row in self._scan(whole)[:1]}
        by_target = {str(row[self._target]): row for row in self._scan(whole[:-1])}
        targets = list(by_target)
        here = next((i for i, t in enumerate(targets) if t == whole[-1]), len(targets))
        near = targets[max(here - _PATH, 0) : here + _PATH + 1]
        return {target: by_target[target] for target in near}

    def values(self, row: dict[str, Any]) -> dict[str, float | str | None]:
        """What was observed in a row, by observed."""
        return {name: row.get(column) for name, column in self.columns.items()}

    def _scan(self, prefix: Key) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            json = self._reading.scan(prefix, limit=1000, cursor=cursor).json
            page = msgspec.json.decode(json, type=_Page)
            rows += page.estimates
            cursor = page.next
            if cursor is None:
                return rows


def _error(
    entry: _Entry, all_observed: Sequence[Observed], actual: dict[str, float | str | None]
) -> Error:
    row = entry.estimate or {}
    errors: dict[str, float] = {}
    covered: dict[str, dict[str, bool]] = {}
    right: dict[str, bool] = {}
    for own in all_observed:
        came = actual.get(own.name)
        if own.label is not None and came is not None and row.get(own.label) is not None:
            right[own.name] = str(row[own.label]) == str(came)
        if not is_number(came):
            continue
        estimate = row.get(own.point) if own.point else None
        if is_number(estimate):
            errors[own.name] = estimate - came
        levels = {
            f"{interval.level:g}": low <= came <= high
            for interval in own.intervals
            if is_number(low := row.get(interval.lower))
            and is_number(high := row.get(interval.upper))
        }
        if levels:
            covered[own.name] = levels
    return Error(entry.version, errors, covered, right)


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether a value of a row is a number that can be computed with."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _not_observed(message: str, actuals: str | None) -> NotFoundError:
    return NotFoundError(
        "not_observed",
        message,
        remedy='name in the contract a set that has actual values: actuals = "NAME"',
        actuals=actuals,
    )
