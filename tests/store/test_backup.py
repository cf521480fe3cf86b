"""A backup is whole up to the event that it names, whoever writes meanwhile; a restore makes the
same store of it.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

import estimates_migrations
from estimates.catalog.view import View
from estimates.errors import CorruptError, EstimatesError
from estimates.storage.objects import Objects
from estimates.store.backup import backup, contents_of, contents_of_log
from estimates.store.backup_head import read_backup
from estimates.store.open_store import catalog_url
from estimates.store.recover import find_log
from estimates.store.repair import repair_root
from estimates.store.restore import Restored, restore
from estimates.store.store import Store
from estimates.store.sweep import sweep
from estimates.store.verify import verify
from tests.api.served import fill
from tests.builders import SET, code_of, contract, define, make_store, promoted, publish, source
from tests.invariants import check_all
from tests.store.catalog_rows import lose_catalog, recovered, rows

LISTED = '[domain]\nkind = "file"\nfile = "keys.csv"\n'


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def place(tmp_path: Path, name: str = "backup") -> Objects:
    """An empty folder."""
    (tmp_path / name).mkdir(exist_ok=True)
    return Objects(str(tmp_path / name))


def restored(backup_of: Objects, root: Path, **options: bool) -> Restored:
    """Restore into a folder, with SQLite."""
    root.mkdir(exist_ok=True)
    url = catalog_url(root)
    return restore(backup_of, Objects(str(root)), url, estimates_migrations.upgrade, **options)


@pytest.fixture
def copy(local_store: Store, tmp_path: Path) -> Objects:
    """A backup of a store with three promoted versions."""
    define(local_store)
    for number in range(3):
        promoted(local_store, f"run {number}", 100 + number / 10)
    copied = place(tmp_path)
    backup(local_store, copied)
    return copied


def test_a_restored_store_is_the_lost_one(local_store: Store, tmp_path: Path) -> None:
    """Versions in every state, verdicts, waivers, listed keys: every row and every answer is what
    it was, and the store goes on.
    """
    fill(local_store)
    text = source("listed", more=LISTED)
    keys = pl.DataFrame({"ticker": ["AAPL"], "target_date": ["2024-06-03"]})
    keys = keys.with_columns(pl.col("target_date").str.to_date())
    local_store.define(contract("listed", more=LISTED), text, keys)
    before, answers = rows(local_store), check_all(local_store)
    copied = place(tmp_path)
    head = backup(local_store, copied).head
    made = restored(copied, tmp_path / "new")
    assert (made.head, made.missing) == (head, ())
    store = Store(tmp_path / "new", actor="tester")
    assert rows(store) == before
    check_all(store, answers)
    assert verify(store) == []
    assert store.domain_keys("listed") is not None
    publish(store, "after", 100.3)
    check_all(store, answers)
    store.catalog.engine.dispose()


@pytest.mark.one_part
def test_what_is_there_is_not_copied_again(local_store: Store, copy: Objects) -> None:
    """A second backup copies what is new; a third nothing."""
    promoted(local_store, "another", 100.4)
    second, third = backup(local_store, copy), backup(local_store, copy)
    assert (second.files.there, second.events) == (6, 3)
    assert second.files.copied == 2
    assert (third.files.copied, third.files.there, third.events) == (0, 8, 0)
    assert third.head.event == local_store.view().last_event


def test_view_and_log_say_alike_what_is_readable(local_store: Store, copy: Objects) -> None:
    """What is copied into a backup is what is copied out of it."""
    assert contents_of_log(find_log(copy).entries()) == contents_of(local_store.view())


def test_writers_go_on_meanwhile(local_store: Store, tmp_path: Path) -> None:
    """What is published, and what expires and is swept, before its files are copied leaves a backup
    that is whole up to an event.
    """
    define(local_store, more="[retention]\nkeep_versions = 1\n")
    for number in range(13):
        promoted(local_store, f"run {number}", 100 + number / 100)
    other = Store(local_store.root, actor="other")
    refresh, written = local_store.refresh, []

    def refresh_and_write() -> View:
        view = refresh()
        if not written:
            promoted(other, "meanwhile", 101.0)
            written.extend(sweep(other).deleted)
        return view

    local_store.refresh = refresh_and_write  # type: ignore[method-assign]
    done = backup(local_store, place(tmp_path))
    assert written
    assert done.faults == ()
    restored(place(tmp_path), tmp_path / "new")
    store = Store(tmp_path / "new")
    assert store.view().last_event == done.head.event == other.view().last_event
    assert verify(store) == []
    for opened in (other, store):
        opened.catalog.engine.dispose()


@pytest.mark.parametrize("stop", [1, 4, 7])
def test_an_interrupted_backup_is_what_it_was(
    local_store: Store, copy: Objects, tmp_path: Path, stop: int
) -> None:
    """Wherever the second one stops, the first can be restored, and the third goes on."""
    first = read_backup(copy)
    for number in range(4):
        publish(local_store, f"more {number}", 101 + number / 10)

    def interrupt(_what: str, done: int, _total: int) -> None:
        if done == stop:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        backup(local_store, copy, progress=interrupt)
    copy.put("log/000000000014.json", b"half of")
    assert restored(copy, tmp_path / "old").head == first
    assert backup(local_store, copy).files.there >= 6
    assert restored(copy, tmp_path / "new").versions == 7


def test_another_history_is_not_mixed_in(copy: Objects, tmp_path: Path) -> None:
    """A backup of another store, or of one that went another way since an older catalog was
    brought back, is left as it is; so is the place of a store.
    """
    stranger = make_store(tmp_path / "stranger")
    define(stranger)
    assert code_of(lambda: backup(stranger, copy)) == "other_store"
    restored(copy, tmp_path / "ahead")
    ahead = Store(tmp_path / "ahead")
    promoted(ahead, "ahead", 102.0)
    backup(ahead, copy)
    before = contents(Path(copy.root))
    behind = Store(tmp_path / "store")
    promoted(behind, "behind", 103.0)
    assert code_of(lambda: backup(behind, copy)) == "backup_differs"
    assert contents(Path(copy.root)) == before
    assert code_of(lambda: backup(behind, Objects(stranger.root))) == "bad_backup"
    assert code_of(lambda: backup(behind, Objects(behind.root))) == "bad_backup"
    assert code_of(lambda: backup(behind, Objects(str(tmp_path)))) == "bad_backup"
    for store in (stranger, ahead, behind):
        store.catalog.engine.dispose()


def test_a_damaged_store_is_backed_up_but_for_what_is_damaged(
    local_store: Store, tmp_path: Path
) -> None:
    """One bad file is told by its version, and all the rest is there."""
    define(local_store)
    for number in range(3):
        promoted(local_store, f"run {number}", 100 + number / 10)
    name = next(n for n in local_store.objects.names("sets") if n.endswith(".parquet"))
    local_store.objects.put(name, local_store.objects.get(name)[:-1])
    done = backup(local_store, place(tmp_path))
    assert [(fault.set, fault.code) for fault in done.faults] == [(SET, "file_damaged")]
    assert not place(tmp_path).exists(name)
    new = tmp_path / "new"
    assert code_of(lambda: restored(place(tmp_path), new)) == "backup_damaged"
    missing = restored(place(tmp_path), new, without_damaged=True).missing
    assert [fault.version for fault in missing] == [fault.version for fault in done.faults]


@pytest.mark.one_part
def test_reread_replaces_what_is_damaged_in_a_backup(
    local_store: Store, copy: Objects, tmp_path: Path
) -> None:
    """A file that lost a bit at its length, and a copy of the log, come back from the store."""
    for name in (*copy.names("sets"), "log/000000000002.json"):
        content = bytearray(copy.get(name))
        content[len(content) // 2] ^= 1
        copy.put(name, bytes(content))
    assert backup(local_store, copy).files.copied == 0
    assert code_of(lambda: restored(copy, tmp_path / "bad")) == "backup_damaged"
    again = backup(local_store, copy, reread=True)
    assert (again.files.copied, again.events) == (6, 1)
    assert restored(copy, tmp_path / "good").missing == ()


def damage(copy: Objects, what: str) -> str:
    """Do something to a backup; gives the code of what a restore has to say."""
    files = copy.names("sets")
    match what:
        case "flipped bit":
            content = bytearray(copy.get(files[0]))
            content[-1] ^= 1
            copy.put(files[0], bytes(content))
        case "lost file":
            copy.delete(files[-1])
        case "cut log":
            copy.delete("log/000000000010.json")
        case "flipped log":
            content = bytearray(copy.get("log/000000000007.json"))
            content[len(content) // 2] ^= 1
            copy.put("log/000000000007.json", bytes(content))
        case "lost head":
            copy.delete("backup.json")
            return "no_backup"
        case "cut head":
            copy.put("backup.json", copy.get("backup.json")[:-3])
        case "another head":
            head = json.loads(copy.get("backup.json")) | {"event": 9}
            copy.put("backup.json", json.dumps(head).encode())
    return "backup_damaged"


@pytest.mark.parametrize(
    "what", ["flipped bit", "lost file", "cut log", "lost head", "cut head", "another head"]
)
def test_a_damaged_backup_makes_no_store(copy: Objects, tmp_path: Path, what: str) -> None:
    """What is damaged is named, and what was copied is no store for any command."""
    code = damage(copy, what)
    new = tmp_path / "new"
    assert code_of(lambda: restored(copy, new)) == code
    assert not (new / "catalog.db").exists()
    assert not (new / "store.json").exists()
    assert code_of(lambda: Store(new)) in ("no_store", "restore_unfinished")


@pytest.mark.parametrize(
    ("what", "without_damaged"),
    [
        ("lost file", False),
        ("cut log", False),
        ("flipped log", False),
        ("no log", False),
        ("no log", True),
        ("damaged log", True),
    ],
)
def test_a_damaged_backup_says_what_helps(
    copy: Objects, tmp_path: Path, what: str, without_damaged: bool
) -> None:
    """Another backup, or to leave out what is damaged unless that was tried or nothing would be
    left; nobody is sent to mend a file of a backup as one of a store.
    """
    damage(copy, what)
    for name in copy.names("log") if what in ("no log", "damaged log") else ():
        if what == "no log":
            copy.delete(name)
        else:
            copy.put(name, b"{")
    with pytest.raises(CorruptError) as raised:
        restored(copy, tmp_path / "new", without_damaged=without_damaged)
    message = raised.value.message
    assert raised.value.code == "backup_damaged"
    assert "another backup" in message
    assert ("--without-damaged" in message) == (what not in ("no log", "damaged log"))
    assert "repair" not in message


@pytest.mark.parametrize(
    ("what", "events"),
    [("cut log", 9), ("cut head", 10), ("another head", 9), ("flipped log", 6)],
)
def test_what_is_sound_of_a_damaged_backup_is_restored(
    copy: Objects, tmp_path: Path, what: str, events: int
) -> None:
    """Where that is accepted, up to where the log's chain goes, which is told."""
    damage(copy, what)
    done = restored(copy, tmp_path / "new", without_damaged=True)
    assert (done.head.event, [fault.code for fault in done.missing]) == (events, ["backup_damaged"])
    assert verify(Store(tmp_path / "new")) == []


def test_a_backup_goes_on_where_its_head_is_damaged(
    local_store: Store, copy: Objects, tmp_path: Path
) -> None:
    """Its log and its files say whose it is: they are compared, and the head is written anew; with
    neither head nor name it is refused.
    """
    damage(copy, "cut head")
    assert backup(local_store, copy).files.copied == 0
    assert restored(copy, tmp_path / "new").missing == ()
    damage(copy, "cut head")
    other = make_store(tmp_path / "other")
    define(other)
    assert code_of(lambda: backup(other, copy)) == "other_store"
    copy.delete("store.json")
    assert code_of(lambda: backup(local_store, copy)) == "backup_damaged"


@pytest.mark.parametrize("content", [None, b"{"])
def test_a_backup_whose_name_is_lost_is_restored_and_repairs(
    local_store: Store, copy: Objects, tmp_path: Path, content: bytes | None
) -> None:
    """`backup.json` says, too, which store it is of, and its log's digest that it is that."""
    store_id = local_store.view().head.store
    copy.delete("store.json")
    if content is not None:
        copy.put("store.json", content)
    assert restored(copy, tmp_path / "new").missing == ()
    new = Store(tmp_path / "new")
    assert (verify(new), new.view().head.store) == ([], store_id)
    lose_catalog(local_store)
    for name in ("store.json", "log/000000000007.json"):
        local_store.objects.delete(name)
    assert repair_root(local_store.objects, copy).left == []
    assert recovered(local_store.root).view().head.store == store_id


def test_a_backup_of_which_nothing_says_whose_it_is(copy: Objects, tmp_path: Path) -> None:
    """It is refused, and nobody is sent to `recover`, which makes no store of a backup."""
    copy.put("backup.json", b"{")
    copy.delete("store.json")
    with pytest.raises(EstimatesError) as raised:
        restored(copy, tmp_path / "new", without_damaged=True)
    assert raised.value.code == "backup_damaged"
    assert "neither backup.json nor store.json" in raised.value.message
    assert "recover" not in str(raised.value)


def test_copies_after_a_backups_end_are_not_restored(
    local_store: Store, copy: Objects, tmp_path: Path
) -> None:
    """One that was interrupted is what it was before, with copies of the log that came later."""
    head = copy.get("backup.json")
    promoted(local_store, "later", 101.0)
    backup(local_store, copy)
    copy.put("backup.json", head)
    assert restored(copy, tmp_path / "new").head.event == 10


@pytest.mark.parametrize("where", ["backup/in", "."])
def test_a_store_does_not_lie_in_its_backup(copy: Objects, tmp_path: Path, where: str) -> None:
    """Nor around it: both would be lost together."""
    assert code_of(lambda: restored(copy, tmp_path / where)) == "bad_backup"


@pytest.mark.one_part
def test_an_interrupted_restore_goes_on(copy: Objects, tmp_path: Path) -> None:
    """Wherever it stops, the place is no store until the same command was run again, which reads
    what is there.
    """
    new = tmp_path / "new"
    new.mkdir()
    stops = iter(("checking the log", "copying", "copying the log", "writing the catalog"))
    for stop in stops:

        def interrupt(what: str, done: int, _total: int, stop: str = stop) -> None:
            if (what, done) == (stop, 2):
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            restore(
                copy,
                Objects(str(new)),
                catalog_url(new),
                estimates_migrations.upgrade,
                progress=interrupt,
            )
        if stop != "checking the log":
            with pytest.raises(EstimatesError) as caught:
                Store(new).check_identity()
            assert caught.value.code in ("restore_unfinished", "other_store")
    lost = next(new.glob("sets/*/parts/*"))
    lost.write_bytes(
        bytes(lost.stat().st_size)
    )  # its name outlived a power loss, its bytes did not
    files = restored(copy, new).files
    assert (files.copied, files.there) == (1, 5)
    assert verify(Store(new)) == []


def test_nothing_is_restored_over_anything(
    local_store: Store, copy: Objects, tmp_path: Path
) -> None:
    """A store, a backup, what is left of a store, and a catalog that holds events are refused and
    stay as they are.
    """
    left = tmp_path / "left"
    shutil.copytree(tmp_path / "store" / "log", left / "log")
    for folder in (Path(local_store.root), Path(copy.root), left):
        before = contents(folder)
        code = "bad_backup" if folder == Path(copy.root) else "not_empty"
        assert code_of(lambda folder=folder: restored(copy, folder)) == code
        assert contents(folder) == before
    url = catalog_url(local_store.root)
    target = place(tmp_path, "empty")
    with pytest.raises(EstimatesError) as caught:
        restore(copy, target, url, estimates_migrations.upgrade)
    assert caught.value.code == "catalog_not_empty"
    assert target.names("") == []
    assert code_of(lambda: restored(place(tmp_path, "empty"), tmp_path / "new")) == "no_backup"
