"""The chain behind a history: its numbers, the versions that count, the columns asked for."""

from __future__ import annotations

import msgspec
import pytest

from estimates.keys.key_form import KeyForm
from estimates.reading.key_chain import chained
from estimates.store.store import Store
from tests.builders import SET, TARGETS, define, promoted, publish

KEY = ("AAPL", TARGETS[1])


@pytest.fixture
def store(local_store: Store) -> Store:
    """Versions at 100 and 104 that were promoted, and one at 900 that was refused."""
    define(local_store)
    promoted(local_store, "first", 100.0)
    promoted(local_store, "second", 104.0, day=1)
    publish(local_store, "third", 900.0, day=2)
    local_store.judge(SET, 3)
    return local_store


def test_a_chain_stands_behind_the_history(store: Store) -> None:
    """The bytes of the history stay as they are; the refused version is no step of the chain."""
    plain = store[SET].history(*KEY)
    form = KeyForm(store.contract(SET))
    body = chained(plain.json, form, store.view().set(SET).versions, None)
    assert body.startswith(plain.json[:-1] + b',"chain":')
    (chain,) = msgspec.json.decode(body)["chain"].values()
    assert [step["version"] for step in chain["steps"]] == [1, 2]
    assert (chain["versions"], chain["n"], chain["steps"][1]["first_d"]) == (2, 2, 4.0)


def test_only_chosen_columns_have_a_chain(store: Store) -> None:
    """Without a column of numbers among the fields there is none."""
    plain = store[SET].history(*KEY, fields=["note"])
    form = KeyForm(store.contract(SET))
    body = chained(plain.json, form, store.view().set(SET).versions, ["note"])
    assert msgspec.json.decode(body)["chain"] == {}
