"""Rows that a round asks for and a submission leaves out.

A value that is required of a task id goes with every other value that is required or that the
submission has; an output type that is required goes with every task that the submission has, and of
an output type that it has, every id that is required.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from estimates.render.wording import count
from estimates_jobs.hub.hub_folder import Specs, Tree, is_required, type_id_spec, values
from estimates_jobs.hub.request_report import Finding
from estimates_jobs.hub.submission_rows import Submission, examples, text_of
from estimates_jobs.hub.value_checks import level_of
from estimates_jobs.tables.hubverse import LONG

_ANY = "\0any"  # one of the values that are required
Expected = dict[str, list[str | None]]


def required_faults(submission: Submission) -> Iterator[Finding]:
    """What is missing, task by task."""
    for number, task in enumerate(submission.of_round.tasks):
        specs = submission.of_round.ids_of(task)
        free = [name for name in specs if name not in submission.derived]
        rows = submission.of_task(number)
        yield from _missing_tasks(specs, free, rows, submission)
        for kind, spec in task["output_type"].items():
            yield from _missing_types(kind, spec, free, rows, submission.shown)


def _missing_tasks(
    specs: Specs, free: list[str], rows: pl.DataFrame, submission: Submission
) -> Iterator[Finding]:
    required = {name: _required(specs[name]) for name in free}
    patterns = rows.select(
        pl.when(_among(name, required[name])).then(pl.lit(_ANY)).otherwise(pl.col(name)).alias(name)
        for name in free
    ).unique(maintain_order=True)
    wanted = [
        {name: required[name] if value == _ANY else [value] for name, value in row.items()}
        for row in patterns.iter_rows(named=True)
    ]
    if all(required.values()):  # asked for whatever else a submission has
        wanted.append(required)
    if not wanted:
        return
    expected = pl.concat([_product(each) for each in wanted]).unique(maintain_order=True)
    there = rows.select(free).unique()
    missing = expected.join(there, on=free, how="anti", nulls_equal=True, maintain_order="left")
    if missing.height:
        # also what is the same in all rows that there are, and other in those that are not
        shown = [
            name
            for name in free
            if name in submission.shown
            or not {*missing.get_column(name)} <= {*submission.frame.get_column(name)}
        ]
        yield Finding(
            "required",
            f"{count(missing.height, 'task')} that the round requires "
            f"{'is' if missing.height == 1 else 'are'} not there",
            examples=examples(missing, shown),
        )


def _missing_types(
    kind: str, spec: Tree, free: list[str], rows: pl.DataFrame, shown: list[str]
) -> Iterator[Finding]:
    there = rows.filter(pl.col(LONG[0]) == kind)
    tasks = (rows if is_required(spec) else there).select(free).unique(maintain_order=True)
    ids = _required_ids(kind, spec)
    if not tasks.height:
        return
    if ids is None:
        missing = tasks.join(
            there.select(free), on=free, how="anti", nulls_equal=True, maintain_order="left"
        )
        words = f"{kind} of {count(missing.height, 'task')}"
    else:
        expected = tasks.join(pl.DataFrame({LONG[1]: ids}), how="cross")
        marks = [*free, LONG[1]]
        has = there.select(*free, _id(kind).alias(LONG[1])).with_columns(
            pl.col(LONG[1]).cast(expected.schema[LONG[1]])
        )
        missing = expected.join(has, on=marks, how="anti", nulls_equal=True, maintain_order="left")
        words, shown = f"{count(missing.height, 'row')} of {kind}", [*shown, LONG[1]]
    if missing.height:
        verb = "is" if missing.height == 1 else "are"
        yield Finding(
            "required",
            f"{words} that the round requires {verb} not there",
            examples=examples(missing, shown),
        )


def _required_ids(kind: str, spec: Tree) -> list[float] | list[str] | None:
    """The ids that go together; None for an output type without any."""
    if kind in ("mean", "median", "sample"):
        return None
    texts = [text_of(value) for value in type_id_spec(spec).get("required") or ()]
    known = [text for text in texts if text is not None]
    if not known:
        return None
    if kind == "quantile":
        return [level for text in known if (level := level_of(text)) is not None]
    return known


def _id(kind: str) -> pl.Expr:
    if kind == "quantile":
        return pl.col(LONG[1]).cast(pl.Float64, strict=False).round(12)
    return pl.col(LONG[1])


def _required(spec: Tree) -> list[str | None]:
    """The texts that are required; of a task id without values, null."""
    if not values(spec):
        return [None]
    return [text_of(value) for value in spec.get("required") or ()]


def _among(name: str, texts: list[str | None]) -> pl.Expr:
    known = [text for text in texts if text is not None]
    test = pl.col(name).is_in(known).fill_null(False)
    return test | pl.col(name).is_null() if None in texts else test


def _product(wanted: Expected) -> pl.DataFrame:
    """All combinations, a column a task id."""
    frames = [
        pl.DataFrame({name: texts}, schema={name: pl.String}) for name, texts in wanted.items()
    ]
    made = frames[0]
    for frame in frames[1:]:
        made = made.join(frame, how="cross")
    return made
