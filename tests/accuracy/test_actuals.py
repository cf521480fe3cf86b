"""Tables of actual values, as the files of others have them."""

from __future__ import annotations

import polars as pl

from estimates.accuracy.actuals import actual, read_actuals
from estimates.contract.contract_file import parse_contract


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
