"""Some columns of rows as a read file gives them."""

from __future__ import annotations

import pytest

from estimates.errors import InvalidError
from estimates.reading.field_selection import selection
from tests.builders import SET, contract

ROWS = b'{"ticker":"A","value":1.0,"note":null},\n{"ticker":"B","value":2.5,"note":"x,y"}'


def test_all_columns_are_the_very_bytes() -> None:
    """Nothing is decoded."""
    assert selection(SET, contract(), None)(ROWS) is ROWS


def test_the_key_stays_and_the_order_is_the_contracts() -> None:
    """Whatever order is asked for; no column at all leaves the key."""
    select = selection(SET, contract(), ["note", "value", "note"])
    assert select(ROWS) == ROWS
    only = selection(SET, contract(), ["note"])
    assert only(ROWS) == b'{"ticker":"A","note":null},\n{"ticker":"B","note":"x,y"}'
    assert selection(SET, contract(), [])(ROWS) == b'{"ticker":"A"},\n{"ticker":"B"}'
    assert selection(SET, contract(), ["ticker"])(ROWS) == b'{"ticker":"A"},\n{"ticker":"B"}'
    assert only(b"") == b""


def test_a_column_that_is_not_there_is_named() -> None:
    """With what may have been meant."""
    with pytest.raises(InvalidError, match=r"no column 'valu'.*'value'") as refused:
        selection(SET, contract(), ["note", "valu"])
    assert refused.value.code == "unknown_field"
