"""Contracts that tests begin with, and what is said of one that is refused."""

from __future__ import annotations

import re

import pytest

from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError

MINIMAL = """
name = "churn"
[key.customer_id]
type = "string"
[columns.score]
"""
ROLLING = """
name = "close"
[key.ticker]
type = "string"
[key.target_date]
type = "date"
target = true
[columns.value]
unit = "USD"
[columns.lower_80]
role = "lower"
level = 0.8
[columns.upper_80]
role = "upper"
level = 0.8
[domain]
kind = "rolling"
steps = 10
calendar = "XNYS"
values.ticker = ["AAPL", "MSFT"]
"""


def refusal(toml: str) -> str:
    """The message of a contract that is refused."""
    with pytest.raises(InvalidError) as caught:
        parse_contract(toml, "c.toml")
    assert caught.value.code == "bad_contract"
    assert re.match(r"c\.toml(:\d+)?: ", caught.value.message)
    return caught.value.message
