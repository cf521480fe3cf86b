"""Draws as tables have them: in a list, in columns, in rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from estimates.contract.conform import conform
from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError
from estimates_jobs.tables.contract_draft import draft
from estimates_jobs.tables.table_files import read_table, typed
from estimates_jobs.tables.text_options import TextOptions

SOURCE = """
name = "flu"
[key.place]
type = "string"
[key.day]
type = "date"
target = true
[columns.draws]
role = "samples"
joint = ["day"]
[columns.horizon]
role = "attribute"
type = "integer"
"""
CONTRACT = parse_contract(SOURCE)
DAYS = (date(2026, 1, 10), date(2026, 1, 17))
LISTS = pl.DataFrame(
    [
        (place, day, h, [10 * h + i + 0.5 for i in (3, 1, 11, 2)])
        for place in ("01", "US")
        for h, day in enumerate(DAYS)
    ],
    schema=["place", "day", "horizon", "draws"],
    orient="row",
)


def in_rows(draw: str = ".draw", value: str = "draws") -> pl.DataFrame:
    """A row a draw, in no order."""
    ids = pl.Series([[1, 2, 10, 11]] * LISTS.height)
    rows = (
        LISTS.with_columns(ids.alias(draw))
        .explode("draws", draw)
        .rename({"draws": value}, strict=False)
    )
    return rows.sample(fraction=1, shuffle=True, seed=4)


def in_columns(pattern: str) -> pl.DataFrame:
    """A column a draw."""
    names = [pattern.format(number) for number in (1, 2, 10, 11)]
    wide = pl.DataFrame(LISTS["draws"].to_list(), schema=names, orient="row")
    return pl.concat([LISTS.drop("draws"), wide.select(names[::-1])], how="horizontal")


def of_hub(prefix: str = "s") -> pl.DataFrame:
    """Rows of a hub, whose ids are other ones in each place."""
    rows = in_rows("id", "value").rename({"id": "output_type_id"})
    ids = pl.col("place") + prefix + pl.col("output_type_id").cast(pl.String).str.zfill(3)
    return rows.with_columns(ids.alias("output_type_id"), output_type=pl.lit("sample"))


FORMS: dict[str, Callable[[], pl.DataFrame]] = {
    "tidybayes": lambda: in_rows().with_columns(
        pl.lit(1).alias(".chain"), pl.col(".draw").alias(".iteration")
    ),
    "value": lambda: in_rows("draw", "value"),
    "prediction": lambda: in_rows("sample_id", ".prediction"),
    "fable": lambda: in_rows(".rep", ".sim"),
    "any value": lambda: in_rows("sample", "hospitalised"),
    "columns": lambda: in_columns("draw_{}"),
    "stan": lambda: in_columns("y_rep[{}]"),
    "R": lambda: in_columns("X{}"),
    "named": lambda: in_columns("draws.{}"),
    "arrays": lambda: LISTS.with_columns(pl.col("draws").cast(pl.Array(pl.Float64, 4))),
    "hub": of_hub,
}


@pytest.mark.parametrize("form", ["csv", "parquet"])
@pytest.mark.parametrize("name", FORMS)
def test_every_form_of_draws_is_the_same_version(tmp_path: Path, name: str, form: str) -> None:
    """Also as text, and in the order of the draws' numbers, which is no order of text."""
    frame, path = FORMS[name](), tmp_path / f"table.{form}"
    if form == "parquet":
        frame.write_parquet(path)
    elif name == "arrays":
        as_json = pl.Series([str(draws) for draws in LISTS["draws"].to_list()])
        LISTS.with_columns(as_json.alias("draws")).write_csv(path)
    else:
        frame.write_csv(path)
    rows = conform(typed(read_table(path), CONTRACT, TextOptions()), CONTRACT)
    assert rows.equals(conform(LISTS, CONTRACT))


def test_other_rows_of_a_hub_stand_beside_its_draws() -> None:
    """Quantiles that are submitted are columns of their own; a task with one of both has nulls."""
    quantile = "[columns.q]\nquantiles = [0.5]\nnullable = true\n"
    contract = parse_contract(
        SOURCE.replace("[columns.draws]", f"{quantile}[columns.draws]\nnullable = true")
    )
    quantiles = pl.DataFrame({"place": ["US", "ES"], "value": [7.0, 8.0]}).with_columns(
        day=DAYS[0],
        horizon=pl.lit(0, pl.Int64),
        output_type=pl.lit("quantile"),
        output_type_id=pl.lit("0.5"),
    )
    table = pl.concat([of_hub(), quantiles], how="diagonal")
    rows = conform(typed(table, contract), contract)
    assert rows.filter(place="ES")["draws"].to_list() == [None]
    assert rows.filter(place="US")["q0.5"].to_list() == [7.0, None]
    assert rows.filter(place="01")["draws"].to_list() == LISTS.filter(place="01")["draws"].to_list()
    only_quantiles = conform(typed(quantiles, contract), contract)
    assert only_quantiles["draws"].null_count() == only_quantiles.height == 2


def numbered_apart() -> pl.DataFrame:
    """Rows whose draws have other numbers on each day."""
    start = pl.when(pl.col("day") == DAYS[0]).then(0).otherwise(100)
    return in_rows().with_columns((start + pl.col(".draw")).alias(".draw"))


def without_draws() -> pl.DataFrame:
    """Rows of a hub that have means alone."""
    means = of_hub().with_columns(output_type=pl.lit("mean"), output_type_id=None)
    return means.unique(["place", "day"])


NO_SAMPLES = SOURCE.replace('role = "samples"\njoint = ["day"]', "")
MEANS = SOURCE.replace("[columns.draws]", "[columns.mean]\n[columns.draws]")
WRONG: dict[str, tuple[Callable[[], pl.DataFrame], str, str, str]] = {
    "twice": (
        lambda: pl.concat([in_rows(), in_rows().head(1)]),
        SOURCE,
        "duplicate_key",
        "more than one row for draw",
    ),
    "no trajectory": (numbered_apart, SOURCE, "bad_value", "numbered otherwise from one day"),
    "no column": (of_hub, NO_SAMPLES, "output_type", "no column for sample"),
    "no rows": (without_draws, MEANS, "output_type", "no rows for draws (sample)"),
    "no list": (
        lambda: LISTS.with_columns(draws=pl.lit("[1, 2")),
        SOURCE,
        "bad_value",
        "a list of numbers such as [1.5, 2]",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_with_draws_is_said(name: str) -> None:
    """As an error of its own."""
    table, source, code, says = WRONG[name]
    with pytest.raises(InvalidError) as caught:
        typed(table(), parse_contract(source))
    assert caught.value.code == code
    assert says in caught.value.message


def test_draws_of_tasks_that_do_not_belong_together_may_be_numbered_as_they_like() -> None:
    """Without `joint`, each row is for itself."""
    contract = parse_contract(SOURCE.replace('joint = ["day"]\n', ""))
    rows = conform(typed(numbered_apart(), contract), contract)
    assert rows.equals(conform(LISTS, contract))


@pytest.mark.parametrize("name", [name for name in FORMS if name not in ("stan", "R", "any value")])
def test_a_draft_knows_draws(tmp_path: Path, name: str) -> None:
    """As samples, under which the same table can be published."""
    path = tmp_path / "table.parquet"
    FORMS[name]().drop("horizon").write_parquet(path)
    if name in ("columns", "named"):  # a few columns may be anything
        wide = FORMS[name]().drop("horizon")
        more = [wide[wide.columns[-1]].alias(f"{wide.columns[-1][:-1]}{i}") for i in range(20, 30)]
        wide.with_columns(more).write_parquet(path)
    made = parse_contract(draft(path, ["place", "day"]).contract)
    (samples,) = made.samples
    rows = conform(typed(read_table(path), made), made)
    assert rows.height == LISTS.height
    assert made.columns[samples].draws == rows[samples].list.len()[0]
