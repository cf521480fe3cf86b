"""Every offender of a judgement as a table: the verdict names the first 100 of each check, this has
them all.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from estimates.contract.columns import parse_key_part
from estimates.contract.conform import schema
from estimates.contract.contract import Contract
from estimates.errors import InvalidError
from estimates.gate.check import Measure
from estimates.gate.offenders import table
from estimates.gate.verdict import CheckResult, Offender

HEAD = {"check": pl.String(), "number": pl.Int64(), "status": pl.String()}
TAIL = {"column": pl.String(), "detail": pl.String()}


class Offenders:
    """Give one to `judge`, and read `frame` afterwards.

    frame  a row an offender: `check`, `number`, `status`, the key columns in the contract's types
           (null where something else than a key offends), `column`, `detail`; in the order of the
           checks, and of each in the order in which the verdict names them; None until then
    """

    def __init__(self) -> None:
        self._parts: list[pl.DataFrame] = []

    @property
    def frame(self) -> pl.DataFrame | None:
        """All of them."""
        return pl.concat(self._parts) if self._parts else None

    def begin(self, contract: Contract) -> None:
        """Make room for a judgement; InvalidError (`key_name`) for a key column of a name taken."""
        taken = [name for name in contract.key if name in HEAD | TAIL]
        if taken:
            raise InvalidError(
                "key_name",
                f"{contract.name}: key column {taken[0]!r} has the name of a column of "
                "the offenders",
            )
        self._contract = contract
        self._keys = {
            name: dtype for name, dtype in schema(contract).items() if name in contract.key
        }
        self._parts = [pl.DataFrame(schema=HEAD | self._keys | TAIL)]

    def add(self, result: CheckResult, measures: Sequence[Measure]) -> None:
        """The offenders of a check, from the measures that its result was made of."""
        facts = zip(HEAD.items(), (result.name, result.number, result.status), strict=True)
        head = [pl.lit(fact, dtype).alias(name) for (name, dtype), fact in facts]
        for found in measures:
            parts = (
                [_listed(found.offenders, self._contract, self._keys)] if found.offenders else []
            )
            parts += [table(found.lots, self._keys)] if found.lots else []
            self._parts += [rows.select(*head, *self._keys, *TAIL) for rows in parts]


def _listed(
    offenders: Sequence[Offender], contract: Contract, keys: dict[str, pl.DataType]
) -> pl.DataFrame:
    """Offenders that are no rows, or named as examples."""
    parts = [one.key or [None] * len(keys) for one in offenders]
    columns = {
        name: pl.Series([_part(contract, name, row[i]) for row in parts], dtype=dtype)
        for i, (name, dtype) in enumerate(keys.items())
    }
    told = {
        name: pl.Series([getattr(one, name) for one in offenders], dtype=dtype)
        for name, dtype in TAIL.items()
    }
    return pl.DataFrame(columns | told)


def _part(contract: Contract, name: str, text: str | None) -> object:
    return None if text is None else parse_key_part(contract.key[name].type, text)
