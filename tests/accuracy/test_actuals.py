"""Tables of actual values, as the files of others have them."""

from __future__ import annotations

import polars as pl
import pytest

from estimates.accuracy.actuals import actual, read_actuals
from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError


def test_target_data_of_a_hub_are_read() -> None:
    """Its one table has all targets, `observation`, and `as_of` for when a value was known."""
    contract = parse_contract(
        'name = "flu"\n[key.location]\ntype = "string"\n[columns.q]\nquantiles = [0.1, 0.9]\n'
        '[load.where]\ntarget = "hosp"\noutput_type = "quantile"\n'
    )
    frame = pl.DataFrame(
        {
            "as_of": ["2026-01-05", "2026-01-12", "2026-01-12"],
            "location": ["US", "US", "US"],
            "target": ["hosp", "hosp", "deaths"],
            "observation": [1.0, 2.0, 99.0],
        }
    )
    for vintage, value in ((None, 2.0), ("2026-01-06", 1.0)):
        rows = read_actuals(frame, contract, vintage).rows
        assert rows[actual("value")].to_list() == [value]
    oracle = frame.rename({"observation": "oracle_value"}).head(2).drop("as_of").tail(1)
    assert read_actuals(oracle, contract).rows[actual("value")].to_list() == [2.0]


ORACLE = pl.DataFrame(
    [
        ("US", "quantile", None, "12"),
        ("US", "sample", None, "12"),
        ("US", "pmf", "down", "0"),
        ("US", "pmf", "up", "1"),
        ("01", "pmf", "down", "1"),
        ("01", "pmf", "up", "0"),
    ],
    schema=["location", "output_type", "output_type_id", "oracle_value"],
    orient="row",
)


def test_the_oracle_output_of_a_hub_is_read() -> None:
    """A number that stands there for each output type is one; of categories that counts which
    happened; of one category whether it did.
    """
    head = 'name = "flu"\n[key.location]\ntype = "string"\n'
    up, down = (
        f'[columns.p_{label}]\nrole = "probability"\nlabel = "{label}"\n'
        for label in ("up", "down")
    )
    for columns, wanted in (
        ("[columns.q]\nquantiles = [0.1, 0.9]\n", {"US": 12.0}),
        (up + down, {"01": "down", "US": "up"}),
        (up, {"01": "not up", "US": "up"}),
    ):
        rows = read_actuals(ORACLE, parse_contract(head + columns)).rows
        assert dict(rows.rows()) == wanted


@pytest.mark.parametrize("name", ["actual", "observed", "truth", "y", "y_true", "value"])
def test_what_people_call_it(name: str) -> None:
    """Where there is one thing to observe, its column may have any of the usual names."""
    contract = parse_contract('name = "s"\n[key.k]\ntype = "string"\n[columns.forecast]\n')
    frame = pl.DataFrame({"k": ["a"], name: [1.5]})
    assert read_actuals(frame, contract).rows[actual("forecast")].to_list() == [1.5]


def test_of_two_points_each_has_its_own_name() -> None:
    """`actual` does not say of which it is."""
    contract = parse_contract(
        'name = "s"\n[key.k]\ntype = "string"\n[columns.sales]\n[columns.visits]\n'
    )
    with pytest.raises(InvalidError, match="wanted: sales, visits; name the column"):
        read_actuals(pl.DataFrame({"k": ["a"], "actual": [1.5]}), contract)
