from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from estimates.contract.columns import Column
from estimates.contract.contract import Contract
from estimates.contract.contract_file import parse_contract
from estimates_jobs.tables.contract_draft import Draft, draft


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Draft]:
    """Draft a contract for CSV text or a frame."""

    def make(
        table: str | pl.DataFrame, key: str = "k", name: str | None = None, file: str = "table.csv"
    ) -> Draft:
        path = tmp_path / file
        path.write_text(table) if isinstance(table, str) else table.write_parquet(path)
        return draft(path, key.split(","), name)

    return make


def columns(drafted: Draft) -> dict[str, Column]:
    """The estimate columns of a drafted contract."""
    return parse_contract(drafted.contract).columns


def roles(drafted: Draft) -> dict[str, str]:
    """Column name to role."""
    return {name: column.role for name, column in columns(drafted).items()}


def uncommented(text: str) -> Contract:
    """The contract with every suggestion taken."""
    return parse_contract(re.sub(r"^# (\[|[a-z_.]+ = )", r"\1", text, flags=re.MULTILINE))


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["01", "02"], "string"),
        (["1", "20"], "integer"),
        (["-1", "0"], "integer"),
        (["-0", "1"], "string"),
        (["+1", "2"], "string"),
        (["1.0", "2.0"], "string"),
        (["true", "false"], "string"),
        (["1234567890123456", "2"], "string"),
        (["123456789012345", "2"], "integer"),
        (["2026-11-24", "2026-11-25"], "date"),
        (["2026-11-24", "2026-11-31"], "string"),
        (["2026-11-24T16:00:00Z", "2026-11-24T17:00:00+01:00"], "timestamp"),
        (["2026-11-24T16:00:00", "2026-11-24T17:00:00"], "timestamp"),
        (["NaN", "inf"], "string"),
        (["a", "1"], "string"),
    ],
)
def test_key_types_are_guessed_from_text(
    make: Callable[..., Draft], texts: list[str], kind: str
) -> None:
    """A key is what its text can only be; leading zeros and long digits are codes, not numbers."""
    if kind == "timestamp":
        texts = [texts[0], texts[1].replace("17:", "18:")]
    drafted = make("k,value\n" + "".join(f"{text},1\n" for text in texts))
    assert parse_contract(drafted.contract).key["k"].type == kind


def test_a_time_in_the_key_is_suggested_as_target(make: Callable[..., Draft]) -> None:
    """What may be the target is said in a comment, because it changes how versions are compared;
    what lies after the day on which it was made is one.
    """
    drafted = make("k,made,target_date,value\na,2026-11-20,2026-11-24,1\n", "k,made,target_date")
    assert parse_contract(drafted.contract).target == "target_date"
    past = make("k,week,value\na,2020-11-20,1\n", "k,week").contract
    assert parse_contract(past).target is None
    assert uncommented(past).target == "week"
    assert "target = true" not in make("k,value\na,1\n").contract


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("value,lower_80,upper_80", {"value": "point", "lower_80": 0.8, "upper_80": 0.8}),
        ("yhat,yhat_lower,yhat_upper", {"yhat": "point", "yhat_lower": 0.8, "yhat_upper": 0.8}),
        (
            "AutoETS,AutoETS-lo-90,AutoETS-hi-90",
            {"AutoETS": "point", "AutoETS-lo-90": 0.9, "AutoETS-hi-90": 0.9},
        ),
        (
            "forecast,ci_low_97.5,ci_high_97.5",
            {"forecast": "point", "ci_low_97.5": 0.975, "ci_high_97.5": 0.975},
        ),
        ("mean,lo80,hi80", {"mean": "point", "lo80": 0.8, "hi80": 0.8}),
        ("point,lowerBound,upperBound", {"point": "point", "lowerBound": 0.95, "upperBound": 0.95}),
        ("value,80_lower,80_upper", {"value": "point", "80_lower": 0.8, "80_upper": 0.8}),
        (
            "value,lower,high_water",
            {"value": "point", "lower": "attribute", "high_water": "attribute"},
        ),
        (
            "value,upper_80,lower_80",
            {"value": "point", "upper_80": "attribute", "lower_80": "attribute"},
        ),
        ("q10,q50,q90", {"q10": 0.1, "q50": 0.5, "q90": 0.9}),
        ("q0.1,q0.5,q0.975", {"q0.1": 0.1, "q0.5": 0.5, "q0.975": 0.975}),
        ("p5,median,p95", {"p5": 0.05, "median": "point", "p95": 0.95}),
        (
            "quantile_025,quantile_500,quantile_975",
            {"quantile_025": 0.025, "quantile_500": 0.5, "quantile_975": 0.975},
        ),
        ("sales_q05,sales,sales_q95", {"sales_q05": 0.05, "sales": "point", "sales_q95": 0.95}),
        ("q90,q50,q10", {"q90": "point", "q50": "attribute", "q10": "attribute"}),
        ("demand,price,visits", {"demand": "point", "price": "attribute", "visits": "attribute"}),
        (
            "price,forecast,visits",
            {"price": "attribute", "forecast": "point", "visits": "attribute"},
        ),
        (
            "credit_score,age,visits",
            {"credit_score": "score", "age": "attribute", "visits": "attribute"},
        ),
    ],
)
def test_roles_of_numbers(
    make: Callable[..., Draft], header: str, wanted: dict[str, str | float]
) -> None:
    """Roles come from names, checked against the values: interval ends in order, quantiles that do
    not cross.
    """
    # columns of pairs hold the numbers in the order lower, point, upper unless the name order is
    # the test
    names = header.split(",")
    values = {name: ("1.5", "2.5", "3.5")[i] for i, name in enumerate(names)}
    if wanted[names[0]] == "point" and isinstance(wanted[names[1]], float):
        values = dict(zip(names, ("2.5", "1.5", "3.5"), strict=True))
    drafted = make(
        f"k,{header}\n" + "".join(f"{key},{','.join(values.values())}\n" for key in "ab")
    )
    guessed = {
        name: column.level or column.quantile or column.role
        for name, column in columns(drafted).items()
    }
    assert guessed == wanted


def test_probabilities_add_up(make: Callable[..., Draft]) -> None:
    """Columns that add up to 1 are probabilities of the labels in their names; others are not."""
    drafted = make("k,p_stay,p_leave\na,.25,.75\nb,1,0\n")
    assert {name: (column.role, column.label) for name, column in columns(drafted).items()} == {
        "p_stay": ("probability", "stay"),
        "p_leave": ("probability", "leave"),
    }
    assert columns(make("k,0_proba,1_proba\na,.25,.75\n"))["1_proba"].label == "1"
    assert set(roles(make("k,prob_a,prob_b\na,.5,.75\nb,.5,.5\n")).values()) == {"score"}
    assert roles(make("k,p_a,p_b\na,-1,2\n")) == {"p_a": "point", "p_b": "attribute"}


def test_a_number_between_0_and_1_is_a_score(make: Callable[..., Draft]) -> None:
    """Without a telling name, the first number is the estimate: a score within 0 and 1, else a
    point.
    """
    assert roles(make("k,segment,x,y\na,s,.5,3\nb,s,.25,4\n")) == {
        "segment": "attribute",
        "x": "score",
        "y": "attribute",
    }
    assert roles(make("k,y,x\na,1.5,.5\n")) == {"y": "attribute", "x": "score"}
    assert roles(make("k,y,visits\na,1.5,5\n")) == {"y": "point", "visits": "attribute"}


def test_labels(make: Callable[..., Draft]) -> None:
    """Text with few values is a label where its name says so, or where there is nothing else."""
    drafted = make('k,predicted_class,region\na,"x ""y""",n\nb,z,n\n')
    assert roles(drafted) == {"predicted_class": "label", "region": "attribute"}
    assert uncommented(drafted.contract).columns["predicted_class"].labels == ('x "y"', "z")
    assert roles(make("k,region\na,n\nb,n\n")) == {"region": "label"}
    flags = make("k,decision\na,true\nb,false\n")
    assert (columns(flags)["decision"].role, columns(flags)["decision"].kind) == (
        "label",
        "boolean",
    )


def test_several_points_and_their_intervals(make: Callable[..., Draft]) -> None:
    """With two points, names say which interval belongs to which."""
    header = (
        "k,price_forecast,price_lower_80,price_upper_80,"
        "sales_forecast,sales_lower_80,sales_upper_80"
    )
    contract = parse_contract(make(f"{header}\na,2,1,3,20,10,30\n").contract)
    assert [(interval.point, interval.lower) for interval in contract.intervals()] == [
        ("price_forecast", "price_lower_80"),
        ("sales_forecast", "sales_lower_80"),
    ]


def test_one_broken_row_and_the_draft_promises_less(make: Callable[..., Draft]) -> None:
    """A contract is drafted for what every row keeps: one row among a hundred makes attributes of
    the columns.
    """
    rows = [f"{i},2,1,3,.25,.75\n" for i in range(100)]
    header = "k,value,lower_80,upper_80,p_a,p_b\n"
    whole = roles(make(header + "".join(rows)))
    assert (whole["lower_80"], whole["p_a"]) == ("lower", "probability")
    less = roles(make(header + "".join([*rows, "100,2,9,3,.5,.75\n"])))
    assert (less["lower_80"], less["upper_80"], less["p_a"]) == (
        "attribute",
        "attribute",
        "attribute",
    )
