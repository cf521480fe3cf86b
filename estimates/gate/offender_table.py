"""Every offender of an evaluation as a table; the verdict names the first 100 of each check."""

from collections.abc import Sequence

import polars as pl

from estimates.contract.columns import KeyType, parse_key_part
from estimates.contract.conform import key_schema
from estimates.contract.contract import Contract
from estimates.errors import InvalidError
from estimates.gate.check import Measure
from estimates.gate.offenders import offender_rows
from estimates.gate.verdict import CheckResult, Offender

HEAD = {"check": pl.String(), "number": pl.Int64(), "status": pl.String()}
TAIL = {"column": pl.String(), "detail": pl.String()}


class Offenders:
    """Give one to `evaluate`, and read `frame` afterwards.

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
        """Make room for an evaluation; raises InvalidError (`key_name`) for a key column with the
        name of a column of the table.
        """
        taken = [name for name in contract.key if name in HEAD | TAIL]
        if taken:
            raise InvalidError(
                "key_name",
                f"{contract.name}: key column {taken[0]!r} has the name of a column of "
                "the offenders",
                remedy="call it something else in the contract",
            )
        self._contract = contract
        self._key_types = key_schema(contract)
        self._parts = [pl.DataFrame(schema=HEAD | self._key_types | TAIL)]

    def add(self, result: CheckResult, measures: Sequence[Measure]) -> None:
        """The offenders of a check, from the measures that its result was made of."""
        head = [
            pl.lit(result.name, HEAD["check"]).alias("check"),
            pl.lit(result.number, HEAD["number"]).alias("number"),
            pl.lit(result.status, HEAD["status"]).alias("status"),
        ]
        for measure in measures:
            tables: list[pl.DataFrame] = []
            if measure.offenders:
                tables.append(self._listed(measure.offenders))
            if measure.offender_groups:
                tables.append(offender_rows(measure.offender_groups, self._key_types))
            self._parts += [rows.select(*head, *self._key_types, *TAIL) for rows in tables]

    def _listed(self, offenders: Sequence[Offender]) -> pl.DataFrame:
        """Offenders that are no rows, or named as examples."""
        key = self._contract.key
        no_key: list[str | None] = [None] * len(key)
        texts = [offender.key or no_key for offender in offenders]
        columns = {
            name: pl.Series(
                [_typed_part(column.type, text[i]) for text in texts], dtype=self._key_types[name]
            )
            for i, (name, column) in enumerate(key.items())
        }
        details = {
            name: pl.Series([getattr(offender, name) for offender in offenders], dtype=dtype)
            for name, dtype in TAIL.items()
        }
        return pl.DataFrame(columns | details)


def _typed_part(key_type: KeyType, text: str | None) -> object:
    return None if text is None else parse_key_part(key_type, text)
