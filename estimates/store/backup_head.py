"""`backup.json`: up to where a backup is whole, and of which store it is."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

import msgspec

from estimates.errors import CorruptError, NotFoundError
from estimates.storage.objects import Objects
from estimates.store.identity import BACKUP as NAME
from estimates.store.identity import Identity, read_identity


class BackupHead(msgspec.Struct, frozen=True):
    """Up to where a backup is whole.

    event, digest  the newest event and its link in the chain; 0 while the first backup is not done
    at             the time of that event; made_at: when the backup was done
    """

    form: int
    store: str
    event: int
    digest: str
    at: datetime
    made_at: datetime


def read_backup(objects: Objects) -> BackupHead | None:
    """Up to where a backup is whole; None for a root that is no backup. Raises CorruptError
    (`backup_damaged`).
    """
    try:
        return msgspec.json.decode(objects.get(NAME), type=BackupHead)
    except NotFoundError:
        return None
    except (msgspec.MsgspecError, ValueError) as error:
        raise CorruptError(
            "backup_damaged",
            f"{objects.root}/{NAME} cannot be read: {error}",
            remedy=(
                "`estimates backup` of the store into "
                "this place writes it anew, and where the store is lost `estimates restore "
                "--without-damaged` takes what the log there proves"
            ),
        ) from None


def identity_of(source: Objects) -> Identity | None:
    """Which store a root or a backup is of: by its name, or by what the backup says where that is
    missing or damaged; None where nothing tells. Raises CorruptError (`identity_damaged`) for a
    damaged name beside which nothing tells.
    """
    head = None
    with suppress(CorruptError):
        head = read_backup(source)
    of_head = None if head is None else Identity(1, head.store, head.at)
    try:
        return read_identity(source) or of_head
    except CorruptError:
        if of_head is None:
            raise
        return of_head
