"""What reading gives prints itself in a few lines."""

from __future__ import annotations

from datetime import date

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
