"""Columns of samples: a list of draws in each row, and the quantile columns computed from them.

Draws keep their order: the first draw of each row of a trajectory is one path, and so is the
second. Quantiles are those of type 7 (Hyndman and Fan, American Statistician 50, 1996), the default
of R and NumPy.
"""

from collections.abc import Callable, Iterable

import msgspec
import polars as pl

from estimates.contract.columns import FEWEST_DRAWS
from estimates.contract.contract import Contract
from estimates.contract.quantile_columns import OF_SAMPLES, column_name
from estimates.contract.stored_values import shortest
from estimates.errors import InvalidError
from estimates.render.wording import count

_SAME = 1e-9  # of the largest: a quantile that a table has beside its draws may be off by so much


def with_sample_quantiles(frame: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """The frame with the quantiles of its draws, where the contract wants them and it has none."""
    wanted: dict[str, dict[str, float]] = {}
    for name, column in contract.columns.items():
        source = column.from_samples
        if source is None or name in frame.columns or source not in frame.columns:
            continue
        if is_list_of_numbers(frame.schema[source]):
            wanted.setdefault(source, {})[name] = column.quantile or 0.5
    for source, levels in wanted.items():
        draws = lists_of_floats(frame.get_column(source))
        frame = frame.with_columns(sample_quantiles(draws, levels))
    return frame


def sample_quantiles(draws: pl.Series, levels: dict[str, float]) -> list[pl.Series]:
    """A column for each level, by name: the quantile of each list, null where it has no draws."""
    ordered = draws.list.sort()
    last = ordered.list.len().cast(pl.Int64) - 1
    columns: list[pl.Series] = []
    for name, level in levels.items():
        place = last * level
        low = place.floor().cast(pl.Int64).clip(lower_bound=0)
        high = pl.select(pl.min_horizontal(low + 1, last)).to_series().clip(lower_bound=0)
        below = ordered.list.get(low, null_on_oob=True)
        above = ordered.list.get(high, null_on_oob=True)
        columns.append((below + (above - below) * (place - low)).alias(name))
    return columns


def lists_as_quantiles(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with the usual quantiles, such as `draws_q0.5`, in the place of lists of several
    numbers; a quantile that is there by its name stays.
    """
    for name, dtype in frame.schema.items():
        if is_list_of_numbers(dtype) and _is_of_several(lists_of_floats(frame.get_column(name))):
            levels = {column_name(f"{name}_q", level): level for level in OF_SAMPLES}
            missing = {own: level for own, level in levels.items() if own not in frame.columns}
            columns = sample_quantiles(lists_of_floats(frame.get_column(name)), missing)
            frame = frame.with_columns(columns).drop(name)
    return frame


def _is_of_several(lists: pl.Series) -> bool:
    return bool((lists.list.len() >= FEWEST_DRAWS).any())


def check_sample_quantiles(frame: pl.DataFrame, contract: Contract) -> None:
    """Raises InvalidError (`bad_value`) where a quantile in the frame is not that of the draws
    beside it; the frame is in the contract's types.
    """
    for name, column in contract.columns.items():
        if column.from_samples is None or column.quantile is None:
            continue
        draws = frame.get_column(column.from_samples)
        (computed,) = sample_quantiles(draws, {name: column.quantile})
        off = (frame.get_column(name) - computed).abs() > _SAME * computed.abs()
        wrong = off.fill_null(False) | (frame.get_column(name).is_null() != computed.is_null())
        if wrong.any():
            row = int(wrong.arg_true()[0])
            raise InvalidError(
                "bad_value",
                f"{contract.name}: column {name!r} is not the quantile {column.quantile:g} of the "
                f"draws in {column.from_samples!r} in {count(int(wrong.sum()), 'row')}: it is "
                f"{frame[name][row]}, and theirs is {computed[row]}",
                remedy=f"leave {name!r} out of the table: it is computed from the draws",
                column=name,
            )


def is_list_of_numbers(dtype: pl.DataType) -> bool:
    """Whether a stored type is a list of numbers, of one length or of several."""
    inner = getattr(dtype, "inner", None)
    nested = isinstance(dtype, pl.List | pl.Array)
    return nested and inner is not None and (inner.is_numeric() or inner == pl.Null)


def lists_of_floats(lists: pl.Series) -> pl.Series:
    """Lists of numbers as lists of Float64."""
    if isinstance(lists.dtype, pl.Array):
        lists = lists.arr.to_list()
    if lists.dtype == pl.List(pl.Float64):
        return lists
    inner = getattr(lists.dtype, "inner", None)
    if inner not in (pl.Float32, pl.Float16):
        return lists.cast(pl.List(pl.Float64))
    return _over_draws(lists, shortest)


def _over_draws(lists: pl.Series, change: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """The lists with all their draws changed at once; `change` takes and gives a flat column."""
    import numpy as np  # a reader with frames has none

    counts = lists.list.len().fill_null(0).to_numpy()
    rows = np.repeat(np.arange(len(lists)), counts)
    flat = lists.filter(pl.Series(counts > 0, dtype=pl.Boolean)).explode()
    changed = pl.DataFrame({"row": rows, "new": change(flat).cast(pl.Float64)})
    changed = changed.group_by("row", maintain_order=True).agg("new")
    whole = pl.DataFrame({"row": np.arange(len(lists)), "old": lists.cast(pl.List(pl.Float64))})
    joined = whole.join(changed, on="row", how="left", maintain_order="left")
    return joined.select(pl.coalesce("new", "old").alias(lists.name)).to_series()


def without_negative_zeros(frame: pl.DataFrame, names: Iterable[str]) -> pl.DataFrame:
    """The frame with 0.0 in place of −0.0 in some columns of lists of floats."""
    for name in names:
        draws = frame.get_column(name)
        if (draws.explode() == 0.0).any():
            zeros = _over_draws(draws, lambda flat: flat.set(flat == 0.0, 0.0))
            frame = frame.with_columns(zeros)
    return frame


def finite_draws(name: str) -> pl.Expr:
    """True where every draw of a row is a finite number, and where there is no list."""
    return (
        pl.col(name)
        .list.eval(pl.element().is_finite().fill_null(value=False))
        .list.all()
        .fill_null(value=True)
    )


def lists_of_text(text: pl.Series) -> pl.Series:
    """The lists that JSON such as `[1.5, 2]` stands for; null where it is none."""
    bare = text.str.strip_chars()
    bare = bare.set(~bare.str.starts_with("["), None)
    try:
        return bare.str.json_decode(pl.List(pl.Float64))
    except pl.exceptions.PolarsError:
        return pl.Series(text.name, _decoded(bare), dtype=pl.List(pl.Float64))


def _decoded(texts: Iterable[str | None]) -> Iterable[list[float | None] | None]:
    decoder = msgspec.json.Decoder(list[float | None])
    for text in texts:
        try:
            yield None if text is None else decoder.decode(text)
        except msgspec.DecodeError:
            yield None
