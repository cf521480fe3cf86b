"""`estimates recover`: what it would give up is listed before anything is written."""

from __future__ import annotations

from estimates.storage.log_copies import name_of
from estimates.store.store import Store
from tests.jobs.cli.calls import call, ok
from tests.store.catalog_rows import lose_catalog


def test_what_is_given_up_is_listed_first(store: Store) -> None:
    """With --dry-run nothing is written; a copy that cannot be read is named by its number."""
    last = store.view().last_event
    store.objects.put(name_of(last), b"damaged")
    lose_catalog(store)
    before = store.objects.sizes("")
    assert f"--until {last - 1}" in call("recover", "--store", store.root).err
    tried = ("recover", "--until", last - 2, "--dry-run", "--store", store.root)
    listed = ok(*tried, "--format", "json").json
    assert (listed["events"], [given_up["id"] for given_up in listed["given_up"]]) == (
        last - 2,
        [last - 1, last],
    )
    assert listed["given_up"][1]["event"] is None
    shown = ok(*tried).text
    assert "its copy cannot be read" in shown
    assert "2 events would be given up" in shown
    assert store.objects.sizes("") == before
    made = ok("recover", "--until", last - 2, "--store", store.root).text
    assert "2 events given up: the copies are in the trash for a week" in made
