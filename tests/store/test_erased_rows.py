"""Rows of erased keys never come back."""

from __future__ import annotations

import pytest

from estimates.errors import InvalidError
from estimates.store.erase import erase
from estimates.store.erased_rows import check_not_erased, erased_rows
from estimates.store.store import Store
from tests.builders import SET, contract, define, frame, publish


def test_where_nothing_was_erased_all_rows_are_taken(local_store: Store) -> None:
    """Nobody looks at them."""
    define(local_store)
    keys = frame().select(list(contract().key))
    assert erased_rows(local_store.view(), SET) is None
    assert check_not_erased(local_store, SET, keys) == 0


def test_rows_of_erased_keys_are_refused_by_name(local_store: Store) -> None:
    """Of a leading part all below it; others are taken, and it is said how many erasures there
    were.
    """
    define(local_store)
    publish(local_store, "first")
    erase(local_store, SET, [("AAPL",)], reason="request 7")
    keys = frame().select(list(contract().key))
    is_erased = erased_rows(local_store.view(), SET)
    assert is_erased is not None
    assert set(keys.filter(is_erased(keys))["ticker"]) == {"AAPL"}
    with pytest.raises(InvalidError, match=": 2 rows of keys that were erased") as refused:
        check_not_erased(local_store, SET, keys)
    assert refused.value.code == "erased_keys"
    assert [key[0] for key in refused.value.details["keys"]] == ["AAPL", "AAPL"]  # type: ignore
    with pytest.raises(InvalidError, match=": 1 row of keys that were erased"):
        check_not_erased(local_store, SET, keys.filter(is_erased(keys)).head(1))
    others = keys.filter(~is_erased(keys))
    assert check_not_erased(local_store, SET, others) == 1
