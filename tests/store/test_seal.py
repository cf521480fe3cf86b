"""The seal of a log: a process that begins checks the signatures that are new on this machine, and
relies on nothing that others could write.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from estimates.catalog import guard, law
from estimates.catalog.seal import Seal
from estimates.storage.seal_file import NAME
from estimates.store.store import Store
from tests.builders import SET, define, promoted, publish
from tests.principals.signed import ALL, Keys, forged_promotion

Open = Callable[[], Store]


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What signatures were looked at for."""
    looked_at = list[bytes]()
    is_signature = law.is_signature

    def count(key: str, signature: object, message: bytes) -> bool:
        looked_at.append(message)
        return is_signature(key, signature, message)

    monkeypatch.setattr(law, "is_signature", count)
    monkeypatch.setattr(guard, "KEPT_EVERY", 1)
    return looked_at


@pytest.fixture
def signed(local_store: Store, tmp_path: Path, checks: list[bytes]) -> Store:
    """Version 1 in production since before the record; 2 published and judged by anna."""
    define(local_store)
    promoted(local_store, "first")
    keys = Keys(tmp_path / "keys")
    keys.set(local_store, {"anna": ALL})
    anna = keys.open(local_store, "anna")
    publish(anna, "second", 100.1)
    anna.judge(SET, 2)
    return anna


@pytest.fixture
def opens(signed: Store, tmp_path: Path) -> Open:
    """Opens the store as another process of this machine does."""
    return lambda: Store(signed.root, cache=tmp_path / "cache")


def cold(opens: Open, checks: list[bytes]) -> tuple[int, Store]:
    """How many signatures a process that begins checks, and its store."""
    checks.clear()
    store = opens()
    store.view()
    return len(checks), store


def test_only_what_is_new_is_checked(signed: Store, opens: Open, checks: list[bytes]) -> None:
    """The first process checks the record and both events, the next ones the record, and what
    happened since.
    """
    assert [cold(opens, checks)[0] for _ in range(3)] == [3, 1, 1]
    signed.promote(SET, 2, reason="better")
    assert [cold(opens, checks)[0] for _ in range(2)] == [2, 1]
    assert cold(opens, checks)[1].resolve(SET).version == 2


def _of_another_store(path: Path) -> None:
    seal = msgspec.json.decode(path.read_bytes(), type=Seal)
    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(seal, store="0" * 32)))


def _of_other_rules(path: Path) -> None:
    seal = msgspec.json.decode(path.read_bytes(), type=Seal)
    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(seal, form=99)))


def _linked(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize(
    "change",
    [
        Path.unlink,
        lambda path: path.write_bytes(b"{"),
        lambda path: path.write_bytes(bytes(range(256)) * 40),
        lambda path: path.chmod(0o666),
        _of_another_store,
        _of_other_rules,
        _linked,
        _pipe,
    ],
    ids=["missing", "cut off", "noise", "others may write", "store", "rules", "link", "pipe"],
)
def test_a_seal_that_cannot_be_relied_on_is_none(
    opens: Open, checks: list[bytes], tmp_path: Path, change: Callable[[Path], None]
) -> None:
    """Everything is checked again, and nothing else differs."""
    cold(opens, checks)
    change(tmp_path / "cache" / NAME)
    number, store = cold(opens, checks)
    assert (number, store.resolve(SET).version) == (3, 1)


def test_a_changed_signature_is_noticed_all_the_same(
    signed: Store, opens: Open, checks: list[bytes]
) -> None:
    """The seal covers signatures, which the chain does not: machines with one and without it come
    to the same.
    """
    signed.promote(SET, 2, reason="better")
    assert cold(opens, checks)[1].resolve(SET).version == 2
    with signed.catalog.engine.begin() as tx:
        tx.execute(sa.text("UPDATE events SET signature = NULL WHERE kind = 'promoted'"))
    for store in (cold(opens, checks)[1], Store(signed.root)):
        assert store.resolve(SET).version == 1
        assert store.view().law.unlawful


def test_what_is_unlawful_is_never_sealed(signed: Store, opens: Open, checks: list[bytes]) -> None:
    """The seal ends before it, and it is looked at each time."""
    forged = forged_promotion(signed, SET, 2)
    for _ in range(2):
        store = cold(opens, checks)[1]
        seal = store.view().law.seal
        assert seal is not None
        assert seal.event == forged.id - 1
        assert [each.event for each in store.view().law.unlawful] == [forged.id]
        assert store.resolve(SET).version == 1


def test_a_seal_lies_where_this_user_alone_writes(
    signed: Store, checks: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not in the store's folder, where whoever can forge an event could seal it, too."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert [cold(lambda: Store(signed.root), checks)[0] for _ in range(2)] == [3, 1]
    assert not list(Path(signed.root).rglob(NAME))
    (path,) = (tmp_path / "home").rglob(NAME)
    assert path.stat().st_mode & 0o777 == 0o600
