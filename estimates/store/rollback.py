"""Rolling back: an alias goes back to an earlier version and stays there, until a person promotes
another one.
"""

from estimates.catalog.at import At
from estimates.catalog.expiry import expired_error
from estimates.catalog.records import Event, Version
from estimates.catalog.ref import PRODUCTION
from estimates.catalog.set_view import SetView
from estimates.errors import ConflictError, NotFoundError
from estimates.store.open_store import OpenStore
from estimates.store.promote import check_alias
from estimates.store.reasons import check_reason
from estimates.store.repeats import repeated


def rollback(
    store: OpenStore, name: str, *, reason: str, to: int | None = None, alias: str = PRODUCTION
) -> Event:
    """Point an alias back at the newest version it held before that is neither expired nor rolled
    back, or at `to`.

    Needs no verdict. The content it leaves is marked as rolled back, and the alias is held:
    nothing is promoted automatically until a person promotes. The same again, by the same person
    for the same reason, is the same rollback, as after a lost answer; further back goes another
    reason, or `to`. Raises NotFoundError (`nothing_promoted`, `nothing_before`), InvalidError
    (`reason_needed`, `bad_alias`), ConflictError (`never_held`, `rolled_back`, `moved`),
    CorruptError when the target's files are damaged.
    """
    check_alias(alias)
    check_reason(reason, f"say why {alias} is rolled back (--reason)")
    view = store.view()
    current = view.resolve(name, At(alias))
    set_view = view.set(name)
    done = repeated(set_view, "rolled_back", alias, actor=store.actor, reason=reason, version=to)
    if done is not None:
        return done
    target = rollback_target(set_view, current, alias, to)
    store.lookups.open_all(target)
    event = store.catalog.roll_back(
        target, expected=set_view.aliases[alias], actor=store.actor, reason=reason
    )
    store.notify_and_copy(event)
    return event


def rollback_target(view: SetView, current: Version, alias: str, to: int | None) -> Version:
    """The newest good version that the alias held before, or the one named.

    Raises ConflictError (`never_held`, `rolled_back`), NotFoundError (`expired`, `nothing_before`).
    """
    name = current.set
    bad = view.rolled_back_snapshots | {current.snapshot_id}
    earlier = {number for _, number in view.moves[alias] if number} - {current.version}
    if to is not None and to not in earlier:
        raise ConflictError(
            "never_held",
            f"{name}: {alias} never pointed to version {to}",
            remedy=f"it held {_list(earlier)}",
        )
    if to is not None and view.versions[to - 1].snapshot_id in bad:
        raise ConflictError(
            "rolled_back",
            f"{name}: version {to} was rolled back itself",
            remedy="promote it if it is good",
        )
    if to is not None and to in view.expiries:
        raise expired_error(view.versions[to - 1], view.expiries[to])
    for number in sorted(earlier if to is None else {to}, reverse=True):
        version = view.versions[number - 1]
        if version.snapshot_id not in bad and version.expired_at is None:
            return version
    raise NotFoundError(
        "nothing_before",
        f"{name}: {alias} held no other version that is neither expired nor rolled back",
        remedy="promote a version that is right, or publish one",
    )


def _list(numbers: set[int]) -> str:
    return ", ".join(map(str, sorted(numbers))) or "no other version"
