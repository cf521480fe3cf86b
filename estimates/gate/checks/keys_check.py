"""Check `keys`: every row can be read by its key, from a URL too."""

import polars as pl

from estimates.contract.conform import unfit_part
from estimates.gate.broken_rules import whole_rows
from estimates.gate.check import Check, Measure
from estimates.gate.evaluation_context import EvaluationContext

_UNFIT = "{} is empty, '.', '..' or has a NUL, which no URL path can hold"


def _bad_keys(context: EvaluationContext) -> Measure:
    # of rows that versions share it is known
    keys = context.compared_rows.select(context.key)
    bad: list[tuple[str, pl.DataFrame]] = []
    if not context.is_ascending:
        null = keys.filter(pl.any_horizontal(pl.col(context.key).is_null()))
        bad.append(("a part of the key is null", null))
        bad.append(("the key appears more than once", _repeated(keys)))
    for name, column in context.contract.key.items():
        if column.type == "string":
            bad.append((_UNFIT.format(name), _unfit(keys, name)))
    value = sum(rows.height for _, rows in bad)
    groups = [whole_rows(context, rows, why) for why, rows in bad]
    message = (
        f"{value} of {context.height} rows with a key that is null, not unique or unfit for a path"
    )
    return Measure(value, context.height, message, offender_groups=groups)


def _repeated(keys: pl.DataFrame) -> pl.DataFrame:
    """Rows are sorted by key, so that equal keys are neighbours."""
    same = pl.all_horizontal(pl.col(name) == pl.col(name).shift(1) for name in keys.columns)
    same = same.fill_null(False)
    return keys.filter(same | same.shift(-1, fill_value=False))


def _unfit(keys: pl.DataFrame, name: str) -> pl.DataFrame:
    """Most rows have their neighbour's part, which is looked at once."""
    unfit = unfit_part(name).fill_null(False)
    is_new = (pl.col(name) != pl.col(name).shift(1)).fill_null(True)
    any_unfit = keys.lazy().select(name).filter(is_new).select(unfit.any()).collect().item()
    return keys.filter(unfit) if any_unfit else keys.clear()


CHECK = Check(
    number=5,
    name="keys",
    title="Keys not null, unique, fit for a path",
    stage=1,
    measure=_bad_keys,
    purpose="rows that cannot be read by key",
    metric="rows with a key that is null, not unique or unfit for a path",
    block=0,
    waivable=False,
    depends_on=("schema",),
    remedy="a row is read by its key: leave these rows out, or add the column that tells "
    "them apart as [key.COLUMN]",
)
