"""What reading gives prints itself in a few lines."""

from __future__ import annotations

from datetime import date

import pytest

from estimates.store.store import Store
from tests import builders


def test_an_answer_prints_its_rows(local_store: Store) -> None:
    """One estimate a line a column, a page and a history as a table; each in a notebook, too."""
    builders.define(local_store)
    builders.promoted(local_store, "r1")
    closes = local_store[builders.SET]
    answer = closes.get("AAPL", date(2024, 6, 3))
    assert "value" in repr(answer)
    assert repr(answer).splitlines()[0] == "closes version 1"
    shown = [answer, closes.scan(), closes.history("AAPL", date(2024, 6, 3)), closes.contract]
    shown += [closes.policy(), closes.revisions(), closes.accuracy()]
    for thing in shown:
        assert 1 <= len(repr(thing).splitlines()) <= 15
        assert max(map(len, repr(thing).splitlines())) <= 150
    assert repr(shown[1]).splitlines()[1].split() == ["ticker", "target_date", "value", "note"]


def test_a_wrong_name_of_a_column_is_told_the_right_ones(local_store: Store) -> None:
    """A KeyError as of a dictionary, which names the columns and the nearest of them."""
    builders.define(local_store)
    builders.promoted(local_store, "r1")
    answer = local_store[builders.SET].get("AAPL", date(2024, 6, 3))
    assert (answer["value"], answer["version"]) == (100.03, 1)
    with pytest.raises(KeyError, match=r"no 'valeu' here \(did you mean 'value'\?\): .*note"):
        answer["valeu"]
    with pytest.raises(KeyError, match="there is set, version, total"):
        local_store[builders.SET].scan()["value"]
