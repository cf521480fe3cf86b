"""The seal of this machine: read only where nobody else could have written it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from msgspec import json, structs

from estimates.catalog.seal import FORM, Seal
from estimates.storage import seal_file
from estimates.storage.seal_file import NAME, SealFile

SEAL = Seal("s", 7, "d", "v")


def kept(folder: Path) -> SealFile:
    """The seal file of a cache beside a store."""
    return SealFile(folder / "cache", folder / "store", str(folder / "store"))


def test_a_seal_is_read_as_it_was_written(tmp_path: Path) -> None:
    """The last one; its file is for this user alone, and nothing is left beside it."""
    seals = kept(tmp_path)
    assert seals.read() is None
    seals.write(structs.replace(SEAL, event=6))
    seals.write(SEAL)
    assert seals.read() == SEAL
    (file,) = (tmp_path / "cache").iterdir()
    assert (file.name, file.stat().st_mode & 0o777) == (NAME, 0o600)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[1]", b" " * 5000 + json.encode(SEAL)])
def test_what_is_no_seal_is_none(tmp_path: Path, content: bytes) -> None:
    """Damaged, or longer than any seal is."""
    seals = kept(tmp_path)
    seals.write(SEAL)
    (tmp_path / "cache" / NAME).write_bytes(content)
    assert seals.read() is None


def test_a_seal_of_another_form_is_none(tmp_path: Path) -> None:
    """Other things were looked at for it."""
    seals = kept(tmp_path)
    seals.write(structs.replace(SEAL, form=FORM + 1))
    assert seals.read() is None


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_what_others_may_write_is_none(tmp_path: Path, mode: int) -> None:
    """They could make us believe what nobody signed; reading it is no harm."""
    seals = kept(tmp_path)
    seals.write(SEAL)
    (tmp_path / "cache" / NAME).chmod(mode)
    assert seals.read() is None
    (tmp_path / "cache" / NAME).chmod(0o644)
    assert seals.read() == SEAL


def test_neither_a_link_nor_a_pipe_is_followed(tmp_path: Path) -> None:
    """A pipe without a writer is not waited for."""
    seals, path = kept(tmp_path), tmp_path / "cache" / NAME
    seals.write(SEAL)
    path.rename(tmp_path / "seal.json")
    path.symlink_to(tmp_path / "seal.json")
    assert seals.read() is None
    path.unlink()
    os.mkfifo(path, 0o600)
    assert seals.read() is None


def test_a_seal_never_lies_in_the_stores_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may write there would write it; a cache in the store is replaced by another one."""
    monkeypatch.setattr(seal_file, "default_cache", lambda folder, root: tmp_path / "own")
    inside = SealFile(tmp_path / "store" / "cache", tmp_path / "store", "root")
    inside.write(SEAL)
    assert (tmp_path / "own" / NAME).exists()
    assert not (tmp_path / "store").exists()
    linked = tmp_path / "linked"
    (tmp_path / "store").mkdir()
    linked.symlink_to(tmp_path / "store")
    assert SealFile(linked / "cache", tmp_path / "store", "root").read() == SEAL


def test_where_nothing_can_be_written_nothing_fails(tmp_path: Path) -> None:
    """It is only a shortcut."""
    (tmp_path / "cache").write_text("a file")
    kept(tmp_path).write(SEAL)
    assert kept(tmp_path).read() is None
