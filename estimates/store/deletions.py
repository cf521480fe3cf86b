"""What was claimed for deletion goes: files that no version needs any more."""

from contextlib import suppress

from estimates.errors import RefusedError
from estimates.storage import snapshot
from estimates.storage.trash import trash_of_today
from estimates.store.open_store import OpenStore


def finish_deletions(store: OpenStore) -> None:
    """Do the deletions whose sweep died, or is under way: what is written after them stays.

    What the storage refuses to delete stays too; a later sweep tries again.
    """
    for set_name, digest in store.catalog.unfinished():
        with suppress(RefusedError):
            delete_claimed(store, set_name, digest)


def delete_claimed(store: OpenStore, name: str, digest: str, *, is_in_trash: bool = False) -> bool:
    """Move the files that were claimed for it to the trash of today; False when somebody else
    did.

    is_in_trash  they were copied there before: only delete them
    Raises RefusedError (`storage_refused`) where the storage lets nothing be deleted; the claim is
    over then too: files that stay may be used again.
    """
    refusal: RefusedError | None = None
    with store.catalog.deleting(name, digest) as is_wanted:
        if is_wanted:
            trash = None if is_in_trash else trash_of_today()
            try:
                snapshot.discard(store.objects, name, digest, trash)
            except RefusedError as error:
                refusal = error
    if refusal is not None:
        raise refusal
    return is_wanted
