"""Who stands in the log."""

from __future__ import annotations

import os
import pwd

import pytest

from estimates.store.store import Store
from tests.builders import SET
from tests.jobs.cli.calls import ok


def test_the_actor_is_the_user_whatever_variables_say(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ESTIMATES_ACTOR stands beside the user of the process, and other variables count nothing."""
    user = pwd.getpwuid(os.geteuid()).pw_name
    for name in ("LOGNAME", "USER", "USERNAME", "ESTIMATES_ACTOR"):
        monkeypatch.setenv(name, "someone-else")
    place = ("--store", store.root)
    ok("promote", SET, 2, "--reason", "checked", *place)
    moved = ok("log", SET, "--format", "json", *place).json["events"][0]
    assert (moved["actor"], moved["claimed"]) == (user, "someone-else")
    assert f"{user}, as someone-else" in ok("log", SET, *place).text
    monkeypatch.setenv("ESTIMATES_ACTOR", user)
    ok("rollback", SET, "--reason", "worse", *place)
    assert "claimed" not in ok("log", SET, "--format", "json", *place).json["events"][0]
