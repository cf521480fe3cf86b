"""TOML that would take minutes or all of the stack is no contract."""

from __future__ import annotations

import pytest

from estimates import InvalidError
from estimates.contract.contract_file import parse_contract


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("a = " + "[" * 20_000, "nested too deep"),
        ("a = " + "{a = " * 20_000, "nested too deep"),
        (b"# " + b"x" * 50_000_000, "has 50,000,002 bytes"),
    ],
    ids=["arrays", "tables", "50 MB"],
)
def test_deep_and_large_toml_is_refused_at_once(source: str | bytes, message: str) -> None:
    """With the code of any other file that is no TOML."""
    with pytest.raises(InvalidError, match=message) as refused:
        parse_contract(source)
    assert refused.value.code == "bad_toml"
