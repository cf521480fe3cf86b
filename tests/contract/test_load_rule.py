"""How rows of tables come into a set, as a contract says it."""

from __future__ import annotations

import msgspec
import pytest

from estimates.contract.load_rule import Load


def test_rows_and_columns() -> None:
    """One value or several a column; what is not said takes all rows."""
    rule = msgspec.convert({"where": {"shop": "1", "kind": ["a", "b"]}, "ignore": ["x"]}, Load)
    assert (rule.where, rule.ignore) == ({"shop": "1", "kind": ("a", "b")}, ("x",))
    assert Load() == msgspec.convert({}, Load)


@pytest.mark.parametrize("content", [{"where": {"shop": []}}, {"were": {}}, {"where": {"a": None}}])
def test_no_rule(content: dict[str, object]) -> None:
    """No value at all, a misspelt field, nothing in place of a value."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(content, Load)
