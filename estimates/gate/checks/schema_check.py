"""Check `schema`: the columns, types, units, levels and quantiles are the contract's."""

import polars as pl

from estimates.contract import conform
from estimates.contract.columns import FEWEST_DRAWS, key_text
from estimates.contract.contract import Contract, Shape, ShapeColumn
from estimates.errors import InvalidError
from estimates.gate.check import Check, Measure
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.verdict import Offender
from estimates.render.wording import count


def _schema_differences(context: EvaluationContext) -> Measure:
    stored = context.candidate.stored
    differences = _stored_differences(context) if stored else _file_differences(context)
    differences = differences or _draw_differences(context)
    value = len(differences)
    n = len(context.contract.key) + len(context.contract.columns)
    message = "columns and types are the contract's"
    if value:
        message = f"differences from the contract: {value}"
    return Measure(value, n, message, offenders=differences)


def _file_differences(context: EvaluationContext) -> list[Offender]:
    """What keeps a raw file from the contract's columns and types, as publish would see it."""
    assert context.candidate.frame is not None
    missing, extra = conform.column_differences(context.candidate.frame, context.contract)
    differences = [Offender(None, name, "missing") for name in missing]
    differences += [Offender(None, name, "not in the contract") for name in extra]
    if differences:
        return differences
    try:
        conform.typed(context.candidate.frame, context.contract)
    except InvalidError as error:
        return [Offender(None, str(error.details["column"]), error.message)]
    return []


def _stored_differences(context: EvaluationContext) -> list[Offender]:
    """The manifest's shape against the contract's; when they agree, the Parquet file's columns and
    types.
    """
    assert context.candidate.shape is not None
    differences = _shape_differences(context.candidate.shape, context.contract.shape())
    if differences:
        return differences
    have = context.stored_schema
    want = conform.schema(context.contract)
    return [
        Offender(
            None,
            name,
            f"{have.get(name, 'missing')} in the file, {want.get(name, 'nothing')} in the contract",
        )
        for name in dict.fromkeys((*want, *have))
        if have.get(name) != want.get(name)
    ]


def _draw_differences(context: EvaluationContext) -> list[Offender]:
    """Samples of another number of draws than the contract says, or, where it says none, of fewer
    than two or of several numbers in one trajectory.
    """
    differences: list[Offender] = []
    contract, rows = context.contract, context.stored_frame if context.contract.samples else None
    for name in contract.samples:
        column = contract.columns[name]
        assert rows is not None
        draws = rows.get_column(name).list.len()
        if column.draws is not None:
            wrong, what = draws != column.draws, f"have not {column.draws} draws"
        else:
            wrong, what = draws < FEWEST_DRAWS, f"have fewer than {FEWEST_DRAWS} draws"
        if not wrong.any() and column.joint:
            wrong, what = _uneven(rows, contract, name), "are of trajectories of uneven draws"
        if wrong.any():
            first = rows.filter(wrong.fill_null(value=False)).head(1)
            key = "/".join(map(key_text, first.select(contract.key.keys()).row(0)))
            number = first.get_column(name).list.len()[0]
            rows_of = count(int(wrong.sum()), "row")
            differences.append(Offender(None, name, f"{rows_of} {what}: {key} has {number}"))
    return differences


def _uneven(rows: pl.DataFrame, contract: Contract, name: str) -> pl.Series:
    """The rows of trajectories whose rows have several numbers of draws."""
    draws = pl.col(name).list.len()
    uneven = draws.min() != draws.max()
    apart = [part for part in contract.key if part not in contract.columns[name].joint]
    return rows.select((uneven.over(apart) if apart else uneven) & draws.is_not_null()).to_series()


def _shape_differences(have: Shape, want: Shape) -> list[Offender]:
    differences: list[Offender] = []
    if have.key != want.key:
        detail = f"the key is {_key_text(have)}; the contract says {_key_text(want)}"
        differences.append(Offender(None, None, detail))
    have_columns = {column.name: column for column in have.columns}
    want_columns = {column.name: column for column in want.columns}
    for name in dict.fromkeys((*want_columns, *have_columns)):
        if name not in have_columns:
            differences.append(Offender(None, name, "missing"))
        elif name not in want_columns:
            differences.append(Offender(None, name, "not in the contract"))
        else:
            differences += _column_differences(have_columns[name], want_columns[name])
    return differences


def _key_text(shape: Shape) -> str:
    return ", ".join(f"{key.name} {key.type}" for key in shape.key)


def _column_differences(have: ShapeColumn, want: ShapeColumn) -> list[Offender]:
    return [
        Offender(
            None,
            want.name,
            f"{field} is {getattr(have, field)}, the contract says {getattr(want, field)}",
        )
        for field in ShapeColumn.__struct_fields__
        if getattr(have, field) != getattr(want, field)
    ]


CHECK = Check(
    number=4,
    name="schema",
    title="Columns, types, units, levels, quantiles",
    stage=1,
    measure=_schema_differences,
    purpose="other columns, types, units, nominal levels, quantiles or numbers of draws than the "
    "contract's",
    metric="differences from the contract",
    source="stability.md K5",
    block=0,
    waivable=False,
    depends_on=("readable",),
    remedy="write its columns into the contract and `estimates define` it; `estimates "
    "promote --new-shape` lets another shape through",
)
