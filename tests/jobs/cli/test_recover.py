"""`estimates recover`: what it would give up is listed before anything is written."""

from __future__ import annotations

from pathlib import Path

from estimates.storage.log_copies import name_of
from estimates.store.erase import erase
from estimates.store.store import Store
from tests.builders import SET, define, promoted
from tests.jobs.cli.calls import call, ok
from tests.store.catalog_rows import lose_catalog
from tests.store.erased_person import PERSON, TARGETS, fill


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


def test_a_store_without_catalog_and_name_is_told_its_name(local_store: Store) -> None:
    """As after `rm *` in its folder: the refusal says so, a name that is none or another one's is
    refused, and the right one makes the store that it was, with what was erased known to be.
    """
    fill(local_store)
    erase(local_store, SET, [(PERSON,)], reason="request")
    root, store_id = Path(local_store.root), local_store.view().head.store
    named = (root / "store.json").read_bytes()
    command = ("recover", "--store", root, "--format", "json")
    lose_catalog(local_store)
    assert call(*command, "--store-id", "0" * 32).error["code"] == "other_store"
    for lost in (None, named[:-5]):
        for file in root.iterdir():
            if file.is_file():
                file.unlink()
        if lost is not None:
            (root / "store.json").write_bytes(lost)
        refused = call(*command).error
        assert refused["code"] == "identity_damaged"
        assert lost is not None or "--store-id" in refused["message"]
        assert call(*command, "--store-id", "churn").error["code"] == "usage"
        planned = ok(*command, "--store-id", store_id.upper(), "--dry-run").json
        assert planned["store"] == store_id
        assert not (root / "catalog.db").exists()
        assert ok(*command, "--store-id", store_id).json["store"] == store_id
        ok("verify", "--store", root)
        reading = ("get", SET, PERSON, TARGETS[0], "--store", root, "--format", "json")
        assert call(*reading).error["code"] == "erased"
        Store(root).check_identity()


def test_an_erasure_that_is_given_up_is_said(local_store: Store) -> None:
    """Versions from which it erased are not read without it: the plan says so, and other plans do
    not.
    """
    fill(local_store)
    before = local_store.view().last_event
    erase(local_store, SET, [(PERSON,)], reason="request")
    lose_catalog(local_store)
    command = ("recover", "--dry-run", "--store", local_store.root, "--until")
    assert f"event {before + 1} erased keys of {SET}" in ok(*command, before).text
    assert "erased keys of" not in ok(*command, before + 1).text


def test_a_wrong_name_is_undone_as_the_command_says(local_store: Store) -> None:
    """A store that was given another one's id says what to move away, when it is given and when the
    right one is; then the right one is taken.
    """
    define(local_store)
    promoted(local_store, "first")
    root, store_id = Path(local_store.root), local_store.view().head.store
    lose_catalog(local_store)
    (root / "store.json").unlink()
    command = ("recover", "--store", root, "--store-id")
    away = "move store.json and the catalog away"
    assert away in ok(*command, "0" * 32).text
    refused = call(*command, store_id, "--format", "json").error
    assert refused["code"] == "other_store"
    assert away in refused["message"]
    for file in (root / "store.json", *root.glob("catalog.db*")):
        file.unlink()
    ok(*command, store_id)
    Store(root).check_identity()
    assert Store(root).view().head.store == store_id
