"""The domain of a contract: which keys it lists."""

from __future__ import annotations

import pytest

from estimates.contract.contract_file import parse_contract
from estimates.contract.domain import FileDomain
from tests.contract.contracts import MINIMAL, ROLLING, refusal


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("steps = 10", "steps = 0", "steps must be at least 1"),
        ('values.ticker = ["AAPL", "MSFT"]', "", "exactly these key columns: ticker"),
        (
            'type = "date"\ntarget',
            'type = "integer"\ntarget',
            "the target of a rolling domain is a date or a timestamp",
        ),
        (
            '["AAPL", "MSFT"]',
            '["AAPL"]\nvalues.target_date = ["2026-11-24"]',
            "exactly these key columns: ticker",
        ),
    ],
)
def test_rolling_domains_list_all_but_the_target(before: str, after: str, words: str) -> None:
    """The values of a rolling domain cover every key column except the target, which the calendar
    gives.
    """
    assert before in ROLLING
    assert words in refusal(ROLLING.replace(before, after))


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("date", '"24.11.2026"', "is not a date; write 2026-11-24"),
        ("date", '"2026-02-30"', "day is out of range"),
        ("timestamp", '"2026-11-24"', "is a bare date"),
        ("timestamp", '"2026-11-24T16:00:00Z", "2026-11-24T17:00:00+01:00"', "each once"),
        ("timestamp", '"2026-11-24T16:00:00Z", "2026-11-24T16:00:00.0Z"', "each once"),
        ("date", '"2026-11-24", "2026-11-24"', "each once"),
        ("integer", '"3"', "is not a value of type integer"),
        ("integer", "9223372036854775808", "not an integer of 64 bits"),
    ],
)
def test_listed_values_have_the_type_of_their_key(kind: str, value: str, words: str) -> None:
    """A value of a domain that no key could have is refused with the name of the column."""
    key = f'name="a"\n[key.k]\ntype="{kind}"\n[columns.v]\n'
    toml = f'{key}[domain]\nkind="product"\nvalues.k=[{value}]'
    message = refusal(toml)
    assert words in message


def test_file_domain_keeps_its_path() -> None:
    """A file of keys is named in the contract; the store adds its digest."""
    contract = parse_contract(
        MINIMAL + '[domain]\nkind = "file"\nfile = "keys.csv"\nallow_missing = 0.01'
    )
    assert contract.domain == FileDomain("keys.csv", None, 0.01)
