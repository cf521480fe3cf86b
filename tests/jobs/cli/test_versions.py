"""`estimates versions` on real stores."""

from __future__ import annotations

from estimates.store.store import Store
from tests.builders import SET
from tests.jobs.cli.calls import ok


def test_versions_newest_first_with_state_verdict_and_run(store: Store) -> None:
    """Every version with its derived state; JSON has the whole provenance."""
    store.judge(SET, 3)
    rows = ok("versions", SET, "--store", store.root, "--format", "json").json["versions"]
    assert [(v["version"], v["state"], v["verdict"]) for v in rows] == [
        (3, "refused", "fail"),
        (2, "unjudged", None),
        (1, "production", "warn"),  # its data are older than the contract's maximum age
    ]
    assert rows[0]["provenance"]["inputs"][0]["name"] == "prices"
    shown = ok("versions", SET, "--store", store.root).text
    assert "r3" in shown
