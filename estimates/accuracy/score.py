"""Score one version against actual values: every family of numbers for every column that can be
observed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import msgspec
import numpy as np
import polars as pl

from estimates.accuracy import (
    interval_score,
    point_error,
    probability_score,
    quantile_score,
    revision,
    sample_score,
    skill,
    slices,
)
from estimates.accuracy.accuracy_report import Accuracy, ColumnScores, LabelScores, Skill
from estimates.accuracy.actuals import Actuals, actual, digest
from estimates.accuracy.losses import known, losses
from estimates.accuracy.match import Floats, Matched, match
from estimates.accuracy.observed import Observed, observed
from estimates.contract.contract import Contract
from estimates.errors import InvalidError
from estimates.stability.labels import wilson_interval


class OtherVersion(NamedTuple):
    """A version to compare with: of the same set, or of one whose keys agree."""

    set: str
    version: int
    frame: pl.DataFrame
    contract: Contract
    through: datetime | None


def score(
    frame: pl.DataFrame,
    actuals: Actuals,
    contract: Contract,
    *,
    version: int,
    contract_revision: int,
    through: datetime | None,
    previous: OtherVersion | None = None,
    baseline: OtherVersion | None = None,
) -> Accuracy:
    """What a version was worth: `frame` is its estimates, `through` its data_through.

    previous  the version that production held before: did the revision move towards the actual
              values?
    baseline  what skill is relative to
    The same input gives the same scores, to the bit. Raises InvalidError (`other_keys`: those of
    the baseline differ).
    """
    ours = match(frame, actuals, contract, through)
    before = (
        None if previous is None else match(previous.frame, actuals, contract, previous.through)
    )
    if baseline is not None:
        _check_keys(contract, baseline)
    theirs = (
        None
        if baseline is None
        else match(baseline.frame, actuals, baseline.contract, baseline.through)
    )
    columns: dict[str, ColumnScores] = {}
    for of in observed(contract):
        if of.name not in actuals.sources:
            continue
        scores = _column(ours, of, actuals, contract, through)
        if before is not None and previous is not None:
            revised = revision.measure(
                ours, before, of, actual(of.name), previous.version, contract
            )
            scores = msgspec.structs.replace(scores, revision=revised)
        if theirs is not None and baseline is not None:
            scores = msgspec.structs.replace(scores, skill=_skill(ours, theirs, of, baseline))
        columns[of.name] = scores
    return Accuracy(
        set=contract.name,
        version=version,
        contract_revision=contract_revision,
        data_through=through,
        actuals=digest(ours.rows.select(*ours.key, *(actual(name) for name in columns))),
        vintage=actuals.newest(ours.rows),
        asked=actuals.requested,
        keys=ours.keys,
        columns=columns,
    )


def _column(
    ours: Matched, of: Observed, actuals: Actuals, contract: Contract, through: datetime | None
) -> ColumnScores:
    values = ours.rows.get_column(actual(of.name))
    n = values.len() - values.null_count()
    blank = ColumnScores(of.unit, actuals.sources[of.name], n, values.null_count())
    if not n:
        return msgspec.structs.replace(blank, reason="no_actual_values")
    by_loss = losses(ours, of, actual(of.name))
    scored = known(by_loss)
    if of.numeric:
        y = ours.numbers(actual(of.name))
        weights = None if of.weight is None else ours.numbers(of.weight)
        distribution = quantile_score.Distribution(ours, of, y)
        draws = sample_score.draws_of(ours, of, y)
        whole = msgspec.structs.replace(
            blank,
            point=None
            if of.point is None
            else point_error.measure(
                by_loss["bias"],
                _steps(ours, of.name, of.point, actuals, contract, through),
                n,
                y,
                weights,
            ),
            intervals=[
                interval_score.measure(i, ours.numbers(i.lower), ours.numbers(i.upper), y, weights)
                for i in of.intervals
            ],
            distribution=quantile_score.measure(distribution, weights)
            if distribution.grid
            else None,
            samples=None if draws is None else sample_score.measure(draws),
        )
    else:
        whole = msgspec.structs.replace(
            blank,
            label=_label(by_loss["error_rate"], n) if of.label is not None else None,
            probability=probability_score.measure(
                of, probability_score.losses(ours, of, ours.texts(actual(of.name))), n
            )
            if of.probabilities
            else None,
        )
    return msgspec.structs.replace(
        whole,
        horizons=slices.by_horizon(ours, scored, by_loss),
        groups={
            by: slices.by_group(ours.rows.get_column(by), scored, by_loss)
            for by in contract.stability.groups
        },
    )


def _steps(
    ours: Matched,
    name: str,
    point: str,
    actuals: Actuals,
    contract: Contract,
    through: datetime | None,
) -> Floats:
    """The typical step of each key's series."""
    column = contract.columns[point].step
    if column is None:
        return point_error.typical_steps(ours, actuals, name, through)
    return ours.numbers(column)


def _label(wrong: Floats, actuals: int) -> LabelScores | None:
    """Wrong is 1, right 0, and NaN where the version has no label."""
    n = int((~np.isnan(wrong)).sum())
    if not n:
        return None
    right = n - int(np.nansum(wrong))
    return LabelScores(n, n / actuals, right / n, *wilson_interval(right, n))


def _skill(ours: Matched, theirs: Matched, of: Observed, baseline: OtherVersion) -> Skill:
    same = [other for other in observed(baseline.contract) if other.numeric == of.numeric]
    named = [other for other in same if other.name == of.name] or same
    if len(named) != 1:
        return Skill(baseline.set, baseline.version, 0, None, {}, [], "no_such_column")
    a, b = losses(ours, of, actual(of.name)), losses(theirs, named[0], actual(of.name))
    known = ours.rows.height - ours.rows.get_column(actual(of.name)).null_count()
    return skill.measure(
        ours, theirs, a, b, actuals=known, baseline=(baseline.set, baseline.version)
    )


def _check_keys(contract: Contract, baseline: OtherVersion) -> None:
    wanted = {name: column.type for name, column in contract.key.items()}
    have = {name: column.type for name, column in baseline.contract.key.items()}
    if have != wanted:
        raise InvalidError(
            "other_keys",
            f"{contract.name}: its key is {_key(wanted)} and that of the baseline {baseline.set} "
            f"is {_key(have)}",
            remedy="name a set with the same key columns with --against",
        )


def _key(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{name} ({kind})" for name, kind in columns.items())
