"""Verify, sweep, copies and SQL: damage is found and named, what is needed stays."""

from __future__ import annotations

import os
import time
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa

from estimates import instants
from estimates.contract.conform import conform
from estimates.errors import CorruptError
from estimates.lookup import read_file_writing
from estimates.storage import snapshot
from estimates.store.judge import stored_candidate
from estimates.store.store import Store
from estimates.store.sweep import Swept, sweep
from estimates.store.verify import verify
from tests.builders import SET, code_of, define, frame, parquet_of, promoted, publish
from tests.invariants import check_all


def test_a_sweep_keeps_what_latest_names(store: Store) -> None:
    """The newest version that passed stays readable, although retention keeps one version and that
    one was refused.
    """
    define(store, more="[retention]\nkeep_versions = 1\n")
    for number, level in enumerate((100.0, 100.1), 1):
        publish(store, f"good {number}", level)
        store.judge(SET, number)
    publish(store, "bad", 900.0)
    assert store.judge(SET, 3).blocks
    assert sweep(store).expired == ((SET, 1),)
    assert store[SET].get("AAPL", "2024-06-03", ref="latest").body["version"] == 2
    check_all(store)


def test_verify_does_not_take_a_sweep_for_damage(local_store: Store) -> None:
    """A version that expires while verify looks at its files is no fault."""
    define(local_store)
    promoted(local_store, "first", 100.0)
    promoted(local_store, "second", 100.1)
    first = local_store.resolve(SET, 1)
    gone: list[str] = []

    def give_up_the_first(_what: str, _done: int, _total: int) -> None:
        if not gone:
            local_store.catalog.expire(first, actor="test", reason="test")
            gone.extend(i for _, i in sweep(local_store).deleted)

    assert verify(local_store, give_up_the_first) == []
    assert gone == [first.snapshot_id]


def test_verify_names_damaged_copies_and_changes_nothing(local_store: Store) -> None:
    """A copy of the log that was altered, one that is gone, one that should not be: each is named,
    and none is written again.
    """
    define(local_store)
    promoted(local_store, "run")
    local_store.objects.put("log/000000000001.json", b"rubbish")
    local_store.objects.delete("log/000000000002.json")
    other = Store(local_store.root)
    before = {name: other.objects.get(name) for name in other.objects.names("")}
    assert [(fault.code, fault.message) for fault in verify(other)] == [
        ("log_gap", "the copy log/000000000002.json is missing"),
        (
            "log_damaged",
            f"{other.root}/log/000000000001.json is not what its digest says; mend it "
            "with `estimates repair --from BACKUP`",
        ),
    ]
    assert {name: other.objects.get(name) for name in other.objects.names("")} == before


def test_one_bad_byte_hides_nothing(local_store: Store) -> None:
    """A manifest that is no text, an altered alias and a cut file are all in one report."""
    define(local_store)
    first, second = (promoted(local_store, f"run {n}", 100 + n / 10) for n in (1, 2))
    root = Path(local_store.root)
    manifest = root / snapshot.folder(SET, first.snapshot_id) / "manifest.json"
    manifest.write_bytes(b"\xff" + manifest.read_bytes()[1:])
    parquet = root / parquet_of(local_store, second)
    parquet.write_bytes(parquet.read_bytes()[:-1])
    assert {fault.code for fault in verify(Store(root))} == {"manifest_damaged", "file_damaged"}
    with local_store.catalog.engine.begin() as tx:
        tx.execute(sa.text("UPDATE aliases SET version = 1"))
    assert {fault.code for fault in verify(Store(root))} == {
        "manifest_damaged",
        "file_damaged",
        "alias_damaged",
    }


def test_an_altered_alias_answers_nothing(local_store: Store) -> None:
    """An alias that is not where its last move put it is refused, not followed."""
    define(local_store)
    promoted(local_store, "first")
    promoted(local_store, "second", 100.1)
    with local_store.catalog.engine.begin() as tx:
        tx.execute(sa.text("UPDATE aliases SET version = 1"))
    assert code_of(lambda: Store(local_store.root).resolve(SET)) == "alias_damaged"


def orphan(store: Store, level: float = 250.0) -> str:
    """Write a snapshot that no version names; gives its id."""
    shape = store.contract(SET).shape()
    rows = conform(frame(level), store.contract(SET))
    return snapshot.write(store.objects, SET, rows, shape).snapshot_id


def test_a_trash_that_leads_elsewhere_is_refused(local_store: Store, tmp_path: Path) -> None:
    """Nothing is moved out of the store by way of a link; the sweep says what stays."""
    define(local_store)
    publish(local_store, "run")
    local_store.catalog.expire(local_store[SET].resolve(1), actor="test", reason="test", seen=None)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (Path(local_store.root) / "trash").symlink_to(elsewhere, target_is_directory=True)
    sweep(local_store, grace=timedelta(0))
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("table", ["claims", "aliases"])
def test_a_lost_table_is_damage(local_store: Store, table: str) -> None:
    """It is named by `verify`, and a command that needs it does not say to try again."""
    define(local_store)
    publish(local_store, "run")
    with local_store.catalog.engine.begin() as tx:
        tx.execute(sa.text(f"DROP TABLE {table}"))
    faults = verify(local_store)
    assert {fault.code for fault in faults} >= {"catalog_damaged"}
    assert any(f"no table {table}" in fault.message for fault in faults)
    assert code_of(lambda: sweep(Store(local_store.root))) == "catalog_damaged"


@pytest.mark.one_part
def test_files_of_no_version_stay_for_a_while(local_store: Store) -> None:
    """A snapshot that nobody named yet is spared until it is older than the grace period."""
    define(local_store)
    promoted(local_store, "run")
    content = orphan(local_store)
    part = snapshot.read_manifest(local_store.objects, SET, content).parts[0].sha256
    spared = tuple(sorted([(SET, content), (SET, part)]))
    assert sweep(local_store) == Swept((), (), (), spared, ())
    week_ago = time.time() - 8 * 86400
    names = (f"{snapshot.folder(SET, content)}/manifest.json", snapshot.part_name(SET, part))
    for name in names:
        os.utime(Path(local_store.root) / name, (week_ago, week_ago))
    swept = sweep(local_store)
    assert (swept.deleted, swept.parts) == (((SET, content),), ((SET, part),))


def test_a_file_that_no_publisher_wrote_is_left_alone(local_store: Store) -> None:
    """Whatever its age: it is no part and no snapshot, and nobody says that it went."""
    define(local_store)
    promoted(local_store, "run")
    names = ("parts/notes.txt", f"parts/{'a' * 64}.parquet.bak", "snapshots/x/y", "snapshots/y")
    for name in names:
        path = Path(local_store.root) / "sets" / SET / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("somebody's")
        os.utime(path, (0, 0))
    for dry_run in (True, False):
        assert sweep(local_store, dry_run=dry_run) == Swept((), (), (), (), ())
    for name in names:
        assert (Path(local_store.root) / "sets" / SET / name).exists()


def test_a_dry_run_changes_nothing(local_store: Store) -> None:
    """It tells what a sweep would do, and does none of it."""
    define(local_store, more="[retention]\nkeep_versions = 1\n")
    for number in range(13):
        promoted(local_store, f"run {number}", 100 + number / 100)
    orphan(local_store)
    events, names = local_store.view().last_event, local_store.objects.names("")
    announced = sweep(local_store, grace=timedelta(0), dry_run=True)
    assert (local_store.refresh().last_event, local_store.objects.names("")) == (events, names)
    assert sweep(local_store, grace=timedelta(0)) == announced
    assert len(announced.expired) == 2
    assert len(announced.deleted) == 3


@pytest.mark.one_part
def test_the_trash_is_emptied_after_a_week(local_store: Store) -> None:
    """What a sweep took lies in the trash of its day, and goes for good a week later."""
    define(local_store)
    promoted(local_store, "run")
    content = orphan(local_store)
    part = snapshot.read_manifest(local_store.objects, SET, content).parts[0].sha256
    sweep(local_store, grace=timedelta(0))
    [today] = (folder.name for folder in (Path(local_store.root) / "trash").iterdir())
    assert abs(date.fromisoformat(today) - instants.now().date()) <= timedelta(days=1)
    names = [
        f"trash/{today}/{snapshot.part_name(SET, part)}",
        f"trash/{today}/{snapshot.folder(SET, content)}/manifest.json",
    ]
    assert local_store.objects.names("trash") == names
    assert sweep(local_store).emptied == ()
    old = str(instants.now().date() - timedelta(days=8))
    (Path(local_store.root) / "trash" / today).rename(Path(local_store.root) / "trash" / old)
    assert sweep(local_store).emptied == (old,)
    assert local_store.objects.names("trash") == []


def test_what_is_no_day_stays_in_the_trash(local_store: Store) -> None:
    """A folder in the trash that no sweep made is left, however its name sorts."""
    define(local_store)
    names = [f"trash/{folder}/precious.txt" for folder in ("0-mine", "2001", "20010203")]
    for name in names:
        local_store.objects.put(name, b"mine")
    assert sweep(local_store).emptied == ()
    assert local_store.objects.names("trash") == names


def test_a_version_that_expired_meanwhile_says_so(local_store: Store) -> None:
    """Who looked a version up before it expired is answered that it did, not that files are
    missing.
    """
    define(local_store)
    promoted(local_store, "first", 100.0)
    first = local_store.resolve(SET, 1)
    promoted(local_store, "second", 100.1)
    another = Store(local_store.root)
    another.catalog.expire(another.resolve(SET, 1), actor="test", reason="test")
    sweep(another)
    assert code_of(lambda: local_store.frame(first)) == "expired"
    assert code_of(lambda: local_store.columns(first, ["value"])) == "expired"
    assert code_of(lambda: stored_candidate(local_store, first)) == "expired"
    another.catalog.engine.dispose()


def test_no_symbolic_link_is_followed(local_store: Store, tmp_path: Path) -> None:
    """A folder elsewhere that a link in the store leads to keeps its files."""
    define(local_store)
    promoted(local_store, "run")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious.txt").write_text("mine")
    link = Path(local_store.root) / "sets" / SET / "snapshots" / ("0" * 64)
    link.symlink_to(elsewhere, target_is_directory=True)
    assert sweep(local_store, grace=timedelta(0)).deleted == ()
    assert (elsewhere / "precious.txt").read_text() == "mine"
    assert link.is_symlink()


@pytest.mark.one_part
def test_sql_reads_only_what_matches_its_digest(local_store: Store) -> None:
    """SQL over an altered Parquet file is an error that names the file, also when it was good a
    moment ago.
    """
    define(local_store)
    version = promoted(local_store, "run")
    query = f'SELECT sum(value) FROM "{SET}"'
    good = local_store.sql(query).item()
    assert local_store.sql(query).item() == good
    name = parquet_of(local_store, version)
    frame = local_store.frame(version)
    ((_, other),) = snapshot.encode_parts(
        frame.with_columns(value=-frame["value"]), local_store.contract(SET).shape()
    )
    local_store.objects.put(name, other)
    with pytest.raises(CorruptError, match=name) as caught:
        local_store.sql(query)
    assert caught.value.code == "file_damaged"


def test_sql_refuses_a_ref_that_names_nothing(store: Store) -> None:
    """A ref that does not exist is an error in SQL too, never an empty table."""
    define(store)
    promoted(store, "run")
    assert code_of(lambda: store.sql(f"SELECT * FROM \"{SET}_at\"('nonsense')")) == "bad_query"
    assert code_of(lambda: store.sql(f"SELECT * FROM \"{SET}_at\"('2')")) == "bad_query"
    assert store.sql(f"SELECT * FROM \"{SET}_at\"('1')").height == 6


def test_a_read_file_that_says_other_numbers_is_not_promoted(
    local_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Check 43 compares reads by key with the cells themselves, not with the encoder that wrote the
    read file.
    """
    define(local_store)
    publish(local_store, "run")
    monkeypatch.setattr(read_file_writing, "json_pieces", lambda *_: [pl.lit('{"value":0}')])
    assert code_of(lambda: local_store.promote(SET, 1, reason="first")) == "read_differs"
    assert code_of(lambda: local_store.resolve(SET)) == "nothing_promoted"


def test_a_sweep_takes_no_read_file_that_is_being_written(
    local_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A version is promoted while another process sweeps, also where it writes its read file."""
    define(local_store)
    promoted(local_store, "first", 100.0)
    publish(local_store, "second", 101.0)
    write = read_file_writing._write

    def written(*of: object) -> None:
        write(*of)
        assert sweep(Store(local_store.root)).deleted == ()

    monkeypatch.setattr(read_file_writing, "_write", written)
    local_store.promote(SET, 2, reason="next")
    assert local_store.resolve(SET).version == 2
