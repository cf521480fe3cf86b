"""What can be proven is mended, what is good stays as it is, and the rest is told."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from estimates.errors import ConflictError, CorruptError
from estimates.storage.log_copies import name_of
from estimates.storage.objects import Objects
from estimates.store.backup import backup
from estimates.store.log_repair import Repaired
from estimates.store.recover import after_end, give_up_end, sound_log
from estimates.store.repair import repair, repair_root
from estimates.store.store import Store
from estimates.store.verify import verify
from tests.builders import SET, code_of, define, make_store, promoted
from tests.store.catalog_rows import lose_catalog, recovered, rows

ALL = ("log", "sets", "store.json")


@pytest.fixture
def copy(local_store: Store, tmp_path: Path) -> Objects:
    """A backup of a store with three promoted versions."""
    define(local_store)
    for number in range(3):
        promoted(local_store, f"run {number}", 100 + number / 10)
    (tmp_path / "backup").mkdir()
    copied = Objects(str(tmp_path / "backup"))
    backup(local_store, copied)
    return copied


def contents(objects: Objects) -> dict[str, bytes]:
    """Every file that matters."""
    names = (n for n in objects.names("") if n.startswith(ALL) and "/reads/" not in n)
    return {name: objects.get(name) for name in names}


def kept(objects: Objects) -> list[str]:
    """The names of all files of versions."""
    return [name for name in objects.names("sets") if "/reads/" not in name]


def mended(repaired: Repaired) -> set[str]:
    """The names of what was mended."""
    return {mended.file for mended in repaired.mended}


def codes(repaired: Repaired) -> list[str]:
    """The codes of what is left."""
    return sorted(fault.code for fault in repaired.left)


def flip(objects: Objects, name: str) -> None:
    """Flip a bit in the middle of a file."""
    content = bytearray(objects.get(name))
    content[len(content) // 2] ^= 1
    objects.put(name, bytes(content))


def test_the_log_is_mended_by_the_catalog(local_store: Store, copy: Objects) -> None:
    """Copies that are missing, at the end too, or damaged come back byte for byte, and so does the
    name of the store; the damaged ones are in the trash.
    """
    before = contents(local_store.objects)
    names = [name_of(event) for event in (1, 4, 5, 10)]
    for name in (*names, "store.json"):
        local_store.objects.delete(name)
    flip(local_store.objects, name_of(7))
    assert mended(repair(local_store)) == {*names, name_of(7), "store.json"}
    flip(local_store.objects, "store.json")
    done = repair(local_store, copy)
    assert (mended(done), done.left) == ({"store.json"}, [])
    assert contents(local_store.objects) == before
    trash = [name.split("/", 2)[2] for name in local_store.objects.names("trash")]
    assert trash == [name_of(7), "store.json"]
    assert verify(local_store) == []


def test_a_root_without_a_name_is_named_by_its_log(local_store: Store, copy: Objects) -> None:
    """Without a backup, catalog and log together say which store it is."""
    local_store.objects.delete("store.json")
    assert mended(repair(local_store)) == {"store.json"}
    for name in ("store.json", *local_store.objects.names("log")):
        local_store.objects.delete(name)
    assert codes(repair(local_store)) == ["identity_damaged"]
    assert len(repair(local_store, copy).mended) == 11


@pytest.mark.parametrize("is_catalog_lost", [True, False])
def test_copies_of_another_log_are_replaced(
    local_store: Store, copy: Objects, tmp_path: Path, is_catalog_lost: bool
) -> None:
    """Where a chain proves what belongs there: the catalog's, or that of a backup, up to the newest
    event in common; however many they are, and wherever they stand.
    """
    before = contents(local_store.objects)
    other = make_store(tmp_path / "other")
    define(other)
    for number in range(4):
        promoted(other, f"run {number}", 200.0)
    for event in (1, 2, 3, 6):
        local_store.objects.put(name_of(event), other.objects.get(name_of(event)))
    if is_catalog_lost:
        lose_catalog(local_store)
        assert code_of(lambda: sound_log(local_store.objects)) == "log_damaged"
        done = repair_root(local_store.objects, copy)
        assert sound_log(local_store.objects).events == 10
    else:
        done = repair(local_store)
    assert (mended(done), done.left) == ({name_of(event) for event in (1, 2, 3, 6)}, [])
    assert contents(local_store.objects) == before


def test_an_end_of_another_log_is_given_up(
    local_store: Store, copy: Objects, tmp_path: Path
) -> None:
    """What no backup can mend is named once for what follows each other; who recovers up to the
    event before gives it up, and it lies in the trash.
    """
    other = make_store(tmp_path / "other")
    define(other)
    for number in range(5):
        promoted(other, f"run {number}", 200.0)
    for event in (11, 15):
        local_store.objects.put(name_of(event), other.objects.get(name_of(event)))
    lose_catalog(local_store)
    done = repair_root(local_store.objects, copy)
    assert codes(done) == ["log_differs", "log_gap"]
    assert "000000000012.json to log/000000000014.json" in done.left[1].message
    with pytest.raises(CorruptError, match="--until 10"):
        sound_log(local_store.objects)
    log = sound_log(local_store.objects, 10)
    lost = after_end(log)
    assert [(given_up.id, given_up.event is not None) for given_up in lost] == [
        (11, True),
        (15, True),
    ]
    with pytest.raises(ConflictError, match=r"000000000015\.json was written") as grew:
        give_up_end(log, lost[:1])
    assert grew.value.code == "log_grew"
    assert local_store.objects.names("trash") == []
    give_up_end(log, lost)
    assert recovered(local_store.root).view().last_event == 10
    assert len(local_store.objects.names("trash")) == 2


@pytest.mark.one_part
@pytest.mark.parametrize("damage", [flip, Objects.delete])
def test_files_are_mended_by_a_backup(
    local_store: Store, copy: Objects, damage: Callable[[Objects, str], None]
) -> None:
    """Every file of every version comes back; without a backup each is told, by its version."""
    before = contents(local_store.objects)
    for name in kept(local_store.objects):
        damage(local_store.objects, name)
    alone = repair(local_store)
    assert [fault.version for fault in alone.left] == [1, 2, 3]
    assert alone.mended == []
    done = repair(local_store, copy)
    assert (len(done.mended), done.left) == (6, [])
    assert contents(local_store.objects) == before
    assert repair(local_store, copy) == Repaired()


def test_an_emptied_root_comes_back(local_store: Store, copy: Objects) -> None:
    """All but what was published since the backup, which is told."""
    promoted(local_store, "since", 101.0)
    for name in ALL:
        path = Path(local_store.root) / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    done = repair(local_store, copy)
    assert [(fault.version, fault.code) for fault in done.left] == [(4, "manifest_missing")]
    assert {fault.version for fault in verify(local_store)} == {4}
    assert local_store[SET].get("AAPL", "2024-06-03", ref=3)


def test_good_files_are_not_written(local_store: Store, copy: Objects) -> None:
    """Damage in the backup goes nowhere, and what is good keeps its time."""
    for name in (*kept(copy), name_of(2)):
        flip(copy, name)
    name = next(iter(kept(local_store.objects)))
    before = local_store.objects.written("")
    assert repair(local_store, copy) == Repaired()
    flip(local_store.objects, name)
    assert codes(repair(local_store, copy)) == ["file_damaged"]
    after = local_store.objects.written("")
    assert {changed for changed in before if before[changed] != after[changed]} == {name}


@pytest.mark.one_part
def test_damaged_read_files_are_discarded(local_store: Store, copy: Objects) -> None:
    """Those in which a bit changed of rows or of the index go; the others stay."""
    local_store.open(local_store.resolve(SET, 1))
    names = [n for n in local_store.objects.names("") if n.endswith(".lookup")]
    assert len(names) == 3
    for name, at in zip(names, (1100, -1), strict=False):
        content = bytearray(local_store.objects.get(name))
        content[at] ^= 1
        local_store.objects.put(name, bytes(content))
    done = repair(local_store, copy)
    assert (done.left, done.mended) == ([], [])
    assert sorted(done.discarded) == names[:2]
    assert [n for n in local_store.objects.names("") if n.endswith(".lookup")] == names[2:]


def test_a_damaged_catalog_is_told_and_left(local_store: Store, copy: Objects) -> None:
    """An altered row is not what the log proves: nothing is written, and rebuilding mends it."""
    before = rows(local_store)
    with local_store.catalog.engine.begin() as tx:
        tx.execute(sa.text("UPDATE aliases SET version = 1"))
        tx.execute(sa.text("UPDATE versions SET rows = 7 WHERE version = 2"))
    assert {*codes(repair(local_store, copy))} == {"alias_damaged", "record_damaged"}
    name = next(iter(kept(local_store.objects)))
    local_store.objects.delete(name)
    assert mended(repair(local_store, copy)) == {name}
    lose_catalog(local_store)
    assert rows(recovered(local_store.root)) == before


@pytest.mark.one_part
def test_a_lost_catalog_beside_a_damaged_log(local_store: Store, copy: Objects) -> None:
    """Without a catalog, the log is mended by the backup where it fits what is there; then the
    catalog can be rebuilt.
    """
    promoted(local_store, "since", 101.0)
    before = rows(local_store)
    lose_catalog(local_store)
    objects = Objects(local_store.root)
    names = [name_of(event) for event in (1, 2, 6, 10)]
    for name in names:
        objects.delete(name)
    flip(objects, name_of(8))
    objects.delete("store.json")
    file = next(iter(kept(objects)))
    flip(objects, file)
    done = repair_root(objects, copy)
    assert done.left == []
    assert mended(done) == {*names, name_of(8), "store.json", file}
    assert rows(recovered(local_store.root)) == before


def test_the_end_of_a_log_is_taken_from_a_backup(local_store: Store, copy: Objects) -> None:
    """Lost with the catalog, it comes back where it continues what is here, up to a damaged copy;
    a catalog that was rebuilt without it is told that it is behind, by repair and by backup.
    """
    before = rows(local_store)
    names = [name_of(event) for event in range(8, 11)]
    for name in names:
        local_store.objects.delete(name)
    lose_catalog(local_store)
    behind = recovered(local_store.root)
    assert codes(repair(behind, copy)) == ["catalog_behind"]
    with pytest.raises(CorruptError, match="knows 3 events more") as caught:
        backup(behind, copy)
    assert caught.value.code == "catalog_behind"
    lose_catalog(behind)
    good = copy.get(name_of(9))
    flip(copy, name_of(9))
    done = repair_root(Objects(local_store.root), copy)
    assert (mended(done), codes(done)) == ({name_of(8)}, ["log_gap"])
    copy.put(name_of(9), good)
    done = repair_root(Objects(local_store.root), copy)
    assert (mended(done), done.left) == ({*names[1:]}, [])
    assert rows(recovered(local_store.root)) == before
    shutil.rmtree(Path(local_store.root) / "log")
    assert len(repair_root(Objects(local_store.root), copy).mended) == 10


def test_the_end_of_another_history_is_not_taken(local_store: Store, copy: Objects) -> None:
    """A backup whose log went another way is named, and the log here stays as it is."""
    shutil.copytree(local_store.root, f"{local_store.root}-other")
    other = Store(f"{local_store.root}-other", actor="tester")
    promoted(other, "other", 105.0)
    promoted(other, "longer", 106.0)
    backup(other, copy)
    promoted(local_store, "ours", 104.0)
    before = rows(local_store)
    lose_catalog(local_store)
    done = repair_root(Objects(local_store.root), copy)
    assert (done.mended, codes(done)) == ([], ["log_differs"])
    assert rows(recovered(local_store.root)) == before
    other.catalog.engine.dispose()


def test_nothing_is_taken_from_another_store(
    local_store: Store, copy: Objects, tmp_path: Path
) -> None:
    """Neither files nor copies of the log, and no name."""
    stranger = make_store(tmp_path / "stranger")
    define(stranger)
    promoted(stranger, "first")
    local_store.objects.delete(name_of(2))
    assert code_of(lambda: repair(local_store, stranger.objects)) == "other_store"
    assert code_of(lambda: repair_root(local_store.objects, stranger.objects)) == "other_store"
    stranger.objects.delete("store.json")
    assert codes(repair_root(local_store.objects, stranger.objects)) == ["log_gap"]
    copy.delete("store.json")
    assert mended(repair(local_store, copy)) == {name_of(2)}
    stranger.catalog.engine.dispose()
