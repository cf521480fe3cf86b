"""What every version of a set said, key by key: the triangle of a column, and the statistics of its
revisions.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import cached_property

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from estimates.accuracy.actuals import actual, read_actuals
from estimates.catalog.records import Version
from estimates.catalog.view import View
from estimates.compare.diff_measure import digest_of
from estimates.contract.columns import key_text, parse_key_part
from estimates.contract.contract import Contract
from estimates.errors import InvalidError, NotFoundError
from estimates.keys.key_form import Key
from estimates.reading.absent_keys import ReadColumns
from estimates.reading.expected_keys import expected_rows
from estimates.reading.reader import newest, readable_versions
from estimates.reading.version_reader import MAX_KEYS, key_form
from estimates.render.digits import rounded
from estimates.render.wording import did_you_mean
from estimates.stability.through_time.chain import numeric_columns, pooled_chains
from estimates.stability.through_time.revision_report import Across, Revisions
from estimates.stability.through_time.revisions import value_histories
from estimates.stability.through_time.triangle import (
    ACTUAL,
    HORIZON,
    VALUE,
    VERSION,
    FiniteEstimates,
    news_or_noise,
    revision_statistics,
    triangle_of,
)

_NUMBER = "\0number"


class Vintages:
    """One column of the versions of a set that were not refused, of the shape that readers see,
    unexpired.

    read  some columns of a version, of the rows that fulfil a condition; called when rows are
          needed
    last  only so many of the versions, the newest
    Raises InvalidError: `unknown_field`, `not_a_number`, `key_parts`, `bad_key_part`, `bad_limit`;
    NotFoundError (`no_versions`).
    """

    def __init__(
        self,
        view: View,
        read: ReadColumns,
        name: str,
        prefix: Key = (),
        column: str | None = None,
        last: int | None = None,
    ) -> None:
        of_set = view.set(name)
        self.contract = of_set.present_contract
        self.column = triangle_column(self.contract, column)
        self.form = key_form(of_set, of_set.newest_of(of_set.present_shape))
        self.prefix = self.form.texts(prefix, partial=True)
        readable = readable_versions(of_set, of_set.present_shape)
        kept = [version for version in readable if view.state(version) != "refused"]
        self.versions = newest(kept, last)
        self._erasures = [erasure.id for erasure in of_set.erasures]
        self._read = read
        if not self.versions:
            raise NotFoundError(
                "no_versions",
                f"{name}: no version here that was not refused and has not expired",
                remedy="publish one, or give the versions that you mean",
            )

    @cached_property
    def rows(self) -> pl.DataFrame:
        """The key columns, and VERSION, HORIZON, VALUE: every finite estimate, by key, oldest
        version first; none whose target the version's data reach.

        Raises CorruptError.
        """
        rows = pl.concat([self._rows_of(version) for version in self.versions])
        return rows.sort([*self.contract.key, VERSION])

    def cache_name(self, *request: object) -> str:
        """A digest of all that answers depend on, and of the request."""
        versions = [
            (version.version, version.snapshot_id, version.data_through)
            for version in self.versions
        ]
        return digest_of(self.contract, versions, self._erasures, self.column, self.prefix, request)

    def triangle(self, across: Across | None = None) -> pl.DataFrame:
        """A row a key, a column a horizon where there is a dated target, else a version; `across`
        decides otherwise.

        Raises InvalidError (`no_horizon`) for horizons without a dated target.
        """
        if across == "horizon" and not self._dated:
            raise InvalidError(
                "no_horizon",
                f"{self.contract.name}: its keys have no dated target, so no horizons",
                remedy="ask for versions with --across version",
            )
        return triangle_of(
            self.rows, list(self.contract.key), across or ("horizon" if self._dated else "version")
        )

    def bounded(self, across: Across | None = None) -> pl.DataFrame:
        """The triangle, for an answer of limited size; raises InvalidError (`too_many_keys`)
        too.
        """
        most = max(version.rows for version in self.versions)
        if self.prefix or most <= MAX_KEYS:  # else it is not even read
            triangle = self.triangle(across)
            if triangle.height <= MAX_KEYS:
                return triangle
            most = triangle.height
        raise InvalidError(
            "too_many_keys",
            f"{self.contract.name}: the triangle has {most} keys or more",
            remedy="name a longer leading part of the key, under which there are at most "
            f"{MAX_KEYS}",
        )

    def revisions(self, actuals: pl.DataFrame | None = None) -> Revisions:
        """The statistics; `actuals`: see `actuals.read_actuals`, which also says what it
        raises.
        """
        estimates = self._estimates(actuals)
        expected = expected_rows(self.form, self.versions, self.prefix)
        keys = len(estimates.values.starts)
        return Revisions(
            set=self.contract.name,
            column=self.column,
            unit=self.contract.columns[self.column].unit,
            key=self.prefix,
            versions=[version.version for version in self.versions],
            keys=keys,
            revisions=revision_statistics(estimates),
            chains=pooled_chains(
                estimates.values, expected, self.contract.percentage_points(self.column)
            )
            if len(estimates.values)
            else None,
            news_or_noise=news_or_noise(estimates),
        )

    @property
    def _dated(self) -> bool:
        target = self.contract.target
        return target is not None and self.contract.key[target].type != "integer"

    def _rows_of(self, version: Version) -> pl.DataFrame:
        """The finite estimates of one version."""
        key, value = list(self.contract.key), pl.col(self.column)
        condition = value.is_not_null() & value.is_finite()
        for name, text in zip(key, self.prefix, strict=False):
            condition &= pl.col(name) == parse_key_part(self.contract.key[name].type, text)
        # where a version does not record its targets, all its rows say what its horizons are
        all_rows = self._dated and not version.provenance.targets
        frame = self._read(version, [*key, self.column], None if all_rows else condition)
        horizon = pl.lit(None)
        if self._dated:
            horizon = _horizons(frame.get_column(str(self.contract.target)), version)
        frame = frame.with_columns(
            pl.lit(version.version, pl.Int64).alias(VERSION), horizon.cast(pl.Int64).alias(HORIZON)
        )
        if all_rows:
            frame = frame.filter(condition)
        if self._dated:
            frame = frame.filter(pl.col(HORIZON).is_not_null())
        return frame.select(*key, VERSION, HORIZON, value.alias(VALUE))

    def _estimates(self, actuals: pl.DataFrame | None) -> FiniteEstimates:
        key, rows, target = list(self.contract.key), self.rows, self.contract.target
        series = [name for name in key if not (self._dated and name == target)]
        if actuals is not None:
            rows = self._with_actuals(rows, actuals)
        policy, column = self.contract.stability, self.contract.columns[self.column]
        return FiniteEstimates(
            values=value_histories(_numbered(rows, key), rows.get_column(VALUE), column, policy),
            series=_numbered(rows, series) if series else np.zeros(rows.height, dtype=np.intp),
            date=_numbered(rows, [str(target)]).astype(np.int64) if self._dated else None,
            horizon=rows.get_column(HORIZON).to_numpy().astype(np.int64) if self._dated else None,
            actual=None
            if actuals is None
            else rows.get_column(ACTUAL).cast(pl.Float64).fill_null(np.nan).to_numpy(),
        )

    def _with_actuals(self, rows: pl.DataFrame, actuals: pl.DataFrame) -> pl.DataFrame:
        observed = read_actuals(actuals, self.contract)
        if actual(self.column) not in observed.rows.columns:
            raise InvalidError(
                "columns",
                f"{self.contract.name}: the actual values have none for {self.column}",
                remedy=f"add a column {self.column} to them, or name another one with --column",
            )
        values = observed.rows.select(*observed.by, pl.col(actual(self.column)).alias(ACTUAL))
        return rows.join(values, on=observed.by, how="left", maintain_order="left")


def triangle_json(frame: pl.DataFrame, revisions: Revisions) -> bytes:
    """Statistics, with 12 significant digits, and triangle, with all, as one JSON object."""
    rows = {"columns": frame.columns, "triangle": [*map(list, frame.rows())]}
    return msgspec.json.encode(rounded(msgspec.to_builtins(revisions)) | rows)


def triangle_column(contract: Contract, name: str | None) -> str:
    """The column of a triangle: the named one, else the main one; raises InvalidError
    (`not_a_number`, `unknown_field`).
    """
    numbers = numeric_columns(contract)
    if name is None:
        name = next((name for name in (contract.main, *numbers) if name in numbers), None)
        if name is None:
            raise InvalidError(
                "not_a_number",
                f"{contract.name}: it has no estimate that is a number",
                remedy="a triangle needs one: ask for `estimates history` of a label",
            )
        return name
    if name not in contract.columns:
        raise InvalidError(
            "unknown_field",
            f"{contract.name}: no column {name!r}{did_you_mean(name, contract.columns)}; "
            f"columns: {', '.join(contract.columns)}",
            remedy="name one of these with --column",
        )
    if name not in numbers:
        raise InvalidError(
            "not_a_number",
            f"{contract.name}: {name} is no estimate that is a number",
            remedy=f"name one of {', '.join(numbers) or 'another set'} with --column",
        )
    return name


def _horizons(targets: pl.Series, version: Version) -> pl.Series:
    """The step of each target after what the run could see: its place among the version's targets,
    from 1.
    """
    distinct = targets.unique().sort().to_list()
    places = {text: place for place, text in enumerate(version.provenance.targets, 1)}
    if places:
        steps = {target: places.get(key_text(target)) for target in distinct}
    else:
        ahead = (target for target in distinct if _moment(target) > version.data_through)
        steps = {target: step for step, target in enumerate(ahead, 1)}
    return pl.Series([steps.get(target) for target in targets.to_list()], dtype=pl.Int64)


def _moment(target: date) -> datetime:
    return (
        target
        if isinstance(target, datetime)
        else datetime(target.year, target.month, target.day, tzinfo=UTC)
    )


def _numbered(rows: pl.DataFrame, names: Sequence[str]) -> NDArray[np.intp]:
    """The number of each row's values among all different ones, in order: 0, 1, …."""
    distinct = rows.select(names).unique().sort(names).with_row_index(_NUMBER)
    numbered = rows.select(names).join(distinct, on=names, how="left", maintain_order="left")
    return numbered.get_column(_NUMBER).to_numpy().astype(np.intp)
