"""Whether the values of a submission can be what they say they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from estimates.contract.probability_sums import LEAST, beyond, decimals
from estimates.render.wording import count
from estimates_jobs.hub.hub_folder import Tree
from estimates_jobs.hub.request_report import Finding, Severity
from estimates_jobs.hub.submission_rows import ROW, TASK, Submission, examples, text_of
from estimates_jobs.tables.hubverse import LONG

_DAYS = {"day": 1, "days": 1, "week": 7, "weeks": 7}
_LEVEL = "\0level"
_OFF = "\0off"
_ROUNDED = 1e-3  # what sums may be off by at most where probabilities were rounded


def level_of(text: str) -> float | None:
    """A quantile's level, or a point of a distribution, as a number."""
    try:
        return round(float(text), 12)
    except ValueError:
        return None


def value_faults(submission: Submission) -> Iterator[Finding]:
    """Values that are missing, of another type or out of bounds, task by task."""
    for number, task in enumerate(submission.of_round.tasks):
        for kind, spec in task["output_type"].items():
            rows = submission.of_task(number, kind)
            if rows.height:
                yield from _bound_faults(kind, spec.get("value") or {}, rows, submission.shown)


def _bound_faults(
    kind: str, spec: Tree, rows: pl.DataFrame, columns: Sequence[str]
) -> Iterator[Finding]:
    value = pl.col("value")
    is_known = value.is_finite()  # null where null is
    tests: list[tuple[str, str, pl.Expr]] = [
        ("values", f"{kind} without a value", ~is_known.fill_null(False))
    ]
    if spec.get("type") == "integer":
        tests.append(("values", f"{kind} that is no integer", value != value.round(0)))
    for field, words, test in (
        ("minimum", "below", value.lt),
        ("maximum", "above", value.gt),
        ("exclusiveMinimum", "not above", value.le),
        ("exclusiveMaximum", "not below", value.ge),
    ):
        bound: Any = spec.get(field)
        if bound is not None:
            tests.append(("bounds", f"{kind} {words} {text_of(bound)}", test(bound) & is_known))
    for check, words, test in tests:
        bad = rows.filter(test.fill_null(False))
        if bad.height:
            yield Finding(
                check,
                words,
                rows=bad.height,
                examples=examples(bad, [*columns, LONG[1], "value"]),
            )


def crossing_faults(submission: Submission) -> Iterator[Finding]:
    """Quantiles, and points of a distribution, that fall where the level rises."""
    ids = submission.of_round.columns
    for kind in ("quantile", "cdf"):
        is_own = (pl.col(LONG[0]) == kind) & pl.col(TASK).is_not_null()
        rows = submission.frame.filter(is_own & pl.col("value").is_finite())
        if not rows.height:
            continue
        level = pl.col(LONG[1]).cast(pl.Float64, strict=False)
        ordered = rows.with_columns(level.alias(_LEVEL)).sort([_LEVEL, LONG[1]])
        before = pl.col("value").shift().over(ids)
        bad = ordered.with_columns(before.alias("before")).filter(
            pl.col("value") < pl.col("before")
        )
        if bad.height:
            tasks = bad.select(ids).unique().height
            yield Finding(
                "crossing",
                f"{kind}s of {count(tasks, 'task')} are less than those of a lower level",
                rows=bad.height,
                examples=examples(bad.sort(ROW), [*submission.shown, LONG[1], "before", "value"]),
            )


def sum_faults(submission: Submission) -> Iterator[Finding]:
    """Probabilities of the categories of a task that do not add up to 1, but for how they were
    rounded.
    """
    ids = submission.of_round.columns
    rows = submission.frame.filter((pl.col(LONG[0]) == "pmf") & pl.col(TASK).is_not_null())
    if not rows.height:
        return
    sums = rows.group_by(ids, maintain_order=True).agg(
        pl.col("value").sum().alias("sum"), pl.len().alias("\0n")
    )
    most = decimals(rows.get_column("value"))
    size = int(sums.get_column("\0n").max())  # type: ignore[arg-type]
    tolerance = LEAST if most == 0 else max(LEAST, size * 0.5 * 10.0**-most)
    off = (pl.col("sum") - 1).abs()
    rounded = ~beyond(off, min(tolerance, _ROUNDED))
    tests: tuple[tuple[Severity, pl.Expr], ...] = (
        ("fail", beyond(off, LEAST) & ~rounded),
        ("warn", beyond(off, LEAST) & rounded),
    )
    for severity, test in tests:
        bad = sums.filter(test)
        if bad.height:
            yield Finding(
                "sums",
                f"probabilities of {count(bad.height, 'task')} do not add up to 1",
                severity,
                rows=int(bad.get_column("\0n").sum()),
                examples=examples(
                    bad.with_columns(pl.col("sum").round(9)), [*submission.shown, "sum"]
                ),
            )


def date_faults(submission: Submission) -> Iterator[Finding]:
    """Dates of targets that are not as far from the round's as their horizon says.

    What a horizon of 0 stands for differs from hub to hub; it is the same in all rows of a target.
    """
    ids = submission.of_round.columns
    end = next((name for name in ("target_end_date", "target_date") if name in ids), None)
    origin = submission.of_round.variable
    if end is None or origin is None or "horizon" not in ids:
        return
    wrong: dict[int, list[pl.DataFrame]] = {}  # by the days of a step
    for number, task in enumerate(submission.of_round.tasks):
        step = _DAYS.get(str(_time_unit(task)))
        if step is not None:
            rows = submission.of_task(number).with_columns(_offset(end, origin, step))
            usual = rows.get_column(_OFF).drop_nulls().mode().sort().head(1)
            bad = rows.filter(pl.col(_OFF) != usual[0]) if usual.len() else rows.clear()
            wrong.setdefault(step, []).append(bad)
    for step, frames in wrong.items():
        bad = pl.concat(frames).sort(ROW)
        if bad.height:
            unit = "day" if step == 1 else "week"
            yield Finding(
                "dates",
                f"{end} is not horizon × 1 {unit} after {origin}, as in the other rows",
                rows=bad.height,
                examples=examples(bad, [origin, "horizon", end]),
            )


def _time_unit(task: Tree) -> object:
    units = {target.get("time_unit") for target in task.get("target_metadata") or ()}
    return units.pop() if len(units) == 1 else None


def _offset(end: str, origin: str, step: int) -> pl.Expr:
    """Days from the round's date to a target's, without its horizon."""
    days = (_day(end) - _day(origin)).dt.total_days()
    return (days - step * pl.col("horizon").cast(pl.Int64, strict=False)).alias(_OFF)


def _day(column: str) -> pl.Expr:
    return pl.col(column).str.to_date("%Y-%m-%d", strict=False)
