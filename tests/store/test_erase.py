"""Erasure: the numbers of a key are gone from every version, and from all that repeated them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest

import estimates_migrations
from estimates import instants
from estimates.calibration.backtest import backtest
from estimates.compare.queries import DiffQuery
from estimates.errors import EstimatesError
from estimates.storage import snapshot
from estimates.storage.column_cache import PartColumns
from estimates.storage.derived_folder import DerivedFolder
from estimates.storage.objects import Objects
from estimates.storage.report_cache import ReportCache
from estimates.storage.run_logs import name_of
from estimates.store import sampled_reads
from estimates.store.backup import backup
from estimates.store.erase import erase
from estimates.store.open_store import catalog_url
from estimates.store.partial_update import Changes
from estimates.store.recover import find_log, rebuild
from estimates.store.repair import repair, repair_root
from estimates.store.restore import restore
from estimates.store.store import Store
from estimates.store.sweep import sweep
from estimates.store.verify import verify
from tests.builders import (
    SET,
    TARGETS,
    TICKERS,
    code_of,
    contract,
    define,
    frame,
    make_store,
    provenance,
    publish,
)
from tests.invariants import check_all
from tests.store.erased_person import NUMBERS, PERSON, fill, rows


@pytest.fixture
def filled(store: Store) -> Store:
    """A store with the person in it, on every kind of catalog and root."""
    fill(store)
    return store


def test_what_is_computed_from_before_an_erasure_is_not_kept(local: Store) -> None:
    """A process that has not seen the erasure yet keeps no report and no columns once another
    process of this machine has.
    """
    late = Store(local.root, actor="late")
    late.view()
    erase(local, SET, [(PERSON,)], reason="request")
    late.reports.put("late", b"report")
    late.columns_in_order.put("late", PartColumns(0, [], keys=True, numbers={}), {})
    assert late.reports.get("late") is None
    assert late.columns_in_order.get("late") is None
    late.view()
    late.reports.put("later", b"report")
    assert late.reports.get("later") == b"report"


def test_a_damaged_mark_of_an_erasure_keeps_nothing_and_is_mended(local: Store) -> None:
    """It lies in a cache: whoever does not know what it said keeps nothing, and the next process
    writes it anew.
    """
    erase(local, SET, [(PERSON,)], reason="request")
    mark = local.cache / "erased"
    whole = mark.read_bytes()
    late = Store(local.root, actor="late")
    late.view()
    for damaged in (b"\xff\xfe", b"", b"x"):
        mark.write_bytes(damaged)
        late.reports.put("late", b"report")
        assert late.reports.get("late") is None
        Store(local.root, actor="next").view()
        assert mark.read_bytes() == whole


def test_reports_of_before_go_also_where_the_mark_cannot_be_written(local: Store) -> None:
    """As on a full disk: what is there is removed all the same, and nothing more is kept."""
    local.reports.put("before", b"report")
    assert local.reports.get("before") == b"report"
    (local.cache / "erased").mkdir()
    erase(local, SET, [(PERSON,)], reason="request")
    assert local.reports.get("before") is None
    local.reports.put("after", b"report")
    assert local.reports.get("after") is None


def test_a_cache_of_before_that_may_only_be_read_says_nothing_of_it(
    local: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may not clear a cache, such as another user's, gets what a new cache would give: the
    newest erasure is in the name of all that is computed.
    """
    local.publish(SET, rows(103.0), provenance("next", 3))
    local.promote(SET, 4, reason="next")
    before = _computed(local)
    old = shutil.copytree(local.cache, tmp_path / "old")
    erase(local, SET, [(PERSON,)], reason="request")

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(DerivedFolder, "clear", refuse)
    monkeypatch.setattr(Path, "write_text", refuse)
    reader = Store(local.root, actor="other", cache=old)
    read: list[str] = []
    get = ReportCache.get
    monkeypatch.setattr(ReportCache, "get", lambda of, name: read.append(name) or get(of, name))
    kept = {file.name for file in reader.reports.folder.iterdir()}
    after = _computed(Store(local.root, actor="other", cache=tmp_path / "new"))
    assert _computed(reader) == after
    assert kept
    assert not kept & set(read)
    assert before[:4] != after[:4]


def _computed(store: Store) -> list[bytes]:
    """What is kept once it was computed: of two versions, of all moves, of the past."""
    estimates, pictures = store[SET], store.compare(SET, DiffQuery(1, 3))
    parts = [
        estimates.diff(1, 3),
        estimates.stability(),
        estimates.page(1, 3),
        pictures.cached_pictures(store.reports).decode(),
        backtest(store, SET).checks,
    ]
    return [msgspec.json.encode(part, enc_hook=str) for part in parts]


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Store]:
    """The same in a folder."""
    store = make_store(tmp_path / "store")
    fill(store)
    yield store
    store.catalog.engine.dispose()


def holding(*folders: Path) -> list[str]:
    """The files below folders that hold any of the numbers, as text or as a double."""
    wanted = [*NUMBERS, *(_double(float(number)) for number in NUMBERS)]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return [
        str(path)
        for path in files
        if any(number in content for number in wanted for content in _contents(path))
    ]


def _contents(path: Path) -> Iterator[bytes]:
    yield path.read_bytes()
    if path.suffix == ".parquet":
        yield pl.read_parquet(path).select("value").to_series().to_numpy().tobytes()


def _double(number: float) -> bytes:
    return pl.Series([number]).to_numpy().tobytes()


def test_an_erased_key_answers_erased_in_every_version(filled: Store) -> None:
    """By number, alias and time, alone, in a batch, in a history and in a join; others answer as
    before, ids stay, and everything verifies.
    """
    before = [version.snapshot_id for version in filled[SET].versions()]
    others = filled[SET].get("AAPL", TARGETS[0], ref=2).json
    moment = filled.view().moment
    erased = erase(filled, SET, [(PERSON,)], reason="request 7")
    assert (erased.keys, erased.rows, erased.versions) == (1, 6, (1, 2, 3))
    assert erased.verdicts > 0
    of_set = filled[SET]
    for at in ({"ref": 1}, {"ref": 2}, {"ref": "production"}, {"as_of": moment}):
        assert code_of(lambda at=at: of_set.get(PERSON, TARGETS[0], **at)) == "erased"
    statuses = [row["status"] for row in of_set.get_many([(PERSON, TARGETS[0])]).body["results"]]
    assert statuses == ["erased"]
    history = of_set.history(PERSON, TARGETS[1]).body
    assert [entry["estimate"] for entry in history["history"]] == [None] * 3
    assert history["erased"]["reason"] == "request 7"
    left = pl.DataFrame({"ticker": [PERSON], "target_date": TARGETS[:1], "at": [moment]})
    assert of_set.as_of_join(left, "at")["status"].to_list() == ["erased"]
    assert of_set.scan(PERSON).body["total"] == 0
    assert of_set.get("AAPL", TARGETS[0], ref=2).json == others
    assert [version.snapshot_id for version in of_set.versions()] == before
    assert of_set.frame(1).height == 4
    assert filled.sql(f"SELECT * FROM \"{SET}\" WHERE ticker = '{PERSON}'").height == 0
    assert PERSON not in str(of_set.diff(1, 3)) + str(of_set.changes(1, 3))
    assert verify(filled) == []
    check_all(filled)


def test_nothing_on_the_disk_holds_its_numbers(local: Store, tmp_path: Path) -> None:
    """Neither parts, read files, reports, copies of the log, the trash, files of no version, nor
    the catalog once SQLite has written over them.
    """
    root = tmp_path / "store"
    local.objects.put(f"sets/{SET}/parts/{'0' * 64}.parquet", _parquet(rows(7.0)))
    day = f"trash/{instants.now().date()}/sets/{SET}/parts/{'1' * 64}.parquet"
    local.objects.put(day, _parquet(rows(8.0)))
    local.objects.put(f"sets/{SET}/reads/6/{'2' * 64}.lookup", NUMBERS[0])  # of one that expired
    left = root / f"sets/{SET}/parts/{'3' * 64}.parquet#7"
    left.write_bytes(NUMBERS[0])  # by a publisher that was killed
    os.utime(left, (0, 0))
    local.objects.put(name_of("first"), f"printed {NUMBERS[0].decode()}".encode())
    before = holding(root)
    assert any("catalog.db" in file for file in before)
    assert len(before) > 8
    erase(local, SET, [(PERSON,)], reason="request 7")
    assert holding(root) == []
    assert verify(Store(root)) == []


def test_logs_of_its_runs_go_and_others_stay(local: Store) -> None:
    """What a job printed goes with its set's erasure, that of another set's run stays."""
    for number, of in enumerate((SET, "another")):
        local.catalog.begin_run(f"run {number}", of, instants.now())
        local.catalog.update_run(f"run {number}", status="failed", message="of AAPL")
        local.objects.put(name_of(f"run {number}"), b"[]")
    local.objects.put(name_of("before a recover"), b"[]")
    erase(local, SET, [(PERSON,)], reason="request 7")
    assert local.objects.names("runs") == [name_of("run 1")]
    assert [run.message for run in local.catalog.runs(None)] == ["of AAPL", None]


def _parquet(frame: pl.DataFrame) -> bytes:
    return snapshot.encode_part(frame, _shape())[1]


def _shape() -> snapshot.Shape:
    return contract().shape()


def test_another_process_forgets_what_it_had_open(local: Store, tmp_path: Path) -> None:
    """A reader with open files answers `erased` once it looks at the catalog, and its cache is
    cleared.
    """
    other = Store(tmp_path / "store", cache=tmp_path / "other")
    assert other[SET].get(PERSON, TARGETS[0])["value"] == 4711.625
    other[SET].diff(1, 3)
    other.read_files.path("2" * 64).write_bytes(NUMBERS[0])  # of a version that expired
    other.read_files.note("2" * 64, SET)
    frozen = other.resolve(SET, 3)
    erase(local, SET, [(PERSON,)], reason="request 7")
    assert other.frame(frozen).height == 4
    assert code_of(lambda: other[SET].get(PERSON, TARGETS[0])) == "erased"
    assert holding(tmp_path / "other") == []


def test_a_version_that_expires_meanwhile_is_passed_by(
    local: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sweep that takes files of a version while parts are looked at is no damage."""
    refresh = local.refresh

    def refreshed() -> object:
        view = refresh()
        monkeypatch.undo()
        other = Store(local.root)
        other.catalog.expire(other.resolve(SET, 2), actor="test", reason="test")
        sweep(other, grace=timedelta(0))
        return view

    monkeypatch.setattr(local, "refresh", refreshed)
    assert erase(local, SET, [(PERSON,)], reason="request 7").versions == (1, 3)
    assert holding(Path(local.root)) == []


def test_another_erasure_meanwhile_is_no_damage(
    local: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever looks at files that another erasure replaces looks again: who erases, and who
    verifies.
    """
    view = Store.refresh

    def erased_by_another(key: str) -> Callable[[Store], object]:
        def refresh(store: Store) -> object:
            before = view(store)
            monkeypatch.undo()
            erase(Store(local.root), SET, [(key,)], reason="request 8")
            return before

        return refresh

    monkeypatch.setattr(Store, "refresh", erased_by_another("AAPL"))
    assert erase(local, SET, [(PERSON,)], reason="request 7").versions == (1, 2, 3)
    late = Store(local.root)
    late.view()
    monkeypatch.setattr(Store, "refresh", erased_by_another(TICKERS[2]))
    assert verify(late) == []
    assert late.frame(late.resolve(SET, 1)).height == 0


def test_a_key_that_is_erased_meanwhile_is_no_other_number(
    local: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A version is promoted while a key goes whose cells were read already."""
    local.publish(SET, rows(103.0), provenance("next", 4))
    sampled = sampled_reads.sampled_rows

    def erased(*of: Any) -> pl.DataFrame:
        cells = sampled(*of)
        erase(Store(local.root), SET, [("AAPL",)], reason="request 8")
        return cells

    monkeypatch.setattr(sampled_reads, "sampled_rows", erased)
    local.promote(SET, 4, reason="next")
    assert local.resolve(SET).version == 4


def test_a_damaged_catalog_makes_no_damage_of_an_erasure(local: Store) -> None:
    """Where no catalog says what was erased, verify has it from the log; files that somebody left
    among the sets are no hindrance, and nor are copies of a set.
    """
    erase(local, SET, [(PERSON,)], reason="request 7")
    folder = Path(local.root) / "sets"
    (folder / ".DS_Store").touch()
    shutil.copytree(folder / SET, folder / SET / "old" / SET)
    assert verify(local) == []
    assert repair(local).left == []
    with local.catalog.engine.begin() as tx:
        tx.exec_driver_sql("UPDATE contracts SET body = '{}'")
    assert {fault.code for fault in verify(Store(local.root))} == {"record_damaged"}
    assert {fault.code for fault in repair(Store(local.root)).left} == {"record_damaged"}


def test_no_version_gets_an_erased_key_again(local: Store) -> None:
    """Publishing rows of it is refused and names it, whole or as changes; without them the set goes
    on, and its domain does not ask for the key.
    """
    erase(local, SET, [(PERSON, TARGETS[0])], reason="request 7")
    assert code_of(lambda: publish(local, "again")) == "erased_keys"
    others = rows(103.0).filter(
        ~((pl.col("ticker") == PERSON) & (pl.col("target_date") == TARGETS[0]))
    )
    version = local.publish(SET, others, provenance("without", 4))
    assert local[SET].get(PERSON, TARGETS[1], ref=version.version)["value"] == 4712.375
    assert code_of(lambda: local[SET].get(PERSON, TARGETS[0], ref=4)) == "erased"
    assert verify(local) == []


def test_the_domain_does_not_ask_for_erased_keys(local_store: Store) -> None:
    """A version without an erased key lacks nothing of a domain that lists it."""
    values = '{ ticker = ["AAPL", "BRK/B", "ÆØÅ"], target_date = ["2024-06-03", "2024-06-04"] }'
    define(local_store, more=f'[domain]\nkind = "product"\nvalues = {values}\n')
    publish(local_store, "first")
    erase(local_store, SET, [(PERSON,)], reason="request 7")
    others = frame(101.0).filter(pl.col("ticker") != PERSON)
    version = local_store.publish(SET, others, provenance("without", 1))
    verdict = local_store.judge(SET, version.version)
    assert (verdict.check("domain_missing").status, verdict.check("domain_missing").n) == (
        "pass",
        4,
    )


@pytest.mark.parametrize(
    ("keys", "reason", "code"),
    [
        ([("NOBODY",)], "why", "unknown_keys"),
        ([(PERSON, "2024-06-09")], "why", "unknown_keys"),
        ([(PERSON,)], " ", "reason_needed"),
        ([()], "why", "key_parts"),
        ([("A", "2024-06-03", "more")], "why", "key_parts"),
        ([(PERSON, "noon")], "why", "bad_key_part"),
    ],
)
def test_what_cannot_be_erased(
    local_store: Store, keys: list[tuple[str, ...]], reason: str, code: str
) -> None:
    """A key that no version has, none at all, one of another form, or without a reason."""
    define(local_store, maximum=5000.0)
    local_store.publish(SET, rows(), provenance("run"))
    event = local_store.catalog.last_event()
    assert code_of(lambda: erase(local_store, SET, keys, reason=reason)) == code
    assert local_store.catalog.last_event() == event


def test_a_legal_hold_refuses(local: Store) -> None:
    """Nothing is erased, and no file is written, while a hold keeps a version that has the key."""
    local.hold(SET, 1, reason="case 9")
    files = local.objects.names("sets")
    assert code_of(lambda: erase(local, SET, [(PERSON,)], reason="why")) == "legal_hold"
    local.release_hold(SET, 1, reason="over")
    local.hold(SET, None, reason="audit")
    assert code_of(lambda: erase(local, SET, [(PERSON,)], reason="why")) == "legal_hold"
    assert [file for file in local.objects.names("sets") if file.endswith(".parquet")] == [
        file for file in files if file.endswith(".parquet")
    ]


def test_a_dry_run_only_tells(local: Store) -> None:
    """It says what would go and changes nothing."""
    event, files = local.catalog.last_event(), local.objects.names("")
    erased = erase(local, SET, [(PERSON,)], reason="why", dry_run=True)
    assert (erased.rows, erased.versions, erased.event) == (6, (1, 2, 3), None)
    assert (local.catalog.last_event(), local.objects.names("")) == (event, files)


def test_an_interrupted_erasure_is_finished(
    local: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the commit, verify names the files that are left; a sweep, or the same command
    again, takes them away.
    """
    copies = {name: local.objects.get(name) for name in local.objects.names("log")}
    parts = {name: local.objects.get(name) for name in local.objects.names(f"sets/{SET}/parts")}
    erase(local, SET, [(PERSON,)], reason="why")
    for again in (lambda: sweep(local), lambda: erase(local, SET, [(PERSON,)], reason="why")):
        for name, content in (copies | parts).items():
            local.objects.put(name, content)
        assert {fault.code for fault in verify(local)} == {"not_erased"}
        again()
        assert verify(local) == []
        assert holding(tmp_path / "store" / "sets", tmp_path / "store" / "log") == []


def test_a_catalog_is_rebuilt_without_it(local: Store, tmp_path: Path) -> None:
    """The log rebuilds the catalog row for row, also from copies that an interrupted erasure left
    whole.
    """
    copies = {name: local.objects.get(name) for name in local.objects.names("log")}
    erase(local, SET, [(PERSON,)], reason="why")
    for whole in (False, True):
        if whole:
            for name, content in copies.items():
                local.objects.put(name, content)
        fresh = make_store(tmp_path / f"fresh {whole}")
        rebuild(find_log(local.objects), fresh.catalog)
        assert fresh.catalog.entries() == local.catalog.entries()
        assert fresh.catalog.audit() == []
        fresh.catalog.engine.dispose()


def test_a_backup_gives_it_up_and_none_brings_it_back(local: Store, tmp_path: Path) -> None:
    """The next backup deletes what was erased; an older one restores files and log without it."""
    for name in ("old", "new", "restored"):
        (tmp_path / name).mkdir()
    old, new = (Objects(str(tmp_path / name)) for name in ("old", "new"))
    for target in (old, new):
        backup(local, target)
    erase(local, SET, [(PERSON,)], reason="why")
    assert backup(local, new).faults == ()
    assert holding(tmp_path / "new") == []
    restored = tmp_path / "restored"
    restore(new, Objects(str(restored)), catalog_url(restored), estimates_migrations.upgrade)
    store = Store(restored)
    assert verify(store) == []
    assert code_of(lambda: store[SET].get(PERSON, TARGETS[0])) == "erased"
    for name in [*local.objects.names("log")][:-1]:
        local.objects.delete(name)
    assert repair(local, old).left == []
    assert verify(local) == []
    for name in [*local.objects.names("log")][:-1]:
        local.objects.delete(name)
    repaired = repair_root(local.objects, old)
    assert repaired.left == []
    local.catalog.engine.dispose()
    assert holding(tmp_path / "store") == []
    store.catalog.engine.dispose()


def test_keys_are_erased_one_after_the_other(local: Store) -> None:
    """A part from which something was erased gives up another key, and partial updates go on from
    it.
    """
    erase(local, SET, [(PERSON, TARGETS[0])], reason="first")
    erase(local, SET, [("AAPL",)], reason="second")
    assert local[SET].frame(1).height == 3
    assert code_of(lambda: local[SET].get(PERSON, TARGETS[0], ref=1)) == "erased"
    changed = rows(99.0).filter(pl.col("ticker") == TICKERS[2])
    version = local.publish(SET, changed, provenance("changes", 4), changes=Changes(3))
    assert local.frame(version).height == 3
    whole = local.frame(version)
    assert local.publish(SET, whole, provenance("whole", 4)).snapshot_id == version.snapshot_id
    assert verify(local) == []
    check_all(local)


def test_a_version_published_meanwhile_is_erased_too(
    local: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A version that comes between looking and committing is looked at; a publisher that checked
    its rows before an erasure checks them again.
    """
    original, count = local.catalog.erase, [0]

    def late(*args: object, **options: object) -> object:
        if not count[0]:
            count[0] = 1
            local.publish(SET, rows(105.0), provenance("late", 5))
        return original(*args, **options)

    monkeypatch.setattr(local.catalog, "erase", late)
    assert erase(local, SET, [(PERSON,)], reason="why").versions == (1, 2, 3, 4)
    published = local.catalog.publish

    def slow(*args: object, **options: object) -> object:
        monkeypatch.setattr(local.catalog, "publish", published)
        erase(local, SET, [("AAPL",)], reason="why")
        return published(*args, **options)

    monkeypatch.setattr(local.catalog, "publish", slow)
    others = rows(106.0).filter(pl.col("ticker") != PERSON)
    with pytest.raises(EstimatesError) as caught:
        local.publish(SET, others, provenance("slow", 6))
    assert caught.value.code == "erased_keys"
    sweep(local, grace=timedelta(0))
    assert verify(local) == []


def test_the_log_says_nothing_of_the_key(local: Store) -> None:
    """The event and its record hold digests, not the key; without the store's id these say
    nothing.
    """
    erase(local, SET, [(PERSON,)], reason="request 7")
    (entry,) = local.catalog.entries(local.catalog.last_event() - 1)
    assert PERSON not in msgspec.json.encode(entry).decode()
    assert entry.event.details["keys"] == 1


def test_a_damaged_copy_in_the_trash_does_no_harm(local: Store) -> None:
    """What a repair put aside goes, whatever it is named by; parts that versions have stay."""
    define(local, "other")
    local.publish("other", rows(1.0), provenance("other"))
    for name in local.objects.names("sets"):
        if name.endswith(".parquet"):
            local.objects.put(f"trash/{instants.now().date()}/{name}", b"half of it")
    others = rows(104.0).filter(pl.col("ticker") != PERSON)
    version = local.publish(SET, others, provenance("others", 4))
    name = snapshot.part_name(SET, local.manifests.get(SET, version.snapshot_id).parts[0].sha256)
    local.objects.put(f"trash/{instants.now().date()}/{name}", b"half of it")
    erase(local, SET, [(PERSON,)], reason="why")
    assert not [file for file in local.objects.names("trash") if f"/{SET}/" in file]
    assert [local[SET].frame(number).height for number in (1, 2, 3, 4)] == [4] * 4
    sweep(local, grace=timedelta(0))
    assert verify(local) == []
