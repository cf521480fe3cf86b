"""Whether the rows of a submission are those that the tasks of its round ask for."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from estimates.render.wording import count, did_you_mean
from estimates_jobs.hub.hub_folder import Round, Tree, type_ids
from estimates_jobs.hub.request_report import Finding
from estimates_jobs.hub.submission_rows import (
    TASK,
    Submission,
    examples,
    ids_allowed,
    is_in,
    text_of,
)
from estimates_jobs.hub.value_checks import level_of
from estimates_jobs.tables.hubverse import LONG

_NAMED = 8  # values that a message names


def column_fault(of_round: Round, columns: list[str]) -> Finding | None:
    """What columns a table lacks or has too many, for a round."""
    wanted = [*of_round.columns, *LONG]
    missing = [name for name in wanted if name not in columns]
    extra = [name for name in columns if name not in wanted]
    if not missing and not extra:
        return None
    parts = [f"lacks {', '.join(missing)}"] if missing else []
    parts += [f"has also {', '.join(extra)}"] if extra else []
    asks = (
        f"; the round asks for {', '.join(wanted)}" if extra and len(missing) < len(wanted) else ""
    )
    return Finding("columns", " and ".join(parts) + asks)


def round_faults(submission: Submission) -> Iterator[Finding]:
    """Rows of another round than the file's name says."""
    of_round = submission.of_round
    if of_round.variable is not None:
        others = submission.frame.filter(~is_in(of_round.variable, [of_round.name]))
        if others.height:
            yield Finding(
                "round",
                f"{of_round.variable} is not {of_round.name}, as the file's name says",
                rows=others.height,
                examples=examples(others, [of_round.variable]),
            )


def id_faults(submission: Submission) -> Iterator[Finding]:
    """Task ids and output types that no task of the round has, and combinations of them."""
    of_round = submission.of_round
    loose = submission.frame.filter(pl.col(TASK).is_null())
    explained = pl.lit(False)
    kinds = {kind for task in of_round.tasks for kind in task["output_type"]}
    allowed: dict[str, set[str | None]] = {LONG[0]: set(kinds)}
    for name in of_round.columns:
        if name not in of_round.derived and name != of_round.variable:
            specs = [of_round.ids_of(task).get(name) or {} for task in of_round.tasks]
            allowed[name] = {text for spec in specs for text in ids_allowed(spec)}
    for name, texts in allowed.items():
        unknown = loose.filter(~is_in(name, texts))
        explained = explained | ~is_in(name, texts)
        if unknown.height:
            yield _unknown(name, unknown, sorted(text for text in texts if text is not None))
    if of_round.variable is not None:
        explained = explained | ~is_in(of_round.variable, [of_round.name])
    rest = loose.filter(~explained)
    if rest.height:
        yield Finding(
            "tasks",
            "no task of the round has this combination of values",
            rows=rest.height,
            examples=examples(rest, [*submission.shown, LONG[0]]),
        )


def _unknown(name: str, rows: pl.DataFrame, known: list[str]) -> Finding:
    """Values of a column that the hub does not have."""
    cells = rows.get_column(name).unique().sort()
    shown = ["NA" if cell is None else str(cell) for cell in cells.head(_NAMED)]
    more = f" and {cells.len() - _NAMED:,} more" if cells.len() > _NAMED else ""
    near = did_you_mean(shown[0], known) if len(shown) == 1 else ""
    listed = ", ".join(known[:_NAMED]) + (" …" if len(known) > _NAMED else "")
    check = "output_types" if name == LONG[0] else "tasks"
    return Finding(
        check,
        f"{name} is {', '.join(shown)}{more}{near}, and the round has {listed or 'none'}",
        rows=rows.height,
        examples=examples(rows, [name]),
    )


def type_id_faults(submission: Submission) -> Iterator[Finding]:
    """Output type ids that a task does not have: levels, categories, something where there is
    none.
    """
    for number, task in enumerate(submission.of_round.tasks):
        for kind, spec in task["output_type"].items():
            rows = submission.of_task(number, kind)
            if rows.height and kind != "sample":
                yield from _type_id_faults(kind, spec, rows, submission.shown)


def _type_id_faults(
    kind: str, spec: Tree, rows: pl.DataFrame, columns: list[str]
) -> Iterator[Finding]:
    known = {text_of(value) for value in type_ids(spec)}
    if kind in ("quantile", "cdf") and known:
        numbers = {level_of(text) for text in known if text is not None}
        levels = pl.col(LONG[1]).cast(pl.Float64, strict=False).round(12)
        plain = {text for text in known if text is not None and level_of(text) is None}
        test = levels.is_in([n for n in numbers if n is not None]).fill_null(False)
        bad = rows.filter(~(test | is_in(LONG[1], plain)))
    elif kind in ("mean", "median"):
        bad = rows.filter(pl.col(LONG[1]).is_not_null())
    else:
        bad = rows.filter(~is_in(LONG[1], known))
    if bad.height:
        cells = bad.get_column(LONG[1]).unique().sort()
        shown = ", ".join("NA" if cell is None else str(cell) for cell in cells.head(_NAMED))
        wanted = "NA" if kind in ("mean", "median") else _listed(type_ids(spec))
        yield Finding(
            "output_types",
            f"output_type_id of {kind} is {shown}, and the round has {wanted}",
            rows=bad.height,
            examples=examples(bad, [*columns, LONG[1]]),
        )


def _listed(ids: list[object]) -> str:
    """The ids of an output type, in the order of the configuration: of many the ends."""
    texts = [str(text_of(value)) for value in ids]
    if len(texts) <= _NAMED:
        return ", ".join(texts)
    return f"{count(len(texts), 'value')}, {texts[0]} to {texts[-1]}"


def duplicate_faults(submission: Submission) -> Iterator[Finding]:
    """Rows that say something of the same task twice."""
    marks = [*submission.of_round.columns, *LONG[:2]]
    frame = submission.frame.with_columns(
        pl.when(pl.col(LONG[0]).is_in(["quantile", "cdf"]))
        .then(pl.coalesce(_level().cast(pl.String), pl.col(LONG[1])))
        .otherwise(pl.col(LONG[1]))
        .alias(LONG[1])
    )
    twice = frame.filter(pl.struct(marks).is_duplicated())
    if twice.height:
        again = twice.height - twice.select(marks).unique().height
        yield Finding(
            "duplicates",
            f"{count(again, 'row')} too many for the same task, output type and id",
            rows=twice.height,
            examples=examples(twice, [*submission.shown, *LONG[:2]]),
        )


def _level() -> pl.Expr:
    return pl.col(LONG[1]).cast(pl.Float64, strict=False).round(12)
