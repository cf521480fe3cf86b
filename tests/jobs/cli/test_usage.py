"""`estimates usage`: who reads what, also on other machines."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from estimates import instants
from estimates.storage.usage_days import Reads, UsageDay
from estimates.storage.usage_record import UsageRecord
from estimates.store.store import Store
from tests.builders import SET, define
from tests.jobs.cli.calls import call, ok


@pytest.fixture(autouse=True)
def _counted(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESTIMATES_STORE", store.root)
    define(store, "unread")
    UsageRecord(store.cache).add({("app", SET): 2, ("", SET): 1, ("app", "gone"): 1})


def test_sets_and_their_readers() -> None:
    """Each set with who reads it and when it was read last; those that nobody reads, too."""
    rows = [line.split() for line in ok("usage").text.splitlines()]
    closes, unread = (next(row for row in rows if row[0] == name) for name in (SET, "unread"))
    assert (closes[1], closes[-3:]) == ("3", ["app,", "(no", "token)"])
    assert unread == ["unread", "0", "nobody"]
    assert "nobody read it" in ok("usage", "unread").text
    [one_set] = ok("usage", SET, "--format", "json").json["sets"]
    assert [row["principal"] for row in one_set["readers"]] == ["app", ""]


def test_records_of_other_machines(store: Store, tmp_path: Path) -> None:
    """A cache folder is pulled, again without counting twice; old days are left out."""
    other = UsageRecord(tmp_path / "other")
    now = instants.now()
    for days, requests in ((1, 5), (100, 50)):
        moment = now - timedelta(days=days)
        row = Reads("ann", "unread", requests, moment)
        other.take(UsageDay("a" * 16, moment.date(), (row,)))
    for _ in range(2):
        assert "2 days of 1 replica pulled" in ok("usage", "pull", tmp_path / "other").text
    [unread] = ok("usage", "show", "unread", "--format", "json").json["sets"]
    assert unread["requests"] == 5
    [unread] = ok("usage", "unread", "--last", "365d", "--format", "json").json["sets"]
    assert unread["requests"] == 55


def test_nothing_to_pull(tmp_path: Path) -> None:
    """A folder without a record is no record of nobody."""
    called = call("usage", "pull", tmp_path, "--format", "json")
    assert (called.code, called.error["code"]) == (2, "no_usage")


def test_nothing_counted(store: Store) -> None:
    """Where nothing was counted that is said, in place of a table of zeros."""
    for path in (store.cache / "usage").glob("*/*.json"):
        path.unlink()
    assert "nothing was counted" in ok("usage").text


def test_predict_is_no_right_yet(store: Store) -> None:
    """A token for models is refused with the rights that there are, and none is made."""
    called = call("token", "create", "app", "--may", "predict", "--format", "json")
    assert called.code == 2
    assert "'read', 'provenance', 'metrics', 'usage'" in called.error["message"]
    assert not store.refresh().of_store
