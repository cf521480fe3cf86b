"""Rows of erased keys, which no version gets again."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from estimates.catalog.erased_keys import ErasedKeys
from estimates.catalog.view import View
from estimates.contract.conform import key_texts, name_keys
from estimates.errors import InvalidError
from estimates.keys.key_digests import has_digest
from estimates.render.wording import count
from estimates.store.open_store import OpenStore

# Which rows are of erased keys, of a frame that has the key columns alone.
IsErased = Callable[[pl.DataFrame], pl.Series]


def check_not_erased(store: OpenStore, name: str, keys: pl.DataFrame) -> int:
    """Refuse rows of keys that were erased; gives how many erasures of the set there were.

    keys  the key columns alone, in the contract's types
    Raises InvalidError (`erased_keys`).
    """
    view = store.view()
    of_erased = erased_rows(view, name)
    rows = keys.clear() if of_erased is None else keys.filter(of_erased(keys))
    if rows.height:
        raise InvalidError(
            "erased_keys",
            f"{name}: {count(rows.height, 'row')} of keys that were erased from this set: "
            f"{name_keys(rows, keys.columns)}",
            remedy="leave them out, also of what the job reads",
            keys=key_texts(rows.head(100)),
        )
    return len(view.set(name).erasures)


def erased_rows(view: View, name: str) -> IsErased | None:
    """What says which rows are of erased keys; None where nothing was erased of a set."""
    of_set = view.set(name)
    if not of_set.erasures:
        return None
    erased = ErasedKeys(view.head.store, name, of_set.erased_keys)
    return lambda keys: has_digest(keys, keys.columns, erased.prefix, erased.digests)
