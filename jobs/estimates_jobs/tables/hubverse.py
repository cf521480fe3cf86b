"""The hubverse long form: one row per task, `output_type` and `output_type_id`; pivoted to a
contract's columns.

The format is described at https://docs.hubverse.io, "Model output". Of its output types, mean,
median, quantile, pmf and sample have a place in a contract; cdf has none. The hubs before it,
such as the COVID-19 Forecast Hub, wrote the same as `type` (point or quantile), `quantile` and
`value`.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from estimates.contract.conform import DTYPES, name_keys
from estimates.contract.contract import Column, Contract
from estimates.errors import InvalidError
from estimates.render.wording import count
from estimates_jobs.tables.sample_tables import gathered, values_of_numbers

LONG = ("output_type", "output_type_id", "value")
OLDER = ("type", "quantile", "value")
_OLDER_TYPES = ("point", "quantile")
_ROLES = ("point", "lower", "upper", "quantile", "probability")
_SAMPLES = "samples"  # what draws are called where no contract names them
_SOURCE = "\0source"  # no column of a table has a NUL in its name
# an output type and its id: a level, a category, or nothing
Source = tuple[str, float | str | None]


def is_long(frame: pl.DataFrame, contract: Contract | None = None) -> bool:
    """Whether the frame has the columns of the long form, and the contract does not itself have
    such columns.
    """
    own = {*contract.key, *contract.columns} if contract else set[str]()
    return set(LONG) <= set(frame.columns) and own.isdisjoint(LONG[:2])


def _with_plain_text(frame: pl.DataFrame) -> pl.DataFrame:
    """Types and ids as text, which Parquet also keeps as dictionaries and as numbers."""
    return frame.with_columns(pl.col(LONG[:2]).cast(pl.String))


def renewed(frame: pl.DataFrame, contract: Contract | None = None) -> pl.DataFrame:
    """The older long form with the names of the newer one; any other table as it is."""
    own = {*contract.key, *contract.columns} if contract else set[str]()
    if not set(OLDER) <= set(frame.columns) or LONG[0] in frame.columns or own & {*OLDER[:2]}:
        return frame
    kinds = frame.get_column(OLDER[0])
    if kinds.dtype != pl.String or not kinds.is_in(list(_OLDER_TYPES)).all():
        return frame
    return frame.rename(dict(zip(OLDER[:2], LONG[:2], strict=True)))


def widened(frame: pl.DataFrame) -> pl.DataFrame:
    """The long form without a contract, values as they are: columns `mean`, `median`, `q0.025`,
    `p_CATEGORY`, and `samples` as lists, one row per task (of the older form `point` and `q0.025`);
    any other table as it is.

    Raises InvalidError: `output_type`, `duplicate_key`, `bad_value`, `columns`.
    """
    frame = renewed(frame)
    if not is_long(frame):
        return frame
    frame = _with_plain_text(frame)
    others, draws = _without_and_with_draws(frame)
    draws = draws.with_columns(values_of_numbers(draws.get_column("value")))
    if not others.height:
        return _lists(draws, _SAMPLES, "the table")
    sources = _sources(others, "the table")
    chosen = {_column_name(source): source for source in sorted(set(sources.values()), key=_place)}
    rows = _pivot(others, sources, chosen, "the table")
    return _joined(rows, _lists(draws, _SAMPLES, "the table")) if draws.height else rows


def without_lone_draws(frame: pl.DataFrame, notes: list[str]) -> pl.DataFrame:
    """The long form without its rows of samples where each task has one alone beside what else is
    said of it, and a note about it; any other table as it is.
    """
    if not is_long(frame):
        return frame
    others, draws = _without_and_with_draws(frame)
    task = [column for column in draws.columns if column not in LONG]
    if not draws.height or not others.height or draws.select(task).is_duplicated().any():
        return frame
    notes.append(
        f"{count(draws.height, 'row')} of samples with one draw a task, which is no distribution: "
        "the contract leaves them out; publish without them, too, such as with --where "
        "output_type=quantile"
    )
    return others


def _column_name(source: Source) -> str:
    kind, mark = source
    if mark is None:
        return kind
    return f"p_{mark}" if kind == "pmf" else f"q{mark:g}"


def _place(source: Source) -> tuple[int, float, str]:
    kind, mark = source
    number = mark if isinstance(mark, float) else 0.0
    return ("point", "mean", "median", "quantile", "pmf").index(kind), number, str(mark)


def pivoted(contract: Contract) -> list[str]:
    """The contract's columns whose values come from rows of other types than `sample`; all others
    come from columns of the same name, or are computed from samples.
    """
    return [
        name
        for name, column in contract.columns.items()
        if column.role in _ROLES and column.from_samples is None
    ]


def wide(frame: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """One row per task (every column other than the three of the long form), one column per pivoted
    contract column.

    A point is the mean, else the median, else what the older form calls the point, else the
    quantile 0.5; a point column named `mean`, `median` or `point` is just that. The ends of an
    interval of level L are the quantiles (1−L)/2 and (1+L)/2. Quantile ids compare as numbers. The
    draws of a task are a list in the order of their ids. A task without a row for a column gets
    null. `frame`: `value` is Float64.
    Raises InvalidError: `output_type` (types that the contract has no column for, columns that have
    no rows), `duplicate_key` (two rows for one value), `bad_value`, `columns`, `no_rows`.
    """
    if not frame.height:
        raise InvalidError(
            "no_rows",
            f"{contract.name}: the table has a header and no rows",
            remedy="a version that is withdrawn is rolled back: "
            f"estimates rollback {contract.name} --reason …",
        )
    missing = [name for name in contract.key if name not in frame.columns]
    if missing:  # else the rows of several keys would seem to be of one
        raise InvalidError(
            "columns",
            f"{contract.name}: long form: lacks {', '.join(missing)} of the key; it has "
            f"{', '.join(frame.columns)}",
            remedy="name the columns of the key as the contract does",
            missing=missing,
        )
    frame = _with_plain_text(frame)
    others, draws = _without_and_with_draws(frame)
    samples = _samples_column(draws, contract)
    sources_by_pair = _sources(others, contract.name)
    chosen = _choose(set(sources_by_pair.values()), contract)
    rows = _pivot(others, sources_by_pair, chosen, contract.name)
    left_out = [name for name in pivoted(contract) if name not in chosen]
    rows = rows.with_columns(pl.lit(None, pl.Float64).alias(name) for name in left_out)
    rows = _integers(rows, contract)
    if samples is None:
        return rows
    if not draws.height:
        return rows.with_columns(pl.lit(None, pl.List(pl.Float64)).alias(samples))
    joint = contract.columns[samples].joint
    along = [*joint, *(name for name in contract.columns if name in frame.columns)]
    lists = _lists(draws, samples, contract.name, along if joint else ())
    return _joined(rows, lists) if others.height else lists


def _without_and_with_draws(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows of other output types, and those of draws."""
    is_draw = (pl.col("output_type") == "sample").fill_null(value=False)
    return frame.filter(~is_draw), frame.filter(is_draw)


def _samples_column(draws: pl.DataFrame, contract: Contract) -> str | None:
    """The column of the contract that draws belong to; None where there are neither."""
    names = contract.samples
    if len(names) > 1 or (draws.height and not names):
        has = f"the columns {', '.join(names)} of samples" if names else "no column for sample"
        raise InvalidError(
            "output_type",
            f"{contract.name}: long form: the contract has {has}",
            remedy='write one column with role = "samples" into it, or leave these rows out by '
            "[load.where]",
            extra=["sample"],
        )
    if names and not draws.height and not contract.columns[names[0]].nullable:
        raise InvalidError(
            "output_type",
            f"{contract.name}: long form: no rows for {names[0]} (sample)",
            remedy=f"add them, or write `nullable = true` under [columns.{names[0]}]",
            missing=names,
        )
    return names[0] if names else None


def _lists(draws: pl.DataFrame, name: str, where: str, joint: Sequence[str] = ()) -> pl.DataFrame:
    task = [column for column in draws.columns if column not in LONG]
    if not task:
        raise InvalidError(
            "columns",
            f"{where}: long form: no column names the task",
            remedy="add what an estimate is about",
        )
    return gathered(draws, task, "output_type_id", {name: "value"}, where, joint)


def _joined(rows: pl.DataFrame, lists: pl.DataFrame) -> pl.DataFrame:
    """The rows of all tasks that have values of other types, or draws."""
    task = [name for name in lists.columns if name in rows.columns]
    return rows.join(
        lists, on=task, how="full", coalesce=True, nulls_equal=True, maintain_order="left_right"
    )


def _pivot(
    frame: pl.DataFrame,
    sources_by_pair: dict[tuple[str, str | None], Source],
    chosen: dict[str, Source],
    where: str,
) -> pl.DataFrame:
    """One row per task, a column for each chosen source."""
    task = [name for name in frame.columns if name not in LONG]
    clash = sorted(set(task) & set(chosen))
    if clash or not task:
        twice = f"column {clash[0]!r} is given twice, as a column and as rows" if clash else ""
        raise InvalidError(
            "columns",
            f"{where}: long form: {twice or 'no column names the task'}",
            remedy="leave one of the two out" if twice else "add what an estimate is about",
        )
    names_of_sources = {source: f"source {i}" for i, source in enumerate(chosen.values())}
    names = pl.DataFrame(
        [(*pair, names_of_sources[source]) for pair, source in sources_by_pair.items()],
        schema={"output_type": pl.String, "output_type_id": pl.String, _SOURCE: pl.String},
        orient="row",
    )
    long = frame.join(names, on=LONG[:2], nulls_equal=True, maintain_order="left")
    _check_once(long, task, where)
    values = [
        pl.col("value").filter(pl.col(_SOURCE) == names_of_sources[source]).first().alias(column)
        for column, source in chosen.items()
    ]
    return long.group_by(task, maintain_order=True).agg(values)


def _sources(frame: pl.DataFrame, where: str) -> dict[tuple[str, str | None], Source]:
    """What each pair of output type and id stands for."""
    known = (
        pl.col("output_type").is_in(["point", "mean", "median", "quantile", "pmf"]).fill_null(False)
    )
    other = frame.filter(~known).get_column("output_type").unique().sort().to_list()
    if other:
        raise InvalidError(
            "output_type",
            f"{where}: long form: output types {', '.join(map(repr, other))} have no place in a "
            "contract, which can hold mean, median, quantile, pmf and sample",
            remedy="leave their rows out by --where output_type=quantile, or in the contract by "
            "[load.where]",
            extra=other,
        )
    pairs = frame.select(LONG[:2]).unique().sort(LONG[:2]).rows()
    return {(kind, mark): _source(kind, mark, where) for kind, mark in pairs}


def _source(kind: str, mark: str | None, where: str) -> Source:
    if kind == "pmf":
        return (kind, mark)
    if kind != "quantile":
        return (kind, None)
    try:
        return (kind, round(float(mark or ""), 12))
    except ValueError:
        raise InvalidError(
            "bad_value",
            f"{where}: long form: {mark!r} is not a quantile",
            remedy="write a number such as 0.025 as its output_type_id",
        ) from None


def _choose(sources: set[Source], contract: Contract) -> dict[str, Source]:
    """The source of each pivoted column; every source is used and every column has one."""
    if len(contract.points) > 1 and not set(contract.points) <= {"mean", "median", "point"}:
        raise InvalidError(
            "output_type",
            f"{contract.name}: long form: it carries one point (or mean, median and point), "
            f"the contract has the points {', '.join(contract.points)}",
            remedy="publish a table with a column for each point",
        )
    possible = {name: _possible(name, contract.columns[name]) for name in pivoted(contract)}
    chosen = {
        name: source
        for name, candidates in possible.items()
        for source in candidates[::-1]
        if source in sources
    }
    missing = [
        f"{name} ({' or '.join(map(_describe, possible[name]))})"
        for name in possible
        if name not in chosen and not contract.columns[name].nullable
    ]
    extra = sorted(map(_describe, sources - set(chosen.values())))
    if missing or extra:
        parts = [f"no rows for {', '.join(missing)}"] if missing else []
        parts += [f"the contract has no column for {', '.join(extra)}"] if extra else []
        raise InvalidError(
            "output_type",
            f"{contract.name}: long form: {'; '.join(parts)}",
            remedy="add or leave out these rows, or change the contract: `estimates define`",
            missing=missing,
            extra=extra,
        )
    return chosen


def _possible(name: str, column: Column) -> list[Source]:
    """Where a column's values may come from, best first."""
    mean: list[Source] = [("mean", None)]
    median: list[Source] = [("median", None), ("quantile", 0.5)]
    point: list[Source] = [("point", None)]
    if column.role == "point":
        own = {"mean": mean, "median": median, "point": point}
        return own.get(name) or [*mean, median[0], *point, median[1]]
    if column.role == "probability":
        return [("pmf", column.label)]
    if column.role == "quantile":
        assert column.quantile is not None
        exact: Source = ("quantile", round(column.quantile, 12))
        return [exact, ("median", None)] if exact == ("quantile", 0.5) else [exact]
    assert column.level is not None
    sign = -1 if column.role == "lower" else 1
    return [("quantile", round((1 + sign * column.level) / 2, 12))]


def _describe(source: Source) -> str:
    return source[0] if source[1] is None else f"{source[0]} {source[1]}"


def _check_once(long: pl.DataFrame, task: list[str], where: str) -> None:
    marks = [*task, _SOURCE]
    twice = long.select([*task, *LONG[:2], _SOURCE]).filter(pl.struct(marks).is_duplicated())
    if twice.height:
        shown = name_keys(
            twice.unique(marks, keep="first", maintain_order=True), [*task, *LONG[:2]]
        )
        raise InvalidError(
            "duplicate_key",
            f"{where}: long form: more than one row for {shown}",
            remedy="leave one of them, or add a column that tells them apart",
        )


def _integers(frame: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """Pivoted columns of type integer, when nothing is lost by it."""
    for name in pivoted(contract):
        if contract.columns[name].kind == "integer":
            whole = frame.get_column(name).cast(DTYPES["integer"], strict=False)
            bad = frame.filter(whole.cast(pl.Float64).ne_missing(frame.get_column(name)))
            if bad.height:
                raise InvalidError(
                    "bad_value",
                    f"column {name!r}: {bad[name][0]!r} is not an integer",
                    remedy=f'write type = "float" under [columns.{name}] in the contract',
                    column=name,
                )
            frame = frame.with_columns(whole)
    return frame
