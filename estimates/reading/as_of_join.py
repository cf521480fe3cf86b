"""For each row of a frame the estimate that production gave at the row's time: what a back-test of
decisions needs.
"""

from collections.abc import Sequence
from typing import Any

import polars as pl

from estimates.catalog.records import Version
from estimates.catalog.ref import PRODUCTION
from estimates.catalog.release_clock import Clock, check_clock
from estimates.reading.absent_keys import AbsentKeys, ReadColumns
from estimates.reading.as_of_plan import NONE, STATUS, AsOfPlan, carried_mark, keys_of
from estimates.reading.reader import Reader

_WHY = "\x01why"  # no column of a contract can have this name


def as_of_join(
    reader: Reader,
    read: ReadColumns,
    name: str,
    frame: Any,
    time: str | None,
    fields: Sequence[str] | None = None,
    clock: Clock = None,
    deadline: str | None = None,
) -> pl.DataFrame:
    """The rows of `frame` in their order, each with the estimate that production gave at its time
    (inclusive).

    frame   what `contract.conform.as_frame` takes, with the key columns in the contract's types,
            and `time`, a timestamp with zone
    read    some columns of a version, of the rows that fulfil a condition; called for one version
            after the other
    fields  columns of the contract; default: all but the key
    deadline  in place of `time`: a moment before each target, `D-1T06:00` or `PT36H`, which stands
            in a column `deadline` of the answer

    Adds these columns, `version`, `published_at` and `status`, with clock `released` also
    `released_at` and `imported` (whether the version's time of release is a claim). `status` is
    `ok`; a status of `VersionReader.get_many`; `before_first` (production named nothing then) or
    `nothing_promoted`; `expired` (the version's files are gone); `other_shape` (the version does
    not have the present columns). All but `ok` have null estimates, never those of another version.
    Where a version among them has groups that are carried over, `carried_over` says of which rows.
    No version is named that was published, or by the clock `released` released, after the row's
    time.
    Raises InvalidError: `no_table`, `columns` (missing, or in the way of what is added),
    `column_type`, `null_key`, `bad_time` (the time column), `as_of_in_future`, `unknown_field`,
    `bad_clock`, `bad_deadline`, `no_horizon`; CorruptError.
    """
    view = reader.view.set(name)
    check_clock(name, clock, asks_alias=True)
    moves = view.moves_by(clock).get(PRODUCTION, [])
    present = reader.view.present
    plan = AsOfPlan(view.present_contract, frame, time, fields, clock, moves, present, deadline)
    absent = AbsentKeys(reader, keys_of(plan.frame, plan.contract), read)
    answers: list[pl.DataFrame] = []
    for number, keys in plan.groups:
        version = None if number == NONE else view.versions[number - 1]
        answer = plan.refusal(keys, version, view.present_shape)
        if answer is None:
            assert version is not None
            answer = plan.answer(_estimates(keys, plan, version, read, absent), version)
        answers.append(answer)
    return plan.joined(answers)


def _estimates(
    keys: pl.DataFrame, plan: AsOfPlan, version: Version, read: ReadColumns, absent: AbsentKeys
) -> pl.DataFrame:
    """What one version says of keys, in their order."""
    key, judged = keys.columns, plan.contract.judged
    status = (
        pl.when(pl.all_horizontal(pl.col(judged).is_null()))
        .then(pl.lit("no_estimate"))
        .otherwise(pl.lit("ok"))
    )
    carried = version.provenance.carried_over
    by = [] if carried is None else [carried.by]
    marks = [] if carried is None else [carried_mark(carried.by, carried.groups)]
    names = dict.fromkeys((*plan.columns, *judged, *by))
    rows = read(version, [*key, *(name for name in names if name not in key)], None)
    estimates = rows.select(*key, *plan.columns, status.alias(STATUS), *marks)
    joined = keys.join(estimates, on=key, how="left", maintain_order="left")
    missing = joined.filter(pl.col(STATUS).is_null()).select(key).unique(maintain_order=True)
    if not missing.height:
        return joined
    why = missing.with_columns(absent.statuses(version, missing).alias(_WHY))
    joined = joined.join(why, on=key, how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce(STATUS, _WHY).alias(STATUS))
