"""What a place says of the store that it is, or of which it is a backup."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from estimates.errors import CorruptError
from estimates.storage.objects import Objects
from estimates.store.backup_head import BackupHead, identity_of, read_backup
from estimates.store.identity import Identity
from tests.builders import code_of

AT = datetime(2026, 11, 23, tzinfo=UTC)
HEAD = BackupHead(1, "b" * 32, 7, "d" * 64, AT, AT)


@pytest.fixture
def place(tmp_path: Path) -> Objects:
    """A backup that has its head and no name."""
    objects = Objects(str(tmp_path))
    objects.put("backup.json", msgspec.json.encode(HEAD))
    return objects


def test_the_head_is_read_or_said_to_be_damaged(place: Objects) -> None:
    """As it was written; where it is none, None; cut off, an error."""
    assert read_backup(place) == HEAD
    place.put("backup.json", b"{")
    with pytest.raises(CorruptError, match="cannot be read"):
        read_backup(place)
    place.delete("backup.json")
    assert read_backup(place) is None


def test_the_name_goes_first_and_the_head_where_it_is_lost(place: Objects) -> None:
    """Missing or damaged; where neither says it, None or an error."""
    assert identity_of(place) == Identity(1, HEAD.store, AT)
    place.put("store.json", b"{")
    assert identity_of(place) == Identity(1, HEAD.store, AT)
    named = Identity(1, "a" * 32, AT)
    place.put("store.json", msgspec.json.encode(named))
    assert identity_of(place) == named
    place.put("backup.json", b"{")
    assert identity_of(place) == named
    place.put("store.json", b"{")
    assert code_of(lambda: identity_of(place)) == "identity_damaged"
    place.delete("store.json")
    assert identity_of(place) is None
